/// The latest outcomes of a check, for the failure ratio that catches a service that alternates.
///
/// `fall` counts failures in a row, so a service that answers every second probe would stay healthy for ever. The window
/// looks back over the last max(20, 2 × `fall`) outcomes, at most 64: it *condemns* when at least half of them failed
/// (and never fewer than `fall`), and it *relents* when at most a quarter did. Outcomes before the first one count as
/// passes, so a short history never condemns.
struct OutcomeHistory: Sendable, Hashable {
    /// How many outcomes are looked at: 20...64.
    let size: Int
    private let fall: Int
    /// Bit 0 is the latest outcome; a set bit is a failure.
    private var bits: UInt64 = 0

    init(fall: Int) {
        self.fall = fall
        size = fall >= 32 ? 64 : max(20, 2 * fall)
    }

    /// How many of the outcomes in the window failed.
    var failures: Int {
        (size >= 64 ? bits : bits & ((1 << size) - 1)).nonzeroBitCount
    }

    /// True when so many failed that the service must not be used, though never `fall` in a row.
    var condemns: Bool { failures >= max(size / 2, fall) }

    /// True when so few failed that a service that was condemned may be used again.
    var relents: Bool { failures <= size / 4 }

    mutating func append(failed: Bool) {
        bits = bits << 1 | (failed ? 1 : 0)
    }

    mutating func clear() {
        bits = 0
    }
}
