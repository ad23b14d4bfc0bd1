import Glibc
import IPTypes
import NIOCore
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

    /// A kernel that shows a connection of another process with the remote address 127.0.0.9 and port 1790, each time it is
    /// asked.
    private final class Node {
        private(set) var looks = 0
        var now = NIODeadline.uptimeNanoseconds(0)

        func ask(about remote: String, port: UInt16 = 1790, by speakers: OtherSpeakers) throws -> String? {
            try speakers.speaker(with: ScopedAddress(.of(remote)), port: port, from: .of("127.0.0.1"), interface: nil)
        }

        func open() -> NetlinkExchange {
            looks += 1
            return NetlinkExchange(socket: RecordedSocket([TCPSocketTableTests.ipv4, done(1)]))
        }
    }

    @Test func `one look answers what is asked about many peers at a time`() throws {
        let node = Node()
        let speakers = OtherSpeakers(open: node.open, now: { node.now })
        speakers.look(ahead: 1790)
        #expect(try node.ask(about: "127.0.0.9", by: speakers) == "another process")
        node.now = .uptimeNanoseconds(9_999_999)
        #expect(try node.ask(about: "127.0.0.8", by: speakers) == nil)
        #expect(try node.ask(about: "127.0.0.9", by: speakers) == "another process")
        #expect(node.looks == 1)
        #expect(try node.ask(about: "127.0.0.9", port: 179, by: speakers) == nil)
        #expect(node.looks == 2)
        node.now = .uptimeNanoseconds(20_000_000)
        #expect(try node.ask(about: "127.0.0.9", port: 179, by: speakers) == nil)
        #expect(node.looks == 3)
    }

    @Test(.enabled(if: NetworkNamespace.isPermitted))
    func `the kernel shows who speaks BGP, and our own connections are none`() async throws {
        try await NetworkNamespace.with { namespace in
            try await namespace.run {
                try NetworkNamespace.ip("link set lo up")
                let connection = try BrokenConnectionsTests.Connection(from: "127.0.0.9", to: "127.0.0.1", port: 179)
                func shown(remote: UInt16, local: UInt16) throws -> Set<IPAddress> {
                    let sockets = try NetlinkExchange.aboutSockets().tcpSockets(
                        .ports(remote: remote, local: local), states: 1 << UInt32(TCP_ESTABLISHED))
                    return Set(sockets.map(\.local))
                }
                #expect(try shown(remote: 179, local: 179) == [.of("127.0.0.1"), .of("127.0.0.9")])
                #expect(try shown(remote: 179, local: 1790) == [.of("127.0.0.9")])
                #expect(try shown(remote: 1790, local: 179) == [.of("127.0.0.1")])
                #expect(try shown(remote: 1790, local: 1791) == [])
                let other = try OtherSpeakers().speaker(
                    with: ScopedAddress(.of("127.0.0.1")), port: 179, from: .of("127.0.0.9"), interface: nil)
                #expect(other == nil)
                withExtendedLifetime(connection) {}
            }
        }
    }
}
