import Deadlines
import Testing

@testable import BFD

/// Whole lives of a session, action by action and deadline by deadline.
@Suite("Session transcripts")
struct SessionTranscriptTests {
    private func silent(_ configuration: BFDConfiguration = fast) -> BFDSession {
        BFDSession(configuration: configuration, discriminator: ourDiscriminator, seed: seed)
    }

    @Test("A new session is silent, hears nothing and waits for nothing until it is started")
    func silence() {
        var session = silent()
        #expect(session.state == .adminDown)
        #expect(session.nextDeadline == nil)
        for event: BFDSession.Event in [
            .stopped, .received(.theirs(.down, poll: true, your: 0)), .received(.theirs(.up)), .deadlineReached,
            .forcedDown,
        ] {
            #expect(session.handle(event, at: t0) == [])
        }
        #expect(session == silent())
    }

    @Test("While nobody answers, Down goes out every second less jitter, and knows no discriminator")
    func slowStart() {
        var session = silent()
        let down = BFDSession.Action.send(.ours(.down, your: 0))
        #expect(session.handle(.started, at: t0) == [down, .changed(.adminDown, .down, .started)])
        var now = t0
        for interval in [972_109_000, 829_565_000, 771_351_000, 941_036_000, 871_585_000, 904_660_000] {
            #expect(session.nextDeadline == now + .nanoseconds(interval))
            #expect(session.handle(.deadlineReached, at: now + .nanoseconds(interval - 1)) == [])
            now = now + .nanoseconds(interval)
            #expect(session.handle(.deadlineReached, at: now) == [down])
        }
        #expect(session.sent == 7)
    }

    @Test("Down, Init, Up; a Poll announces the fast timers; silence is noticed to the nanosecond")
    func life() {
        var session = silent()
        #expect(
            session.handle(.started, at: t0)
                == [.send(.ours(.down, your: 0)), .changed(.adminDown, .down, .started)])
        let t1 = t0 + .milliseconds(500)
        #expect(
            session.handle(.received(.theirs(.down, your: 0)), at: t1)
                == [.send(.ours(.initializing)), .changed(.down, .initializing, .heard)])
        // 1 s less 17.0435 %; four times the peer's second comes later.
        #expect(session.nextDeadline == t1 + .nanoseconds(829_565_000))
        #expect(session.detectionTime == .seconds(4))
        let t2 = t1 + .milliseconds(1)
        #expect(
            session.handle(.received(.theirs(.up, tx: 1_000_000)), at: t2)
                == [.send(.ours(.up, poll: true)), .changed(.initializing, .up, .heard)])
        // The peer takes a packet every 60 ms: 60 ms less 22.8649 %, although the Final is still to come.
        #expect(session.transmitInterval == .milliseconds(60))
        let t3 = t2 + .nanoseconds(46_281_060)
        #expect(session.nextDeadline == t3)
        #expect(session.handle(.deadlineReached, at: t3) == [.send(.ours(.up, poll: true))])
        #expect(session.handle(.received(.theirs(.up, final: true)), at: t3) == [])
        // 4 × max(our 50 ms, their 40 ms).
        #expect(session.detectionTime == .milliseconds(200))
        #expect(session.receiveInterval == .milliseconds(50))
        // 60 ms less 5.8964 %, 12.8415 % and 9.534 %.
        var now = t3
        for interval in [56_462_160, 52_295_100, 54_279_600] {
            now = now + .nanoseconds(interval)
            #expect(session.nextDeadline == now)
            #expect(session.handle(.deadlineReached, at: now) == [.send(.ours(.up))])
        }
        // 163.03686 ms since the peer was heard.
        let silence = t3 + .milliseconds(200)
        #expect(session.nextDeadline == silence)
        #expect(session.handle(.deadlineReached, at: silence + .nanoseconds(-1)) == [])
        #expect(
            session.handle(.deadlineReached, at: silence) == [
                .send(.ours(.down, .detectionTimeExpired, your: 0)),
                .changed(.up, .down, .detectionTimeExpired(.milliseconds(200))),
            ])
        #expect(session.remote == BFDRemote())
        #expect(session.detectionTime == nil)
        #expect(session.receiveInterval == nil)
        #expect(session.transmitInterval == .seconds(1))
        #expect(session.lastChange == session.lastDown)
        #expect(session.lastDown?.at == silence)
        #expect((session.timesUp, session.failures, session.sent, session.received) == (1, 1, 8, 3))
    }

    @Test("In Down, a discriminator that was not heard for a Detection Time is forgotten")
    func forgets() {
        var session = session(.down)
        #expect(session.remote.discriminator == peerDiscriminator)
        let t1 = t0 + .seconds(4)
        _ = session.handle(.deadlineReached, at: t1 + .nanoseconds(-1))
        #expect(session.remote.discriminator == peerDiscriminator)
        _ = session.handle(.deadlineReached, at: t1)
        #expect(session.remote == BFDRemote())
        #expect(session.state == .down)
    }

    @Test("A peer that restarts with another discriminator takes the session down and up again")
    func restart() {
        var session = session(.up)
        let other: UInt32 = 0x3333_3333
        #expect(
            session.handle(.received(.theirs(.down, your: 0, my: other)), at: t0) == [
                .send(.ours(.down, .neighborSignaledDown, poll: true, your: other)),
                .changed(.up, .down, .peerSignaledDown(.none)),
            ])
        // The Poll Sequence of the slower timers still runs, and rides along.
        #expect(
            session.handle(.received(.theirs(.initializing, final: true, my: other)), at: t0)
                == [.send(.ours(.up, poll: true, your: other)), .changed(.down, .up, .heard)])
        #expect((session.timesUp, session.failures) == (2, 1))
    }

    @Test("A peer may change its discriminator while Up")
    func changedDiscriminator() {
        var session = session(.up)
        #expect(session.handle(.received(.theirs(.up, my: 5)), at: t0) == [])
        #expect(
            session.handle(.received(.theirs(.up, poll: true, my: 5)), at: t0) == [
                .send(.ours(.up, final: true, your: 5))
            ])
    }

    @Test("AdminDown of the peer ends Up and is no failure; its end leads Up again")
    func remoteAdminDown() {
        var session = session(.up)
        let actions = session.handle(.received(.theirs(.adminDown, .administrativelyDown)), at: t0)
        #expect(
            actions == [
                .send(.ours(.down, .neighborSignaledDown, poll: true)),
                .changed(.up, .down, .peerAdministrativelyDown),
            ])
        #expect(session.failures == 0)
        #expect(session.remote.state == .adminDown)
        #expect(session.remote.diagnostic == .administrativelyDown)
        #expect(session.handle(.received(.theirs(.adminDown, final: true)), at: t0) == [])
        #expect(
            session.handle(.received(.theirs(.down)), at: t0)
                == [.send(.ours(.initializing)), .changed(.down, .initializing, .heard)])
    }

    @Test("After a stop AdminDown is told for a Detection Time, and once a second as long as the session stays")
    func stop() {
        var session = session(.up)
        // The peer misses us after 3 × 60 ms, we miss it after 4 × 50 ms: the longer counts.
        #expect(
            session.handle(.stopped, at: t0) == [
                .send(.ours(.adminDown, .administrativelyDown, poll: true)), .changed(.up, .adminDown, .stopped),
            ])
        #expect(session.handle(.received(.theirs(.down, .neighborSignaledDown, final: true)), at: t0) == [])
        #expect(session.nextDeadline == t0 + .milliseconds(200))
        #expect(session.handle(.deadlineReached, at: t0 + .milliseconds(200)) == [.departed])
        #expect(session.nextDeadline == t0 + .nanoseconds(771_351_000))
        #expect(
            session.handle(.deadlineReached, at: t0 + .nanoseconds(771_351_000))
                == [.send(.ours(.adminDown, .administrativelyDown))])
        #expect(
            session.handle(.started, at: t0 + .seconds(1))
                == [.send(.ours(.down)), .changed(.adminDown, .down, .started)])
        #expect(session.lastDown?.transition.isPathFailure == false)
        #expect(session.failures == 0)
    }

    @Test("A stop that nobody can hear departs at once")
    func stopAlone() {
        var session = silent()
        _ = session.handle(.started, at: t0)
        #expect(
            session.handle(.stopped, at: t0) == [
                .send(.ours(.adminDown, .administrativelyDown, your: 0)), .changed(.down, .adminDown, .stopped),
                .departed,
            ])
    }

    @Test("A slow peer does not hold the departure for more than five seconds")
    func stopIsBounded() {
        var session = session(.up)
        _ = session.handle(.received(.theirs(.up, tx: .max, multiplier: 255)), at: t0)
        #expect(session.detectionTime == .microseconds(255 * 4_294_967_295))
        _ = session.handle(.stopped, at: t0)
        #expect(session.handle(.deadlineReached, at: t0 + .seconds(5) + .nanoseconds(-1)).last != .departed)
        #expect(session.handle(.deadlineReached, at: t0 + .seconds(5)) == [.departed])
    }

    @Test("Starting again takes a departure back")
    func restarted() {
        var session = session(.up)
        _ = session.handle(.stopped, at: t0)
        _ = session.handle(.started, at: t0)
        #expect(session.handle(.deadlineReached, at: t0 + .milliseconds(500)) == [])
    }

    @Test("A path that others know to be down is told at once, and the peer has to go down before Up")
    func forced() {
        var session = session(.up)
        #expect(
            session.handle(.forcedDown, at: t0)
                == [.send(.ours(.down, .pathDown, poll: true)), .changed(.up, .down, .forced)])
        #expect(session.handle(.received(.theirs(.up)), at: t0) == [])
        #expect(
            session.handle(.received(.theirs(.down, .neighborSignaledDown)), at: t0)
                == [.send(.ours(.initializing, poll: true)), .changed(.down, .initializing, .heard)])
        #expect(session.failures == 1)
    }

    @Test("A packet for another session, or without a discriminator in Up, is not heard")
    func foreign() {
        var session = session(.up)
        let before = session
        for packet: BFDPacket in [
            .theirs(.down, your: 9), .theirs(.up, your: 0), .theirs(.initializing, your: 0),
        ] {
            #expect(session.handle(.received(packet), at: t0 + .seconds(1)) == [])
        }
        #expect(session == before)
    }

    @Test("Intervals and the multiplier are brought into what the wire can say")
    func configuration() {
        let least = BFDConfiguration(
            desiredMinTx: .zero, requiredMinRx: .seconds(-1), multiplier: 0, isMultihop: true)
        #expect(least.desiredMinTx == .microseconds(1))
        #expect(least.requiredMinRx == .microseconds(1))
        #expect(least.multiplier == 1)
        let most = BFDConfiguration(
            desiredMinTx: .seconds(5000), requiredMinRx: .nanoseconds(1999), multiplier: 255, isMultihop: false)
        #expect(most.desiredMinTx == .microseconds(4_294_967_295))
        #expect(most.requiredMinRx == .microseconds(1))
    }
}
