import Deadlines

/// How long to wait before the API is asked again after a failure.
///
/// Doubling from a quarter of a second to 30 s, of which a random half is left out, so that the nodes of a cluster do not come
/// back all at once. A server that names a time (`Retry-After`) is left alone for longer than that, by up to a quarter.
struct APIPause: Sendable, Hashable {
    static let first = Duration.milliseconds(250)
    static let last = Duration.seconds(30)
    /// A server that wants to be left alone for longer is asked all the same.
    static let longestRetryAfter = Duration.seconds(300)

    private var failures = 0

    /// What came before is forgotten: the API answers.
    mutating func forget() { failures = 0 }

    /// The pause after one more failure.
    mutating func next(after failure: APIFailure, _ generator: inout SeededGenerator) -> Duration {
        var pause = Self.first
        for _ in 0..<failures where pause < Self.last { pause = pause * 2 }
        failures = min(failures + 1, 16)
        pause = min(pause, Self.last)
        let jittered = pause / 2 + fraction(of: pause / 2, &generator)
        guard let asked = failure.retryAfter.map({ min($0, Self.longestRetryAfter) }) else { return jittered }
        return max(jittered, asked + fraction(of: asked / 4, &generator))
    }

    private func fraction(of duration: Duration, _ generator: inout SeededGenerator) -> Duration {
        let whole = UInt64(max(0, duration.nanoseconds))
        return .nanoseconds(Int64(clamping: generator.next() % (whole + 1)))
    }
}
