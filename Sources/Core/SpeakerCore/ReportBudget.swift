import Deadlines

/// How many lines one cause, such as a peer or a check, may have in the log: ten at once, and then one every six seconds. A
/// peer that keeps opening and losing sessions must not fill a disk.
///
/// What was held back may be the change to the state that then stays. So six seconds later at most, one more line says how
/// it is by then.
struct ReportBudget: Sendable {
    private static let capacity = 10
    private static let refill = Duration.seconds(6)

    private var left = Self.capacity
    private var refilledAt: Instant?
    /// Reports that were held back and not told of yet.
    private var suppressed = 0

    /// When it has to be told that reports were held back; nil if none was.
    var nextDeadline: Instant? { suppressed > 0 ? refilledAt.map { $0 + Self.refill } : nil }

    /// How many reports were held back, once that has to be told; nil before, and if none was. Telling it costs nothing,
    /// or a peer that never rests would leave no room for the reports themselves.
    mutating func takeSuppressed(at now: Instant) -> Int? {
        guard let nextDeadline, nextDeadline <= now else { return nil }
        defer { suppressed = 0 }
        return suppressed
    }

    /// Asks for one report; false if it has to be held back.
    mutating func spend(at now: Instant) -> Bool {
        replenish(at: now)
        guard left > 0 else {
            suppressed = min(suppressed + 1, Int.max - 1)
            return false
        }
        left -= 1
        return true
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
