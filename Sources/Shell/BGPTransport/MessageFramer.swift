import BGPWire

/// Cuts a TCP byte stream into BGP messages (RFC 4271 section 4.1).
///
/// Messages that lie whole in a chunk are decoded where they lie. Only the beginning of a message whose end has not
/// come yet is kept, so at most one message (4096 bytes) is ever held. A header is judged as soon as its 19 bytes are
/// there: the body of a bogus length is never waited for.
struct MessageFramer {
    private static let headerLength = 19

    /// The beginning of a message.
    private var partial: [UInt8] = []

    /// Decodes all messages that end in `chunk` and hands them to `body` in order. After an error the stream has no
    /// meaning any more: do not call again.
    mutating func consume(
        _ chunk: RawSpan, codec: inout MessageCodec, _ body: (ReceivedMessage) -> Void
    ) throws(DecodeError) {
        var rest = chunk
        while !rest.isEmpty {
            if partial.isEmpty, let length = try MessageCodec.frameLength(rest), length <= rest.byteCount {
                body(try codec.decode(rest.extracting(first: length)))
                rest = rest.extracting(droppingFirst: length)
                continue
            }
            let wanted = try MessageCodec.frameLength(partial.span.bytes) ?? Self.headerLength
            let taken = min(max(0, wanted - partial.count), rest.byteCount)
            rest.extracting(first: taken).withUnsafeBytes { partial.append(contentsOf: $0) }
            rest = rest.extracting(droppingFirst: taken)
            if let length = try MessageCodec.frameLength(partial.span.bytes), length <= partial.count {
                body(try codec.decode(partial.span.bytes))
                partial.removeAll(keepingCapacity: true)
            }
        }
    }
}

/// What one read brought, with runs of plain UPDATEs summed up, so that a full table costs few events.
struct ReceivedBatch {
    private(set) var messages: [ReceivedMessage] = []

    /// Adds a message. An End-of-RIB or a malformation is always kept as its own event.
    mutating func append(_ message: ReceivedMessage) {
        guard case .update(let next) = message, next.isPlain, case .update(let sum)? = messages.last, sum.isPlain else {
            messages.append(message)
            return
        }
        messages[messages.count - 1] = .update(
            UpdateSummary(
                announced: sum.announced &+ next.announced, withdrawn: sum.withdrawn &+ next.withdrawn,
                messages: sum.messages &+ next.messages))
    }
}

extension UpdateSummary {
    /// True if only the counts say anything.
    fileprivate var isPlain: Bool { endOfRIB == nil && malformation == nil && heard.isEmpty }
}
