import BGPWire

extension MessageCodec {
    /// The codec of a connection from AS 65001 to AS 65010, both OPENs exchanged.
    static func external(fourOctetAS: Bool) -> MessageCodec {
        connected(to: 65010, fourOctetAS: fourOctetAS)
    }

    /// The codec of a connection inside AS 65001, both OPENs exchanged.
    static func `internal`(fourOctetAS: Bool) -> MessageCodec {
        connected(to: 65001, fourOctetAS: fourOctetAS)
    }

    private static func connected(to peer: UInt16, fourOctetAS: Bool) -> MessageCodec {
        var codec = MessageCodec()
        _ = codec.encode(.open(.sample(65001, fourOctetAS: true)))
        _ = try? codec.decode(
            Message.open(.sample(peer, fourOctetAS: fourOctetAS)).encoded(fourOctetAS: true).span.bytes)
        return codec
    }
}

extension Open {
    /// A small OPEN of an AS that fits two octets.
    static func sample(_ number: UInt16, fourOctetAS: Bool) -> Open {
        Open(
            myAS: number, holdTime: 90, identifier: BGPIdentifier(0x0A00_0001),
            parameters: fourOctetAS ? [.capabilities([.fourOctetAS(ASNumber(UInt32(number)))])] : [])
    }
}

/// What decoding `bytes` throws; nil if it does not.
func decodeError(_ bytes: [UInt8], codec: MessageCodec = .external(fourOctetAS: true)) -> DecodeError? {
    var codec = codec
    do throws(DecodeError) {
        _ = try codec.decode(bytes.span.bytes)
        return nil
    } catch {
        return error
    }
}

/// The message in `bytes`, decoded into values.
func decoded(_ bytes: [UInt8], fourOctetAS: Bool = true) throws(DecodeError) -> Message {
    try Message.decode(bytes.span.bytes, fourOctetAS: fourOctetAS)
}

/// The length that the header in `bytes` gives.
func frameLength(_ bytes: [UInt8]) throws(DecodeError) -> Int? {
    try MessageCodec.frameLength(bytes.span.bytes)
}

extension MessageCodec {
    mutating func decode(_ bytes: [UInt8]) throws(DecodeError) -> ReceivedMessage {
        try decode(bytes.span.bytes)
    }
}
