import CLinuxShim
import Glibc
import IPTypes
import Testing

@testable import Netlink

@_silgen_name("capset")
private func setCapabilities(_ header: UnsafePointer<UInt32>, _ sets: UnsafePointer<UInt32>) -> CInt

/// Against the real kernel, each test in a network namespace of its own.
@Suite(
    .enabled(if: NetworkNamespace.isPermitted, "needs permission to make network namespaces, and iproute2"),
    .timeLimit(.minutes(1)))
struct KernelTests {
    static let vips = [IPPrefix.of("192.0.2.9/32"), .of("2001:db8::9/128")]

    /// Runs `body` in a fresh namespace whose `lo` is up.
    static func onLoopback(_ body: @escaping @Sendable (InterfaceAddresses) throws -> Void) async throws {
        try await NetworkNamespace.with { namespace in
            try await namespace.run { () throws in
                try NetworkNamespace.ip("link set lo up")
                try body(InterfaceAddresses(interface: "lo"))
            }
        }
    }

    @Test func `a VIP is bound once, with our properties, and unbound once`() async throws {
        try await Self.onLoopback { lo throws in
            for vip in Self.vips {
                #expect(try lo.bind(vip) == .added)
                #expect(try lo.bind(vip) == .kept)
            }
            #expect(
                try lo.addresses() == [
                    InterfaceAddress(
                        address: .of("127.0.0.1"), prefixLength: 8, interfaceIndex: 1, scope: .host,
                        flags: UInt32(IFA_F_PERMANENT), label: "lo"),
                    InterfaceAddress(
                        address: .of("192.0.2.9"), prefixLength: 32, interfaceIndex: 1, scope: .host,
                        protocolTag: 179, preferredLifetime: 0, flags: UInt32(IFA_F_PERMANENT | IFA_F_DEPRECATED),
                        label: "lo:bgpvip"),
                    InterfaceAddress(
                        address: .of("2001:db8::9"), prefixLength: 128, interfaceIndex: 1, scope: .global,
                        protocolTag: 179, preferredLifetime: 0,
                        flags: UInt32(IFA_F_PERMANENT | IFA_F_DEPRECATED | IFA_F_NODAD | IFA_F_NOPREFIXROUTE)),
                    InterfaceAddress(
                        address: .of("::1"), prefixLength: 128, interfaceIndex: 1, scope: .host, protocolTag: 1,
                        flags: UInt32(IFA_F_PERMANENT)),
                ])
            for vip in Self.vips {
                #expect(try lo.unbind(vip))
                #expect(try lo.unbind(vip) == false)
            }
            #expect(try lo.addresses().map(\.address) == [.of("127.0.0.1"), .of("::1")])
        }
    }

    @Test func `a VIP can have global scope, and changes its scope when bound again`() async throws {
        try await Self.onLoopback { lo throws in
            let scope = { try lo.leftovers().map(\.scope) }
            #expect(try lo.bind(Self.vips[0], globalScope: true) == .added)
            #expect(try scope() == [.global])
            #expect(try lo.bind(Self.vips[0], globalScope: true) == .kept)
            #expect(try lo.bind(Self.vips[0]) == .added)
            #expect(try scope() == [.host])
        }
    }

    @Test func `an address that somebody else has added is left as it is`() async throws {
        try await Self.onLoopback { lo throws in
            try NetworkNamespace.ip("address add 192.0.2.9/32 dev lo")
            try NetworkNamespace.ip("address add 2001:db8::9/128 dev lo preferred_lft 0 nodad")
            let before = try lo.addresses()
            for vip in Self.vips {
                #expect(try lo.bind(vip) == .foreign)
                #expect(try lo.unbind(vip) == false)
            }
            #expect(try lo.leftovers() == [])
            #expect(try lo.addresses() == before)
        }
    }

    @Test func `the next process finds what the last one left`() async throws {
        try await Self.onLoopback { lo throws in
            try NetworkNamespace.ip("address add 192.0.2.10/32 dev lo")
            for vip in Self.vips { _ = try lo.bind(vip) }
            let next = try InterfaceAddresses(interface: "lo")
            #expect(try next.leftovers().map(\.hostPrefix) == Self.vips)
            #expect(try next.bind(Self.vips[0]) == .kept)
            #expect(try next.unbind(Self.vips[1]))
        }
    }

    @Test func `an interface that was made again carries VIPs again`() async throws {
        try await NetworkNamespace.with { namespace in
            try await namespace.run { () throws in
                try NetworkNamespace.ip("link add vip0 type bridge")
                let vip0 = try InterfaceAddresses(interface: "vip0")
                let oldIndex = vip0.interfaceIndex
                try NetworkNamespace.ip("link delete vip0")
                #expect(throws: NetlinkError.noSuchInterface(name: "vip0", existing: ["lo"])) {
                    try vip0.bind(Self.vips[0])
                }
                try NetworkNamespace.ip("link add vip0 type bridge")
                #expect(try vip0.bind(Self.vips[0]) == .added)
                #expect(vip0.interfaceIndex != oldIndex)
                #expect(try vip0.addresses().map(\.label) == ["vip0:bgpvip"])
            }
        }
    }

    @Test func `an interface that comes later carries VIPs then`() async throws {
        try await NetworkNamespace.with { namespace in
            try await namespace.run { () throws in
                let vip0 = try InterfaceAddresses(interface: "vip0")
                #expect(throws: NetlinkError.noSuchInterface(name: "vip0", existing: ["lo"])) {
                    try vip0.bind(Self.vips[0])
                }
                try NetworkNamespace.ip("link add vip0 type bridge")
                #expect(try vip0.bind(Self.vips[0]) == .added)
            }
        }
    }

    @Test func `without CAP_NET_ADMIN the kernel refuses, and reading still works`() async throws {
        try await Self.onLoopback { lo throws in
            // _LINUX_CAPABILITY_VERSION_3, this thread; all sets empty.
            #expect(setCapabilities([0x2008_0522, 0], [0, 0, 0, 0, 0, 0]) == 0)
            let operation = "adding 192.0.2.9/32 to lo"
            #expect(throws: NetlinkError.refused(operation: operation, code: EPERM, kernelText: nil)) {
                try lo.bind(Self.vips[0])
            }
            #expect(try lo.addresses().count == 2)
        }
    }

    @Test func `the kernel's words arrive`() async throws {
        try await Self.onLoopback { lo throws in
            let file = open("/proc/sys/net/ipv6/conf/lo/disable_ipv6", O_WRONLY)
            #expect(write(file, "1", 1) == 1)
            close(file)
            let expected = NetlinkError.refused(
                operation: "adding 2001:db8::9/128 to lo", code: EACCES,
                kernelText: "ipv6: IPv6 is disabled on this device")
            #expect(throws: expected) { try lo.bind(Self.vips[1]) }
        }
    }

    @Test func `gateways, the node's address and neighbours are found`() async throws {
        try await NetworkNamespace.with { namespace in
            try await namespace.run { () throws in
                #expect(try NodeNetwork.defaultGateways() == [])
                #expect(try NodeNetwork.nodeAddress() == nil)

                for words in [
                    "link set lo up", "link add eth0 type veth peer name peer0", "link set eth0 up",
                    "link set peer0 up", "address add 198.51.100.1/24 dev eth0", "address add 192.0.2.1/24 dev eth0",
                    "route add default metric 7 nexthop via 192.0.2.7 dev eth0 nexthop via 192.0.2.8 dev eth0",
                    "-4 route add default via inet6 fe80::9 dev eth0 metric 9",
                    "-6 route add default via fe80::1 dev eth0",
                    "neighbour add 192.0.2.8 lladdr 02:00:00:00:00:01 dev eth0 nud stale",
                    "neighbour add 192.0.2.7 dev eth0 nud failed",
                ] {
                    try NetworkNamespace.ip(words)
                }
                #expect(
                    try NodeNetwork.defaultGateways() == [
                        ScopedAddress(.of("192.0.2.7")), ScopedAddress(.of("192.0.2.8")),
                        ScopedAddress(.of("fe80::9"), zone: "eth0"), ScopedAddress(.of("fe80::1"), zone: "eth0"),
                    ])
                #expect(try NodeNetwork.nodeAddress().map { .v4($0) } == IPAddress.of("192.0.2.1"))
                #expect(
                    try NodeNetwork.nodeAddress(excluding: [.of("192.0.2.1")]).map { .v4($0) }
                        == IPAddress.of("198.51.100.1"))
                #expect(
                    try NodeNetwork.addresses(of: "eth0").filter { $0.address.isIPv4 }.map(\.prefixLength) == [24, 24])
                #expect(try NodeNetwork.neighbour(of: ScopedAddress(.of("192.0.2.8"))) == .stale)
                #expect(try NodeNetwork.neighbour(of: ScopedAddress(.of("192.0.2.7"))) == .failed)
                #expect(try NodeNetwork.neighbour(of: ScopedAddress(.of("192.0.2.6"))) == nil)
                try NetworkNamespace.ip("neighbour add 192.0.2.5 dev eth0 nud incomplete")
                for silent in ["192.0.2.5", "192.0.2.7", "192.0.2.8"] {
                    try NodeNetwork.giveUpIfSilent(ScopedAddress(.of(silent)))
                }
                #expect(try NodeNetwork.neighbour(of: ScopedAddress(.of("192.0.2.5"))) == .failed)
                #expect(try NodeNetwork.neighbour(of: ScopedAddress(.of("192.0.2.8"))) == .stale)
                #expect(try NodeNetwork.neighbour(of: ScopedAddress(.of("192.0.2.7"))) == .failed)
            }
        }
    }

    @Test func `the IPv6 address that a router ID is derived from is one that stays`() async throws {
        try await NetworkNamespace.with { namespace in
            try await namespace.run { () throws in
                #expect(try NodeNetwork.stableIPv6Address() == nil)
                for words in [
                    "link set lo up", "link add eth0 type veth peer name peer0", "link set eth0 up",
                    "address add 2001:db8::1/128 dev lo nodad", "address add 2001:db8::9/64 dev eth0 nodad",
                    "address add 2001:db8::8/64 dev eth0 nodad", "address add 2001:db8::7/64 dev eth0 preferred_lft 0",
                    "address add 2001:db8::6/128 dev eth0 nodad", "address add 192.0.2.1/24 dev eth0",
                ] {
                    try NetworkNamespace.ip(words)
                }
                let vips: Set<IPAddress> = [.of("2001:db8::6")]
                #expect(try NodeNetwork.stableIPv6Address(excluding: vips) == IPv6Address("2001:db8::8"))
                #expect(try NodeNetwork.stableIPv6Address(of: "lo", excluding: vips) == IPv6Address("2001:db8::1"))
                #expect(try NodeNetwork.stableIPv6Address(of: "peer0") == nil)
                #expect(throws: NetlinkError.self) { try NodeNetwork.stableIPv6Address(of: "eth9") }
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `default routes are watched, and no others`() async throws {
        try await NetworkNamespace.with { namespace in
            let loop = namespace.loop
            let (changes, log) = AsyncStream.makeStream(of: Void.self)
            let watch = try await namespace.run { () throws in
                for words in [
                    "link add eth0 type veth peer name peer0", "link set eth0 up", "link set peer0 up",
                    "address add 192.0.2.1/24 dev eth0",
                ] {
                    try NetworkNamespace.ip(words)
                }
                return try RouteWatch(on: loop) { log.yield() }
            }
            try await namespace.run { () throws in try NetworkNamespace.ip("route add default via 192.0.2.7") }
            for await _ in changes { break }
            try await namespace.run { () throws in
                try NetworkNamespace.ip("route add 198.51.100.0/24 via 192.0.2.7")
                try NetworkNamespace.ip("route delete default via 192.0.2.7")
            }
            for await _ in changes { break }
            _ = watch
        }
    }

    @Test func `the way to an address is known: its subnet, a route, or neither`() async throws {
        try await NetworkNamespace.with { namespace in
            try await namespace.run { () throws in
                for words in [
                    "link set lo up", "link add eth0 type veth peer name peer0", "link set eth0 up",
                    "link set peer0 up",
                    "address add 192.0.2.1/24 dev eth0", "address add 2001:db8::1/64 dev eth0 nodad",
                    "route add 198.51.100.0/24 via 192.0.2.7", "-6 route add 2001:db8:1::/48 via 2001:db8::7",
                ] {
                    try NetworkNamespace.ip(words)
                }
                for (text, isConnected, hasRoute) in [
                    ("192.0.2.9", true, true), ("198.51.100.9", false, true), ("203.0.113.9", false, false),
                    ("2001:db8::9", true, true), ("2001:db8:1::9", false, true), ("2001:db8:2::9", false, false),
                ] {
                    let address = ScopedAddress(.of(text))
                    #expect(try NodeNetwork.isConnected(to: address) == isConnected, "\(text)")
                    #expect(NodeNetwork.hasRoute(to: address) == hasRoute, "\(text)")
                }
                let linkLocal = ScopedAddress(.of("fe80::9"), zone: "eth0")
                #expect(try NodeNetwork.isConnected(to: linkLocal))
            }
        }
    }

    @Test func `the router on a link is found in the kernel's tables`() async throws {
        try await NetworkNamespace.with { namespace in
            try await namespace.run { () throws in
                for words in [
                    "link set lo up", "link add eth0 type veth peer name peer0", "link set eth0 up",
                    "link set peer0 up",
                ] {
                    try NetworkNamespace.ip(words)
                }
                let router = { try NodeNetwork.router(on: "eth0") }
                #expect(throws: NetlinkError.noSuchInterface(name: "eth9", existing: ["lo", "peer0", "eth0"])) {
                    try NodeNetwork.router(on: "eth9")
                }
                #expect(NodeNetwork.solicitRouters(on: "eth9") == nil)
                #expect(try router() == .unknown)

                let neighbour = "neighbour add dev eth0 lladdr 02:00:00:00:00:01 nud"
                try NetworkNamespace.ip("\(neighbour) stale fe80::a")
                #expect(try router() == .found(LinkRouterTests.address("fe80::a")))
                try NetworkNamespace.ip("\(neighbour) stale fe80::b")
                let both = ["fe80::a", "fe80::b"].map { LinkRouterTests.address($0) }
                #expect(try router() == .ambiguous(both))
                #expect(NodeNetwork.solicitRouters(on: "eth0", among: both) != nil)
                #expect(try NodeNetwork.neighbour(of: ScopedAddress(.v6(both[0]), zone: "eth0")) == .probe)

                try NetworkNamespace.ip("-6 route add default via fe80::c dev eth0")
                #expect(try router() == .found(LinkRouterTests.address("fe80::c")))
                try NetworkNamespace.ip("\(neighbour) stale fe80::d router")
                #expect(try router() == .found(LinkRouterTests.address("fe80::d")))

                // _LINUX_CAPABILITY_VERSION_3, this thread; all sets empty.
                #expect(setCapabilities([0x2008_0522, 0], [0, 0, 0, 0, 0, 0]) == 0)
                #expect(NodeNetwork.solicitRouters(on: "eth0", among: both) == nil)
                #expect(NodeNetwork.solicitRouters(on: "eth0") == nil)
                #expect(try router() == .found(LinkRouterTests.address("fe80::d")))
            }
        }
    }
}
