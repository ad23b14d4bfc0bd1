import Deadlines
import Health
import Testing

/// A check whose configuration changes while it runs.
struct ChangedCheckTests {
    private let other = {
        var check = someCheck(); check.kind = .exec(["/bin/true"]); return check
    }()

    @Test func `before it has started only the configuration changes`() {
        var health = HealthCheck(check: someCheck())
        #expect(health.handle(.changed(other), at: at(.zero)) == [])
        #expect(health.check == other)
        #expect(health.handle(.started, at: at(.zero)) == [.probe])
    }

    @Test func `a healthy verdict stays until the first answer to what is asked now, which decides alone`() {
        var health = HealthCheck.healthy()
        #expect(health.handle(.changed(other), at: at(.milliseconds(500))) == [.probe])
        #expect(health.verdict == .healthy)
        #expect(health.isOnProbation)
        #expect(
            health.handle(.outcome(sick), at: at(.milliseconds(600)))
                == [.verdictChanged(.unhealthy(reason: "HTTP 500"))])
    }

    @Test func `an unhealthy verdict stays until the first answer too`() {
        var health = HealthCheck.healthy(someCheck(rise: 5, fall: 1))
        #expect(health.probed(sick) == [.verdictChanged(.unhealthy(reason: "HTTP 500"))])
        var other = other
        other.rise = 5
        #expect(health.handle(.changed(other), at: at(.milliseconds(1200))) == [.probe])
        #expect(health.handle(.outcome(.passed), at: at(.milliseconds(1300))) == [.verdictChanged(.healthy)])
    }

    @Test func `other numbers count from what is known`() {
        var health = HealthCheck.healthy(someCheck(fall: 3))
        #expect(health.probed(sick) == [])
        #expect(health.handle(.changed(someCheck(fall: 2)), at: at(.milliseconds(1500))) == [.probe])
        #expect(!health.isOnProbation)
        #expect(
            health.handle(.outcome(sick), at: at(.milliseconds(1600)))
                == [.verdictChanged(.unhealthy(reason: "HTTP 500 (2 failures in a row)"))])
    }

    @Test func `a shorter interval does not make the last outcome an old one`() {
        var health = HealthCheck.healthy(someCheck(interval: .seconds(60)))
        let changed = health.handle(.changed(someCheck()), at: at(.seconds(50)))
        #expect(changed == [.probe])
        #expect(health.verdict == .healthy)
        #expect(health.handle(.deadlineReached, at: at(.milliseconds(51_499))) == [])
        let expired = health.handle(.deadlineReached, at: at(.milliseconds(51_500)))
        #expect(expired.first.map { if case .verdictChanged(.unhealthy) = $0 { true } else { false } } == true)
    }

    @Test func `a check that is trusted is healthy until its first outcome`() {
        var health = HealthCheck(check: someCheck(), isTrusted: true)
        #expect(health.verdict == .unknown)
        #expect(health.handle(.started, at: at(.zero)) == [.probe])
        #expect(health.verdict == .healthy)
        #expect(health.isOnProbation)
        var passing = health
        #expect(passing.handle(.outcome(.passed), at: at(.milliseconds(1))) == [])
        #expect(!passing.isOnProbation)
        #expect(
            health.handle(.outcome(sick), at: at(.milliseconds(1)))
                == [.verdictChanged(.unhealthy(reason: "HTTP 500"))])
    }
}
