package import Deadlines

/// A `DurationHistogram` in seconds.
package struct HistogramStatus: Codable, Sendable, Hashable {
    /// The upper bounds of the ranges; one more range has none.
    package var bounds: [Double]
    /// How many fell into each range.
    package var counts: [Int]
    /// The sum of all.
    package var sum: Double

    package init(_ histogram: DurationHistogram) {
        bounds = histogram.bounds.map { Double($0.nanoseconds) / 1e9 }
        counts = histogram.counts
        sum = Double(histogram.sum.nanoseconds) / 1e9
    }
}
