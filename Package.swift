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
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioTestUtils = Target.Dependency.product(name: "NIOTestUtils", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
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
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    ],
    targets: [
        core("Deadlines"),
        core("IPTypes"),
        core("BGPWire", ["IPTypes"]),
        core("BGPFSM", ["Deadlines", "IPTypes", "BGPWire"]),
        core("BFD", ["Deadlines"]),
        core("Health", ["Deadlines", "IPTypes"]),
        core("Advertising", ["IPTypes", "BGPWire"]),
        core("Settings", ["IPTypes", "BGPWire", "Health", "Advertising"]),
        core("SwitchSide", ["IPTypes", "BGPWire", "Settings"]),
        core(
            "SpeakerCore",
            ["Deadlines", "IPTypes", "BGPWire", "BGPFSM", "BFD", "Health", "Advertising", "Settings"]),
        core("Diagnosis", ["IPTypes", "BGPWire", "BGPFSM", "Health", "Settings", "SpeakerCore"]),

        .target(name: "CLinuxShim", path: "Sources/Shell/CLinuxShim"),
        .systemLibrary(
            name: "CYAML", path: "Sources/Shell/CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        shell("BGPTransport", ["IPTypes", "BGPWire", "BGPFSM", "CLinuxShim", nioCore, nioPosix]),
        shell("BFDTransport", ["IPTypes", "BFD", "CLinuxShim", nioCore, nioPosix]),
        shell("Netlink", ["IPTypes", "CLinuxShim", nioCore, nioPosix]),
        shell("HealthProbes", ["IPTypes", "Health", "CLinuxShim", nioCore, nioPosix, nioHTTP1, nioSSL]),
        shell("ControlSocket", ["IPTypes", "SpeakerCore", nioCore, nioPosix, nioHTTP1]),
        shell("ConfigFile", ["Settings", "CYAML"]),
        shell(
            "Daemon",
            [
                "Deadlines", "IPTypes", "BGPWire", "BGPFSM", "BFD", "Health", "Advertising", "Settings", "SpeakerCore",
                "Diagnosis", "BGPTransport", "BFDTransport", "Netlink", "HealthProbes", "ControlSocket", "CLinuxShim",
                nioCore, nioPosix, logging,
            ]),
        .executableTarget(
            name: "bgpvip",
            dependencies: [
                "IPTypes", "Settings", "SpeakerCore", "SwitchSide", "Diagnosis", "ControlSocket", "ConfigFile",
                "Daemon", argumentParser,
            ],
            path: "Sources/bgpvip", swiftSettings: settings),

        tests("Core", "Deadlines", ["Deadlines"]),
        tests("Core", "IPTypes", ["IPTypes"]),
        tests("Core", "BGPWire", ["IPTypes", "BGPWire"]),
        tests("Core", "BGPFSM", ["Deadlines", "IPTypes", "BGPWire", "BGPFSM"]),
        tests("Core", "BFD", ["Deadlines", "BFD"]),
        tests("Core", "Health", ["Deadlines", "IPTypes", "Health"]),
        tests("Core", "Advertising", ["IPTypes", "BGPWire", "Advertising"]),
        tests("Core", "Settings", ["IPTypes", "BGPWire", "Health", "Advertising", "Settings"]),
        tests("Core", "SwitchSide", ["IPTypes", "BGPWire", "Settings", "SwitchSide"]),
        tests(
            "Core", "SpeakerCore",
            ["Deadlines", "IPTypes", "BGPWire", "BGPFSM", "BFD", "Health", "Advertising", "Settings", "SpeakerCore"]),
        tests("Core", "Diagnosis", ["IPTypes", "BGPWire", "BGPFSM", "Health", "Settings", "SpeakerCore", "Diagnosis"]),
        tests("Shell", "BGPTransport", ["IPTypes", "BGPWire", "BGPFSM", "BGPTransport", nioCore, nioPosix]),
        tests("Shell", "BFDTransport", ["IPTypes", "BFD", "BFDTransport", nioCore, nioPosix]),
        tests("Shell", "Netlink", ["IPTypes", "CLinuxShim", "Netlink", nioCore, nioPosix]),
        tests("Shell", "HealthProbes", ["IPTypes", "Health", "HealthProbes", nioCore, nioPosix, nioHTTP1, nioSSL]),
        tests("Shell", "ConfigFile", ["Settings", "ConfigFile"]),
        tests("Shell", "ControlSocket", ["IPTypes", "SpeakerCore", "ControlSocket", nioCore, nioPosix, nioHTTP1]),
        tests(
            "Shell", "Daemon",
            ["IPTypes", "BGPWire", "BGPFSM", "Health", "Settings", "SpeakerCore", "Daemon", nioCore, logging]),
        .testTarget(
            name: "bgpvipTests", dependencies: ["bgpvip", "Settings", argumentParser], path: "Tests/bgpvipTests",
            swiftSettings: settings),
        tests(
            "Simulation", "Simulation",
            ["Deadlines", "IPTypes", "BGPWire", "BGPFSM", "BFD", "Health", "Settings", "SpeakerCore"]),
        tests("Architecture", "Architecture", []),
    ]
)

// `interop/fuzz` asks for the fuzz targets. They come with nothing but what they fuzz, so that no dependency is needed.
if Context.environment["BGPVIP_FUZZ"] != nil {
    /// Linked with libFuzzer, which brings the `main`; so it can be built with `--sanitize=fuzzer` only.
    func fuzz(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
        .executableTarget(
            name: name, dependencies: dependencies, path: "Tests/Fuzz/\(name)",
            swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])])
    }
    let rooms: Set = [
        "Deadlines", "IPTypes", "BGPWire", "BGPFSM", "BFD", "Health", "Advertising", "Settings", "CYAML", "ConfigFile",
    ]
    package.products = []
    package.dependencies = []
    package.targets =
        package.targets.filter { rooms.contains($0.name) } + [
            .target(name: "Fuzzing", path: "Tests/Fuzz/Fuzzing", swiftSettings: settings),
            fuzz("FuzzCodec", ["Fuzzing", "IPTypes", "BGPWire"]),
            fuzz("FuzzSession", ["Fuzzing", "Deadlines", "IPTypes", "BGPWire", "BGPFSM"]),
            fuzz("FuzzBFD", ["Fuzzing", "Deadlines", "BFD"]),
            fuzz("FuzzSettings", ["Fuzzing", "Settings", "ConfigFile"]),
        ]
}
