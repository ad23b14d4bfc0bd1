import Testing

@testable import Deadlines

struct WallTimeTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"), (951_868_800_000, "2000-03-01T00:00:00.000Z"),
        (1_796_731_200_007, "2026-12-08T12:00:00.007Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"), (Int64.max, "9999-12-31T23:59:59.999Z"),
        (-1, "1970-01-01T00:00:00.000Z"),
    ])
    func `a moment is written as RFC 3339 has it`(milliseconds: Int64, text: String) {
        #expect("\(WallTime(milliseconds: milliseconds))" == text)
    }

    @Test(arguments: [
        (1.5, 98_500), (0, 100_000), (200, 0), (-1, 101_000), (.nan, 100_000), (.infinity, 100_000), (1e300, 100_000),
    ])
    func `what was so many seconds ago has its own moment`(seconds: Double, milliseconds: Int64) {
        #expect(WallTime(milliseconds: 100_000).earlier(by: seconds).milliseconds == milliseconds)
    }
}
