import BFD
import Deadlines

// Values that an octet of the script stands for.

/// Our number for the session.
let ourDiscriminator: UInt32 = 0x1111_1111

/// Microseconds, ordinary ones and the ends of what the wire can say.
private let intervals: [UInt32] = [50_000, 300_000, 1_000_000, 10_000, 2_000_000, 0, 1, .max]

extension BFDConfiguration {
    /// Bits 0...2: the interval at which we send; 3...5: at which we receive; 6...7: the multiplier 3, 1, 2 or 255.
    init(fuzzed octet: UInt8) {
        func interval(_ index: UInt8) -> Duration { .microseconds(Int64(intervals[Int(index & 7)])) }
        self.init(
            desiredMinTx: interval(octet), requiredMinRx: interval(octet >> 3),
            multiplier: [3, 1, 2, 255][Int(octet >> 6)], isMultihop: false)
    }
}

extension BFDPacket {
    /// `timers` as in a configuration. Flags: 1 poll, 2 final, 4 demand, 8 authenticated, 16 a discriminator of ours that
    /// is zero, 32 one that nobody has, 128 another number of the peer's.
    init(_ state: BFDState, timers: UInt8, flags: UInt8) {
        func has(_ bit: UInt8) -> Bool { flags & bit != 0 }
        self.init(
            state: state, diagnostic: BFDDiagnostic(rawValue: timers), isPoll: has(1), isFinal: has(2),
            isAuthenticated: has(8), isDemanding: has(4), multiplier: [3, 1, 2, 255][Int(timers >> 6)],
            myDiscriminator: has(128) ? .max : 0x2222_2222,
            yourDiscriminator: has(16) ? 0 : has(32) ? 0x3333_3333 : ourDiscriminator,
            desiredMinTx: intervals[Int(timers & 7)], requiredMinRx: intervals[Int(timers >> 3 & 7)])
    }

    /// The octets of the datagram.
    var bytes: [UInt8] {
        let octets = octets
        return octets.indices.map { octets[$0] }
    }
}
