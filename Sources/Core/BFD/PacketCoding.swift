/// ```
///   0 | version 3 bits | diagnostic 5 bits |   1 | state 2 bits | P F C A D M |   2 | multiplier |   3 | length |
///   4 | my discriminator         8 | your discriminator
///  12 | desired min TX, µs      16 | required min RX, µs      20 | required min echo RX, µs
/// ```
private enum Flag {
    static let poll: UInt8 = 0x20
    static let final: UInt8 = 0x10
    static let controlPlaneIndependent: UInt8 = 0x08
    static let authentication: UInt8 = 0x04
    static let demand: UInt8 = 0x02
    static let multipoint: UInt8 = 0x01
}

extension BFDPacket {
    /// Reads the payload of a UDP datagram by the rules of RFC 5880 section 6.8.6 that need no session, in their order.
    /// Octets behind the packet's own length are ignored.
    package init(decoding payload: RawSpan) throws(BFDDiscard) {
        // What is shorter than the header that tells the length cannot be judged by it.
        guard payload.byteCount >= 4 else { throw .truncated(octets: payload.byteCount) }
        let versionAndDiagnostic = payload.unsafeLoad(fromByteOffset: 0, as: UInt8.self)
        let stateAndFlags = payload.unsafeLoad(fromByteOffset: 1, as: UInt8.self)
        let multiplier = payload.unsafeLoad(fromByteOffset: 2, as: UInt8.self)
        let length = Int(payload.unsafeLoad(fromByteOffset: 3, as: UInt8.self))
        let isAuthenticated = stateAndFlags & Flag.authentication != 0

        // "If the version number is not correct (1), the packet MUST be discarded."
        guard versionAndDiagnostic >> 5 == Self.version else { throw .version(versionAndDiagnostic >> 5) }
        // "less than the minimum correct value (24 if the A bit is clear, or 26 if the A bit is set)"
        guard length >= (isAuthenticated ? Self.length + 2 : Self.length) else { throw .lengthTooShort(length) }
        // "greater than the payload of the encapsulating protocol"
        guard length <= payload.byteCount else { throw .lengthBeyondPayload(length, octets: payload.byteCount) }
        // "If the Detect Mult field is zero"
        guard multiplier != 0 else { throw .multiplierZero }
        // "If the Multipoint (M) bit is nonzero"
        guard stateAndFlags & Flag.multipoint == 0 else { throw .multipoint }

        // The length is at least 24, and there are as many octets.
        func word(_ offset: Int) -> UInt32 {
            UInt32(bigEndian: payload.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        self.init(
            state: BFDState(topBitsOf: stateAndFlags), diagnostic: BFDDiagnostic(rawValue: versionAndDiagnostic),
            isPoll: stateAndFlags & Flag.poll != 0, isFinal: stateAndFlags & Flag.final != 0,
            isControlPlaneIndependent: stateAndFlags & Flag.controlPlaneIndependent != 0,
            isAuthenticated: isAuthenticated, isDemanding: stateAndFlags & Flag.demand != 0, multiplier: multiplier,
            myDiscriminator: word(4), yourDiscriminator: word(8), desiredMinTx: word(12), requiredMinRx: word(16),
            requiredMinEchoRx: word(20))
        // "If the My Discriminator field is zero"
        guard myDiscriminator != 0 else { throw .myDiscriminatorZero }
    }

    /// The packet's 24 octets. Of a packet with the A bit, which we never send, they are not all.
    package var octets: InlineArray<24, UInt8> {
        var octets = InlineArray<24, UInt8>(repeating: 0)
        octets[0] = Self.version << 5 | diagnostic.rawValue
        octets[1] =
            state.rawValue << 6
            | (isPoll ? Flag.poll : 0) | (isFinal ? Flag.final : 0)
            | (isControlPlaneIndependent ? Flag.controlPlaneIndependent : 0)
            | (isAuthenticated ? Flag.authentication : 0) | (isDemanding ? Flag.demand : 0)
        octets[2] = multiplier
        octets[3] = UInt8(Self.length)
        let words = (myDiscriminator, yourDiscriminator, desiredMinTx, requiredMinRx, requiredMinEchoRx)
        octets.store(words.0, at: 4)
        octets.store(words.1, at: 8)
        octets.store(words.2, at: 12)
        octets.store(words.3, at: 16)
        octets.store(words.4, at: 20)
        return octets
    }
}

extension BFDState {
    /// The state in the upper two bits of an octet, which always hold one of the four.
    fileprivate init(topBitsOf octet: UInt8) {
        self =
            switch octet >> 6 {
            case 0: .adminDown
            case 1: .down
            case 2: .initializing
            default: .up
            }
    }
}

extension InlineArray<24, UInt8> {
    /// Stores a number in network order; offsets are constants of this file.
    fileprivate mutating func store(_ word: UInt32, at offset: Int) {
        self[offset] = UInt8(truncatingIfNeeded: word >> 24)
        self[offset + 1] = UInt8(truncatingIfNeeded: word >> 16)
        self[offset + 2] = UInt8(truncatingIfNeeded: word >> 8)
        self[offset + 3] = UInt8(truncatingIfNeeded: word)
    }
}
