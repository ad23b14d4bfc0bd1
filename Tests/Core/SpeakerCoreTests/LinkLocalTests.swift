import Advertising
import BGPFSM
import BGPWire
import Deadlines
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// Sessions over link-local addresses: who the peer is, and what is told to it as next hop.
struct LinkLocalTests {
    static let peer = ScopedAddress.unnumbered("eth0")
    static let router = IPv6Address(high: 0xFE80 << 48, low: 1)
    static let linkLocal = IPv6Address(high: 0xFE80 << 48, low: 2)
    static let global = IPv6Address(high: 0x2001_0DB8 << 32, low: 2)
    static let vip6 = IPPrefix(host: .v6(IPv6Address(high: 0x2001_0DB8 << 32, low: 0xFF)))

    static let offer = Capability.extendedNextHop([.init(family: .ipv4Unicast, nextHopAFI: 2)])

    /// A speaker with a VIP of each family that dials the peer on eth0.
    private func speaker() -> Speaker {
        let settings = Settings(
            localAS: ASNumber(65001),
            vips: [VIPSettings(prefix: Rack.vip, checks: []), VIPSettings(prefix: Self.vip6, checks: [])], checks: [],
            peers: [PeerSettings(address: Self.peer, peerAS: .external)])
        var speaker = Speaker(settings)
        #expect(speaker.handle(.started, at: Rack.start).contains(.session(Self.peer, .connect)))
        for vip in [Rack.vip, Self.vip6] { _ = speaker.handle(.bound([vip]), at: Rack.start) }
        return speaker
    }

    /// What is announced, and with which next hops, when a session over these addresses becomes Established.
    private func announced(_ endpoints: Endpoints, extendedNextHop: Bool) -> [MPReach] {
        var speaker = speaker()
        _ = speaker.handle(.session(Self.peer, .tcpConnected(.outgoing, endpoints)), at: Rack.start)
        let open = Open(
            myAS: 65000, holdTime: 9, identifier: BGPIdentifier(0x0A00_0001),
            parameters: [
                .capabilities(
                    [.multiprotocol(.ipv4Unicast), .multiprotocol(.ipv6Unicast), .fourOctetAS(ASNumber(65000))]
                        + (extendedNextHop ? [Self.offer] : []))
            ])
        _ = speaker.handle(.session(Self.peer, .received(.open(open), .outgoing)), at: Rack.start)
        let effects = speaker.handle(.session(Self.peer, .received(.keepalive, .outgoing)), at: Rack.start)
        return effects.flatMap { effect -> [MPReach] in
            guard case .session(Self.peer, .send(.update(let update), .outgoing)) = effect else { return [] }
            #expect(update.nlri.isEmpty)
            return update.attributes.compactMap { if case .mpReach(let reach) = $0.value { reach } else { nil } }
        }
    }

    private func reach(_ prefix: IPPrefix, _ nextHops: IPv6Address...) -> MPReach {
        MPReach(family: AddressFamily(of: prefix), nextHops: nextHops.map { .v6($0) }, nlri: [prefix])
    }

    @Test func anUnnumberedPeerIsOfferedBothFamiliesAndExtendedNextHop() {
        var speaker = speaker()
        let endpoints = Endpoints(local: .v6(Self.linkLocal), remote: .v6(Self.router))
        let effects = speaker.handle(.session(Self.peer, .tcpConnected(.outgoing, endpoints)), at: Rack.start)
        guard case .session(Self.peer, .send(.open(let open), .outgoing)) = effects.first else {
            Issue.record("the first effect is \(String(describing: effects.first))")
            return
        }
        #expect(
            Set(open.capabilities).isSuperset(of: [
                .multiprotocol(.ipv4Unicast), .multiprotocol(.ipv6Unicast), Self.offer,
            ]))
    }

    @Test func theLinkLocalAddressAloneIsTheNextHopIfThereIsNoOther() {
        let endpoints = Endpoints(local: .v6(Self.linkLocal), remote: .v6(Self.router))
        #expect(
            announced(endpoints, extendedNextHop: true) == [
                reach(Rack.vip, Self.linkLocal), reach(Self.vip6, Self.linkLocal),
            ])
        #expect(announced(endpoints, extendedNextHop: false) == [reach(Self.vip6, Self.linkLocal)])
    }

    @Test func theGlobalAddressStandsInFrontOfTheLinkLocalOne() {
        let endpoints = Endpoints(local: .v6(Self.linkLocal), remote: .v6(Self.router), global: Self.global)
        #expect(
            announced(endpoints, extendedNextHop: true) == [
                reach(Rack.vip, Self.global, Self.linkLocal), reach(Self.vip6, Self.global, Self.linkLocal),
            ])
    }

    @Test func aSessionOverGlobalAddressesHasOneNextHop() {
        let endpoints = Endpoints(local: .v6(Self.global), remote: .v6(Self.router), global: Self.global)
        #expect(
            announced(endpoints, extendedNextHop: true) == [
                reach(Rack.vip, Self.global), reach(Self.vip6, Self.global),
            ]
        )
    }

    @Test func aRouterThatIsNotFoundIsSaidOnce() {
        var speaker = speaker()
        let failure = Input.session(Self.peer, .tcpFailed(.outgoing, .noNeighbour(interface: "eth0")))
        let words =
            "no router is known on eth0 for peer unnumbered:eth0: turn on IPv6 router advertisements on the switch port "
            + "and see that eth0 is up and has IPv6 (a link-local address), "
            + "or give the router's address as [fe80::1%eth0]:AS"
        #expect(speaker.handle(failure, at: Rack.start) == [.report(.attemptFailed(Self.peer, reason: words))])
        let retry = Rack.start + .seconds(2)
        #expect(speaker.handle(.deadlineReached, at: retry).contains(.session(Self.peer, .connect)))
        #expect(speaker.handle(failure, at: retry) == [])
    }
}
