import Deadlines
import Testing

@Suite("Instants and durations")
struct InstantTests {
    @Test("Adding moves forward and back and saturates at both ends")
    func addition() {
        let instant = Instant(nanoseconds: 1_000)
        #expect(instant + .nanoseconds(234) == Instant(nanoseconds: 1_234))
        #expect(instant + .nanoseconds(-1_000) == Instant(nanoseconds: 0))
        #expect(instant + .nanoseconds(-1_001) == Instant(nanoseconds: 0))
        #expect(instant + .nanoseconds(Int64.min) == Instant(nanoseconds: 0))
        #expect(Instant(nanoseconds: .max) + .nanoseconds(1) == Instant(nanoseconds: .max))
    }

    @Test("The difference has a sign and saturates")
    func difference() {
        let early = Instant(nanoseconds: 5)
        let late = Instant(nanoseconds: 12)
        #expect(late - early == .nanoseconds(7))
        #expect(early - late == .nanoseconds(-7))
        #expect(Instant(nanoseconds: .max) - Instant(nanoseconds: 0) == .nanoseconds(Int64.max))
        #expect(Instant(nanoseconds: 0) - Instant(nanoseconds: .max) == .nanoseconds(-Int64.max))
    }

    @Test("Whole nanoseconds and milliseconds of a duration saturate")
    func durations() {
        #expect(Duration.seconds(3).nanoseconds == 3_000_000_000)
        #expect(Duration.milliseconds(-1_500).nanoseconds == -1_500_000_000)
        #expect(Duration.microseconds(2_999).milliseconds == 2)
        #expect(Duration.seconds(Int64.max).nanoseconds == .max)
        #expect(Duration.seconds(Int64.min).nanoseconds == .min)
    }

    @Test("The earliest of several deadlines, and none of none")
    func earliest() {
        #expect([nil, Instant(nanoseconds: 9), Instant(nanoseconds: 4), nil].earliest() == Instant(nanoseconds: 4))
        #expect([Instant?.none, nil].earliest() == nil)
        #expect([Instant?]().earliest() == nil)
        let (first, second) = (Instant(nanoseconds: 4), Instant(nanoseconds: 9))
        #expect([earlier(first, second), earlier(second, first)] == [first, first])
        #expect([earlier(first, nil), earlier(nil, first), earlier(nil, nil)] == [first, first, nil])
    }
}

@Suite("Seeded generator")
struct SeededGeneratorTests {
    @Test("The sequence is SplitMix64's")
    func sequence() {
        var generator = SeededGenerator(seed: 1_234_567)
        #expect(generator.next() == 6_457_827_717_110_365_317)
        #expect(generator.next() == 3_203_168_211_198_807_973)
    }

    @Test("Jitter shortens to between 75 and 100 percent and uses the whole range")
    func jitter() {
        var generator = SeededGenerator(seed: 7)
        let values = (0..<10_000).map { _ in generator.jittered(.milliseconds(1_000)) }
        #expect(values.allSatisfy { (.milliseconds(750) ... .milliseconds(1_000)).contains($0) })
        #expect(values.contains { $0 < .milliseconds(755) })
        #expect(values.contains { $0 > .milliseconds(995) })
    }

    @Test("Nothing is taken from nothing, and the longest duration does not overflow")
    func jitterAtTheEnds() {
        var generator = SeededGenerator(seed: 7)
        #expect(generator.jittered(.zero) == .zero)
        #expect(generator.jittered(.nanoseconds(3)) == .nanoseconds(3))
        #expect(generator.jittered(.seconds(-5)) == .seconds(-5))
        let long = generator.jittered(.seconds(Int64.max))
        #expect(long <= .nanoseconds(Int64.max) && long >= .nanoseconds(Int64.max / 4 * 3))
    }
}
