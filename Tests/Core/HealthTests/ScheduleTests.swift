import Deadlines
import Health
import Testing

@Suite("Probes start when they should")
struct ScheduleTests {
    @Test("The next probe starts interval after the start of the one before, not after its end")
    func interval() {
        var health = HealthCheck(check: someCheck())
        _ = health.handle(.started, at: at(.zero))
        _ = health.handle(.outcome(.passed), at: at(.milliseconds(400)))
        #expect(health.nextDeadline == at(.seconds(1)))
        #expect(health.handle(.deadlineReached, at: at(.nanoseconds(999_999_999))) == [])
        #expect(health.handle(.deadlineReached, at: at(.nanoseconds(1_000_000_007))) == [.probe])
        #expect(health.handle(.outcome(.passed), at: at(.milliseconds(1500))) == [])
        #expect(health.nextDeadline == at(.nanoseconds(2_000_000_007)))
    }

    @Test("A probe that takes longer than the interval is followed at once, and never doubled")
    func slowProbe() {
        var health = HealthCheck(check: someCheck(interval: .milliseconds(100), timeout: .seconds(1)))
        _ = health.handle(.started, at: at(.zero))
        #expect(health.handle(.deadlineReached, at: at(.milliseconds(100))) == [])
        #expect(health.handle(.deadlineReached, at: at(.milliseconds(200))) == [])
        let actions = health.handle(.outcome(.passed), at: at(.milliseconds(730)))
        #expect(actions == [.verdictChanged(.healthy), .probe])
        // The second one is given up timeout + slack after its start, unless it ends before.
        #expect(health.nextDeadline == at(.milliseconds(730 + 1250)))
        #expect(health.handle(.outcome(.passed), at: at(.milliseconds(740))) == [])
        #expect(health.nextDeadline == at(.milliseconds(830)))
    }

    @Test(
        "Splay shifts the schedule and leaves the first probe where it is",
        arguments: [
            (Duration.zero, Duration.seconds(1)), (.nanoseconds(1), .nanoseconds(1)),
            (.milliseconds(370), .milliseconds(370)), (.seconds(1), .seconds(1)),
            (.milliseconds(2370), .milliseconds(370)), (.milliseconds(-5), .seconds(1)),
        ])
    func splay(splay: Duration, second: Duration) {
        var health = HealthCheck(check: someCheck(), splay: splay)
        #expect(health.handle(.started, at: at(.zero)) == [.probe])
        #expect(health.handle(.outcome(.passed), at: at(.zero)) == [.verdictChanged(.healthy)])
        #expect(health.nextDeadline == at(second))
        #expect(health.handle(.deadlineReached, at: at(second)) == [.probe])
        _ = health.handle(.outcome(.passed), at: at(second))
        #expect(health.nextDeadline == at(second + .seconds(1)))
    }

    @Test("Before the start, and when it comes twice, nothing happens")
    func strayEvents() {
        var health = HealthCheck(check: someCheck())
        #expect(health.handle(.deadlineReached, at: at(.zero)) == [])
        #expect(health.handle(.connectionLost, at: at(.zero)) == [])
        #expect(health.handle(.outcome(.passed), at: at(.zero)) == [])
        #expect(health == HealthCheck(check: someCheck()))
        _ = health.handle(.started, at: at(.zero))
        let started = health
        #expect(health.handle(.started, at: at(.milliseconds(1))) == [])
        #expect(health == started)
    }

    @Test("An outcome that nobody waits for counts for nothing")
    func strayOutcome() {
        var health = HealthCheck.healthy()
        let before = health
        #expect(health.handle(.outcome(refused), at: at(.milliseconds(10))) == [])
        #expect(health == before)
    }

    @Test("An interval of zero probes every millisecond")
    func zeroInterval() {
        let health = HealthCheck.healthy(someCheck(interval: .zero))
        #expect(health.nextDeadline == at(.milliseconds(1)))
    }
}
