import BGPWire
import Testing

@testable import BGPTransport

/// A framer with its codec, and all that it has said.
private struct Reading {
    var framer = MessageFramer()
    var codec = MessageCodec()
    var messages: [ReceivedMessage] = []

    mutating func feed(_ bytes: some Sequence<UInt8>) throws(DecodeError) {
        let chunk = Array(bytes)
        var new: [ReceivedMessage] = []
        defer { messages += new }
        try framer.consume(chunk.span.bytes, codec: &codec) { new.append($0) }
    }
}

@Suite struct MessageFramerTests {
    private let stream: [Message] = [.sampleOpen, .keepalive, .announcing(3), .keepalive]
    private let expected: [ReceivedMessage] = [
        .open(.sample), .keepalive, .update(UpdateSummary(announced: 3, withdrawn: 0)), .keepalive,
    ]

    @Test func messagesThatComeTogetherAreToldInOrder() throws {
        var reading = Reading()
        try reading.feed(stream.bytes)
        #expect(reading.messages == expected)
    }

    @Test func messagesThatComeByteByByteAreTheSame() throws {
        var reading = Reading()
        for byte in stream.bytes { try reading.feed([byte]) }
        #expect(reading.messages == expected)
    }

    @Test func messagesAreTheSameWhereverTheStreamIsCut() throws {
        let bytes = stream.bytes
        for cut in 0...bytes.count {
            var reading = Reading()
            try reading.feed(bytes[..<cut])
            try reading.feed(bytes[cut...])
            #expect(reading.messages == expected, "cut at \(cut)")
        }
    }

    @Test func aMessageIsToldWithItsLastByte() throws {
        var reading = Reading()
        try reading.feed(Message.sampleOpen.bytes.dropLast())
        #expect(reading.messages == [])
        try reading.feed(Message.sampleOpen.bytes.suffix(1))
        #expect(reading.messages == [.open(.sample)])
    }

    @Test(arguments: [UInt16(0), 18, 4097, 65535])
    func aBogusLengthIsJudgedOnTheHeaderAlone(length: UInt16) throws {
        for cut in 0...19 {
            var reading = Reading()
            let bytes = header(length: length, type: 2)
            let error = #expect(throws: DecodeError.self) {
                try reading.feed(bytes[..<cut])
                try reading.feed(bytes[cut...])
            }
            #expect(error?.notification == Notification(code: 1, subcode: 2, data: Array(bytes[16..<18])))
        }
    }

    @Test func nothingIsJudgedBeforeTheHeaderIsWhole() throws {
        var reading = Reading()
        try reading.feed(header(length: 0, type: 2).dropLast())
        #expect(reading.messages == [])
    }

    @Test func soundMessagesBeforeABadOneAreTold() throws {
        var reading = Reading()
        let error = #expect(throws: DecodeError.self) {
            try reading.feed(stream.bytes + header(length: 19, type: 99) + Message.keepalive.bytes)
        }
        #expect(error?.notification == Notification(code: 1, subcode: 3, data: [99]))
        #expect(reading.messages == expected)
    }
}

@Suite struct ReceivedBatchTests {
    @Test func plainUpdatesInARowAreSummedUpAndOthersAreKept() {
        let endOfRIB = ReceivedMessage.update(UpdateSummary(announced: 0, withdrawn: 0, endOfRIB: .ipv4Unicast))
        let malformed = ReceivedMessage.update(UpdateSummary(announced: 0, withdrawn: 4, malformation: "ORIGIN 9"))
        var batch = ReceivedBatch()
        for message: ReceivedMessage in [
            .update(UpdateSummary(announced: 3, withdrawn: 1)), .update(UpdateSummary(announced: 4, withdrawn: 0)),
            endOfRIB, .update(UpdateSummary(announced: 5, withdrawn: 0)), malformed, malformed,
            .update(UpdateSummary(announced: 1, withdrawn: 0)), .keepalive, .keepalive,
            .update(UpdateSummary(announced: 2, withdrawn: 0)),
        ] { batch.append(message) }
        #expect(
            batch.messages == [
                .update(UpdateSummary(announced: 7, withdrawn: 1, messages: 2)), endOfRIB,
                .update(UpdateSummary(announced: 5, withdrawn: 0)), malformed, malformed,
                .update(UpdateSummary(announced: 1, withdrawn: 0)), .keepalive, .keepalive,
                .update(UpdateSummary(announced: 2, withdrawn: 0)),
            ])
    }
}
