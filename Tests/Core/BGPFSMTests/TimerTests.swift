import BGPFSM
import BGPWire
import Deadlines
import Testing

@Suite("Session timers")
struct TimerTests {
    private let holdExpired = Notification(code: 4, subcode: 0)
    private let oneNanosecond = Duration.nanoseconds(1)

    @Test("Nothing happens a nanosecond before the hold timer, everything on it")
    func holdTimerIsExact() {
        // The peer's OPEN comes late, so that the keepalive timer lies behind the hold timer.
        var session = PeerSession.inState(.established)
        let deadline = t0 + .seconds(9)
        while let next = session.nextDeadline, next < deadline {
            let actions = session.handle(.deadlineReached, at: next)
            #expect(actions == [.send(.keepalive, .outgoing)] || actions == [.windowProbe(.outgoing)])
        }
        #expect(session.handle(.deadlineReached, at: t0 + .seconds(9) + .nanoseconds(-1)) == [])
        #expect(
            session.handle(.deadlineReached, at: deadline)
                == [
                    .send(.notification(holdExpired), .outgoing), .close(.outgoing),
                    .ended(.holdTimeExpired(seconds: 9, in: .established), wasEstablished: true),
                ])
    }

    @Test("A peer that is silent for half of the hold time is probed every 200 ms until it says something")
    func windowProbes() {
        var session = PeerSession.inState(.established, open: peerOpen(holdTime: 9))
        var probed: [Duration] = []
        func run(until end: Instant) {
            while let next = session.nextDeadline, next < end {
                if session.handle(.deadlineReached, at: next).contains(.windowProbe(.outgoing)) {
                    probed.append(next - t0)
                }
            }
        }
        run(until: t0 + .seconds(5))
        #expect(probed == [.milliseconds(4_500), .milliseconds(4_700), .milliseconds(4_900)])
        #expect(session.handle(.received(.keepalive, .outgoing), at: t0 + .seconds(5)) == [])
        run(until: t0 + .seconds(10))
        #expect(probed.dropFirst(3) == [.milliseconds(9_500), .milliseconds(9_700), .milliseconds(9_900)])
    }

    @Test("With another key the peer may be silent for two hold times, once, and is told that we live before")
    func anotherKey() {
        var session = PeerSession.inState(.established)
        #expect(session.prepareForKey(at: t0 + .seconds(2)) == [.send(.keepalive, .outgoing)])
        // Not twice a second.
        #expect(session.prepareForKey(at: t0 + .seconds(2) + .milliseconds(999)) == [])
        let changed = t0 + .seconds(3)
        #expect(session.prepareForKey(at: changed) == [.send(.keepalive, .outgoing)])
        #expect(session.sent.keepalive == 3)
        var heard = session
        _ = session.handle(.deadlineReached, at: changed + .seconds(18) + .nanoseconds(-1))
        #expect(session.state == .established)
        _ = session.handle(.deadlineReached, at: changed + .seconds(18))
        #expect(session.state == .active)

        let received = changed + .seconds(1)
        _ = heard.handle(.received(.keepalive, .outgoing), at: received)
        _ = heard.handle(.deadlineReached, at: received + .seconds(9) + .nanoseconds(-1))
        #expect(heard.state == .established)
        _ = heard.handle(.deadlineReached, at: received + .seconds(9))
        #expect(heard.state == .active)
    }

    @Test(
        "Without an Established session another key changes nothing", arguments: [PeerSession.State.openConfirm, .idle])
    func anotherKeyBefore(_ state: PeerSession.State) {
        var session = PeerSession.inState(state)
        let before = session
        #expect(session.prepareForKey(at: t0 + .seconds(2)) == [])
        #expect(session == before)
    }

    @Test("OpenSent waits for the open hold time, OpenConfirm for the negotiated one")
    func holdTimerBeforeEstablished() {
        var silent = PeerSession.inState(.openSent)
        #expect(silent.nextDeadline == t0 + .seconds(60))
        #expect(
            silent.handle(.deadlineReached, at: t0 + .seconds(60))
                == [
                    .send(.notification(holdExpired), .outgoing), .close(.outgoing),
                    .ended(.holdTimeExpired(seconds: 60, in: .openSent), wasEstablished: false),
                ])
        var waiting = PeerSession.inState(.openConfirm)
        #expect(
            waiting.handle(.deadlineReached, at: t0 + .seconds(9))
                == [
                    .send(.notification(holdExpired), .outgoing), .close(.outgoing),
                    .ended(.holdTimeExpired(seconds: 9, in: .openConfirm), wasEstablished: false),
                ])
    }

    @Test("KEEPALIVE and UPDATE restart the hold timer, ROUTE-REFRESH does not")
    func whatRestartsTheHoldTimer() {
        let update = ReceivedMessage.update(UpdateSummary(announced: 0, withdrawn: 0))
        for (message, restarts) in [
            (.keepalive, true), (update, true), (.routeRefresh(RouteRefresh(family: .ipv4Unicast)), false),
        ] as [(ReceivedMessage, Bool)] {
            var session = PeerSession.inState(.established)
            _ = session.handle(.received(message, .outgoing), at: t0 + .seconds(5))
            _ = session.handle(.deadlineReached, at: t0 + .seconds(9))
            #expect((session.state == .established) == restarts, "\(message.type)")
            _ = session.handle(.deadlineReached, at: t0 + .seconds(14) + .nanoseconds(-1))
            #expect((session.state == .established) == restarts, "\(message.type)")
            _ = session.handle(.deadlineReached, at: t0 + .seconds(14))
            #expect(session.state != .established)
        }
    }

    @Test("Our own KEEPALIVEs do not restart the hold timer in OpenConfirm")
    func ownKeepalives() {
        var session = PeerSession.inState(.openConfirm)
        var sent = 0
        while let next = session.nextDeadline, next < t0 + .seconds(9) {
            #expect(session.handle(.deadlineReached, at: next) == [.send(.keepalive, .outgoing)])
            sent += 1
        }
        #expect(sent == 3)
        #expect(session.nextDeadline == t0 + .seconds(9))
    }

    /// The pauses between the first `count` KEEPALIVEs.
    private func pauses(_ count: Int, holdTime: UInt16, interval: Duration? = nil) -> [Duration] {
        var session = PeerSession.inState(.established, open: peerOpen(holdTime: holdTime)) {
            $0.holdTime = holdTime
            $0.keepaliveInterval = interval
        }
        var last = t0
        return (0..<count).map { _ in
            let next = session.nextDeadline ?? t0
            defer { last = next }
            #expect(session.handle(.deadlineReached, at: next) == [.send(.keepalive, .outgoing)])
            _ = session.handle(.received(.keepalive, .outgoing), at: next)
            return next - last
        }
    }

    @Test("KEEPALIVEs come after a third of the hold time, shortened by the seed's jitter to the nanosecond")
    func keepaliveInterval() {
        var generator = SeededGenerator(seed: 1)
        let expected = (0..<20).map { _ in generator.jittered(.seconds(3)) }
        #expect(pauses(20, holdTime: 9) == expected)
        #expect(expected.allSatisfy { (.milliseconds(2_250)...Duration.seconds(3)).contains($0) })
        #expect(Set(expected).count == 20)
    }

    @Test("A third that is no whole number of seconds is not rounded")
    func unevenThird() {
        var generator = SeededGenerator(seed: 1)
        #expect(pauses(1, holdTime: 10) == [generator.jittered(.nanoseconds(3_333_333_333))])
    }

    @Test("A configured interval counts if it is shorter")
    func configuredInterval() {
        var generator = SeededGenerator(seed: 1)
        #expect(pauses(1, holdTime: 90, interval: .seconds(10)) == [generator.jittered(.seconds(10))])
        generator = SeededGenerator(seed: 1)
        #expect(pauses(1, holdTime: 9, interval: .seconds(10)) == [generator.jittered(.seconds(3))])
    }

    @Test("KEEPALIVEs are never closer than a second", arguments: [Duration.zero, .milliseconds(10), .seconds(-1)])
    func keepaliveFloor(_ interval: Duration) {
        #expect(pauses(5, holdTime: 3).allSatisfy { $0 == .seconds(1) })
        #expect(pauses(5, holdTime: 90, interval: interval).allSatisfy { $0 == .seconds(1) })
    }

    @Test("An UPDATE of ours restarts the keepalive timer")
    func updateRestartsKeepalive() {
        var session = PeerSession.inState(.established)
        var generator = SeededGenerator(seed: 1)
        #expect(session.nextDeadline == t0 + generator.jittered(.seconds(3)))
        _ = session.send([Update()], at: t0 + .seconds(1))
        #expect(session.nextDeadline == t0 + .seconds(1) + generator.jittered(.seconds(3)))
    }

    @Test("With hold time 0 no timer runs in Established, and OpenConfirm is bounded all the same")
    func holdTimeZero() {
        let open = peerOpen(holdTime: 0)
        #expect(PeerSession.inState(.openConfirm, open: open).nextDeadline == t0 + .seconds(60))
        var session = PeerSession.inState(.established, open: open)
        #expect(session.nextDeadline == nil)
        #expect(session.keepaliveInterval == nil)
        #expect(session.handle(.deadlineReached, at: t0 + .seconds(100_000)) == [])
        #expect(session.handle(.received(.keepalive, .outgoing), at: t0 + .seconds(100_000)) == [])
        #expect(session.send([Update()], at: t0 + .seconds(100_000)) == [.send(.update(Update()), .outgoing)])
        #expect(session.nextDeadline == nil)
    }

    @Test("All that is due at one instant is done at once, hold before keepalive")
    func severalDeadlines() {
        var session = PeerSession.inState(.established)
        _ = session.handle(.tcpConnected(.incoming, endpoints), at: t0)
        _ = session.handle(.openAcknowledged(.incoming), at: t0)
        #expect(
            session.handle(.deadlineReached, at: t0 + .seconds(100))
                == [
                    .send(.notification(holdExpired), .outgoing), .close(.outgoing),
                    .ended(.holdTimeExpired(seconds: 9, in: .established), wasEstablished: true),
                    .send(.notification(holdExpired), .incoming), .close(.incoming),
                    .ended(.holdTimeExpired(seconds: 60, in: .openSent), wasEstablished: false),
                ])
        #expect(session.state == .active)
    }

    @Test("At the end of time deadlines saturate")
    func endOfTime() {
        var session = PeerSession(configuration: configured(), seed: 1)
        let end = Instant(nanoseconds: .max)
        #expect(session.handle(.started, at: end) == [.connect])
        #expect(session.handle(.tcpConnected(.outgoing, endpoints), at: end) == [.send(.open(ourOpen), .outgoing)])
        #expect(session.nextDeadline == end)
    }
}
