import Deadlines
import Health
import Testing

/// The process itself did not run: SIGSTOP, a paused virtual machine.
@Suite("After a stall the next probe decides")
struct StallTests {
    private static let timedOut = Outcome.failed(reason: "no answer within 1000 ms", definitive: false)

    /// Healthy at the start, then nothing ran until four seconds later.
    private static func stalled() -> (health: HealthCheck, actions: [HealthCheck.Action]) {
        var health = HealthCheck.healthy()
        let actions = health.handle(.deadlineReached, at: at(.seconds(5)))
        return (health, actions)
    }

    @Test("It starts at once, and a pass keeps the verdict")
    func passes() {
        var (health, actions) = Self.stalled()
        #expect(actions == [.excused(.seconds(4)), .probe])
        #expect(health.verdict == .healthy)
        // One probe has its time, and no more.
        #expect(health.nextDeadline == at(.milliseconds(6500)))
        #expect(health.handle(.outcome(.passed, took: .milliseconds(3)), at: at(.milliseconds(5003))) == [])
        #expect(health.verdict == .healthy)
        #expect(health.nextDeadline == at(.seconds(6)))
    }

    @Test("A failure of any kind ends the verdict at once")
    func fails() {
        for outcome in [Self.timedOut, refused, sick] {
            var (health, _) = Self.stalled()
            guard case .failed(let reason, _) = outcome else { continue }
            #expect(
                health.handle(.outcome(outcome, took: .seconds(1)), at: at(.seconds(6)))
                    == [.verdictChanged(.unhealthy(reason: reason)), .probe])
        }
    }

    @Test("Without an outcome within the timeout and the slack the verdict ends")
    func frozen() {
        var (health, _) = Self.stalled()
        #expect(health.handle(.deadlineReached, at: at(.nanoseconds(6_499_999_999))) == [])
        let reason = "no result for 6500 ms: the probe started 1500 ms ago has not ended"
        #expect(
            health.handle(.deadlineReached, at: at(.milliseconds(6500)))
                == [.verdictChanged(.unhealthy(reason: reason)), .probe])
    }

    @Test("A second stall before a probe has passed ends the verdict")
    func twice() {
        var (health, _) = Self.stalled()
        let reason = "no result for 10000 ms: the probe started 5000 ms ago has not ended"
        #expect(
            health.handle(.deadlineReached, at: at(.seconds(10)))
                == [.verdictChanged(.unhealthy(reason: reason)), .probe])
        // After a pass there is an excuse again.
        (health, _) = Self.stalled()
        _ = health.handle(.outcome(.passed), at: at(.seconds(5)))
        #expect(health.handle(.deadlineReached, at: at(.seconds(10))) == [.excused(.seconds(4)), .probe])
    }

    @Test("The outcome of a probe that spans the stall does not count, whatever it is; another probe follows")
    func staleOutcome() {
        for outcome in [.passed, Self.timedOut, refused] {
            var health = HealthCheck.healthy()
            #expect(health.handle(.deadlineReached, at: at(.seconds(1))) == [.probe])
            // First it is seen that time has passed, then the answer that waited in the socket.
            #expect(health.handle(.deadlineReached, at: at(.seconds(5))) == [.excused(.milliseconds(2500)), .probe])
            #expect(health.handle(.outcome(outcome, took: .seconds(4)), at: at(.seconds(5))) == [.probe])
            #expect(health.passed == 1)
            #expect(health.failed == 0)
            #expect(health.handle(.outcome(.passed, took: .milliseconds(2)), at: at(.milliseconds(5002))) == [])
            #expect(health.verdict == .healthy)
        }
    }

    @Test("So it is if the stall was too short for the verdict to run out")
    func shortStall() {
        var health = HealthCheck.healthy(someCheck(fall: 1))
        #expect(health.handle(.deadlineReached, at: at(.seconds(1))) == [.probe])
        #expect(
            health.handle(.outcome(Self.timedOut, took: .milliseconds(1200)), at: at(.milliseconds(2200))) == [.probe])
        // A second one in a row counts.
        #expect(
            health.handle(.outcome(Self.timedOut, took: .milliseconds(1200)), at: at(.milliseconds(3400)))
                == [.verdictChanged(.unhealthy(reason: "no answer within 1000 ms")), .probe])
    }

    @Test("A stall that ends just before the verdict runs out leaves the probe its whole time")
    func almostExpired() {
        var health = HealthCheck.healthy()
        #expect(health.handle(.deadlineReached, at: at(.milliseconds(2400))) == [.probe])
        #expect(health.nextDeadline == at(.milliseconds(3900)))
        #expect(health.handle(.outcome(.passed, took: .milliseconds(900)), at: at(.milliseconds(3300))) == [])
        #expect(health.verdict == .healthy)
    }

    @Test("A timeout that the loop reports as late as loops do is a timeout")
    func ordinaryLateness() {
        var health = HealthCheck.healthy(someCheck(interval: .seconds(2)))
        for second in [2, 4] {
            #expect(health.handle(.deadlineReached, at: at(.seconds(second))) == [.probe])
            let late = Duration.milliseconds(1020)
            #expect(health.handle(.outcome(Self.timedOut, took: late), at: at(.seconds(second) + late)) == [])
        }
        #expect(health.failed == 2)
    }

    @Test("An answer that was seen a little too late fails")
    func lateAnswer() {
        var health = HealthCheck.healthy()
        _ = health.handle(.deadlineReached, at: at(.seconds(1)))
        _ = health.handle(.outcome(.passed, took: .milliseconds(1010)), at: at(.milliseconds(2010)))
        #expect(health.lastFailure == "the answer was seen after 1010 ms, later than the timeout")
        #expect(health.failed == 1)
    }
}
