import Deadlines

/// How many lines one peer may cause in the log: ten at once, and then one every six seconds. A peer that keeps opening
/// and losing sessions must not fill a disk.
struct ReportBudget: Sendable {
    private static let capacity = 10
    private static let refill = Duration.seconds(6)

    private var left = Self.capacity
    private var refilledAt: Instant?
    /// Reports that were held back since the last one that was not.
    private(set) var suppressed = 0

    /// Asks for one report. Nil if it has to be held back, else how many were held back before it.
    mutating func spend(at now: Instant) -> Int? {
        replenish(at: now)
        guard left > 0 else {
            suppressed = min(suppressed + 1, Int.max - 1)
            return nil
        }
        left -= 1
        defer { suppressed = 0 }
        return suppressed
    }

    private mutating func replenish(at now: Instant) {
        guard let last = refilledAt else {
            refilledAt = now
            return
        }
        let earned = (now - last).nanoseconds / Self.refill.nanoseconds
        guard earned > 0 else { return }
        left = min(Self.capacity, left + Int(min(earned, Int64(Self.capacity))))
        refilledAt = now
    }
}
