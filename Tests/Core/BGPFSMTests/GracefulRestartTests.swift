import BGPFSM
import BGPWire
import Deadlines
import IPTypes
import Testing

/// What we say about restarting (RFC 4724, RFC 8538), and which of the peer's words count.
@Suite("Graceful restart")
struct GracefulRestartTests {
    private func offers(of configuration: SessionConfiguration) -> [Capability.GracefulRestart] {
        configuration.offeredCapabilities.compactMap { capability in
            if case .gracefulRestart(let restart) = capability { restart } else { nil }
        }
    }

    @Test("We promise an End-of-RIB and nothing else: no family, no restart bit, no N bit")
    func ours() {
        for families: [AddressFamily] in [[.ipv4Unicast], [.ipv6Unicast], [.ipv4Unicast, .ipv6Unicast]] {
            let offers = offers(of: configured { $0.families = families })
            #expect(offers.count == 1)
            #expect(offers.allSatisfy { $0.families.isEmpty && $0.flags == 0 })
        }
    }

    @Test("After a session was lost we say the same, for nothing was preserved")
    func afterALoss() {
        var session = PeerSession.inState(.established)
        _ = session.handle(.tcpFailed(.outgoing, .reset), at: t0)
        _ = session.handle(.deadlineReached, at: session.nextAttempt ?? t0)
        #expect(session.handle(.tcpConnected(.outgoing, endpoints), at: t0) == [.send(.open(ourOpen), .outgoing)])
    }

    @Test("Of several instances the peer's last one counts", arguments: [true, false])
    func lastInstance(_ lastHasFamily: Bool) {
        let empty = Capability.gracefulRestart(Capability.GracefulRestart(flags: 0, restartTime: 120, families: []))
        let other = restartingCapabilities.suffix(1)
        let capabilities = peerCapabilities + (lastHasFamily ? [empty] + other : other + [empty])
        var session = PeerSession.inState(.established, .incoming, open: peerOpen(capabilities: capabilities))
        let replaced: [PeerSession.Action] = [
            .close(.incoming), .ended(.peerRestarted, wasEstablished: true), .send(.open(ourOpen), .incoming),
        ]
        let kept: [PeerSession.Action] = [.send(.keepalive, .incoming), .rejectIncoming(cease(7))]
        #expect(
            session.handle(.tcpConnected(.incoming, endpoints), at: t0 + .seconds(3))
                == (lastHasFamily ? replaced : kept))
    }

    @Test("A connection from another address shows no restart of the router")
    func anotherHost() {
        let stranger = Endpoints(local: local, remote: .v4(IPv4Address(0x0A00_0002)))
        let open = peerOpen(capabilities: restartingCapabilities)
        var accepted = PeerSession.inState(.established, .incoming, open: open)
        #expect(
            accepted.handle(.tcpConnected(.incoming, stranger), at: t0 + .seconds(3))
                == [.send(.keepalive, .incoming), .rejectIncoming(cease(7))])
        var dialled = PeerSession.inState(.established, .outgoing, open: open)
        #expect(
            dialled.handle(.tcpConnected(.incoming, stranger), at: t0 + .seconds(3))
                == [.send(.keepalive, .outgoing), .send(.open(ourOpen), .incoming)])
        #expect(
            dialled.handle(.received(.open(open), .incoming), at: t0 + .seconds(3))
                == [.send(.notification(cease(7)), .incoming), .close(.incoming)])
        #expect(dialled.establishedDirection == .outgoing)
    }

    @Test("With a password an unsigned connection is no session, in any state")
    func unsigned() {
        for state in [PeerSession.State.active, .openSent, .openConfirm, .established] {
            var session = PeerSession.inState(state) { $0.requiresSignature = true }
            #expect(
                session.handle(.tcpConnected(.incoming, endpoints), at: t0 + .seconds(3))
                    == [.rejectIncoming(cease(5))])
            #expect(session.state == state)
        }
        var session = PeerSession.inState(.active) { $0.requiresSignature = true }
        var signed = endpoints
        signed.isSigned = true
        #expect(session.isSigned == nil)
        #expect(session.handle(.tcpConnected(.incoming, signed), at: t0) == [.send(.open(ourOpen), .incoming)])
        #expect(session.isSigned == true)
    }

    @Test("A hard reset and an ordinary Cease end the session alike")
    func hardReset() {
        for notification in [cease(9, [6, 2]), cease(2)] {
            var session = PeerSession.inState(.established, open: peerOpen(capabilities: restartingCapabilities))
            #expect(
                session.handle(.received(.notification(notification), .outgoing), at: t0)
                    == [.close(.outgoing), .ended(.notificationReceived(notification), wasEstablished: true)])
        }
    }
}
