import BGPFSM
import BGPWire
import Deadlines
import Testing

/// A peer that takes nothing of what we send (RFC 9687). The kernel measures the time, and the connection is gone when
/// we hear of it.
@Suite("Send-hold timer")
struct SendHoldTests {
    @Test("It ends an Established session without a NOTIFICATION, which could not leave anyway")
    func established() {
        var session = PeerSession.inState(.established)
        #expect(
            session.handle(.tcpFailed(.outgoing, .unacknowledged), at: t0)
                == [.ended(.sendHoldTimeExpired, wasEstablished: true)])
        #expect(session.state == .active)
        #expect(session.lastNotificationSent == nil)
        // It is no error that will repeat: the shortest pause.
        #expect(session.nextAttempt.map { (t0 + .milliseconds(750)...t0 + .seconds(1)).contains($0) } == true)
    }

    @Test("Before that it is TCP that failed", arguments: [PeerSession.State.openSent, .openConfirm])
    func earlier(_ state: PeerSession.State) {
        var session = PeerSession.inState(state)
        #expect(
            session.handle(.tcpFailed(.outgoing, .unacknowledged), at: t0)
                == [.ended(.transport(.unacknowledged), wasEstablished: false)])
    }

    @Test(
        "A withdrawal that the peer's TCP ignores ends an Established session with RST, in either direction",
        arguments: Direction.allCases)
    func withdrawalIgnored(_ direction: Direction) {
        var session = PeerSession.inState(.established, direction)
        #expect(
            session.handle(.withdrawalIgnored(seconds: 9), at: t0)
                == [.abort(direction), .ended(.withdrawalIgnored(seconds: 9), wasEstablished: true)])
        #expect(session.state == .active)
        #expect(session.lastNotificationSent == nil)
        for state in [PeerSession.State.idle, .connect, .active, .openSent, .openConfirm] {
            var session = PeerSession.inState(state)
            #expect(session.handle(.withdrawalIgnored(seconds: 9), at: t0) == [])
            #expect(session.state == state)
        }
    }

    @Test("The peer's own 8/0 ends the session like any NOTIFICATION")
    func received() {
        var session = PeerSession.inState(.established)
        let notification = Notification.sendHoldTimerExpired
        #expect(
            session.handle(.received(.notification(notification), .outgoing), at: t0)
                == [.close(.outgoing), .ended(.notificationReceived(notification), wasEstablished: true)])
    }

    @Test("It is longer than the hold time unless a session says otherwise")
    func length() {
        #expect(configured().sendHoldTime == .seconds(480))
    }
}
