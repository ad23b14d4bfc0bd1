import Deadlines
import Health
import Testing

/// How often a check is probed changes while it runs, and something beside its schedule may give rise to a probe.
struct PaceTests {
    private static func healthy(splay: Duration = .zero, _ check: Check = someCheck()) -> HealthCheck {
        var health = HealthCheck(check: check, splay: splay)
        _ = health.handle(.started, at: at(.zero))
        _ = health.handle(.outcome(.passed), at: at(.zero))
        return health
    }

    @Test func `less often begins somewhere in the longer interval, so that many do not stay in step`() {
        var health = Self.healthy(splay: .milliseconds(23_400))
        #expect(health.handle(.paced(.seconds(10)), at: at(.milliseconds(100))) == [])
        #expect(health.check.interval == .seconds(10) && health.verdict == .healthy && !health.isInDoubt)
        #expect(health.nextDeadline == at(.milliseconds(3500)))
        #expect(health.probed(.passed) == [])
        #expect(health.nextDeadline == at(.milliseconds(13_500)))
    }

    @Test func `probes that are rare start at full multiples of five seconds, many at once`() {
        var health = Self.healthy(splay: .milliseconds(13_400))
        #expect(health.handle(.paced(.seconds(40)), at: at(.milliseconds(2100))) == [])
        #expect(health.nextDeadline == at(.seconds(15)))
        #expect(health.handle(.deadlineReached, at: at(.milliseconds(15_020))) == [.probe])
        #expect(health.handle(.outcome(.passed), at: at(.milliseconds(15_030))) == [])
        #expect(health.nextDeadline == at(.seconds(55)))
        // Also when they are to be less rare again.
        #expect(health.handle(.paced(.seconds(20)), at: at(.seconds(16))) == [])
        #expect(health.nextDeadline == at(.seconds(35)))
        // Also the one that would be now.
        health = Self.healthy(splay: .milliseconds(200))
        _ = health.handle(.paced(.seconds(40)), at: at(.milliseconds(2100)))
        #expect(health.nextDeadline == at(.seconds(5)))
    }

    @Test func `more often begins within the shorter interval, and the verdict has the time for it`() {
        var health = Self.healthy(someCheck(interval: .seconds(100)))
        #expect(health.handle(.paced(.seconds(1)), at: at(.seconds(50))) == [])
        #expect(health.nextDeadline == at(.seconds(51)))
        #expect(health.handle(.deadlineReached, at: at(.seconds(51))) == [.probe])
        // One interval, one timeout and the slack from then on.
        #expect(health.nextDeadline == at(.milliseconds(52_500)))
        #expect(
            health.handle(.deadlineReached, at: at(.milliseconds(52_500))).first
                == .verdictChanged(
                    .unhealthy(
                        reason: "no result for 52500 ms: the probe started 1500 ms ago has not ended")))
    }

    @Test func `a probe that runs goes on`() {
        var health = Self.healthy()
        _ = health.handle(.deadlineReached, at: at(.seconds(1)))
        #expect(health.handle(.paced(.seconds(5)), at: at(.milliseconds(1100))) == [])
        #expect(health.handle(.outcome(refused, took: .milliseconds(300)), at: at(.milliseconds(1300))).count == 1)
    }

    @Test func `a probe is wanted at once, or within some time`() {
        var health = Self.healthy(splay: .milliseconds(12_300), someCheck(interval: .seconds(100)))
        #expect(health.handle(.wanted(within: .seconds(10)), at: at(.seconds(4))) == [])
        #expect(health.nextDeadline == at(.milliseconds(6300)))
        #expect(health.handle(.wanted(within: .zero), at: at(.seconds(5))) == [.probe])
        // What was asked before may have been answered before.
        #expect(health.handle(.wanted(within: .zero), at: at(.milliseconds(5100))) == [])
        #expect(health.handle(.outcome(.passed), at: at(.milliseconds(5200))) == [.probe])
        #expect(health.handle(.outcome(.passed), at: at(.milliseconds(5300))) == [])
        #expect(health.nextDeadline == at(.milliseconds(105_200)))
    }

    @Test func `before the start neither does anything`() {
        var health = HealthCheck(check: someCheck())
        #expect(health.handle(.wanted(within: .zero), at: at(.zero)) == [])
        #expect(health.handle(.paced(.seconds(5)), at: at(.zero)) == [])
        #expect(health.nextDeadline == nil && health.check.interval == .seconds(5))
    }
}
