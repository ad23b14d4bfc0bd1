import Deadlines
import IPTypes
import Testing

@testable import Health

/// What a check remembers of its latest probes, for people.
struct RecentTests {
    private func check(after outcomes: [(Outcome, Duration)]) -> HealthCheck {
        let target = SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 80)
        var check = HealthCheck(check: Check(name: "web", kind: .tcp(target)))
        var now = Instant(nanoseconds: 0)
        _ = check.handle(.started, at: now)
        for (outcome, took) in outcomes {
            _ = check.handle(.outcome(outcome, took: took), at: now + took)
            now = now + .seconds(1)
            _ = check.handle(.deadlineReached, at: now)
        }
        return check
    }

    private let passed = (Outcome.passed, Duration.milliseconds(3))
    private let failed = (Outcome.failed(reason: "HTTP 500", definitive: false), Duration.milliseconds(30))

    @Test func `the latest outcomes are kept across recoveries, the oldest first`() {
        #expect(check(after: []).recent == "")
        let outcomes = [passed, failed, failed, failed, passed, passed, failed]
        #expect(check(after: outcomes).recent == ".xxx..x")
    }

    @Test func `no more than 64 are kept`() {
        let outcomes = [failed] + Array(repeating: passed, count: 62) + [failed]
        #expect(check(after: outcomes).recent == "x" + String(repeating: ".", count: 62) + "x")
        #expect(check(after: outcomes + [failed]).recent == String(repeating: ".", count: 62) + "xx")
    }

    @Test func `each outcome counts with the time it took`() {
        let durations = check(after: [passed, passed, failed]).durations
        #expect(durations.counts == [0, 0, 2, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
        #expect(durations.sum == .milliseconds(36))
    }
}
