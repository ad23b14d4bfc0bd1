import Deadlines
import Testing

@testable import BFD

/// Sections 6.5, 6.8.2, 6.8.3 and 6.8.7: intervals, jitter and Poll Sequences.
@Suite("Timers")
struct TimerTests {
    /// 50 ms three times, but for what is said.
    private func configured(tx: Int = 50, rx: Int = 50, multiplier: UInt8 = 3) -> BFDConfiguration {
        BFDConfiguration(
            desiredMinTx: .milliseconds(tx), requiredMinRx: .milliseconds(rx), multiplier: multiplier,
            isMultihop: false)
    }

    /// In Up at t0 the second interval runs: 17.0435 % are taken off.
    private func next(_ interval: Duration) -> Instant {
        t0 + .nanoseconds(interval.nanoseconds / 1_000_000 * 829_565)
    }

    @Test("Jitter takes off 0 to 25 percent, or 10 to 25 with a multiplier of 1")
    func jitter() {
        for (multiplier, most) in [(UInt8(3), Int64(1_000_000_000)), (1, 900_000_000)] {
            var jitter = Jitter()
            var generator = SeededGenerator(seed: 1)
            var all: [Int64] = []
            for _ in 0..<20_000 {
                jitter.draw(multiplier: multiplier, from: &generator)
                all.append(jitter.shorten(1_000_000).nanoseconds)
            }
            let (least, largest) = (all.min() ?? 0, all.max() ?? 0)
            #expect((750_000_000...750_100_000).contains(least))
            #expect((most - 100_000...most).contains(largest))
        }
    }

    @Test("With a multiplier of 1 the exact intervals follow from the seed")
    func jitterOfOne() {
        var session = BFDSession(
            configuration: configured(multiplier: 1), discriminator: ourDiscriminator, seed: seed)
        _ = session.handle(.started, at: t0)
        var now = t0
        for interval in [762_943_000, 847_615_000, 797_603_000, 817_840_000, 895_255_000, 791_741_000] {
            now = now + .nanoseconds(interval)
            #expect(session.nextDeadline == now)
            _ = session.handle(.deadlineReached, at: now)
        }
    }

    @Test("A late loop sends once, and counts the next interval from there")
    func lateness() {
        var session = session(.up)
        let late = t0 + .milliseconds(120)
        #expect(session.handle(.deadlineReached, at: late) == [.send(.ours(.up))])
        #expect(session.handle(.deadlineReached, at: late) == [])
        #expect(session.nextDeadline == late + .nanoseconds(46_281_060))
    }

    @Test("A node that is awake anyway sends as soon as jitter allows, and not before")
    func awake() {
        var (session, down) = (session(.up), session(.down))
        // The peer receives at 60 ms; three quarters of that are 45 ms.
        #expect(session.handle(.awake, at: t0 + .nanoseconds(44_999_999)) == [])
        #expect(session.handle(.awake, at: t0 + .milliseconds(45)) == [.send(.ours(.up))])
        #expect(session.handle(.awake, at: t0 + .milliseconds(45)) == [])
        #expect(down.handle(.awake, at: t0 + .seconds(1)) == [])
    }

    @Test("Silence is excused once, by one interval, if we did not run ourselves")
    func stalled() {
        let isUp: ([BFDSession.Action]) -> Bool = {
            !$0.contains { if case .stateChanged = $0 { true } else { false } }
        }
        var session = session(.up)
        #expect(session.detectionDeadline == t0 + .milliseconds(200))
        #expect(session.handle(.stalled, at: t0 + .milliseconds(199)) == [])
        #expect(session.detectionDeadline == t0 + .milliseconds(200))
        #expect(session.handle(.stalled, at: t0 + .milliseconds(1000)) == [])
        #expect(isUp(session.handle(.deadlineReached, at: t0 + .milliseconds(1000))))
        #expect(session.handle(.stalled, at: t0 + .milliseconds(1050)) == [])
        #expect(session.detectionDeadline == t0 + .milliseconds(1050))
        var saved = session
        #expect(!isUp(session.handle(.deadlineReached, at: t0 + .milliseconds(1050))))
        _ = saved.handle(.received(.theirs(.up)), at: t0 + .milliseconds(1049))
        #expect(saved.detectionDeadline == t0 + .milliseconds(1249))
    }

    @Test("The slower of both decides, and a slower peer is obeyed at once")
    func remoteMinRx() {
        var session = session(.up)
        #expect(session.nextDeadline == next(.milliseconds(60)))
        _ = session.handle(.received(.theirs(.up, rx: 100_000)), at: t0)
        #expect(session.nextDeadline == next(.milliseconds(100)))
        _ = session.handle(.received(.theirs(.up, rx: 10_000)), at: t0)
        #expect(session.nextDeadline == next(.milliseconds(50)))
    }

    @Test("A peer that can receive faster is served at once, even if that time has passed")
    func remoteReduces() {
        var session = session(.up)
        _ = session.handle(.received(.theirs(.up, rx: 800_000)), at: t0)
        #expect(session.transmitInterval == .milliseconds(800))
        let t1 = t0 + .milliseconds(150)
        _ = session.handle(.received(.theirs(.up, rx: 60_000)), at: t1)
        #expect(session.nextDeadline == next(.milliseconds(60)))
        #expect(session.handle(.deadlineReached, at: t1) == [.send(.ours(.up))])
    }

    @Test("A peer with RequiredMinRx 0 gets no periodic packets, but answers and changes of state")
    func remoteMinRxZero() {
        var session = session(.up)
        #expect(
            session.handle(.received(.theirs(.up, poll: true, rx: 0)), at: t0) == [.send(.ours(.up, final: true))])
        #expect(session.transmitInterval == nil)
        #expect(session.nextDeadline == t0 + .milliseconds(200))
        #expect(session.handle(.deadlineReached, at: t0 + .milliseconds(199)) == [])
        #expect(
            session.handle(.deadlineReached, at: t0 + .milliseconds(200)) == [
                .send(.ours(.down, .detectionTimeExpired, your: 0)),
                .changed(.up, .down, .detectionTimeExpired(.milliseconds(200))),
            ])
        // The wish died with the peer.
        #expect(session.transmitInterval == .seconds(1))
    }

    @Test("A peer in Demand mode gets no periodic packets while both are Up, but a Poll Sequence")
    func demand() {
        var session = session(.initializing)
        #expect(
            session.handle(.received(.theirs(.initializing, demand: true)), at: t0)
                == [.send(.ours(.up, poll: true)), .changed(.initializing, .up, .heard)])
        // Not both Up, then both Up and polling, then both Up.
        #expect(session.transmitInterval == .milliseconds(60))
        _ = session.handle(.received(.theirs(.up, demand: true)), at: t0)
        #expect(session.transmitInterval == .milliseconds(60))
        _ = session.handle(.received(.theirs(.up, final: true, demand: true)), at: t0)
        #expect(session.transmitInterval == nil)
        #expect(session.nextDeadline == t0 + .milliseconds(200))
        #expect(
            session.handle(.received(.theirs(.up, poll: true, demand: true)), at: t0)
                == [.send(.ours(.up, final: true))])
        _ = session.handle(.configured(configured(tx: 80)), at: t0)
        #expect(session.transmitInterval == .milliseconds(60))
        let t1 = session.nextDeadline ?? t0
        #expect(session.handle(.deadlineReached, at: t1) == [.send(.ours(.up, poll: true, tx: 80_000))])
        _ = session.handle(.received(.theirs(.up, final: true, demand: true)), at: t1)
        #expect(session.transmitInterval == nil)
        _ = session.handle(.received(.theirs(.up)), at: t1)
        #expect(session.transmitInterval == .milliseconds(80))
    }

    @Test("An increase of tx is told by a Poll and holds after the Final, a decrease at once")
    func tx() {
        var session = session(.up)
        _ = session.handle(.received(.theirs(.up, rx: 1)), at: t0)
        #expect(session.handle(.configured(configured(tx: 90)), at: t0) == [])
        #expect(session.nextDeadline == next(.milliseconds(50)))
        let t1 = next(.milliseconds(50))
        #expect(session.handle(.deadlineReached, at: t1) == [.send(.ours(.up, poll: true, tx: 90_000))])
        _ = session.handle(.received(.theirs(.up, rx: 1)), at: t1)
        #expect(session.transmitInterval == .milliseconds(50))
        _ = session.handle(.received(.theirs(.up, final: true, rx: 1)), at: t1)
        #expect(session.transmitInterval == .milliseconds(90))
        #expect(session.handle(.configured(configured(tx: 20)), at: t1) == [])
        #expect(session.transmitInterval == .milliseconds(20))
        // 20 ms less 22.8649 %.
        let t2 = t1 + .nanoseconds(15_427_020)
        #expect(session.handle(.deadlineReached, at: t2) == [.send(.ours(.up, poll: true, tx: 20_000))])
        _ = session.handle(.received(.theirs(.up, final: true, rx: 1)), at: t2)
        let t3 = session.nextDeadline ?? t2
        #expect(session.handle(.deadlineReached, at: t3) == [.send(.ours(.up, tx: 20_000))])
    }

    @Test("A decrease of rx is told by a Poll and shortens the Detection Time after the Final, an increase at once")
    func rx() {
        var session = session(.up)
        _ = session.handle(.configured(configured(rx: 45)), at: t0)
        #expect(session.detectionTime == .milliseconds(200))
        let t1 = next(.milliseconds(60))
        #expect(session.handle(.deadlineReached, at: t1) == [.send(.ours(.up, poll: true, rx: 45_000))])
        _ = session.handle(.received(.theirs(.up, final: true)), at: t1)
        #expect(session.detectionTime == .milliseconds(180))
        _ = session.handle(.configured(configured(rx: 100)), at: t1)
        #expect(session.detectionTime == .milliseconds(400))
    }

    @Test("A change during a Poll Sequence is told by a second one, as the Final answers the first")
    func changeDuringPoll() {
        var session = session(.up)
        _ = session.handle(.configured(configured(tx: 90)), at: t0)
        _ = session.handle(.configured(configured(tx: 100)), at: t0)
        _ = session.handle(.received(.theirs(.up, final: true)), at: t0)
        #expect(session.transmitInterval == .milliseconds(60))
        let t1 = next(.milliseconds(60))
        #expect(session.handle(.deadlineReached, at: t1) == [.send(.ours(.up, poll: true, tx: 100_000))])
        _ = session.handle(.received(.theirs(.up, final: true)), at: t1)
        #expect(session.transmitInterval == .milliseconds(100))
    }

    @Test("A Final that comes before the Poll has left is about something older")
    func finalBeforePoll() {
        var session = session(.up)
        _ = session.handle(.configured(configured(rx: 45)), at: t0)
        _ = session.handle(.received(.theirs(.up, final: true)), at: t0)
        #expect(session.detectionTime == .milliseconds(200))
        #expect(
            session.handle(.deadlineReached, at: next(.milliseconds(60))) == [
                .send(.ours(.up, poll: true, rx: 45_000))
            ])
    }

    @Test("Leaving Up slows down at once, even where a Poll Sequence about slow timers is running")
    func downDuringPoll() {
        var session = session(.up)
        _ = session.handle(.configured(configured(tx: 2_000)), at: t0)
        #expect(session.transmitInterval == .milliseconds(60))
        _ = session.handle(.received(.theirs(.down)), at: t0)
        #expect(session.transmitInterval == .seconds(2))
    }

    @Test("A Final that answers no Poll changes nothing")
    func strayFinal() {
        var session = session(.up)
        #expect(session.handle(.received(.theirs(.up, final: true)), at: t0) == [])
        let t1 = next(.milliseconds(60))
        #expect(session.handle(.deadlineReached, at: t1) == [.send(.ours(.up))])
    }

    @Test("Until Up the interval is a second at least; an increase beyond it needs no Final there")
    func slow() {
        var session = session(.down)
        #expect(session.transmitInterval == .seconds(1))
        _ = session.handle(.configured(configured(tx: 3000)), at: t0)
        #expect(session.transmitInterval == .seconds(3))
        #expect(
            session.handle(.received(.theirs(.down)), at: t0) == [
                .send(.ours(.initializing, poll: true, tx: 3_000_000)), .changed(.down, .initializing, .heard),
            ])
    }

    @Test("A new multiplier is told without a Poll")
    func multiplier() {
        var session = session(.up)
        _ = session.handle(.configured(configured(multiplier: 5)), at: t0)
        var packet = BFDPacket.ours(.up)
        packet.multiplier = 5
        #expect(session.handle(.deadlineReached, at: next(.milliseconds(60))) == [.send(packet)])
    }

    @Test("The Detection Time follows the peer's multiplier and interval")
    func detectionTime() {
        var session = session(.up)
        for (tx, multiplier, milliseconds) in [
            (UInt32(0), UInt8(1), 50), (10_000, 3, 150), (50_001, 2, 100), (300_000, 3, 900),
        ] {
            _ = session.handle(.received(.theirs(.up, tx: tx, multiplier: multiplier)), at: t0)
            #expect(session.detectionTime?.milliseconds == Int64(milliseconds))
        }
    }
}
