import Deadlines
import Health
import IPTypes

/// An instant so many nanoseconds after the start of every transcript.
func at(_ offset: Duration) -> Instant {
    Instant(nanoseconds: 5_000_000_000) + offset
}

func someCheck(
    interval: Duration = .seconds(1), timeout: Duration = .seconds(1), rise: Int = 2, fall: Int = 3,
    failFast: Bool = true
) -> Check {
    let target = SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 6443)
    return Check(
        name: "api", kind: .tcp(target), interval: interval, timeout: timeout, rise: rise, fall: fall,
        failFast: failFast)
}

let refused = Outcome.failed(reason: "connection refused by 127.0.0.1:6443", definitive: true)
let sick = Outcome.failed(reason: "HTTP 500", definitive: false)

extension HealthCheck {
    /// A check whose first probe passed at the start, with its second probe due after `interval`.
    static func healthy(_ check: Check = someCheck()) -> HealthCheck {
        var health = HealthCheck(check: check)
        _ = health.handle(.started, at: at(.zero))
        _ = health.handle(.outcome(.passed), at: at(.zero))
        return health
    }

    /// Runs one probe at the next deadline, which must be a probe's, and feeds its outcome at the same instant.
    mutating func probed(_ outcome: Outcome) -> [Action] {
        guard let now = nextDeadline, handle(.deadlineReached, at: now) == [.probe] else { return [] }
        return handle(.outcome(outcome), at: now)
    }
}
