import IPTypes

/// A hash that is the same in every process and on every node (FNV-1a, then SplitMix64's finalizer).
struct StableHash: Sendable, Hashable {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    init(_ texts: String...) {
        for text in texts {
            for byte in text.utf8 { add(byte) }
            // So that ("a", "bc") is not ("ab", "c"): no UTF-8 has this byte.
            add(0xFF)
        }
        value = Self.mixed(value)
    }

    /// The hash of this one and a number together.
    func with(_ number: UInt64) -> UInt64 { Self.mixed(value ^ Self.mixed(number)) }

    /// A part of this duration: the same for the same hash, and spread evenly.
    func part(of duration: Duration) -> Duration {
        .nanoseconds(Int64(value % UInt64(max(duration / .nanoseconds(1), 1))))
    }

    private mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var mixed = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension AddressRange {
    private static let blockSize: UInt64 = 256
    /// How many addresses of a wide range are used when one is chosen.
    private static let mostCandidates: UInt64 = 65536

    /// The free address whose hash together with `key` is the highest (rendezvous hashing): every node finds the same one,
    /// and a Service that is made again finds the one it had. Of a wide range only the first `mostCandidates` count. First
    /// comes the block of 256 addresses with the highest hash that has a free one, so that few hashes are needed.
    func candidate(for key: StableHash, isFree: (IPAddress) -> Bool) -> IPAddress? {
        let count = candidateCount
        let blocks = (0...(count - 1) / Self.blockSize).sorted { key.with(~$0) > key.with(~$1) }
        for block in blocks {
            let start = block * Self.blockSize
            let offsets = (start..<min(start + Self.blockSize, count)).sorted { key.with($0) > key.with($1) }
            for offset in offsets {
                if let address = address(at: offset), isFree(address) { return address }
            }
        }
        return nil
    }

    /// How many addresses are candidates, at least one.
    private var candidateCount: UInt64 {
        let distance: UInt64
        switch (first, last) {
        case (.v4(let first), .v4(let last)):
            distance = UInt64(last.value - first.value)
        case (.v6(let first), .v6(let last)):
            let (low, borrow) = last.low.subtractingReportingOverflow(first.low)
            distance = last.high - first.high == (borrow ? 1 : 0) ? low : .max
        default:
            distance = 0
        }
        return min(distance, Self.mostCandidates - 1) + 1
    }

    private func address(at offset: UInt64) -> IPAddress? {
        switch first {
        case .v4(let first):
            return .v4(IPv4Address(first.value + UInt32(truncatingIfNeeded: offset)))
        case .v6(let first):
            let (low, carry) = first.low.addingReportingOverflow(offset)
            return .v6(IPv6Address(high: first.high + (carry ? 1 : 0), low: low))
        }
    }
}
