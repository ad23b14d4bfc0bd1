import Deadlines
import Health
import Testing

@Suite("A verdict is valid only while outcomes are fresh")
struct DeadManTests {
    @Test("A healthy verdict ends interval + timeout + half an interval after the last outcome")
    func expires() {
        var health = HealthCheck.healthy()
        #expect(health.handle(.deadlineReached, at: at(.seconds(1))) == [.probe])
        #expect(health.nextDeadline == at(.milliseconds(2500)))
        #expect(health.handle(.deadlineReached, at: at(.nanoseconds(2_499_999_999))) == [])
        let reason = "no result for 2500 ms: the probe started 1500 ms ago has not ended"
        // The probe is given up at the same instant and asked for again.
        let actions = health.handle(.deadlineReached, at: at(.milliseconds(2500)))
        #expect(actions == [.verdictChanged(.unhealthy(reason: reason)), .probe])
        #expect(health.verdictSince == at(.milliseconds(2500)))
        #expect(health.lastFailure == reason)
        #expect(health.failed == 0)
        #expect(health.nextDeadline == at(.milliseconds(4000)))
    }

    @Test("Later outcomes count again, rise of them lift the verdict")
    func recovers() {
        var health = HealthCheck.healthy()
        _ = health.handle(.deadlineReached, at: at(.seconds(1)))
        _ = health.handle(.deadlineReached, at: at(.milliseconds(2500)))
        #expect(health.handle(.outcome(.passed), at: at(.milliseconds(2600))) == [])
        #expect(health.nextDeadline == at(.milliseconds(3500)))
        #expect(health.probed(.passed) == [.verdictChanged(.healthy)])
    }

    @Test("An overdue outcome does not rescue the verdict, whichever event comes first")
    func overdueOutcome() {
        var health = HealthCheck.healthy()
        _ = health.handle(.deadlineReached, at: at(.seconds(1)))
        let reason = "no result for 2510 ms: the probe started 1510 ms ago has not ended"
        let actions = health.handle(.outcome(.passed), at: at(.milliseconds(2510)))
        #expect(actions == [.verdictChanged(.unhealthy(reason: reason)), .probe])
        #expect(health.probed(.passed) == [.verdictChanged(.healthy)])
    }

    @Test("Nor does the outcome of a probe from before a stall: another one is made")
    func outcomeOfOld() {
        var health = HealthCheck.healthy()
        _ = health.handle(.deadlineReached, at: at(.seconds(1)))
        let actions = health.handle(.outcome(.passed, took: .milliseconds(7_400)), at: at(.milliseconds(8_400)))
        #expect(actions == [.excused(.milliseconds(5_900)), .probe])
        #expect(health.passed == 1)
    }

    @Test("A loop that was frozen for so long that no session survives it is no excuse")
    func frozenLoop() {
        var health = HealthCheck.healthy()
        // Its next probe was due at 1 s: up to 7 s it is excused.
        #expect(health.handle(.deadlineReached, at: at(.seconds(7))) == [.excused(.seconds(6)), .probe])
        health = HealthCheck.healthy()
        let reason = "no result for 7001 ms: no probe was started"
        let actions = health.handle(.deadlineReached, at: at(.milliseconds(7_001)))
        #expect(actions == [.verdictChanged(.unhealthy(reason: reason)), .probe])
    }

    @Test("The slack is never less than 250 ms")
    func slack() {
        let quick = HealthCheck.healthy(someCheck(interval: .milliseconds(100), timeout: .milliseconds(50)))
        #expect(quick.slack == .milliseconds(250))
        var running = quick
        _ = running.handle(.deadlineReached, at: at(.milliseconds(100)))
        #expect(running.nextDeadline == at(.milliseconds(400)))
        #expect(HealthCheck(check: someCheck(interval: .seconds(10))).slack == .seconds(5))
    }

    @Test("A service at the edge of its timeout is slow, not missing")
    func slowButInTime() {
        var health = HealthCheck.healthy()
        for second in 1...20 {
            #expect(health.handle(.deadlineReached, at: at(.seconds(second))) == [.probe])
            let answered = at(.seconds(second) + .nanoseconds(999_999_999))
            #expect(health.handle(.outcome(.passed), at: answered) == [])
        }
        #expect(health.verdict == .healthy)
    }

    @Test("Nothing is missing before the first outcome: a lost first probe is asked for again, the verdict stays open")
    func lostFirstProbe() {
        var health = HealthCheck(check: someCheck())
        _ = health.handle(.started, at: at(.zero))
        #expect(health.nextDeadline == at(.milliseconds(1500)))
        #expect(health.handle(.deadlineReached, at: at(.milliseconds(1500))) == [.probe])
        #expect(health.verdict == .unknown)
        #expect(health.handle(.outcome(.passed), at: at(.milliseconds(1501))) == [.verdictChanged(.healthy)])
    }

    @Test("An unhealthy verdict does not expire, and its lost probes are asked for again")
    func unhealthyStays() {
        var health = HealthCheck.healthy()
        _ = health.probed(refused)
        #expect(health.handle(.deadlineReached, at: at(.seconds(2))) == [.probe])
        #expect(health.nextDeadline == at(.milliseconds(3500)))
        #expect(health.handle(.deadlineReached, at: at(.milliseconds(3500))) == [.probe])
        #expect(health.nextDeadline == at(.milliseconds(5000)))
    }
}
