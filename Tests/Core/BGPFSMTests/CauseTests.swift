import BGPFSM
import BGPWire
import Deadlines
import Testing

/// What is shown as the reason why there is no session.
@Suite("The cause that is shown")
struct CauseTests {
    private static let guesses: [PeerSession.Event] = [
        .tcpFailed(.outgoing, .refused), .tcpFailed(.outgoing, .timedOut(md5: true, onLink: true)),
        .tcpFailed(.outgoing, .timedOut(md5: false, onLink: nil)),
    ]

    /// A session that was Established for a minute and ended with `event`, and dials again.
    private func ended(with event: PeerSession.Event) -> PeerSession {
        var session = PeerSession.inState(.established)
        _ = session.handle(event, at: t0 + .seconds(60))
        _ = session.nextAttempt.map { session.handle(.deadlineReached, at: $0) }
        return session
    }

    @Test(
        "What the peer said stays although it turns us away without a word after that",
        arguments: [cease(1), cease(2, [2, 0x68, 0x69]), cease(3), Notification(code: 2, subcode: 2)])
    func said(_ notification: Notification) {
        let reason = EndReason.notificationReceived(notification)
        for guess in Self.guesses {
            var session = ended(with: .received(.notification(notification), .outgoing))
            let actions = session.handle(guess, at: t0 + .seconds(62))
            #expect(actions.count == 1)
            #expect(session.cause?.reason == reason)
            #expect(session.cause?.at == t0 + .seconds(60))
            #expect(session.lastEnd?.at == t0 + .seconds(62))
        }
        var session = ended(with: .received(.notification(notification), .outgoing))
        _ = session.handle(.tcpConnected(.outgoing, endpoints), at: t0 + .seconds(62))
        _ = session.handle(.tcpFailed(.outgoing, .closedByPeer), at: t0 + .seconds(62))
        #expect(session.cause?.reason == reason)
        #expect(session.lastEnd?.reason == .closedBeforeOpen(.closedByPeer))
    }

    @Test("Connection Rejected is no news after a better reason, and better than a guess")
    func rejected() {
        var session = ended(with: .received(.notification(cease(1)), .outgoing))
        _ = session.handle(.tcpConnected(.outgoing, endpoints), at: t0 + .seconds(62))
        _ = session.handle(.received(.notification(cease(5)), .outgoing), at: t0 + .seconds(62))
        #expect(session.cause?.reason == .notificationReceived(cease(1)))
        _ = session.nextAttempt.map { session.handle(.deadlineReached, at: $0) }
        _ = session.handle(.tcpConnected(.outgoing, endpoints), at: t0 + .seconds(63))
        _ = session.handle(.received(.notification(cease(2)), .outgoing), at: t0 + .seconds(63))
        #expect(session.cause?.reason == .notificationReceived(cease(2)))
    }

    @Test(
        "That the router cannot be reached any more replaces it",
        arguments: [
            TransportFailure.hostUnreachable, .timedOut(md5: false, onLink: false), .networkUnreachable, .beyondLink,
            .rejectedOnTheWay,
        ])
    func unreachable(_ failure: TransportFailure) {
        var session = ended(with: .received(.notification(cease(2)), .outgoing))
        _ = session.handle(.tcpFailed(.outgoing, failure), at: t0 + .seconds(62))
        #expect(session.cause?.reason == .transport(failure))
        // And what comes after that is news.
        _ = session.nextAttempt.map { session.handle(.deadlineReached, at: $0) }
        _ = session.handle(.tcpFailed(.outgoing, .refused), at: t0 + .seconds(63))
        #expect(session.cause?.reason == .transport(.refused))
    }

    @Test("That the peer's TCP has not even our OPEN is more than a guess", arguments: Direction.allCases)
    func unheard(_ direction: Direction) {
        for hasOpen in [false, true] {
            var session = PeerSession.inState(direction == .outgoing ? .connect : .active, direction)
            _ = session.handle(.tcpConnected(direction, endpoints), at: t0)
            _ = session.handle(.received(.open(peerOpen()), direction), at: t0)
            if hasOpen { _ = session.handle(.openAcknowledged(direction), at: t0) }
            #expect(session.waiting(at: t0 + .seconds(1))?.code == (hasOpen ? "no-keepalive" : "unheard"))
            let deadline = session.nextDeadline ?? t0
            _ = session.handle(.deadlineReached, at: deadline)
            var last = deadline
            while session.state == .openConfirm, let next = session.nextDeadline, next < t0 + .seconds(60) {
                last = next
                _ = session.handle(.deadlineReached, at: next)
            }
            let reason = EndReason.transport(.unacknowledged)
            #expect(session.cause?.reason == (hasOpen ? .holdTimeExpired(seconds: 9, in: .openConfirm) : reason))
            // The router keeps the connection that it has heard nothing on, and turns the next ones away.
            _ = session.handle(.tcpConnected(.incoming, endpoints), at: last + .seconds(1))
            _ = session.handle(.tcpFailed(.incoming, .closedByPeer), at: last + .seconds(1))
            #expect(session.cause?.reason == (hasOpen ? .closedBeforeOpen(.closedByPeer) : reason))
        }
    }

    @Test("A session with ourselves is named as such, also over an address that is no loopback")
    func ourselves() {
        var session = PeerSession.inState(.connect)
        let own = Endpoints(local: local, remote: local)
        _ = session.handle(.tcpConnected(.outgoing, own), at: t0)
        _ = session.handle(.received(.open(ourOpen), .outgoing), at: t0)
        #expect(
            session.cause?.reason.words(configured())
                == "peer 10.0.0.1 is this node itself: give the address of the router")
    }

    @Test("After an Established session the matter is over")
    func over() {
        var session = PeerSession.inState(.openSent)
        _ = session.handle(.received(.notification(cease(2)), .outgoing), at: t0)
        _ = session.nextAttempt.map { session.handle(.deadlineReached, at: $0) }
        for (event, second) in [
            (PeerSession.Event.tcpConnected(.outgoing, endpoints), 1), (.received(.open(peerOpen()), .outgoing), 1),
            (.received(.keepalive, .outgoing), 1), (.tcpFailed(.outgoing, .closedByPeer), 20),
        ] as [(PeerSession.Event, Int64)] {
            _ = session.handle(event, at: t0 + .seconds(second))
        }
        #expect(session.cause?.reason == .transport(.closedByPeer))
    }
}

/// What a session says while nothing has ended yet.
@Suite("What a session waits for")
struct WaitingTests {
    @Test("For the first second nothing is said")
    func first() {
        for state in PeerSession.State.allCases {
            #expect(PeerSession.inState(state).waiting(at: t0 + .milliseconds(999))?.words == nil)
        }
    }

    @Test("A passive session says that it waits, and what if both are passive")
    func passive() {
        let session = PeerSession.inState(.active, .incoming)
        #expect(
            session.waiting(at: t0 + .seconds(12))?.words
                == "peer 10.0.0.1 has not dialled us for 12 s, and we wait for that because it is passive here. "
                + "If the router is passive too, neither side dials")
        #expect(PeerSession.inState(.active).waiting(at: t0 + .seconds(12))?.words == nil)
    }

    @Test("A peer that is silent is named with what that may be")
    func silent() {
        #expect(
            PeerSession.inState(.connect).waiting(at: t0 + .seconds(2))?.words
                == "peer 10.0.0.1 has not answered our SYN for 2 s. Likely: a firewall, a host that is down, "
                + "a differing MD5 password, or TTL security on one side only")
        for direction in Direction.allCases {
            #expect(
                PeerSession.inState(.openSent, direction).waiting(at: t0 + .seconds(2))?.words
                    == "peer 10.0.0.1 accepted the connection but sent no OPEN for 2 s. Likely: its BGP process hangs, "
                    + "or something else answers on that port")
            #expect(
                PeerSession.inState(.openConfirm, direction).waiting(at: t0 + .seconds(2))?.words
                    == "peer 10.0.0.1 sent its OPEN but no KEEPALIVE for 2 s. Likely: it does not accept our OPEN, "
                    + "or its BGP process hangs; look at the router's log")
            #expect(PeerSession.inState(.established, direction).waiting(at: t0 + .seconds(2))?.words == nil)
        }
    }
}

@Suite("What the way to a peer says of a failed dial")
struct ExplainedFailureTests {
    private let near = PathFacts(answersARP: true, isConnected: true, hasRoute: true)
    private let silent = PathFacts(answersARP: false, isConnected: true, hasRoute: true)
    private let unknown = PathFacts(answersARP: nil, isConnected: true, hasRoute: true)
    private let far = PathFacts(answersARP: nil, isConnected: false, hasRoute: true)
    private let nowhere = PathFacts(answersARP: nil, isConnected: false, hasRoute: false)

    @Test(
        "A peer beyond the link that is dialled over one hop lacks multihop",
        arguments: [
            TransportFailure.hostUnreachable, .networkUnreachable, .timedOut(md5: false, onLink: nil),
            .timedOut(md5: true, onLink: nil),
        ])
    func beyond(_ failure: TransportFailure) {
        #expect(failure.explained(by: far, isForOneHop: true) == .beyondLink)
        #expect(failure.explained(by: far, isForOneHop: false) != .beyondLink)
        #expect(failure.explained(by: silent, isForOneHop: true) != .beyondLink)
    }

    @Test("The tables are read only for a failure that means different things")
    func tables() {
        var looks = 0
        func look() -> PathFacts {
            looks += 1
            return far
        }
        let same = TransportFailure.sourceUnavailable.explained(by: look(), isForOneHop: true)
        #expect(same == .sourceUnavailable)
        #expect(looks == 0)
        let explained = TransportFailure.networkUnreachable.explained(by: look(), isForOneHop: true)
        #expect(explained == .beyondLink)
        #expect(looks == 1)
    }

    @Test("A rejection is told apart from a host that is down and from a route that is missing")
    func rejection() {
        let unreachable = TransportFailure.hostUnreachable
        #expect(unreachable.explained(by: near, isForOneHop: true) == .rejectedOnTheWay)
        #expect(unreachable.explained(by: far, isForOneHop: false) == .rejectedOnTheWay)
        #expect(unreachable.explained(by: silent, isForOneHop: true) == .hostUnreachable)
        #expect(unreachable.explained(by: unknown, isForOneHop: true) == .hostUnreachable)
        let noNetwork = TransportFailure.networkUnreachable
        #expect(noNetwork.explained(by: near, isForOneHop: true) == .rejectedOnTheWay)
        #expect(noNetwork.explained(by: far, isForOneHop: false) == .rejectedOnTheWay)
        #expect(noNetwork.explained(by: nowhere, isForOneHop: true) == .networkUnreachable)
    }

    @Test("ICMPv6 that prohibits is no rule of this node, and a refusal of our own kernel no firewall")
    func whoRefuses() {
        #expect(TransportFailure.prohibited.explained(by: near, isForOneHop: true) == .rejectedOnTheWay)
        #expect(TransportFailure.prohibited.explained(by: far, isForOneHop: false) == .rejectedOnTheWay)
        let own = PathFacts(answersARP: nil, isConnected: true, hasRoute: true, isOwn: true)
        #expect(TransportFailure.refused.explained(by: own, isForOneHop: true) == .ownAddress)
    }

    @Test("What says enough by itself stays as it is")
    func others() {
        for failure in [TransportFailure.refused, .timedOut(md5: true, onLink: true)] {
            #expect(failure.explained(by: near, isForOneHop: true) == failure)
        }
        #expect(TransportFailure.prohibited.explained(by: nowhere, isForOneHop: true) == .prohibited)
        let timedOut = TransportFailure.timedOut(md5: true, onLink: nil)
        #expect(timedOut.explained(by: silent, isForOneHop: true) == .timedOut(md5: true, onLink: false))
    }
}
