import Deadlines
import Health
import Testing

@Suite("Verdicts follow from outcomes")
struct VerdictTests {
    @Test("The first probe starts at once and its pass is the verdict")
    func firstPass() {
        var health = HealthCheck(check: someCheck())
        #expect(health.verdict == .unknown)
        #expect(health.verdictSince == nil)
        #expect(health.nextDeadline == nil)
        #expect(health.handle(.started, at: at(.zero)) == [.probe])
        #expect(health.verdictSince == at(.zero))
        let passedAt = at(.nanoseconds(2_300_001))
        #expect(health.handle(.outcome(.passed), at: passedAt) == [.verdictChanged(.healthy)])
        #expect(health.verdict == .healthy)
        #expect(health.verdictSince == passedAt)
        #expect(health.passed == 1)
        #expect(health.failed == 0)
    }

    @Test("A first failure is the verdict, definitive or not, and the first pass of all lifts it at once")
    func firstFailure() {
        var health = HealthCheck(check: someCheck(rise: 2))
        #expect(health.handle(.started, at: at(.zero)) == [.probe])
        #expect(
            health.handle(.outcome(sick), at: at(.zero)) == [.verdictChanged(.unhealthy(reason: "HTTP 500"))])
        #expect(health.lastFailure == "HTTP 500")
        #expect(health.probed(refused) == [])
        #expect(health.probed(.passed) == [.verdictChanged(.healthy)])
        #expect(health.lastFailure == nil)
        #expect(health.verdictSince == at(.seconds(2)))
        // From then on it is a recovery, and takes rise passes.
        #expect(health.probed(refused) == [.verdictChanged(.unhealthy(reason: "connection refused by 127.0.0.1:6443"))])
        #expect(health.probed(.passed) == [])
        #expect(health.probed(.passed) == [.verdictChanged(.healthy)])
    }

    @Test("fall failures in a row end a healthy verdict, one fewer does not")
    func fall() {
        var health = HealthCheck.healthy(someCheck(fall: 3))
        #expect(health.probed(sick) == [])
        #expect(health.probed(sick) == [])
        #expect(health.probed(.passed) == [])
        #expect(health.probed(sick) == [])
        #expect(health.probed(sick) == [])
        #expect(
            health.probed(sick) == [.verdictChanged(.unhealthy(reason: "HTTP 500 (3 failures in a row)"))])
        #expect(health.passed == 2)
        #expect(health.failed == 5)
    }

    @Test("rise passes in a row lift an unhealthy verdict, and a failure between them starts the count anew")
    func rise() {
        var health = HealthCheck.healthy(someCheck(rise: 3, fall: 1))
        #expect(health.probed(sick) == [.verdictChanged(.unhealthy(reason: "HTTP 500"))])
        #expect(health.probed(.passed) == [])
        #expect(health.probed(.passed) == [])
        #expect(health.probed(sick) == [])
        #expect(health.probed(.passed) == [])
        #expect(health.probed(.passed) == [])
        #expect(health.probed(.passed) == [.verdictChanged(.healthy)])
    }

    @Test("A definitive failure ends a healthy verdict at once")
    func failFast() {
        var health = HealthCheck.healthy(someCheck(fall: 3))
        let reason = "connection refused by 127.0.0.1:6443"
        #expect(health.probed(refused) == [.verdictChanged(.unhealthy(reason: reason))])
    }

    @Test("Without fail-fast a definitive failure counts as one failure")
    func noFailFast() {
        var health = HealthCheck.healthy(someCheck(fall: 2, failFast: false))
        #expect(health.probed(refused) == [])
        let reason = "connection refused by 127.0.0.1:6443 (2 failures in a row)"
        #expect(health.probed(refused) == [.verdictChanged(.unhealthy(reason: reason))])
    }

    @Test("While unhealthy probes go on every interval, also after a refused connection, and change no verdict")
    func probesWhileUnhealthy() {
        var health = HealthCheck.healthy()
        _ = health.probed(refused)
        for second in 2...5 {
            #expect(health.nextDeadline == at(.seconds(second)))
            #expect(health.probed(sick) == [])
        }
        #expect(health.verdict == .unhealthy(reason: "connection refused by 127.0.0.1:6443"))
        #expect(health.lastFailure == "HTTP 500")
    }

    @Test("A long outage is forgotten with the recovery: one later failure is only one")
    func outageIsForgotten() {
        var health = HealthCheck.healthy(someCheck(rise: 2, fall: 3))
        for _ in 1...60 { _ = health.probed(sick) }
        #expect(health.probed(.passed) == [])
        #expect(health.probed(.passed) == [.verdictChanged(.healthy)])
        #expect(health.probed(sick) == [])
        #expect(health.probed(sick) == [])
        #expect(health.probed(.passed) == [])
    }

    @Test("Counts below one mean one")
    func nonsenseCounts() {
        var health = HealthCheck.healthy(someCheck(rise: 0, fall: -4))
        #expect(health.probed(sick) == [.verdictChanged(.unhealthy(reason: "HTTP 500"))])
        #expect(health.probed(.passed) == [.verdictChanged(.healthy)])
    }
}
