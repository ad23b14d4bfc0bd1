import Testing

@testable import BFD

/// A packet that a real daemon sent, and what it says. Decoded independently by a network analyser.
struct Vector: Sendable, CustomTestStringConvertible {
    var name: String
    var hex: String
    var packet: BFDPacket

    var testDescription: String { name }
}

/// Captured between BIRD 2.0.12 and FRR 8.4.4.
let vectors: [Vector] = [
    Vector(
        name: "bird-down-diag0", hex: "2040031821ebc3d200000000000f4240000493e000000000",
        packet: BFDPacket(
            state: .down, multiplier: 3, myDiscriminator: 0x21EBC3D2, yourDiscriminator: 0, desiredMinTx: 1_000_000,
            requiredMinRx: 300_000)),
    Vector(
        name: "frr-down-diag3", hex: "2340031850b8a25700000000000f4240000f42400000c350",
        packet: BFDPacket(
            state: .down, diagnostic: .neighborSignaledDown, multiplier: 3, myDiscriminator: 0x50B8A257,
            yourDiscriminator: 0, desiredMinTx: 1_000_000, requiredMinRx: 1_000_000, requiredMinEchoRx: 50_000)),
    Vector(
        name: "bird-init-diag0", hex: "2080031821ebc3d250b8a257000f4240000493e000000000",
        packet: BFDPacket(
            state: .initializing, multiplier: 3, myDiscriminator: 0x21EBC3D2, yourDiscriminator: 0x50B8A257,
            desiredMinTx: 1_000_000, requiredMinRx: 300_000)),
    Vector(
        name: "frr-down-diag0", hex: "20400318622b7b8300000000000f4240000f42400000c350",
        packet: BFDPacket(
            state: .down, multiplier: 3, myDiscriminator: 0x622B7B83, yourDiscriminator: 0, desiredMinTx: 1_000_000,
            requiredMinRx: 1_000_000, requiredMinEchoRx: 50_000)),
    Vector(
        name: "frr-up-poll-diag0", hex: "20e00318622b7b8321ebc3d2000493e0000493e00000c350",
        packet: BFDPacket(
            state: .up, isPoll: true, multiplier: 3, myDiscriminator: 0x622B7B83, yourDiscriminator: 0x21EBC3D2,
            desiredMinTx: 300_000, requiredMinRx: 300_000, requiredMinEchoRx: 50_000)),
    Vector(
        name: "bird-up-final-diag0", hex: "20d0031821ebc3d2622b7b83000493e0000493e000000000",
        packet: BFDPacket(
            state: .up, isFinal: true, multiplier: 3, myDiscriminator: 0x21EBC3D2, yourDiscriminator: 0x622B7B83,
            desiredMinTx: 300_000, requiredMinRx: 300_000)),
    Vector(
        name: "bird-up-poll-diag0", hex: "20e0031821ebc3d2622b7b83000493e0000493e000000000",
        packet: BFDPacket(
            state: .up, isPoll: true, multiplier: 3, myDiscriminator: 0x21EBC3D2, yourDiscriminator: 0x622B7B83,
            desiredMinTx: 300_000, requiredMinRx: 300_000)),
    Vector(
        name: "frr-up-final-diag0", hex: "20d00318622b7b8321ebc3d2000493e0000493e00000c350",
        packet: BFDPacket(
            state: .up, isFinal: true, multiplier: 3, myDiscriminator: 0x622B7B83, yourDiscriminator: 0x21EBC3D2,
            desiredMinTx: 300_000, requiredMinRx: 300_000, requiredMinEchoRx: 50_000)),
    Vector(
        name: "frr-up-diag0", hex: "20c00318622b7b8321ebc3d2000493e0000493e00000c350",
        packet: BFDPacket(
            state: .up, multiplier: 3, myDiscriminator: 0x622B7B83, yourDiscriminator: 0x21EBC3D2,
            desiredMinTx: 300_000, requiredMinRx: 300_000, requiredMinEchoRx: 50_000)),
    Vector(
        name: "bird-up-diag0", hex: "20c0031821ebc3d2622b7b83000493e0000493e000000000",
        packet: BFDPacket(
            state: .up, multiplier: 3, myDiscriminator: 0x21EBC3D2, yourDiscriminator: 0x622B7B83,
            desiredMinTx: 300_000, requiredMinRx: 300_000)),
    Vector(
        name: "frr-admindown-diag0", hex: "20000318622b7b8321ebc3d20007a120000493e00000c350",
        packet: BFDPacket(
            state: .adminDown, multiplier: 3, myDiscriminator: 0x622B7B83, yourDiscriminator: 0x21EBC3D2,
            desiredMinTx: 500_000, requiredMinRx: 300_000, requiredMinEchoRx: 50_000)),
    Vector(
        name: "bird-down-poll-diag3", hex: "2360031821ebc3d2622b7b83000f4240000493e000000000",
        packet: BFDPacket(
            state: .down, diagnostic: .neighborSignaledDown, isPoll: true, multiplier: 3, myDiscriminator: 0x21EBC3D2,
            yourDiscriminator: 0x622B7B83, desiredMinTx: 1_000_000, requiredMinRx: 300_000)),
    Vector(
        name: "frr-admindown-final-diag0", hex: "20100318622b7b8321ebc3d20007a120000493e00000c350",
        packet: BFDPacket(
            state: .adminDown, isFinal: true, multiplier: 3, myDiscriminator: 0x622B7B83, yourDiscriminator: 0x21EBC3D2,
            desiredMinTx: 500_000, requiredMinRx: 300_000, requiredMinEchoRx: 50_000)),
    Vector(
        name: "frr-init-diag0", hex: "20800318622b7b83304cede90007a120000493e00000c350",
        packet: BFDPacket(
            state: .initializing, multiplier: 3, myDiscriminator: 0x622B7B83, yourDiscriminator: 0x304CEDE9,
            desiredMinTx: 500_000, requiredMinRx: 300_000, requiredMinEchoRx: 50_000)),
    Vector(
        name: "frr-down-diag1", hex: "21400318622b7b83000000000007a120000493e00000c350",
        packet: BFDPacket(
            state: .down, diagnostic: .detectionTimeExpired, multiplier: 3, myDiscriminator: 0x622B7B83,
            yourDiscriminator: 0, desiredMinTx: 500_000, requiredMinRx: 300_000, requiredMinEchoRx: 50_000)),
]

@Suite("Control packets of real daemons")
struct VectorTests {
    @Test("A captured packet is read as the analyser read it", arguments: vectors)
    func decodes(_ vector: Vector) throws {
        #expect(try BFDPacket(decoding: bytes(vector.hex).span.bytes) == vector.packet)
    }

    @Test("A captured packet is written again byte for byte", arguments: vectors)
    func encodes(_ vector: Vector) {
        #expect(vector.packet.bytes == bytes(vector.hex))
    }

    @Test("There are fifteen of them")
    func count() {
        #expect(vectors.count == 15)
    }
}
