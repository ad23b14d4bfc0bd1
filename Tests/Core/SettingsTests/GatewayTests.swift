import BGPWire
import IPTypes
import Testing

@testable import Settings

@Suite struct `Default gateways as peers` {
    static let two = addresses("192.0.2.1", "fe80::1%eth0")

    private static func addresses(_ texts: String...) -> [ScopedAddress] { texts.compactMap { ScopedAddress($0) } }

    private static func settings(_ peers: [PeerSettings]) -> Settings {
        Settings(localAS: ASNumber(65001), vips: [], checks: [], peers: peers)
    }

    private static func peer(_ text: String) -> PeerSettings {
        PeerSettings(address: ScopedAddress(text) ?? .gateway, peerAS: .external)
    }

    @Test func `each becomes a peer with all that is set for them, in their place`() throws {
        let gateways = PeerSettings(
            address: .gateway, peerAS: .exactly(ASNumber(65000)), port: 1790, password: Secret("secret"), holdTime: 30)
        let settings = Self.settings([Self.peer("10.0.0.1"), gateways, Self.peer("10.0.0.2")])
        #expect(settings.namesGateways)
        var expected = settings
        expected.peers = [Self.peer("10.0.0.1"), gateways, gateways, Self.peer("10.0.0.2")]
        expected.peers[1].address = Self.two[0]
        expected.peers[2].address = Self.two[1]
        #expect(try settings.expandingGateways(Self.two) == expected)
        #expect(!expected.namesGateways)
    }

    @Test func `a source address goes to those of its family`() throws {
        var gateways = Self.peer("gateway")
        gateways.source = .v4(IPv4Address(0xC000_0202))
        let sources = try Self.settings([gateways]).expandingGateways(Self.two).peers.map(\.source)
        #expect(sources == [gateways.source, nil])
        gateways.otherSource = .v6(IPv6Address(high: 0x2001_0DB8 << 32, low: 1))
        let both = try Self.settings([gateways]).expandingGateways(Self.two).peers
        #expect(both.map(\.source) == [gateways.source, gateways.otherSource])
        #expect(both.map(\.otherSource) == [nil, nil])
    }

    @Test(arguments: [
        (["192.0.2.9"], [IPAddress("192.0.2.9"), nil]), (["2001:db8::9"], [nil, IPAddress("2001:db8::9")]),
        (["2001:db8::9", "192.0.2.9"], [IPAddress("192.0.2.9"), IPAddress("2001:db8::9")]),
    ]) func `both families can have a source address`(given: [String], expected: [IPAddress?]) throws {
        let loaded = try load([
            "local-as": ["65001"], "vip": ["10.9.9.9"], "peers": ["gateway:65000"], "source-address": given,
        ])
        #expect(try loaded.settings.expandingGateways(Self.two).peers.map(\.source) == expected)
    }

    @Test func `one family can be asked for`() throws {
        var settings = Self.settings([Self.peer("gateway6"), Self.peer("10.0.0.1")])
        settings.vips = [VIPSettings(prefix: IPPrefix(host: .v4(IPv4Address(1))), checks: [], peers: [.gateway6])]
        let expanded = try settings.expandingGateways(Self.two)
        #expect(expanded.peers.map(\.address) == [Self.two[1], settings.peers[1].address])
        #expect(expanded.vips.map(\.peers) == [[Self.two[1]]])
        #expect(
            try Self.settings([Self.peer("gateway4")]).expandingGateways(Self.two).peers.map(\.address) == [Self.two[0]]
        )
        #expect(throws: GatewayFailure.noDefaultRoute(peer: .gateway4)) {
            try Self.settings([Self.peer("gateway4")]).expandingGateways([Self.two[1]])
        }
        #expect(
            "\(GatewayFailure.noDefaultRoute(peer: .gateway4))"
                == "the peer list says gateway4, but this node has no IPv4 default route with a gateway; "
                + "add the route, or give the peer's address")
        // The others come when they are there.
        let both = Self.settings([Self.peer("gateway4"), Self.peer("gateway6")])
        #expect(try both.expandingGateways([Self.two[1]]).peers.map(\.address) == [Self.two[1]])
        #expect(both.following([]).peers.isEmpty)
    }

    @Test func `a gateway that comes later and is a peer by itself is that peer`() {
        let settings = Self.settings([Self.peer("gateway"), Self.peer("192.0.2.1")])
        #expect(settings.following(Self.two).peers.map(\.address) == [Self.two[1], Self.two[0]])
    }

    @Test func `VIPs that are meant for them are meant for each`() throws {
        var settings = Self.settings([Self.peer("10.0.0.1"), Self.peer("gateway")])
        let prefix = IPPrefix(host: .v4(IPv4Address(0x0A09_0909)))
        let other = settings.peers[0].address
        settings.vips = [
            VIPSettings(prefix: prefix, checks: [], peers: [.gateway]),
            VIPSettings(prefix: prefix, checks: [], peers: [other]), VIPSettings(prefix: prefix, checks: []),
        ]
        let expanded = try settings.expandingGateways(Self.two)
        #expect(expanded.vips.map(\.peers) == [Set(Self.two), [other], nil])
    }

    @Test func `settings that do not ask for them stay as they are`() throws {
        let settings = Self.settings([Self.peer("192.0.2.1")])
        #expect(!settings.namesGateways)
        #expect(try settings.expandingGateways([]) == settings)
        #expect(try settings.expandingGateways(Self.two) == settings)
    }

    @Test func `a node without a default route says so`() {
        #expect(throws: GatewayFailure.noDefaultRoute(peer: .gateway)) {
            try Self.settings([Self.peer("gateway"), Self.peer("192.0.2.1")]).expandingGateways([])
        }
        #expect(
            "\(GatewayFailure.noDefaultRoute(peer: .gateway))"
                == "the peer list says gateway, but this node has no default route with a gateway; "
                + "add the route, or give the peer's address")
    }

    @Test(arguments: [
        (
            "192.0.2.1",
            "the default gateway 192.0.2.1 is in the peer list by its address as well as by gateway; remove one"
        ),
        (
            "fe80::1%eth0",
            "the default gateway fe80::1%eth0 is in the peer list by its address as well as by gateway; remove one"
        ),
        (
            "unnumbered:eth0",
            "the default gateway fe80::1%eth0 is in the peer list as unnumbered:eth0 as well as by gateway; remove one"
        ),
    ]) func `a gateway that is a peer by itself is refused`(peer: String, message: String) {
        let failure = #expect(throws: GatewayFailure.self) {
            try Self.settings([Self.peer("gateway"), Self.peer(peer)]).expandingGateways(Self.two)
        }
        #expect(failure.map { "\($0)" } == message)
    }

    @Test func `they are read from the peer list once`() throws {
        let given = ["local-as": ["65001"], "vip": ["10.9.9.9"]]
        let loaded = try load(given.merging(["peers": ["gateway:65000:secret"]]) { $1 })
        #expect(
            loaded.settings.peers == [
                PeerSettings(address: .gateway, peerAS: .exactly(ASNumber(65000)), password: Secret("secret"))
            ])
        #expect(
            errors(given.merging(["peers": ["gateway:65000,gateway:65002"]]) { $1 }) == [
                "flag --peers, entry 2, column 15: gateway is a peer already; remove one of the two entries"
            ])
        #expect(
            errors(given.merging(["peers": ["gateway4:65000,gateway:65002"]]) { $1 }) == [
                "flag --peers, entry 2, column 16: gateway is a peer already; remove one of the two entries"
            ])
        #expect(errors(given.merging(["peers": ["gateway4:65000,gateway6:65002"]]) { $1 }) == [])
    }
}
