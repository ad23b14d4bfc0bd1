import Glibc

/// Which seeds a random test tries.
package enum Seeds {
    /// The seeds from 0 on, in batches: each argument of a test has a cost of its own. The variable `BGPVIP_SEEDS` says how
    /// many instead of `count`, and `BGPVIP_FIRST` where they begin; `BGPVIP_SEED` names the only one.
    package static func batches(_ count: UInt64) -> [Range<UInt64>] {
        if let seed = number("BGPVIP_SEED") { return [seed..<seed + 1] }
        let count = number("BGPVIP_SEEDS") ?? count
        let first = number("BGPVIP_FIRST") ?? 0
        let size = min(max(count / 20, 1), 50)
        return stride(from: first, to: first + count, by: Int(size)).map { $0..<min($0 + size, first + count) }
    }

    /// What a failing expectation says, to repeat it alone.
    package static func repeated(_ seed: UInt64) -> String { "repeat it with BGPVIP_SEED=\(seed)" }

    /// Those of a seed's faults that happen, by the variable `BGPVIP_FAULTS` such as `3,9`; nil is all of them.
    package static var faults: Set<Int>? {
        getenv("BGPVIP_FAULTS").map { Set(String(cString: $0).split(separator: ",").compactMap { Int($0) }) }
    }

    private static func number(_ variable: String) -> UInt64? {
        getenv(variable).flatMap { UInt64(String(cString: $0)) }
    }
}
