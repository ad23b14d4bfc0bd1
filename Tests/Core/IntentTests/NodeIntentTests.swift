import BGPWire
import Deadlines
import IPTypes
import Settings
import Testing

@testable import Intent

@Suite struct `What is intended on this node` {
    private static let one = ScopedAddress("192.0.2.1") ?? .gateway
    private static let two = ScopedAddress("192.0.2.2") ?? .gateway
    private static let six = ScopedAddress("fe80::1%eth0") ?? .gateway
    private static let address4 = RouterIDCandidates(ipv4: IPv4Address(0xC000_0209))
    private static let address6 = RouterIDCandidates(ipv6: IPv6Address(high: 0x2001_0DB8 << 32, low: 1))

    private static func settings(_ peers: String...) -> Settings {
        Settings(
            localAS: ASNumber(65001), vips: [], checks: [],
            peers: peers.compactMap { ScopedAddress($0) }.map { PeerSettings(address: $0, peerAS: .external) })
    }

    private static func network(
        _ gateways: ScopedAddress..., candidates: RouterIDCandidates = address4
    ) -> NodeIntent.Network {
        NodeIntent.Network(gateways: gateways, candidates: candidates)
    }

    private static func at(_ milliseconds: UInt64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    private static func intended(_ settings: Settings, _ gateways: ScopedAddress..., id: UInt32 = 0xC000_0209)
        -> NodeIntent.Finding
    {
        var settings = settings.following(gateways)
        settings.routerID = BGPIdentifier(id)
        return .intended(settings)
    }

    @Test func `a network that is there is used at once`() throws {
        let settings = Self.settings("gateway")
        var node = NodeIntent(settings)
        #expect(node.intended == nil)
        #expect(try node.look(at: Self.network(Self.one), at: Self.at(0)) == Self.intended(settings, Self.one))
        #expect(try node.look(at: Self.network(Self.one), at: Self.at(1)) == .unchanged)
        #expect(node.nextLook(at: Self.at(1)) == nil)
    }

    @Test func `one that comes up must have stayed the same for two seconds`() throws {
        let settings = Self.settings("gateway")
        var node = NodeIntent(settings)
        guard case .waiting(let reason) = try node.look(at: Self.network(), at: Self.at(0)) else {
            Issue.record("not waited for")
            return
        }
        #expect(reason == GatewayFailure.noDefaultRoute(peer: .gateway).description)
        #expect(node.lookFailed("no netlink") == .waiting("no netlink"))
        #expect(try node.look(at: Self.network(Self.one), at: Self.at(1000)) == .settling)
        #expect(node.nextLook(at: Self.at(1000)) == Self.at(1200))
        #expect(try node.look(at: Self.network(Self.one, Self.two), at: Self.at(2900)) == .settling)
        #expect(try node.look(at: Self.network(Self.one, Self.two), at: Self.at(4899)) == .settling)
        #expect(
            try node.look(at: Self.network(Self.two, Self.one), at: Self.at(4900))
                == Self.intended(settings, Self.two, Self.one))
    }

    @Test func `without gateways nothing has to settle`() throws {
        let settings = Self.settings("192.0.2.1")
        var node = NodeIntent(settings)
        let nothing = Self.network(candidates: RouterIDCandidates())
        guard case .waiting = try node.look(at: nothing, at: Self.at(0)) else {
            Issue.record("not waited for")
            return
        }
        #expect(try node.look(at: Self.network(), at: Self.at(200)) == Self.intended(settings))
    }

    @Test func `a derived router ID has to settle, since IPv4 may come a moment later`() throws {
        let settings = Self.settings("2001:db8::9")
        var node = NodeIntent(settings)
        let derived = RouterID(derivedFrom: IPv6Address(high: 0x2001_0DB8 << 32, low: 1))
        #expect(
            try node.look(at: Self.network(candidates: Self.address6), at: Self.at(0))
                == Self.intended(settings, id: derived.identifier.value))
        #expect(node.routerID == derived)
        node = NodeIntent(settings)
        _ = try node.look(at: Self.network(candidates: RouterIDCandidates()), at: Self.at(0))
        #expect(try node.look(at: Self.network(candidates: Self.address6), at: Self.at(200)) == .settling)
        #expect(try node.look(at: Self.network(), at: Self.at(400)) == Self.intended(settings))
        // It stays as long as the process runs.
        #expect(try node.look(at: Self.network(candidates: Self.address6), at: Self.at(600)) == .unchanged)
    }

    @Test func `gateways are followed, and the last ones stay`() throws {
        let settings = Self.settings("gateway", "10.0.0.1")
        var node = NodeIntent(settings)
        _ = try node.look(at: Self.network(Self.one), at: Self.at(0))
        #expect(try node.look(at: Self.network(), at: Self.at(1000)) == .unchanged)
        #expect(try node.look(at: Self.network(Self.two), at: Self.at(9000)) == .settling)
        #expect(node.nextLook(at: Self.at(9000)) == Self.at(11000))
        #expect(try node.look(at: Self.network(Self.one), at: Self.at(10000)) == .unchanged)
        #expect(try node.look(at: Self.network(Self.two, Self.six), at: Self.at(11000)) == .settling)
        #expect(
            try node.look(at: Self.network(Self.two, Self.six), at: Self.at(13000))
                == Self.intended(settings, Self.two, Self.six))
        #expect(node.lookFailed("no netlink") == .unchanged)
    }

    @Test func `what no waiting can mend is an error at a start, and not later`() throws {
        let settings = Self.settings("gateway", "192.0.2.2")
        var node = NodeIntent(settings)
        #expect(throws: GatewayFailure.isPeerAlready(gateway: Self.two, peer: Self.two)) {
            try node.look(at: Self.network(Self.two), at: Self.at(0))
        }
        _ = try node.look(at: Self.network(Self.one), at: Self.at(0))
        _ = try node.look(at: Self.network(Self.one, Self.two), at: Self.at(1000))
        #expect(
            try node.look(at: Self.network(Self.one, Self.two), at: Self.at(3000))
                == Self.intended(settings, Self.one, Self.two))
        #expect(node.intended?.peers.map(\.address) == [Self.one, Self.two])
    }

    @Test func `other settings keep the gateways that count`() throws {
        var node = NodeIntent(Self.settings("gateway"))
        _ = try node.look(at: Self.network(Self.one, Self.six), at: Self.at(0))
        var next = Self.settings("gateway4", "10.0.0.1")
        try node.configure(next, on: Self.network())
        #expect(node.intended?.peers.map(\.address) == next.following([Self.one]).peers.map(\.address))
        next = Self.settings("gateway6")
        try node.configure(next, on: Self.network(Self.two, Self.six))
        #expect(node.intended?.peers.map(\.address) == [Self.six])
        #expect(throws: GatewayFailure.isPeerAlready(gateway: Self.two, peer: Self.two)) {
            try node.configure(Self.settings("gateway", "192.0.2.2"), on: Self.network(Self.two))
        }
        #expect(node.configured == next)
    }

    @Test func `other settings change the router ID only if they say so`() throws {
        var settings = Self.settings("10.0.0.1")
        var node = NodeIntent(settings)
        _ = try node.look(at: Self.network(), at: Self.at(0))
        let other = Self.network(candidates: RouterIDCandidates(ipv4: IPv4Address(9)))
        settings.localAS = ASNumber(65002)
        try node.configure(settings, on: other)
        #expect(node.intended?.routerID == BGPIdentifier(0xC000_0209))
        settings.routerID = BGPIdentifier(7)
        try node.configure(settings, on: other)
        #expect(node.intended?.routerID == BGPIdentifier(7))
        settings.routerID = nil
        try node.configure(settings, on: Self.network(candidates: RouterIDCandidates()))
        #expect(node.intended?.routerID == BGPIdentifier(7))
        settings.routerInterface = "eth0"
        try node.configure(settings, on: other)
        #expect(node.intended?.routerID == BGPIdentifier(9))
    }

    @Test func `settings that come while the network is waited for take the place of the first`() throws {
        var node = NodeIntent(Self.settings("gateway"))
        _ = try node.look(at: Self.network(), at: Self.at(0))
        let settings = Self.settings("10.0.0.1")
        try node.configure(settings, on: Self.network())
        #expect(node.intended == nil)
        #expect(try node.look(at: Self.network(), at: Self.at(200)) == Self.intended(settings))
    }
}
