import IPTypes
import Testing

@testable import Netlink

/// Which connections of this node are a session that a router could confuse with ours.
@Suite struct OtherSpeakerTests {
    private let peering = Peering(
        remote: .of("10.0.0.1"), port: 179, local: .of("10.0.0.9"), interfaceIndex: 0)
    private let linkLocal = Peering(
        remote: .of("fe80::1"), port: 179, local: .of("fe80::9"), interfaceIndex: 3)

    private func entry(
        _ local: String, _ localPort: UInt16, _ remote: String, _ remotePort: UInt16, interface: UInt32 = 0
    ) throws -> TCPSocketEntry {
        try TCPSocketTableTests.entry(local, localPort, remote, remotePort, interface: interface)
    }

    @Test func `a connection is a session whichever side opened it`() throws {
        #expect(peering.isServed(by: try entry("10.0.0.9", 40_000, "10.0.0.1", 179)))
        #expect(peering.isServed(by: try entry("10.0.0.9", 179, "10.0.0.1", 40_000)))
        #expect(!peering.isServed(by: try entry("10.0.0.9", 22, "10.0.0.1", 40_000)))
        #expect(!peering.isServed(by: try entry("10.0.0.9", 40_000, "10.0.0.1", 443)))
    }

    @Test func `only a connection from the address that we would use collides`() throws {
        let entry = try entry("10.0.0.8", 40_000, "10.0.0.1", 179)
        #expect(!peering.isServed(by: entry))
        var unknown = peering
        unknown.local = nil
        #expect(unknown.isServed(by: entry))
    }

    @Test func `a peer's own port counts, and so does the port of BGP at our end`() throws {
        var peering = peering
        peering.port = 1790
        #expect(peering.isServed(by: try entry("10.0.0.9", 40_000, "10.0.0.1", 1790)))
        #expect(!peering.isServed(by: try entry("10.0.0.9", 40_000, "10.0.0.1", 179)))
        #expect(peering.isServed(by: try entry("10.0.0.9", 179, "10.0.0.1", 40_000)))
    }

    @Test func `a link-local address counts on its link only`() throws {
        #expect(linkLocal.isServed(by: try entry("fe80::9", 40_000, "fe80::1", 179, interface: 3)))
        #expect(!linkLocal.isServed(by: try entry("fe80::9", 40_000, "fe80::1", 179, interface: 4)))
    }

    @Test func `a router on this node itself, with the same address at both ends, is no other speaker`() throws {
        let local = Peering(remote: .of("127.0.0.1"), port: 179, local: .of("127.0.0.1"), interfaceIndex: 0)
        #expect(!local.isServed(by: try entry("127.0.0.1", 179, "127.0.0.1", 40_000)))
        #expect(local.isServed(by: try entry("127.0.0.1", 40_000, "127.0.0.1", 179)))
    }

    @Test(.enabled(if: NetworkNamespace.isPermitted))
    func `the kernel shows another process's connections, and ours are none`() async throws {
        try await NetworkNamespace.with { namespace in
            try await namespace.run {
                try NetworkNamespace.ip("link set lo up")
                #expect(
                    try NodeNetwork.otherSpeaker(
                        with: ScopedAddress(.of("127.0.0.1")), port: 179, from: nil, interface: nil) == nil)
            }
        }
    }
}
