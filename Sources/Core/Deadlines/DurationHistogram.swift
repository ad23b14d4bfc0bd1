/// How often something took how long: a count for each of a few ranges.
package struct DurationHistogram: Sendable, Hashable {
    /// The upper bounds of the ranges, ascending; one more range has none.
    package let bounds: [Duration]
    /// How many fell into each range; the last count is of those beyond all bounds.
    package private(set) var counts: [Int]
    /// All of them together.
    package private(set) var sum = Duration.zero

    package init(bounds: [Duration]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// Counts one that took this long.
    package mutating func add(_ duration: Duration) {
        counts[bounds.firstIndex { duration <= $0 } ?? bounds.count] += 1
        let (total, overflow) = sum.nanoseconds.addingReportingOverflow(duration.nanoseconds)
        if !overflow { sum = .nanoseconds(total) }
    }

    /// For probes of a service: a millisecond to five seconds.
    package static let forProbes = DurationHistogram(
        bounds: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].map { .milliseconds($0) })

    /// For what this process does itself: ten microseconds to a second.
    package static let forDecisions = DurationHistogram(
        bounds: [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000, 1_000_000].map { .microseconds($0) })
}
