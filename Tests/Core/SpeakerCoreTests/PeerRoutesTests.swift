import Advertising
import BGPFSM
import BGPWire
import Health
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// What differs from peer to peer.
struct PeerRoutesTests {
    @Test func eachPeerIsToldTheNextHopThatIsSetForIt() {
        let fixed = IPv4Address(0x0A00_0063)
        var rack = Rack(peers: [Rack.tor, Rack.secondToR]) { $0.peers[1].routeAdjustment.nextHopIPv4 = fixed }
        _ = rack.take(.started)
        rack.becomeHealthy()
        rack.establish(Rack.tor)
        rack.establish(Rack.secondToR)
        let nextHops = rack.speaker.peers.map { $0.adjRIBOut.nextHop(of: Rack.vip) }
        #expect(nextHops == [.v4(IPv4Address(0x0A00_0002)), .v4(fixed)])
    }

    @Test func aVIPIsToldOnlyToThePeersItIsMeantFor() {
        let other = IPPrefix(host: .v4(IPv4Address(0x0AFF_0002)))
        var rack = Rack(peers: [Rack.tor, Rack.secondToR], departure: DepartureSettings(settle: .seconds(1))) {
            $0.vips.append(VIPSettings(prefix: other, checks: ["api"], peers: [Rack.secondToR]))
        }
        _ = rack.take(.started)
        rack.becomeHealthy()
        rack.establish(Rack.tor)
        rack.establish(Rack.secondToR)
        func told() -> [Set<IPPrefix>] { rack.speaker.peers.map { Set($0.adjRIBOut.told.keys) } }
        #expect(told() == [[Rack.vip], [Rack.vip]])
        // When one VIP changes, and when all peers are told anew.
        _ = rack.take(.bound([other]))
        #expect(told() == [[Rack.vip], [Rack.vip, other]])
        _ = rack.take(.drainRequested(reason: "test"))
        #expect(told() == [[Rack.vip], [Rack.vip, other]])

        let status = rack.speaker.status(version: "1", at: rack.now)
        #expect(status.peers.map(\.advertised) == [1, 2])
        #expect(status.peers.map(\.total) == [1, 2])
        #expect(status.peers.map(\.obstacles) == [["10.255.0.2/32": "not meant for this peer"], nil])
        #expect(status.vips.map(\.advertisedTo) == [2, 1])
        #expect(status.vips.map(\.peers) == [2, 1])
    }

    @Test func whatAPeerHasFromOtherNodesIsKeptForTheTimeOfTheSession() {
        var rack = Rack()
        _ = rack.take(.started)
        rack.becomeHealthy()
        rack.establish(Rack.tor)
        func heard() -> [RouteStatus]? { rack.speaker.status(version: "1", at: rack.now).peers[0].routesHeard }
        func hear(_ attributes: [PathAttribute]?) {
            var summary = UpdateSummary(announced: 1, withdrawn: 0)
            summary.heard = [HeardRoute(Rack.vip, attributes)]
            _ = rack.take(.session(Rack.tor, .received(.update(summary), .outgoing)))
        }
        let origin = PathAttribute(flags: 0x40, value: .origin(.igp))
        let route = RouteStatus(prefix: "10.255.0.1/32", nextHop: "", attributes: ["ORIGIN IGP"])
        #expect(heard() == nil)
        hear([origin])
        #expect(heard() == [route])
        hear(nil)
        #expect(heard() == nil)
        hear([origin])
        _ = rack.take(.session(Rack.tor, .tcpFailed(.outgoing, .reset)))
        rack.establish(Rack.tor)
        #expect(heard() == nil)
    }

    @Test func everySessionOffersBothFamiliesAndNeedsThoseOfTheVIPsThatAreMeantForIt() {
        let six = IPPrefix(host: .v6(IPv6Address(high: 0x2001_0DB8 << 32, low: 1)))
        let rack = Rack(peers: [Rack.tor, Rack.secondToR]) {
            $0.vips.append(VIPSettings(prefix: six, checks: [], peers: [Rack.secondToR]))
        }
        let both: [AddressFamily] = [.ipv4Unicast, .ipv6Unicast]
        #expect(rack.speaker.peers.map(\.session.configuration.families) == [both, both])
        #expect(rack.speaker.peers.map(\.session.configuration.neededFamilies) == [[.ipv4Unicast], both])
    }

    @Test func attributesThatFillAMessageAreGivenAsTheReason() {
        let words = "its path attributes do not fit into a BGP message of 4096 octets: give it fewer communities"
        let many = (0..<1100).map { Community(UInt32($0)) }
        var rack = Rack(communities: many)
        _ = rack.take(.started)
        rack.establish()
        let effects = rack.becomeHealthy()
        #expect(effects.contains(.report(.notCarried(Rack.tor, [Rack.vip], reason: words))))
        let status = rack.speaker.status(version: "1", at: rack.now)
        #expect(status.vips[0].reason == "healthy and bound, but no session can carry it: \(words)")
        #expect(status.peers[0].obstacles == ["10.255.0.1/32": words])
        // Said once.
        #expect(!rack.take(.bound([Rack.vip])).contains { if case .report(.notCarried) = $0 { true } else { false } })
    }
}
