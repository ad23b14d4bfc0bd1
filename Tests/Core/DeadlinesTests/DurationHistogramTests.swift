import Testing

@testable import Deadlines

struct DurationHistogramTests {
    @Test func `each duration counts in the range whose upper bound it does not pass`() {
        var histogram = DurationHistogram(bounds: [.milliseconds(1), .milliseconds(10)])
        for duration in [0, 1, 2, 10, 11, 5000] { histogram.add(.milliseconds(duration)) }
        #expect(histogram.counts == [2, 2, 2])
        #expect(histogram.sum == .milliseconds(5024))
    }

    @Test func `a sum that would overflow stays`() {
        var histogram = DurationHistogram(bounds: [])
        let longest = Duration.seconds(9_000_000_000)
        histogram.add(longest)
        histogram.add(longest)
        #expect(histogram.counts == [2])
        #expect(histogram.sum == longest)
    }

    @Test func `the ranges ascend`() {
        for histogram in [DurationHistogram.forProbes, .forDecisions] {
            #expect(histogram.bounds == Array(Set(histogram.bounds)).sorted())
        }
    }
}
