import BGPFSM
import BGPWire
import Deadlines
import Testing

/// A peer that offers what we do not use gets the session it would have got without.
@Suite("Extensions of others")
struct ForeignExtensionTests {
    private static let foreign: [Capability] = [
        .extendedMessage, .enhancedRouteRefresh,
        .longLivedGracefulRestart([.init(family: .ipv4Unicast, flags: 0, staleTime: 3600)]),
        .other(code: 9, value: [3]), .other(code: 9, value: [0]), .other(code: 67, value: []),
        .other(code: 69, value: [0, 1, 1, 3]), .other(code: 74, value: []), .other(code: 75, value: [0]),
        .other(code: 128, value: []), .other(code: 255, value: [1, 2, 3]),
    ]

    @Test("No capability ends the session or changes what is agreed on", arguments: foreign)
    func capability(_ capability: Capability) {
        let capabilities = peerCapabilities + [capability, capability]
        var session = PeerSession.inState(.openConfirm, open: peerOpen(capabilities: capabilities))
        #expect(session.state == .openConfirm)
        #expect(
            session.handle(.received(.keepalive, .outgoing), at: t0)
                == [.established(agreed(capabilities: capabilities), .outgoing)])
        #expect(session.lastNotificationSent == nil)
    }

    @Test("None of them is offered in return")
    func neverOffered() {
        let everything = configured {
            $0.families = [.ipv4Unicast, .ipv6Unicast]
            $0.offersExtendedNextHop = true
            $0.hostName = "node1.example"
        }
        let codes = Set(everything.offeredCapabilities.map(\.code))
        #expect(codes.isDisjoint(with: [6, 9, 67, 68, 69, 70, 74, 75, 128]))
    }

    @Test("The peer's role is not looked at, for we have none")
    func role() {
        for value: UInt8 in 0...5 {
            let open = peerOpen(capabilities: peerCapabilities + [.other(code: 9, value: [value])])
            #expect(PeerSession.inState(.established, open: open).state == .established)
        }
    }

    @Test("A refresh with filters behind it is a refresh, and the marks of an enhanced one are not")
    func routeRefresh() {
        var session = PeerSession.inState(.established)
        func actions(_ subtype: UInt8, _ rest: [UInt8]) -> [PeerSession.Action] {
            let refresh = RouteRefresh(family: .ipv4Unicast, subtype: subtype, rest: rest)
            return session.handle(.received(.routeRefresh(refresh), .outgoing), at: t0)
        }
        #expect(actions(0, [1, 0x40, 0xFF, 0xFF]) == [.routesRequested(.ipv4Unicast)])
        #expect(actions(1, [0xAA]) == [])
        #expect(actions(2, []) == [])
        #expect(session.state == .established)
    }
}
