import BGPFSM
import BGPWire
import Deadlines
import Testing

/// Two connections at once (RFC 4271 section 6.8, RFC 4724 section 5).
@Suite("Connection collision")
struct CollisionTests {
    private let loses: (Direction) -> [PeerSession.Action] = {
        [.send(.notification(cease(7)), $0), .close($0)]
    }

    /// A session with both connections in OpenSent.
    private func twoConnections(_ adapt: (inout SessionConfiguration) -> Void = { _ in }) -> PeerSession {
        var session = PeerSession(configuration: configured(adapt), seed: 1)
        #expect(session.handle(.started, at: t0) == [.connect])
        #expect(
            session.handle(.tcpConnected(.outgoing, endpoints), at: t0) == [
                .send(.open(session.configuration.open), .outgoing)
            ])
        #expect(
            session.handle(.tcpConnected(.incoming, endpoints), at: t0) == [
                .send(.open(session.configuration.open), .incoming)
            ])
        return session
    }

    struct Collision: Sendable {
        var identifier: BGPIdentifier
        var first: Direction
        var kept: Direction
    }

    @Test(
        "The connection that the higher identifier opened is kept, whichever OPEN comes first",
        arguments: [
            Collision(identifier: lowerIdentifier, first: .outgoing, kept: .outgoing),
            Collision(identifier: lowerIdentifier, first: .incoming, kept: .outgoing),
            Collision(identifier: higherIdentifier, first: .outgoing, kept: .incoming),
            Collision(identifier: higherIdentifier, first: .incoming, kept: .incoming),
            // The same identifier in another AS: theirs is 65000, ours 65001, so ours counts as higher.
            Collision(identifier: ourIdentifier, first: .outgoing, kept: .outgoing),
            Collision(identifier: ourIdentifier, first: .incoming, kept: .outgoing),
            // Identifiers are compared as unsigned numbers.
            Collision(identifier: BGPIdentifier(0xFA00_0001), first: .incoming, kept: .incoming),
        ])
    func identifiers(_ collision: Collision) {
        let open = peerOpen(identifier: collision.identifier)
        let second: Direction = collision.first == .outgoing ? .incoming : .outgoing
        var session = twoConnections()
        #expect(session.handle(.received(.open(open), collision.first), at: t0) == [.send(.keepalive, collision.first)])
        let expected =
            collision.kept == second
            ? [.send(.keepalive, second)] + loses(collision.first) : loses(second)
        #expect(session.handle(.received(.open(open), second), at: t0) == expected)
        #expect(session.state == .openConfirm)
        #expect(session.nextAttempt == nil)
        #expect(session.lastEnd == nil)
        #expect(
            session.handle(.received(.keepalive, collision.kept), at: t0)
                == [.established(agreed(identifier: collision.identifier), collision.kept)])
    }

    @Test("With equal identifiers the peer's higher AS decides for its connection")
    func equalIdentifiersHigherAS() {
        let open = peerOpen(identifier: ourIdentifier, myAS: 65002, capabilities: [])
        var session = twoConnections { $0.peerAS = .external }
        #expect(session.handle(.received(.open(open), .outgoing), at: t0) == [.send(.keepalive, .outgoing)])
        #expect(
            session.handle(.received(.open(open), .incoming), at: t0)
                == [.send(.keepalive, .incoming)] + loses(.outgoing))
    }

    @Test("A connection in OpenSent is left alone until its own OPEN comes")
    func openSentIsNotExamined() {
        var session = twoConnections()
        _ = session.handle(.received(.open(peerOpen(identifier: higherIdentifier)), .outgoing), at: t0)
        #expect(
            session.handle(.received(.keepalive, .outgoing), at: t0)
                == [.established(agreed(identifier: higherIdentifier), .outgoing)])
        // Established wins, although the identifier says otherwise.
        #expect(
            session.handle(.received(.open(peerOpen(identifier: higherIdentifier)), .incoming), at: t0)
                == loses(.incoming))
        #expect(session.state == .established)
        #expect(session.lastEnd == nil)
    }

    @Test("A bad OPEN on one connection does not touch the other")
    func badOpen() {
        var session = twoConnections()
        _ = session.handle(.received(.open(peerOpen()), .outgoing), at: t0)
        #expect(
            session.handle(.received(.open(peerOpen(holdTime: 1)), .incoming), at: t0)
                == [.send(.notification(Notification(code: 2, subcode: 6)), .incoming), .close(.incoming)])
        #expect(session.state == .openConfirm)
    }

    @Test("An attempt that fails while the other connection lives ends nothing")
    func otherLives() {
        var session = twoConnections()
        #expect(session.handle(.tcpFailed(.outgoing, .reset), at: t0) == [])
        #expect(session.state == .openSent)
        #expect(
            session.handle(.received(.notification(cease(7)), .incoming), at: t0)
                == [
                    .close(.incoming), .ended(.notificationReceived(cease(7)), wasEstablished: false),
                ])
    }

    @Test("Becoming Established cancels a dial that is pending")
    func cancelsDial() {
        var session = PeerSession(configuration: configured(), seed: 1)
        _ = session.handle(.started, at: t0)
        _ = session.handle(.tcpConnected(.incoming, endpoints), at: t0)
        _ = session.handle(.received(.open(peerOpen()), .incoming), at: t0)
        #expect(
            session.handle(.received(.keepalive, .incoming), at: t0)
                == [.close(.outgoing), .established(agreed(), .incoming)])
        #expect(session.state == .established)
        #expect(session.nextAttempt == nil)
    }

    @Test("No dial is planned while a connection is in OpenConfirm")
    func noDialInOpenConfirm() {
        var session = PeerSession.inState(.active)
        #expect(session.nextAttempt != nil)
        _ = session.handle(.tcpConnected(.incoming, endpoints), at: t0)
        #expect(session.nextAttempt != nil)
        _ = session.handle(.received(.open(peerOpen()), .incoming), at: t0)
        #expect(session.nextAttempt == nil)
        #expect(
            session.handle(.tcpFailed(.incoming, .reset), at: t0)
                == [.ended(.transport(.reset), wasEstablished: false)])
        #expect(session.nextAttempt != nil)
    }

    @Test("While Established a new connection is tracked until its OPEN, and the old one is probed")
    func establishedWins() {
        var session = PeerSession.inState(.established)
        #expect(
            session.handle(.tcpConnected(.incoming, endpoints), at: t0 + .seconds(1))
                == [.send(.keepalive, .outgoing), .send(.open(ourOpen), .incoming)])
        #expect(
            session.handle(.received(.open(peerOpen(identifier: higherIdentifier)), .incoming), at: t0 + .seconds(1))
                == loses(.incoming))
        #expect(session.state == .established)
        #expect(session.negotiated == agreed())
    }

    @Test("If the probe shows that the old connection is dead, the new one goes on")
    func newOneSurvives() {
        var session = PeerSession.inState(.established)
        _ = session.handle(.tcpConnected(.incoming, endpoints), at: t0 + .seconds(1))
        #expect(
            session.handle(.tcpFailed(.outgoing, .reset), at: t0 + .seconds(1))
                == [.ended(.transport(.reset), wasEstablished: true)])
        #expect(session.state == .openSent)
        #expect(
            session.handle(.received(.open(peerOpen()), .incoming), at: t0 + .seconds(1)) == [
                .send(.keepalive, .incoming)
            ])
        #expect(
            session.handle(.received(.keepalive, .incoming), at: t0 + .seconds(1))
                == [.established(agreed(), .incoming)])
    }

    @Test("A further incoming connection takes the place of one that has said nothing")
    func silentOneIsReplaced() {
        var session = PeerSession.inState(.openSent, .incoming)
        let replaced: [PeerSession.Action] = [
            .send(.notification(cease(7)), .incoming), .close(.incoming), .send(.open(ourOpen), .incoming),
        ]
        #expect(session.handle(.tcpConnected(.incoming, endpoints), at: t0 + .seconds(1)) == replaced)
        #expect(session.handle(.tcpConnected(.incoming, endpoints), at: t0 + .seconds(2)) == replaced)
        #expect(session.state == .openSent)
        #expect(
            session.handle(.received(.open(peerOpen()), .incoming), at: t0 + .seconds(2)) == [
                .send(.keepalive, .incoming)
            ])
        #expect(
            session.handle(.tcpConnected(.incoming, endpoints), at: t0 + .seconds(3)) == [.rejectIncoming(cease(7))])
    }

    @Test("A probe is not sent twice a second")
    func probePacing() {
        var session = PeerSession.inState(.established, .incoming)
        let reject = PeerSession.Action.rejectIncoming(cease(7))
        #expect(session.handle(.tcpConnected(.incoming, endpoints), at: t0 + .milliseconds(999)) == [reject])
        #expect(
            session.handle(.tcpConnected(.incoming, endpoints), at: t0 + .milliseconds(1_000))
                == [.send(.keepalive, .incoming), reject])
        #expect(session.handle(.tcpConnected(.incoming, endpoints), at: t0 + .milliseconds(1_001)) == [reject])
        #expect(session.state == .established)
        #expect(session.sent.notification == 3)
        #expect(session.lastNotificationSent == cease(7))
    }

    @Test("A peer that promised graceful restart replaces its connection: the old one is closed without a word")
    func restartReplacesIncoming() {
        var session = PeerSession.inState(.established, .incoming, open: peerOpen(capabilities: restartingCapabilities))
        #expect(
            session.handle(.tcpConnected(.incoming, endpoints), at: t0 + .seconds(3))
                == [
                    .close(.incoming), .ended(.peerRestarted, wasEstablished: true), .send(.open(ourOpen), .incoming),
                ])
        #expect(session.state == .openSent)
        #expect(session.flaps == 1)
    }

    @Test("A peer that promised graceful restart and dials us replaces the connection that we dialled, with its OPEN")
    func restartReplacesOutgoing() {
        let open = peerOpen(capabilities: restartingCapabilities)
        var session = PeerSession.inState(.established, open: open)
        let later = t0 + .seconds(3)
        #expect(
            session.handle(.tcpConnected(.incoming, endpoints), at: later)
                == [.send(.keepalive, .outgoing), .send(.open(ourOpen), .incoming)])
        #expect(session.state == .established)
        #expect(
            session.handle(.received(.open(open), .incoming), at: later)
                == [
                    .send(.keepalive, .incoming), .close(.outgoing), .ended(.peerRestarted, wasEstablished: true),
                ])
        #expect(session.state == .openConfirm)
        #expect(session.nextAttempt == nil)
        #expect(
            session.handle(.received(.keepalive, .incoming), at: later)
                == [.established(agreed(capabilities: restartingCapabilities), .incoming)])
    }

    @Test("Dials that crossed, and the promise for no family, are no restart")
    func noRestart() {
        let empty =
            peerCapabilities + [
                .gracefulRestart(Capability.GracefulRestart(flags: 8, restartTime: 120, families: []))
            ]
        for (capabilities, pause) in [(restartingCapabilities, Duration.milliseconds(2_999)), (empty, .seconds(30))] {
            let open = peerOpen(capabilities: capabilities)
            var session = PeerSession.inState(.established, open: open)
            _ = session.handle(.tcpConnected(.incoming, endpoints), at: t0 + pause)
            #expect(session.handle(.received(.open(open), .incoming), at: t0 + pause) == loses(.incoming))
            #expect(session.state == .established)
        }
    }

    @Test("What showed a restart of one session ends no other that came after it")
    func restartOfAnEarlierSession() {
        let open = peerOpen(capabilities: restartingCapabilities)
        var session = PeerSession.inState(.established, open: open)
        _ = session.handle(.tcpConnected(.incoming, endpoints), at: t0 + .seconds(3))
        _ = session.handle(.tcpFailed(.outgoing, .reset), at: t0 + .seconds(4))
        let attempt = session.nextDeadline ?? t0
        #expect(session.handle(.deadlineReached, at: attempt) == [.connect])
        _ = session.handle(.tcpConnected(.outgoing, endpoints), at: attempt)
        _ = session.handle(.received(.open(open), .outgoing), at: attempt)
        _ = session.handle(.received(.keepalive, .outgoing), at: attempt)
        #expect(session.establishedDirection == .outgoing)
        #expect(session.handle(.received(.open(open), .incoming), at: attempt + .seconds(4)) == loses(.incoming))
        #expect(session.establishedDirection == .outgoing)
    }
}
