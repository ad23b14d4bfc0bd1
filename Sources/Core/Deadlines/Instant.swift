/// A point on the machine's monotonic clock, in nanoseconds since boot.
///
/// Core never reads a clock: the daemon stamps every input with an `Instant`, so any run can be replayed.
package struct Instant: Sendable, Hashable, Comparable {
    /// Nanoseconds since boot (CLOCK_MONOTONIC).
    package var nanoseconds: UInt64

    /// The instant that lies `nanoseconds` after boot.
    package init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    package static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The instant `duration` later; saturates instead of overflowing.
    package static func + (instant: Instant, duration: Duration) -> Instant {
        let step = duration.nanoseconds
        if step >= 0 {
            let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(UInt64(step))
            return Instant(nanoseconds: overflow ? .max : sum)
        }
        let back = step.magnitude
        return Instant(nanoseconds: instant.nanoseconds > back ? instant.nanoseconds - back : 0)
    }

    /// The time from `right` to `left`; negative if `left` is earlier.
    package static func - (left: Instant, right: Instant) -> Duration {
        if left >= right {
            return .nanoseconds(Int64(clamping: left.nanoseconds - right.nanoseconds))
        }
        return .nanoseconds(-Int64(clamping: right.nanoseconds - left.nanoseconds))
    }
}

extension Duration {
    /// The whole duration in nanoseconds, saturating at the ends of `Int64` (292 years).
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, overflowed) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        if overflowed { return seconds < 0 ? .min : .max }
        return sum
    }

    /// The whole duration in milliseconds, rounded towards zero.
    package var milliseconds: Int64 {
        nanoseconds / 1_000_000
    }
}

/// The earlier of two optional deadlines; nil if there is neither.
package func earlier(_ left: Instant?, _ right: Instant?) -> Instant? {
    guard let left else { return right }
    guard let right else { return left }
    return min(left, right)
}

extension Sequence where Element == Instant? {
    /// The earliest of several optional deadlines; nil if there is none.
    package func earliest() -> Instant? {
        compactMap { $0 }.min()
    }
}
