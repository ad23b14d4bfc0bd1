import Testing

@testable import BFD

/// The reception rules of RFC 5880 section 6.8.6 that need no session.
@Suite("What is discarded before a session is looked for")
struct DiscardTests {
    /// A sound packet; the defects are put into it.
    private let sound = BFDPacket.theirs(.down).bytes

    /// The packet with some octets replaced.
    private func read(_ changes: [Int: UInt8], appending tail: [UInt8] = []) throws(BFDDiscard) -> BFDPacket {
        var octets = sound
        for (index, octet) in changes { octets[index] = octet }
        let all = octets + tail
        return try BFDPacket(decoding: all.span.bytes)
    }

    @Test("Every truncation is discarded")
    func truncations() {
        for count in 0..<4 {
            #expect(throws: BFDDiscard.truncated(octets: count)) {
                try BFDPacket(decoding: Array(sound.prefix(count)).span.bytes)
            }
        }
        for count in 4..<24 {
            #expect(throws: BFDDiscard.lengthBeyondPayload(24, octets: count)) {
                try BFDPacket(decoding: Array(sound.prefix(count)).span.bytes)
            }
        }
        #expect(throws: Never.self) { try BFDPacket(decoding: sound.span.bytes) }
    }

    @Test("Every version but 1 is discarded", arguments: [0, 2, 3, 4, 5, 6, 7] as [UInt8])
    func version(_ version: UInt8) {
        #expect(throws: BFDDiscard.version(version)) { try read([0: version << 5]) }
    }

    @Test("A length below 24 is discarded", arguments: [0, 1, 23] as [UInt8])
    func shortLength(_ length: UInt8) {
        #expect(throws: BFDDiscard.lengthTooShort(Int(length))) { try read([3: length]) }
    }

    @Test("With the A bit a length below 26 is discarded")
    func shortLengthWithAuthentication() throws {
        #expect(throws: BFDDiscard.lengthTooShort(25)) { try read([1: 0x44, 3: 25], appending: [0, 0]) }
        #expect(try read([1: 0x44, 3: 26], appending: [1, 2]).isAuthenticated)
    }

    @Test("A length beyond the datagram is discarded, octets behind the length are not looked at")
    func longLength() throws {
        #expect(throws: BFDDiscard.lengthBeyondPayload(25, octets: 24)) { try read([3: 25]) }
        #expect(throws: BFDDiscard.lengthBeyondPayload(255, octets: 24)) { try read([3: 255]) }
        #expect(try read([:], appending: [0xFF, 0xFF]) == .theirs(.down))
        #expect(try read([3: 25], appending: [0xFF]) == .theirs(.down))
    }

    @Test("A detection multiplier of 0 is discarded")
    func multiplier() {
        #expect(throws: BFDDiscard.multiplierZero) { try read([2: 0]) }
    }

    @Test("The M bit is discarded")
    func multipoint() {
        #expect(throws: BFDDiscard.multipoint) { try read([1: 0x41]) }
    }

    @Test("A My Discriminator of 0 is discarded")
    func myDiscriminator() {
        #expect(throws: BFDDiscard.myDiscriminatorZero) { try read([4: 0, 5: 0, 6: 0, 7: 0]) }
    }

    @Test("The first rule that is broken is the one that is told")
    func order() {
        var defects: [Int: UInt8] = [0: 0x40, 1: 0x41, 2: 0, 3: 23, 4: 0, 5: 0, 6: 0, 7: 0]
        #expect(throws: BFDDiscard.version(2)) { try read(defects) }
        defects[0] = 0x20
        #expect(throws: BFDDiscard.lengthTooShort(23)) { try read(defects) }
        defects[3] = 25
        #expect(throws: BFDDiscard.lengthBeyondPayload(25, octets: 24)) { try read(defects) }
        defects[3] = 24
        #expect(throws: BFDDiscard.multiplierZero) { try read(defects) }
        defects[2] = 1
        #expect(throws: BFDDiscard.multipoint) { try read(defects) }
        defects[1] = 0x40
        #expect(throws: BFDDiscard.myDiscriminatorZero) { try read(defects) }
        defects[7] = 1
        #expect(throws: Never.self) { try read(defects) }
    }

    @Test("Every flag and every diagnostic is read and written")
    func flags() throws {
        for flags in stride(from: 0, through: 0x3E, by: 2) as StrideThrough<UInt8> {
            for state in BFDState.allCases {
                let packet = try read([0: 0x3F, 1: state.rawValue << 6 | flags, 3: 26], appending: [0, 0])
                #expect(packet.state == state)
                #expect(packet.diagnostic == BFDDiagnostic(rawValue: 31))
                #expect(packet.isPoll == (flags & 0x20 != 0))
                #expect(packet.isFinal == (flags & 0x10 != 0))
                #expect(packet.isControlPlaneIndependent == (flags & 0x08 != 0))
                #expect(packet.isAuthenticated == (flags & 0x04 != 0))
                #expect(packet.isDemanding == (flags & 0x02 != 0))
                #expect(packet.bytes.prefix(2) == [0x3F, state.rawValue << 6 | flags])
            }
        }
    }

    @Test("Reasons are told in words")
    func words() {
        let reasons: [BFDDiscard] = [
            .truncated(octets: 3), .version(2), .lengthTooShort(23), .lengthBeyondPayload(48, octets: 24),
            .multiplierZero, .multipoint, .myDiscriminatorZero, .unknownDiscriminator(7), .missingDiscriminator(.up),
            .unknownSource, .authentication,
        ]
        #expect(
            reasons.map(\.description) == [
                "3 octets are no BFD packet", "version 2 instead of 1", "length 23 is too short",
                "length 48 in a datagram of 24 octets", "detection multiplier 0", "the multipoint bit is set",
                "My Discriminator is 0", "no session has the discriminator 7", "Your Discriminator is 0 in state Up",
                "no session is configured with this source",
                "it is authenticated, and authentication is not configured",
            ])
    }
}
