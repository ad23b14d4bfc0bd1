import Deadlines

@testable import BFD

/// An instant far enough from both ends of time.
let t0 = Instant(nanoseconds: 1_000_000_000_000)

let ourDiscriminator: UInt32 = 0x1111_1111
let peerDiscriminator: UInt32 = 0x2222_2222

/// 50 ms three times, as in the field.
let fast = BFDConfiguration(
    desiredMinTx: .milliseconds(50), requiredMinRx: .milliseconds(50), multiplier: 3, isMultihop: false)

/// With seed 7 the intervals are shorter than agreed by 27 891, 170 435, 228 649, 58 964, 128 415, 95 340 millionths.
let seed: UInt64 = 7

/// Bytes from their hexadecimal form.
func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = hexadecimal.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

extension BFDPacket {
    /// The octets as an array.
    var bytes: [UInt8] {
        let octets = octets
        return octets.indices.map { octets[$0] }
    }

    /// What the peer of the tests sends: 1 s until Up and 40 ms then, receiving at 60 ms, four times.
    static func theirs(
        _ state: BFDState, _ diagnostic: BFDDiagnostic = .none, poll: Bool = false, final: Bool = false,
        demand: Bool = false, your: UInt32 = ourDiscriminator, my: UInt32 = peerDiscriminator, tx: UInt32? = nil,
        rx: UInt32 = 60_000, multiplier: UInt8 = 4
    ) -> BFDPacket {
        BFDPacket(
            state: state, diagnostic: diagnostic, isPoll: poll, isFinal: final, isDemanding: demand,
            multiplier: multiplier, myDiscriminator: my, yourDiscriminator: your,
            desiredMinTx: tx ?? (state == .up ? 40_000 : 1_000_000), requiredMinRx: rx)
    }

    /// What we send with `fast`.
    static func ours(
        _ state: BFDState, _ diagnostic: BFDDiagnostic = .none, poll: Bool = false, final: Bool = false,
        your: UInt32 = peerDiscriminator, tx: UInt32? = nil, rx: UInt32 = 50_000
    ) -> BFDPacket {
        BFDPacket(
            state: state, diagnostic: diagnostic, isPoll: poll, isFinal: final, multiplier: 3,
            myDiscriminator: ourDiscriminator, yourDiscriminator: your,
            desiredMinTx: tx ?? (state == .up ? 50_000 : 1_000_000), requiredMinRx: rx)
    }
}

extension BFDSession.Action {
    /// A change of state.
    static func changed(
        _ from: BFDState, _ to: BFDState, _ cause: BFDTransition.Cause
    ) -> BFDSession.Action {
        .stateChanged(BFDTransition(from: from, to: to, cause: cause))
    }
}

/// A session in this state at `t0`, whose peer was heard at `t0`; Up without a Poll Sequence.
func session(
    _ state: BFDState, configuration: BFDConfiguration = fast, seed: UInt64 = seed
) -> BFDSession {
    var session = BFDSession(configuration: configuration, discriminator: ourDiscriminator, seed: seed)
    _ = session.handle(.started, at: t0)
    switch state {
    case .adminDown:
        _ = session.handle(.received(.theirs(.adminDown)), at: t0)
        _ = session.handle(.stopped, at: t0)
    case .down:
        _ = session.handle(.received(.theirs(.adminDown)), at: t0)
    case .initializing:
        _ = session.handle(.received(.theirs(.down, your: 0)), at: t0)
    case .up:
        _ = session.handle(.received(.theirs(.initializing)), at: t0)
        _ = session.handle(.received(.theirs(.up, final: true)), at: t0)
    }
    return session
}
