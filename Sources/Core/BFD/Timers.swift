import Deadlines

/// A pair of intervals that the peer is told, in microseconds.
struct Timers: Sendable, Hashable {
    /// bfd.DesiredMinTxInterval.
    var tx: UInt32
    /// bfd.RequiredMinRxInterval.
    var rx: UInt32
}

/// The Poll Sequence of RFC 5880 section 6.5.
enum PollSequence: Sendable, Hashable {
    case none
    /// Our next packet carries P; none has yet, so that an F that comes now is about something older.
    case due
    /// Our packets carry P until one comes with F.
    case running
    /// The timers changed once more in the meantime: the F will answer the older ones, so another sequence follows.
    case runningAgain
}

/// How long to wait between two packets, as a random part of the agreed interval (RFC 5880 section 6.8.7).
struct Jitter: Sendable, Hashable {
    /// What is taken off, parts per million: 0...250 000.
    private var reduction: Int64 = 0

    /// "reduced by a random value of 0 to 25%"; with a multiplier of 1 the interval "MUST be no more than 90% of the
    /// negotiated transmission interval, and MUST be no less than 75%".
    mutating func draw(multiplier: UInt8, from generator: inout SeededGenerator) {
        let least: UInt64 = multiplier == 1 ? 100_000 : 0
        reduction = Int64(least + generator.next() % (250_001 - least))
    }

    /// The least that `shorten` makes of it.
    static func shortest(_ microseconds: UInt32) -> Duration {
        .nanoseconds(Int64(microseconds) * 750)
    }

    /// The interval of this many microseconds, shortened.
    func shorten(_ microseconds: UInt32) -> Duration {
        // At most 4.3e12 ns, and a million of them are still in range.
        let whole = Int64(microseconds) * 1000
        return .nanoseconds(whole - whole / 1_000_000 * reduction - whole % 1_000_000 * reduction / 1_000_000)
    }
}

extension Duration {
    /// Microseconds as the wire carries them, 1...4 294 967 295.
    var wireMicroseconds: UInt32 {
        max(1, UInt32(clamping: nanoseconds / 1000))
    }

    /// This many microseconds times `count`; never overflows, as 255 × 2³² µs are 35 years.
    static func microseconds(_ microseconds: UInt32, times count: UInt8) -> Duration {
        .nanoseconds(Int64(microseconds) * Int64(count) * 1000)
    }
}
