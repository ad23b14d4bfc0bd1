import Deadlines
import Testing

@testable import Health

@Suite("A service that alternates is condemned by its failure ratio")
struct FailureRatioTests {
    @Test("Every second probe fails: unhealthy with the tenth failure among the last 20")
    func alternation() {
        var health = HealthCheck.healthy(someCheck(rise: 2, fall: 3))
        for _ in 1...9 {
            #expect(health.probed(sick) == [])
            #expect(health.probed(.passed) == [])
        }
        let reason = "10 of the last 20 probes failed, the last one: HTTP 500"
        #expect(health.probed(sick) == [.verdictChanged(.unhealthy(reason: reason))])
    }

    @Test("It stays so while the alternation lasts, and ends when only a quarter of the window failed")
    func hysteresis() {
        var health = HealthCheck.healthy(someCheck(rise: 2, fall: 3))
        for _ in 1...20 {
            _ = health.probed(sick)
            _ = health.probed(.passed)
        }
        guard case .unhealthy = health.verdict else { return #expect(Bool(false), "not condemned") }
        // 10 failures are in the window and each second outcome that enters pushes one out: 5 are left after 9 more passes.
        for _ in 1...8 { #expect(health.probed(.passed) == []) }
        #expect(health.probed(.passed) == [.verdictChanged(.healthy)])
        #expect(health.probed(sick) == [])
    }

    @Test("Two passes in a row do not lift it, as they would after any other failure")
    func riseIsNotEnough() {
        var health = HealthCheck.healthy(someCheck(rise: 2, fall: 3))
        for _ in 1...10 {
            _ = health.probed(sick)
            _ = health.probed(.passed)
        }
        #expect(health.probed(.passed) == [])
        #expect(health.probed(.passed) == [])
        #expect(health.verdict != .healthy)
    }

    @Test("An outage after the alternation ends by rise alone")
    func outageAfterwards() {
        var health = HealthCheck.healthy(someCheck(rise: 2, fall: 3))
        for _ in 1...10 {
            _ = health.probed(sick)
            _ = health.probed(.passed)
        }
        for _ in 1...3 { #expect(health.probed(sick) == []) }
        #expect(health.probed(.passed) == [])
        #expect(health.probed(.passed) == [.verdictChanged(.healthy)])
    }

    @Test("A third of the probes may fail for ever")
    func oneInThree() {
        var health = HealthCheck.healthy(someCheck(rise: 2, fall: 3))
        for _ in 1...50 {
            #expect(health.probed(sick) == [])
            #expect(health.probed(.passed) == [])
            #expect(health.probed(.passed) == [])
        }
    }

    @Test(
        "The window grows with fall, up to 64 outcomes, and never condemns below fall failures",
        arguments: [(1, 20, 10), (10, 20, 10), (11, 22, 11), (31, 62, 31), (32, 64, 32), (60, 64, 60), (65, 64, 65)])
    func window(fall: Int, size: Int, needed: Int) {
        var history = OutcomeHistory(fall: fall)
        #expect(history.size == size)
        for count in 1...64 {
            history.append(failed: true)
            #expect(history.failures == min(count, size))
            #expect(history.condemns == (count >= needed))
        }
        for _ in 1...64 { history.append(failed: false) }
        #expect(history.failures == 0)
        #expect(history.relents)
    }
}
