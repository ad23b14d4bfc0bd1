import Deadlines
import Health
import IPTypes
import Testing

/// With a timeout longer than the interval, probes of a hanging service follow each other at the pace of their timeouts.
@Suite("A service that hangs or fails slowly is known from a slow one")
struct SlownessTests {
    private static func httpCheck(
        interval: Duration = .seconds(1), timeout: Duration = .seconds(3), fall: Int = 3
    ) -> Check {
        let target = SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 6443)
        return Check(
            name: "api", kind: .http(HTTPCheck(target: target, path: "/readyz", host: "127.0.0.1")),
            interval: interval, timeout: timeout, fall: fall)
    }

    private static let words = "no answer within 3000 ms"
    private static let timedOut = Outcome.failed(reason: words, definitive: false)
    private static let etcd = Outcome.failed(reason: "HTTP 500: [-]etcd failed: reason withheld", definitive: false)

    /// Healthy at the start; its probe at one second has run out at four, and the next one runs.
    private static func afterOneTimeout(_ check: Check = httpCheck()) -> HealthCheck {
        var health = HealthCheck.healthy(check)
        #expect(health.handle(.deadlineReached, at: at(.seconds(1))) == [.probe])
        #expect(health.handle(.outcome(timedOut, took: .seconds(3)), at: at(.seconds(4))) == [.probe])
        return health
    }

    @Test("Without any answer the verdict ends as if fall probes had run that start an interval apart")
    func silent() {
        var health = Self.afterOneTimeout()
        #expect(health.nextDeadline == at(.seconds(6)))
        #expect(health.handle(.deadlineReached, at: at(.nanoseconds(5_999_999_999))) == [])
        let verdict = Verdict.unhealthy(reason: "no good answer for 5000 ms: \(Self.words)")
        #expect(health.handle(.deadlineReached, at: at(.seconds(6))) == [.verdictChanged(verdict)])
        #expect(health.verdictSince == at(.seconds(6)))
        #expect(health.nextDeadline == at(.milliseconds(7_500)))
        // From then on the probes go on one after the other.
        #expect(health.handle(.outcome(Self.timedOut, took: .seconds(3)), at: at(.seconds(7))) == [.probe])
        #expect(health.verdict == verdict)
    }

    @Test("An answer that comes too late says that the service is slow: then fall failures are waited for")
    func slow() {
        var health = Self.afterOneTimeout()
        #expect(health.handle(.lateAnswer(.passed), at: at(.milliseconds(4_400))) == [])
        #expect(health.lastFailure == Self.words)
        // The wait begins with the probe that runs.
        #expect(health.handle(.deadlineReached, at: at(.seconds(6))) == [])
        #expect(health.handle(.outcome(Self.timedOut, took: .seconds(3)), at: at(.seconds(7))) == [.probe])
        #expect(health.handle(.lateAnswer(.passed), at: at(.milliseconds(7_400))) == [])
        let verdict = Verdict.unhealthy(reason: "\(Self.words) (3 failures in a row)")
        #expect(
            health.handle(.outcome(Self.timedOut, took: .seconds(3)), at: at(.seconds(10)))
                == [.verdictChanged(verdict), .probe])
    }

    @Test("A pass in time is a good answer")
    func answered() {
        var health = Self.afterOneTimeout()
        #expect(health.handle(.outcome(.passed, took: .milliseconds(500)), at: at(.milliseconds(4_500))) == [])
        #expect(health.handle(.deadlineReached, at: at(.seconds(5))) == [.probe])
        #expect(health.handle(.deadlineReached, at: at(.seconds(6))) == [])
        #expect(health.verdict == .healthy)
    }

    @Test("A failure in time is no good answer: slow failures are not given fall times their own time")
    func failed() {
        var health = Self.afterOneTimeout()
        #expect(health.handle(.outcome(Self.etcd, took: .milliseconds(500)), at: at(.milliseconds(4_500))) == [])
        #expect(health.handle(.deadlineReached, at: at(.seconds(5))) == [.probe])
        let verdict = Verdict.unhealthy(reason: "no good answer for 5000 ms: HTTP 500: [-]etcd failed: reason withheld")
        #expect(health.handle(.deadlineReached, at: at(.seconds(6))) == [.verdictChanged(verdict)])
    }

    @Test("A late failure is no service, and its words are in the reasons until a probe passes")
    func lateFailure() {
        var health = Self.afterOneTimeout()
        #expect(health.handle(.lateAnswer(Self.etcd), at: at(.seconds(5))) == [])
        let words = "\(Self.words); too late came HTTP 500: [-]etcd failed: reason withheld"
        #expect(health.lastFailure == words)
        #expect(
            health.handle(.deadlineReached, at: at(.seconds(6)))
                == [.verdictChanged(.unhealthy(reason: "no good answer for 5000 ms: \(words)"))])
        _ = health.handle(.outcome(Self.timedOut, took: .seconds(3)), at: at(.seconds(7)))
        #expect(health.lastFailure == words)
        _ = health.handle(.outcome(.passed), at: at(.seconds(8)))
        #expect(health.lastFailure == nil)
        _ = health.handle(.deadlineReached, at: at(.seconds(9)))
        _ = health.handle(.outcome(Self.timedOut, took: .seconds(3)), at: at(.seconds(12)))
        #expect(health.lastFailure == Self.words)
    }

    /// /readyz of an API server whose etcd hangs answers 500 after 2 s (1.20) or 4 s (1.36).
    @Test(
        "The reason names etcd with every API server's timing and any timeout", arguments: [2_000, 4_000], [1, 3, 5])
    func etcdFrozen(answersAfter: Int64, timeout: Int64) {
        var health = HealthCheck.healthy(Self.httpCheck(timeout: .seconds(timeout)))
        let (answer, limit) = (Duration.milliseconds(answersAfter), Duration.seconds(timeout))
        let isLate = answer > limit
        // One probe at a time, and one late answer is waited for at a time.
        var (probeStart, lateStart): (Instant?, Instant?) = (nil, nil)
        var now = at(.seconds(1))
        while health.verdict == .healthy, now < at(.seconds(30)) {
            var actions = health.handle(.deadlineReached, at: now)
            if let start = lateStart, now >= start + answer {
                lateStart = nil
                actions += health.handle(.lateAnswer(Self.etcd), at: now)
            }
            if let start = probeStart, now >= start + min(answer, limit) {
                if isLate, lateStart == nil { lateStart = start }
                probeStart = nil
                actions += health.handle(.outcome(isLate ? Self.timedOut : Self.etcd, took: now - start), at: now)
            }
            if actions.contains(.probe) { probeStart = now }
            now = now + .milliseconds(100)
        }
        // With a timeout of 1 s the verdict may be there before the first answer; then the reason follows.
        if health.lastFailure?.contains("etcd") != true, let start = lateStart {
            _ = health.handle(.lateAnswer(Self.etcd), at: start + answer)
        }
        #expect(health.lastFailure?.contains("[-]etcd failed") == true)
        #expect(now <= at(.milliseconds(1_000 + 2_000 + 1_000 * timeout + 100)))
    }

    @Test("Where counting is as fast, or a late answer could not be heard, failures are counted")
    func counted() {
        let tcp = Check(
            name: "db", kind: .tcp(SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 5432)),
            timeout: .seconds(3))
        for check in [tcp, Check(name: "sh", kind: .exec(["/bin/x"]), timeout: .seconds(3)), Self.httpCheck(fall: 1)] {
            var health = HealthCheck.healthy(check)
            _ = health.handle(.deadlineReached, at: at(.seconds(1)))
            #expect(health.nextDeadline == at(.milliseconds(4_500)))
            _ = health.handle(.outcome(Self.timedOut, took: .seconds(3)), at: at(.seconds(4)))
            #expect(health.nextDeadline == at(.milliseconds(7_500)))
            #expect(health.verdict == (check.fall == 1 ? .unhealthy(reason: Self.words) : .healthy))
        }
        // The third probe's timeout ends the verdict, and the reason says so.
        var health = HealthCheck.healthy(Self.httpCheck(timeout: .seconds(1)))
        for second in 1...3 {
            _ = health.handle(.deadlineReached, at: at(.seconds(second)))
            _ = health.handle(.outcome(Self.timedOut, took: .seconds(1)), at: at(.seconds(second + 1)))
        }
        #expect(health.verdict == .unhealthy(reason: "\(Self.words) (3 failures in a row)"))
    }

    @Test("A stall of our own is no wait for an answer; a few milliseconds are not counted")
    func stalled() {
        var health = Self.afterOneTimeout()
        // The loop is late by 1.5 s when the wait would be over.
        #expect(health.handle(.deadlineReached, at: at(.milliseconds(7_500))) == [.probe])
        #expect(health.verdict == .healthy)
        health = Self.afterOneTimeout()
        let verdict = Verdict.unhealthy(reason: "no good answer for 5000 ms: \(Self.words)")
        #expect(health.handle(.deadlineReached, at: at(.milliseconds(6_030))) == [.verdictChanged(verdict)])
    }
}
