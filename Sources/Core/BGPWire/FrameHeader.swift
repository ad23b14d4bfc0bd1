extension MessageCodec {
    /// Octets of the header: marker, length, type (RFC 4271 section 4.1).
    package static let headerLength = 19
    /// Octets of the longest message; extended messages (RFC 8654) are not offered.
    package static let maximumLength = 4096

    /// The length of the message that starts with `bytes`, header included; nil if the header is not all there.
    ///
    /// Decides on the header alone, so that nothing waits for the body of a message that is wrong already. Throws the
    /// errors of RFC 4271 section 6.1; the bytes behind a wrong header mean nothing.
    package static func frameLength(_ bytes: RawSpan) throws(DecodeError) -> Int? {
        try header(bytes)?.length
    }

    static func header(_ bytes: RawSpan) throws(DecodeError) -> (length: Int, type: MessageType)? {
        var field = ByteField(bytes, from: 0)
        guard let marker1 = field.uint64(bytes), let marker2 = field.uint64(bytes), let length = field.uint16(bytes),
            let type = field.uint8(bytes)
        else { return nil }
        guard marker1 == .max, marker2 == .max else {
            throw DecodeError(.connectionNotSynchronized, "the marker is not all ones")
        }
        guard (headerLength...maximumLength).contains(Int(length)) else {
            throw DecodeError(
                .badMessageLength(length), "message length \(length) is not in \(headerLength)...\(maximumLength)")
        }
        guard let type = MessageType(rawValue: type) else {
            throw DecodeError(.badMessageType(type), "unknown message type \(type)")
        }
        guard length >= type.minimumLength, type != .keepalive || length == headerLength else {
            throw DecodeError(.badMessageLength(length), "\(type) message of \(length) octets")
        }
        return (Int(length), type)
    }
}
