import CLinuxShim
import Glibc
import IPTypes
import Testing

@testable import Netlink

/// Who the router on a link is, from tables a kernel could have.
@Suite struct LinkRouterTests {
    /// RTM_NEWNEIGH as in a dump.
    static func neighbour(
        _ sequence: UInt32, _ text: String, on interface: CInt = 3, _ state: CInt = NUD_STALE, isRouter: Bool = false
    ) -> [UInt8] {
        let address = IPAddress.of(text)
        var header = ndmsg()
        header.ndm_family = UInt8(address.isIPv4 ? AF_INET : AF_INET6)
        header.ndm_ifindex = interface
        header.ndm_state = UInt16(state)
        header.ndm_flags = isRouter ? UInt8(NTF_ROUTER) : 0
        var message = NetlinkRequest(.newNeighbour, flags: NLM_F_MULTI, header: header)
        message.append(Int(NDA_DST), bytes: address.bytes)
        return message.encoded(sequence: sequence)
    }

    /// The default route to fe80::1 over interface 3, RFC 8950's IPv4 one to fe80::9 and two without IPv6 gateways.
    static func router(_ neighbours: [[UInt8]], hasRoutes: Bool = false) throws -> LinkRouter {
        var routes = hasRoutes ? RouteParsingTests.routeDump : []
        for start in messageStarts(routes) { routes[start + 8] = 2 }
        return try RouteParsingTests.exchange(neighbours.flatMap { $0 } + done(1), routes + done(2)).router(onLink: 3)
    }

    static func address(_ text: String) -> IPv6Address {
        guard case .v6(let address) = IPAddress.of(text) else { preconditionFailure("not IPv6: \(text)") }
        return address
    }

    @Test func `the neighbour that says it is one comes first`() throws {
        let table = [
            Self.neighbour(1, "fe80::5"), Self.neighbour(1, "fe80::7", NUD_REACHABLE, isRouter: true),
            Self.neighbour(1, "2001:db8::1", isRouter: true), Self.neighbour(1, "fe80::8", on: 4, isRouter: true),
            Self.neighbour(1, "fe80::3", NUD_FAILED, isRouter: true),
            Self.neighbour(1, "fe80::4", NUD_INCOMPLETE, isRouter: true),
        ]
        #expect(try Self.router(table, hasRoutes: true) == .found(Self.address("fe80::7")))
    }

    @Test func `then the link-local gateways of default routes on the link`() throws {
        let table = [Self.neighbour(1, "fe80::5"), Self.neighbour(1, "fe80::8", on: 4, isRouter: true)]
        let both = [Self.address("fe80::1"), Self.address("fe80::9")]
        #expect(try Self.router(table, hasRoutes: true) == .ambiguous(both))
        #expect(try Self.router([], hasRoutes: true) == .ambiguous(both))
    }

    @Test func `then the only link-local neighbour`() throws {
        let table = [
            Self.neighbour(1, "fe80::5"), Self.neighbour(1, "fe80::6", NUD_FAILED), Self.neighbour(1, "2001:db8::1"),
            Self.neighbour(1, "ff02::16", NUD_NOARP), Self.neighbour(1, "fe80::8", on: 4),
            Self.neighbour(1, "192.0.2.1"),
        ]
        #expect(try Self.router(table) == .found(Self.address("fe80::5")))
        #expect(try Self.router([Self.neighbour(1, "fe80::5", NUD_PERMANENT)]) == .found(Self.address("fe80::5")))
    }

    @Test func `several of a kind are ambiguous, and nobody is unknown`() throws {
        let hosts = [Self.neighbour(1, "fe80::7"), Self.neighbour(1, "fe80::5")]
        let routers =
            hosts + [
                Self.neighbour(1, "fe80::2", isRouter: true), Self.neighbour(1, "fe80::1", isRouter: true),
            ]
        #expect(try Self.router(hosts) == .ambiguous([Self.address("fe80::5"), Self.address("fe80::7")]))
        #expect(try Self.router(routers) == .ambiguous([Self.address("fe80::1"), Self.address("fe80::2")]))
        #expect(try Self.router([]) == .unknown)
    }

    @Test func `the kernel is asked for the neighbours of that link only`() throws {
        let socket = RecordedSocket([Self.neighbour(1, "fe80::5", isRouter: true) + done(1)])
        _ = try NetlinkExchange(socket: socket).router(onLink: 3)
        #expect(
            socket.requests == [
                hex(
                    """
                    24 00 00 00 1e 00 01 03 01 00 00 00 00 00 00 00  # RTM_GETNEIGH, REQUEST | DUMP
                    0a 00 00 00 00 00 00 00 00 00 00 00  # AF_INET6
                    08 00 08 00 03 00 00 00  # NDA_IFINDEX 3
                    """)
            ])
    }

    @Test func `who has answered counts as if the kernel knew`() throws {
        let (first, second) = (Self.address("fe80::1"), Self.address("fe80::2"))
        func router(_ table: [UInt8], heard: [IPv6Address], answered: [IPv6Address]) throws -> LinkRouter {
            try RouteParsingTests.exchange(table + done(1), done(2))
                .router(onLink: 3, heard: heard, answered: answered)
        }
        #expect(try router([], heard: [], answered: [second]) == .found(second))
        #expect(try router([], heard: [], answered: [second, first, second]) == .ambiguous([first, second]))
        #expect(try router(Self.neighbour(1, "fe80::1"), heard: [], answered: [second]) == .ambiguous([first, second]))
        #expect(try router(Self.neighbour(1, "fe80::1"), heard: [second], answered: [second]) == .found(second))
        let table = Self.neighbour(1, "fe80::1", isRouter: true)
        #expect(try router(table, heard: [], answered: [second]) == .found(first))
        #expect(try router(table, heard: [second], answered: []) == .ambiguous([first, second]))
    }

    @Test func `those in doubt are confirmed, but for entries made by hand`() throws {
        let table = [
            Self.neighbour(1, "fe80::1"), Self.neighbour(1, "fe80::2", NUD_PERMANENT), Self.neighbour(1, "fe80::4"),
        ]
        let socket = RecordedSocket([table.flatMap { $0 } + done(1), acknowledgement(2), acknowledgement(3)])
        let candidates = ["fe80::1", "fe80::2", "fe80::5"].map { Self.address($0) }
        #expect(try NetlinkExchange(socket: socket).confirm(candidates, onLink: 3))
        #expect(
            Array(socket.requests.dropFirst()) == [
                hex(
                    """
                    30 00 00 00 1c 00 05 01 02 00 00 00 00 00 00 00  # RTM_NEWNEIGH, REQUEST | ACK | REPLACE
                    0a 00 00 00 03 00 00 00 10 00 00 00  # AF_INET6, interface 3, NUD_PROBE
                    14 00 01 00 fe 80 00 00 00 00 00 00 00 00 00 00 00 00 00 01  # NDA_DST
                    """),
                hex(
                    """
                    30 00 00 00 1c 00 05 04 03 00 00 00 00 00 00 00  # RTM_NEWNEIGH, REQUEST | ACK | CREATE
                    0a 00 00 00 03 00 00 00 00 00 01 00  # NTF_USE
                    14 00 01 00 fe 80 00 00 00 00 00 00 00 00 00 00 00 00 00 05
                    """),
            ])
    }

    @Test func `without permission nobody is confirmed`() throws {
        let table = Self.neighbour(1, "fe80::1") + Self.neighbour(1, "fe80::2") + done(1)
        let refused = [acknowledgement(2, error: EPERM), acknowledgement(3, error: EPERM)]
        let candidates = [Self.address("fe80::1"), Self.address("fe80::2")]
        let exchange = NetlinkExchange(socket: RecordedSocket([table] + refused))
        #expect(try exchange.confirm(candidates, onLink: 3) == false)
    }
}

/// Which of our addresses on a link a peer can be told as next hop.
@Suite struct NextHopTests {
    /// `lo` is interface 1 everywhere.
    static func exchange() throws -> NetlinkExchange {
        func global(_ text: String, on interface: UInt32 = 1, flags: UInt32 = 0x80, tag: UInt8? = nil) throws -> [UInt8]
        {
            try address(1, text, on: interface, scope: .global, flags: flags, tag: tag)
        }
        let addresses = try [
            address(1, "fe80::2/64", on: 7, scope: .link), global("2001:db8:7::2/64", on: 7),
            global("192.0.2.2/24"), global("192.0.2.3/24", on: 7), address(1, "fe80::2/64", on: 1, scope: .link),
            global("2001:db8::1/128"), global("2001:db8::3/64", flags: UInt32(IFA_F_TEMPORARY)),
            global("2001:db8::4/64", flags: UInt32(IFA_F_TENTATIVE)),
            global("2001:db8::5/64", flags: UInt32(IFA_F_DADFAILED)),
            global("2001:db8::6/64", flags: UInt32(IFA_F_DEPRECATED)), global("2001:db8::7/64", tag: 179),
            global("2001:db8::2/64"), global("2001:db8::8/64"),
        ]
        return RouteParsingTests.exchange(addresses.flatMap { $0 } + done(1))
    }

    @Test func `beside a link-local address it is a global one that stays and is of a subnet`() throws {
        let local = ScopedAddress(.of("fe80::2"), zone: "lo")
        #expect(try Self.exchange().global(beside: local) == LinkRouterTests.address("2001:db8::2"))
    }

    @Test func `the zone tells apart interfaces that have the same link-local address`() throws {
        #expect(try Self.exchange().alternate(to: ScopedAddress(.of("fe80::2"), zone: "lo")) == .of("192.0.2.2"))
        #expect(try Self.exchange().alternate(to: ScopedAddress(.of("fe80::2"), zone: "none")) == nil)
        #expect(try Self.exchange().global(beside: ScopedAddress(.of("fe80::2"), zone: "none")) == nil)
    }

    @Test func `of the other family it is the first global one on the interface that has the address`() throws {
        #expect(try Self.exchange().alternate(to: ScopedAddress(.of("192.0.2.3"))) == .of("2001:db8:7::2"))
        #expect(try Self.exchange().alternate(to: ScopedAddress(.of("2001:db8:7::2"))) == .of("192.0.2.3"))
        #expect(try Self.exchange().alternate(to: ScopedAddress(.of("192.0.2.9"))) == nil)
    }
}
