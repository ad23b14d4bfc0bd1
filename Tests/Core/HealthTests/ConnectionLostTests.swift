import Deadlines
import Health
import Testing

@Suite("A lost connection is asked about at once")
struct ConnectionLostTests {
    @Test("A crash between two probes is found by an extra probe, and the schedule goes on from there")
    func crash() {
        var health = HealthCheck.healthy()
        #expect(health.handle(.connectionLost, at: at(.milliseconds(300))) == [.probe])
        let reason = "connection refused by 127.0.0.1:6443"
        let actions = health.handle(.outcome(refused), at: at(.microseconds(300_200)))
        #expect(actions == [.verdictChanged(.unhealthy(reason: reason))])
        #expect(health.nextDeadline == at(.milliseconds(1300)))
    }

    @Test("While a probe runs it is that probe's affair")
    func whileProbing() {
        var health = HealthCheck.healthy()
        _ = health.handle(.deadlineReached, at: at(.seconds(1)))
        #expect(health.handle(.connectionLost, at: at(.milliseconds(1001))) == [])
    }

    @Test("A service that closes every connection gets two extra probes, then one an interval")
    func noStorm() {
        var health = HealthCheck.healthy()
        var extra: [Duration] = []
        var now = Duration.zero
        // It closes each connection 1 ms after its answer.
        while now < .seconds(10) {
            if health.handle(.connectionLost, at: at(now + .milliseconds(1))) == [.probe] {
                now += .milliseconds(1)
                extra.append(now)
            } else if let due = health.nextDeadline {
                now = due - at(.zero)
                #expect(health.handle(.deadlineReached, at: due) == [.probe])
            }
            #expect(health.handle(.outcome(.passed), at: at(now)) == [])
        }
        #expect(extra == [.milliseconds(1)] + (0...9).map { .milliseconds(2 + 1001 * $0) })
    }

    @Test("A crash right after a normal close is still found at once")
    func crashAfterNormalClose() {
        var health = HealthCheck.healthy()
        #expect(health.handle(.connectionLost, at: at(.milliseconds(500))) == [.probe])
        #expect(health.handle(.outcome(.passed), at: at(.milliseconds(501))) == [])
        #expect(health.handle(.connectionLost, at: at(.milliseconds(700))) == [.probe])
        #expect(health.handle(.outcome(refused), at: at(.milliseconds(701))).count == 1)
        #expect(health.handle(.connectionLost, at: at(.milliseconds(702))) == [])
    }

    @Test("The budget is full again two intervals after it was used up")
    func budgetRefills() {
        var health = HealthCheck.healthy()
        func close(at time: Duration) -> Bool {
            guard health.handle(.connectionLost, at: at(time)) == [.probe] else { return false }
            _ = health.handle(.outcome(.passed), at: at(time))
            return true
        }
        #expect(close(at: .milliseconds(10)))
        #expect(close(at: .milliseconds(20)))
        #expect(!close(at: .nanoseconds(1_009_999_999)))
        #expect(close(at: .milliseconds(1010)))
        #expect(!close(at: .milliseconds(1020)))
        #expect(health.handle(.deadlineReached, at: at(.milliseconds(2010))) == [.probe])
        _ = health.handle(.outcome(.passed), at: at(.milliseconds(2010)))
        #expect(health.handle(.deadlineReached, at: at(.milliseconds(3010))) == [.probe])
        _ = health.handle(.outcome(.passed), at: at(.milliseconds(3010)))
        #expect(close(at: .milliseconds(3020)))
        #expect(close(at: .milliseconds(3030)))
        #expect(!close(at: .milliseconds(3040)))
    }

    @Test("When nobody listens any more, a service that has used up its extra probes gets one more")
    func stoppedListening() {
        var health = HealthCheck.healthy()
        func ask(_ event: HealthCheck.Event, at time: Duration) -> Bool {
            guard health.handle(event, at: at(time)) == [.probe] else { return false }
            _ = health.handle(.outcome(.passed), at: at(time))
            return true
        }
        #expect(ask(.connectionLost, at: .milliseconds(10)))
        #expect(ask(.connectionLost, at: .milliseconds(20)))
        #expect(!ask(.connectionLost, at: .milliseconds(30)))
        #expect(ask(.stoppedListening, at: .milliseconds(40)))
        #expect(!ask(.stoppedListening, at: .milliseconds(50)))
        #expect(!ask(.connectionLost, at: .milliseconds(1030)))
        #expect(ask(.stoppedListening, at: .milliseconds(1039)))
    }

    @Test("While unhealthy no extra probe undermines rise")
    func notWhileUnhealthy() {
        var health = HealthCheck.healthy()
        _ = health.probed(refused)
        #expect(health.probed(.passed) == [])
        #expect(health.handle(.connectionLost, at: at(.milliseconds(2001))) == [])
        #expect(health.nextDeadline == at(.seconds(3)))
    }

    @Test("Every crash is found at once, however many there were before it and however seldom probes are")
    func crashAfterCrash() {
        var health = HealthCheck.healthy(someCheck(interval: .seconds(5), rise: 1))
        var now = Duration.milliseconds(500)
        for _ in 0..<10 {
            #expect(health.handle(.connectionLost, at: at(now)) == [.probe])
            #expect(health.handle(.outcome(refused), at: at(now)).count == 1)
            _ = health.handle(.paced(.milliseconds(200)), at: at(now))
            #expect(health.handle(.deadlineReached, at: at(now + .milliseconds(200))) == [.probe])
            #expect(health.handle(.outcome(.passed), at: at(now + .milliseconds(200))) == [.verdictChanged(.healthy)])
            _ = health.handle(.paced(.seconds(5)), at: at(now + .milliseconds(200)))
            now += .milliseconds(700)
        }
    }

    @Test("With a long interval the budget refills by one each second")
    func refillsEachSecond() {
        var health = HealthCheck.healthy(someCheck(interval: .seconds(60)))
        var asked: [Int] = []
        for tenth in 1...40 {
            guard health.handle(.connectionLost, at: at(.milliseconds(100 * tenth))) == [.probe] else { continue }
            _ = health.handle(.outcome(.passed), at: at(.milliseconds(100 * tenth)))
            asked.append(tenth)
        }
        #expect(asked == [1, 2, 11, 21, 31])
    }
}
