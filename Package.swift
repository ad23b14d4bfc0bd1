// swift-tools-version: 6.2
import PackageDescription

/// Contributors and CI set BGPVIP_STRICT so that a warning fails the build; a user with a newer compiler does not.
let strict = Context.environment["BGPVIP_STRICT"] != nil

let settings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ] + (strict ? [.treatAllWarnings(as: .error)] : [])

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioConcurrency = Target.Dependency.product(name: "NIOConcurrencyHelpers", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioTestUtils = Target.Dependency.product(name: "NIOTestUtils", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

/// A room that decides: no I/O, no clock, no lock, no log.
func core(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/Core/\(name)", swiftSettings: settings)
}

/// A room that acts: turns effects into system calls and system events into inputs.
func shell(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/Shell/\(name)", swiftSettings: settings)
}

func tests(_ room: String, _ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: dependencies, path: "Tests/\(room)/\(name)Tests", swiftSettings: settings)
}

let package = Package(
    name: "bgpvip",
    products: [.executable(name: "bgpvip", targets: ["bgpvip"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    ],
    targets: [
        core("Deadlines"),
        core("IPTypes"),
        core("JSON"),
        core("BGPWire", ["IPTypes"]),
        core("BGPFSM", ["Deadlines", "IPTypes", "BGPWire"]),
        core("BFD", ["Deadlines"]),
        core("Health", ["Deadlines", "IPTypes"]),
        core("Advertising", ["IPTypes", "BGPWire"]),
        core("Services", ["Deadlines", "IPTypes", "BGPWire", "Health", "Advertising"]),
        core("Settings", ["IPTypes", "BGPWire", "Health", "Advertising", "Services"]),
        core("Intent", ["Deadlines", "IPTypes", "BGPWire", "Health", "Settings"]),
        core("SwitchSide", ["IPTypes", "BGPWire", "Settings"]),
        core(
            "SpeakerCore",
            ["Deadlines", "IPTypes", "BGPWire", "BGPFSM", "BFD", "Health", "Advertising", "Settings", "Intent"]),
        core("KubernetesAPI", ["Deadlines", "IPTypes", "JSON", "Services", "Settings"]),
        core(
            "Wording",
            [
                "Deadlines", "IPTypes", "BGPWire", "BGPFSM", "BFD", "Health", "Services", "Settings", "Intent",
                "SpeakerCore",
            ]),
        core("Diagnosis", ["IPTypes", "BGPWire", "BGPFSM", "Health", "Settings", "SpeakerCore"]),

        .target(name: "CLinuxShim", path: "Sources/Shell/CLinuxShim"),
        .systemLibrary(
            name: "CYAML", path: "Sources/Shell/CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(
            name: "ShellSystem", dependencies: [nioCore], path: "Sources/Shell/System",
            swiftSettings: settings),
        shell("BGPTransport", ["IPTypes", "BGPWire", "BGPFSM", nioCore, nioPosix]),
        shell("BFDTransport", ["IPTypes", "BFD", "CLinuxShim", nioCore, nioPosix]),
        shell("Netlink", ["IPTypes", "CLinuxShim", nioCore, nioPosix]),
        shell("HealthProbes", ["IPTypes", "Health", "CLinuxShim", nioCore, nioPosix, nioHTTP1, nioSSL]),
        shell(
            "Kubernetes",
            ["Deadlines", "JSON", "Health", "Services", "KubernetesAPI", nioCore, nioPosix, nioHTTP1, nioSSL]),
        shell("ControlSocket", ["IPTypes", "Services", "SpeakerCore", "Wording", nioCore, nioPosix, nioHTTP1]),
        shell("ConfigFile", ["Settings", "CYAML"]),
        shell("Confinement", ["Settings", "CLinuxShim"]),
        shell(
            "Daemon",
            [
                "Deadlines", "IPTypes", "BGPWire", "BGPFSM", "BFD", "Health", "Advertising", "Services", "Settings",
                "Intent", "SpeakerCore", "KubernetesAPI", "Diagnosis", "Wording", "ShellSystem", "BGPTransport",
                "BFDTransport", "Netlink", "HealthProbes", "ControlSocket", "Kubernetes", "ConfigFile", "Confinement",
                "CLinuxShim",
                nioCore, nioPosix, nioConcurrency,
            ]),
        .executableTarget(
            name: "bgpvip",
            dependencies: [
                "IPTypes", "Services", "Settings", "SpeakerCore", "SwitchSide", "Diagnosis", "Wording", "ControlSocket",
                "ConfigFile", "Daemon", argumentParser,
            ],
            path: "Sources/bgpvip", swiftSettings: settings),

        .target(name: "RandomSeeds", path: "Tests/Core/RandomSeeds", swiftSettings: settings),
        .target(
            name: "SampleStatus", dependencies: ["SpeakerCore"], path: "Tests/Core/SampleStatus",
            swiftSettings: settings),
        tests("Core", "Deadlines", ["Deadlines"]),
        tests("Core", "IPTypes", ["IPTypes"]),
        tests("Core", "JSON", ["JSON"]),
        tests("Core", "BGPWire", ["IPTypes", "BGPWire"]),
        tests("Core", "BGPFSM", ["Deadlines", "IPTypes", "BGPWire", "BGPFSM"]),
        tests("Core", "BFD", ["Deadlines", "BFD"]),
        tests("Core", "Health", ["Deadlines", "IPTypes", "Health"]),
        tests("Core", "Advertising", ["IPTypes", "BGPWire", "Advertising"]),
        tests(
            "Core", "Services", ["Deadlines", "IPTypes", "BGPWire", "Health", "Advertising", "Services", "RandomSeeds"]),
        tests("Core", "Settings", ["IPTypes", "BGPWire", "Health", "Advertising", "Services", "Settings"]),
        tests("Core", "Intent", ["Deadlines", "IPTypes", "BGPWire", "Health", "Advertising", "Settings", "Intent"]),
        tests("Core", "SwitchSide", ["IPTypes", "BGPWire", "Settings", "SwitchSide"]),
        tests(
            "Core", "SpeakerCore",
            [
                "Deadlines", "IPTypes", "BGPWire", "BGPFSM", "BFD", "Health", "Advertising", "Settings", "Intent",
                "SpeakerCore", "RandomSeeds",
            ]),
        tests(
            "Core", "Wording",
            [
                "Deadlines", "IPTypes", "BGPWire", "BGPFSM", "BFD", "Health", "Services", "Settings", "SpeakerCore",
                "Wording", "SampleStatus",
            ]),
        tests("Core", "Diagnosis", ["IPTypes", "BGPWire", "BGPFSM", "Health", "Settings", "SpeakerCore", "Diagnosis"]),
        tests(
            "Core", "KubernetesAPI", ["Deadlines", "IPTypes", "JSON", "Services", "Settings", "KubernetesAPI"]),
        tests("Shell", "BGPTransport", ["IPTypes", "BGPWire", "BGPFSM", "BGPTransport", nioCore, nioPosix]),
        tests("Shell", "BFDTransport", ["IPTypes", "BFD", "BFDTransport", nioCore, nioPosix]),
        tests("Shell", "Netlink", ["IPTypes", "CLinuxShim", "Netlink", nioCore, nioPosix]),
        .target(name: "TestSupport", path: "Tests/Shell/TestSupport", swiftSettings: settings),
        tests(
            "Shell", "HealthProbes",
            ["IPTypes", "Health", "HealthProbes", "TestSupport", nioCore, nioPosix, nioHTTP1, nioSSL]),
        tests(
            "Shell", "Kubernetes",
            [
                "Deadlines", "IPTypes", "JSON", "Services", "KubernetesAPI", "Kubernetes", "ConfigFile",
                "TestSupport", nioCore, nioPosix, nioSSL,
            ]),
        tests("Shell", "ConfigFile", ["Settings", "ConfigFile"]),
        .executableTarget(
            name: "ConfinementTrial", dependencies: ["Settings", "Confinement", "CLinuxShim"],
            path: "Tests/Shell/ConfinementTrial", swiftSettings: settings),
        tests("Shell", "Confinement", ["ConfinementTrial"]),
        tests(
            "Shell", "ControlSocket",
            [
                "Deadlines", "IPTypes", "Services", "SpeakerCore", "Wording", "SampleStatus", "ControlSocket", nioCore,
                nioPosix,
            ]),
        tests(
            "Shell", "Daemon",
            [
                "Deadlines", "IPTypes", "BGPWire", "BGPFSM", "BFD", "Health", "Advertising", "Services", "Settings",
                "Intent", "SpeakerCore", "Wording", "ShellSystem", "BGPTransport", "BFDTransport", "Netlink",
                "HealthProbes", "ControlSocket", "Confinement", "Daemon", nioCore, nioPosix, nioEmbedded,
            ]),
        .testTarget(
            name: "bgpvipTests", dependencies: ["bgpvip", "Settings", "SpeakerCore", argumentParser],
            path: "Tests/bgpvipTests",
            swiftSettings: settings),
        tests(
            "Simulation", "Simulation",
            [
                "Deadlines", "IPTypes", "BGPWire", "BGPFSM", "BFD", "Health", "Advertising", "Settings", "SpeakerCore",
                "RandomSeeds",
            ]),
        tests("Architecture", "Architecture", []),
    ]
)

// `interop/mutants` and `interop/simulate` ask for Core and its tests alone: neither a dependency nor the daemon is built.
// The variable names the tests, if it is not all of them.
if let tests = Context.environment["BGPVIP_CORE"]?.split(separator: ",") {
    let rooms = package.targets.filter { target in
        ["RandomSeeds", "SampleStatus"].contains(target.name) || target.path?.hasPrefix("Sources/Core/") == true
    }
    let names = Set(rooms.map(\.name))
    package.products = []
    package.dependencies = []
    package.targets =
        rooms
        + package.targets.filter { target in
            target.type == .test && !target.dependencies.isEmpty
                && (tests == ["1"] || tests.contains { $0 == target.name })
                && target.dependencies.allSatisfy { dependency in
                    if case .byNameItem(let name, _) = dependency { names.contains(name) } else { false }
                }
        }
}

// `interop/fuzz` asks for the fuzz targets. They come with nothing but what they fuzz, so that no dependency is needed.
if Context.environment["BGPVIP_FUZZ"] != nil {
    /// Linked with libFuzzer, which brings the `main`; so it can be built with `--sanitize=fuzzer` only.
    func fuzz(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
        .executableTarget(
            name: name, dependencies: dependencies, path: "Tests/Fuzz/\(name)",
            swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])])
    }
    /// The readers of a room that acts, without what uses SwiftNIO.
    func readers(
        _ name: String, _ dependencies: [Target.Dependency], without files: [String] = [], only sources: [String]? = nil
    ) -> Target {
        .target(
            name: name, dependencies: dependencies, path: "Sources/Shell/\(name)", exclude: files, sources: sources,
            swiftSettings: settings)
    }
    let rooms = package.targets.filter { target in
        ["CLinuxShim", "CYAML", "ConfigFile"].contains(target.name) || target.path?.hasPrefix("Sources/Core/") == true
    }
    package.products = []
    package.dependencies = []
    package.targets =
        rooms + [
            readers(
                "Netlink", ["IPTypes", "CLinuxShim"],
                without: [
                    "AddressWatch.swift", "InterfaceAddresses.swift", "OtherSpeaker.swift", "RouteWatch.swift",
                ]),
            readers("HealthProbes", [], only: ["SocketAnswer.swift"]),
            readers(
                "ControlSocket", ["IPTypes", "Services", "SpeakerCore", "Wording"],
                without: [
                    "AcceptPause.swift", "ControlConnection.swift", "ControlConnections.swift", "ControlServer.swift",
                    "ControlSocketError.swift", "RequestSizeLimit.swift", "UnixSocketFile.swift",
                ]),
            .target(name: "Fuzzing", path: "Tests/Fuzz/Fuzzing", swiftSettings: settings),
            fuzz("FuzzCodec", ["Fuzzing", "IPTypes", "BGPWire"]),
            fuzz("FuzzSession", ["Fuzzing", "Deadlines", "IPTypes", "BGPWire", "BGPFSM"]),
            fuzz("FuzzBFD", ["Fuzzing", "Deadlines", "BFD"]),
            fuzz("FuzzNetlink", ["Fuzzing", "IPTypes", "CLinuxShim", "Netlink", "HealthProbes"]),
            fuzz(
                "FuzzHTTP", ["Fuzzing", "IPTypes", "Health", "Services", "SpeakerCore", "Wording", "ControlSocket"]),
            fuzz("FuzzSettings", ["Fuzzing", "Settings", "KubernetesAPI", "ConfigFile"]),
            fuzz("FuzzEnvironment", ["Fuzzing", "Health", "Settings"]),
            fuzz("FuzzJSON", ["Fuzzing", "JSON"]),
            fuzz("FuzzKubernetes", ["Fuzzing", "Deadlines", "IPTypes", "JSON", "Services", "KubernetesAPI"]),
        ]
}

// The bench of the Speaker comes with the rooms that decide and nothing else, so that it is built soon.
if Context.environment["BGPVIP_BENCH"] != nil {
    package.products = []
    package.dependencies = []
    package.targets =
        package.targets.filter { $0.path?.hasPrefix("Sources/Core/") == true } + [
            .executableTarget(
                name: "SpeakerBench",
                dependencies: [
                    "Deadlines", "IPTypes", "BGPWire", "BGPFSM", "Health", "Advertising", "Settings", "SpeakerCore",
                ], path: "Tests/Bench/SpeakerBench", swiftSettings: settings,
                linkerSettings: [.linkedLibrary("m")])
        ]
}
