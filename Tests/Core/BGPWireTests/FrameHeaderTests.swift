import BGPWire
import Testing

struct FrameHeaderTests {
    @Test func fewerThan19OctetsDecideNothing() throws {
        let keepalive = frame(type: 4, [])
        for count in 0..<19 {
            #expect(try frameLength(Array(keepalive.prefix(count))) == nil)
        }
        #expect(try frameLength(keepalive) == 19)
    }

    @Test func theLengthIsThatOfTheHeaderNotOfWhatIsThere() throws {
        #expect(try frameLength(frame(type: 2, [], length: 4096)) == 4096)
        #expect(try frameLength(frame(type: 4, []) + [1, 2, 3]) == 19)
    }

    @Test(arguments: 0..<16)
    func aMarkerThatIsNotAllOnesIsNotSynchronized(_ index: Int) {
        var bytes = frame(type: 4, [])
        bytes[index] = 0xFE
        #expect(throws: DecodeError(.connectionNotSynchronized, "the marker is not all ones")) {
            try frameLength(bytes)
        }
    }

    @Test(
        arguments: [
            (0, [0, 0]), (18, [0, 18]), (4097, [0x10, 1]), (32768, [0x80, 0]), (65535, [0xFF, 0xFF]),
        ] as [(Int, [UInt8])])
    func aLengthOutsideItsBoundsIsRefusedOnTheHeaderAlone(_ value: Int, _ data: [UInt8]) {
        #expect(
            throws: DecodeError(
                Notification(code: 1, subcode: 2, data: data), "message length \(value) is not in 19...4096")
        ) {
            try frameLength(frame(type: 2, [], length: value))
        }
    }

    @Test(arguments: [0, 6, 7, 128, 255] as [UInt8])
    func anUnknownTypeIsRefusedWithThatTypeAsData(_ type: UInt8) {
        #expect(
            throws: DecodeError(
                Notification(code: 1, subcode: 3, data: [type]), "unknown message type \(type)")
        ) {
            try frameLength(frame(type: type, []))
        }
    }

    @Test(
        arguments: [
            (1, 28, "OPEN"), (1, 19, "OPEN"), (2, 22, "UPDATE"), (3, 20, "NOTIFICATION"), (4, 20, "KEEPALIVE"),
            (4, 4096, "KEEPALIVE"), (5, 22, "ROUTE-REFRESH"),
        ] as [(UInt8, Int, String)])
    func eachTypeHasItsOwnBounds(_ type: UInt8, _ value: Int, _ name: String) {
        #expect(
            throws: DecodeError(
                Notification(code: 1, subcode: 2, data: [UInt8(value >> 8), UInt8(value & 0xFF)]),
                "\(name) message of \(value) octets")
        ) {
            try frameLength(frame(type: type, [], length: value))
        }
    }

    @Test(arguments: [(1, 29), (2, 23), (3, 21), (4, 19), (5, 23), (1, 4096), (2, 4096), (3, 4096), (5, 4096)])
    func theBoundsThemselvesAreAllowed(_ type: UInt8, _ value: Int) throws {
        #expect(try frameLength(frame(type: type, [], length: value)) == value)
    }

    @Test func aFrameThatIsNotWhatItsHeaderSaysIsABadLength() {
        #expect(
            decodeError(frame(type: 4, []) + [0])
                == DecodeError(.badMessageLength(20), "20 octets are not one whole message"))
        #expect(
            decodeError(frame(type: 2, [0, 0, 0], length: 23))
                == DecodeError(.badMessageLength(22), "22 octets are not one whole message"))
        #expect(decodeError([]) == DecodeError(.badMessageLength(0), "0 octets are not one whole message"))
    }
}
