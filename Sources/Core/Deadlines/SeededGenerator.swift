/// A small deterministic generator (SplitMix64), so that jitter can be replayed from a seed.
///
/// Not for secrets: only timers and tie-breaks use it.
package struct SeededGenerator: RandomNumberGenerator, Sendable, Hashable {
    private var state: UInt64

    /// A generator whose whole sequence follows from `seed`.
    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// `duration` shortened at random to between 75 and 100 percent (RFC 4271 section 10).
    package mutating func jittered(_ duration: Duration) -> Duration {
        let whole = duration.nanoseconds
        guard whole > 3 else { return duration }
        let quarter = UInt64(whole) / 4
        return .nanoseconds(whole - Int64(next() % (quarter + 1)))
    }
}
