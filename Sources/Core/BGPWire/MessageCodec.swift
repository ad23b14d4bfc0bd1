package import IPTypes

/// The codec of one TCP connection: frames to messages and back.
///
/// It sees both OPENs go by, and so knows by itself whether AS numbers have two or four octets (RFC 6793) and whether
/// the peer is internal, which decides about some malformed attributes (RFC 7606).
package struct MessageCodec: Sendable {
    /// What has to be remembered of an OPEN.
    private struct Side: Sendable {
        var number: ASNumber
        var offersFourOctetAS: Bool

        init(_ open: Open) {
            number = open.speakerAS
            offersFourOctetAS = open.offersFourOctetAS
        }
    }
    private var sent: Side?
    private var received: Side?
    private let watched: Set<IPPrefix>

    /// A codec for a new connection, which also tells what the peer has for these host routes.
    package init(watching watched: Set<IPPrefix> = []) {
        self.watched = watched
    }

    /// True once both OPENs carried the four-octet AS capability.
    package var usesFourOctetAS: Bool {
        sent?.offersFourOctetAS == true && received?.offersFourOctetAS == true
    }

    /// True once both OPENs named the same AS.
    private var isInternal: Bool {
        sent != nil && sent?.number == received?.number
    }

    /// Decodes one whole message, cut out with `frameLength`.
    ///
    /// Throws what has to end the session; bytes that RFC 7606 only wants treated as a withdrawal or dropped come back
    /// in the summary's `malformation`.
    package mutating func decode(_ frame: RawSpan) throws(DecodeError) -> ReceivedMessage {
        switch try Message.type(ofFrame: frame) {
        case .open:
            let open = try Open(reading: frame)
            received = Side(open)
            return .open(open)
        case .update:
            var summary = try UpdateSummary(reading: frame, fourOctetAS: usesFourOctetAS, isInternal: isInternal)
            if !watched.isEmpty { summary.heard = try HeardRoute.all(of: watched, in: frame, usesFourOctetAS) }
            return .update(summary)
        case .notification: return .notification(Notification(reading: frame))
        case .keepalive: return .keepalive
        case .routeRefresh: return .routeRefresh(RouteRefresh(reading: frame))
        }
    }

    /// The octets of `message`; none if it cannot be said in 4096 octets (see `Update.packed`).
    ///
    /// For a peer with two-octet AS numbers the path attributes are lowered first.
    package mutating func encode(_ message: Message) -> [UInt8] {
        if case .open(let open) = message { sent = Side(open) }
        return message.encoded(fourOctetAS: usesFourOctetAS)
    }
}

extension Message {
    /// Decodes one whole message into values, UPDATEs included.
    ///
    /// Throws what `MessageCodec.decode` throws, and 3/1 for an attribute that runs past its block, which no value
    /// can express. Attributes whose value is malformed are kept as `.other`.
    package static func decode(_ frame: RawSpan, fourOctetAS: Bool) throws(DecodeError) -> Message {
        switch try type(ofFrame: frame) {
        case .open: .open(try Open(reading: frame))
        case .update: .update(try Update.decode(frame, fourOctetAS: fourOctetAS))
        case .notification: .notification(Notification(reading: frame))
        case .keepalive: .keepalive
        case .routeRefresh: .routeRefresh(RouteRefresh(reading: frame))
        }
    }

    /// The type of a frame that is one whole message.
    static func type(ofFrame frame: RawSpan) throws(DecodeError) -> MessageType {
        guard let header = try MessageCodec.header(frame), header.length == frame.byteCount else {
            throw DecodeError(
                .badMessageLength(UInt16(clamping: frame.byteCount)),
                "\(frame.byteCount) octets are not one whole message")
        }
        return header.type
    }

    /// The octets of the message, AS numbers in the given width; none if they would be more than 4096.
    package func encoded(fourOctetAS: Bool) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xFF, count: 16)
        bytes += [0, 0, type.rawValue]
        switch self {
        case .open(let open):
            guard open.append(to: &bytes) else { return [] }
        case .update(let update):
            guard update.append(to: &bytes, fourOctetAS: fourOctetAS) else { return [] }
        case .notification(let notification):
            // Better a NOTIFICATION with its data cut than none.
            bytes += [notification.code, notification.subcode]
            bytes += notification.data.prefix(MessageCodec.maximumLength - bytes.count)
        case .keepalive: break
        case .routeRefresh(let refresh):
            bytes.append(bigEndian: refresh.family.afi)
            bytes += [refresh.subtype, refresh.family.safi] + refresh.rest
        }
        guard bytes.count <= MessageCodec.maximumLength, let length = UInt16(exactly: bytes.count) else { return [] }
        bytes[16] = UInt8(length >> 8)
        bytes[17] = UInt8(length & 0xFF)
        return bytes
    }
}

extension Notification {
    /// Reads the body; the header check has seen that code and subcode are there.
    init(reading frame: RawSpan) {
        var body = ByteField(frame, from: MessageCodec.headerLength)
        let code = body.uint8(frame) ?? 0
        let subcode = body.uint8(frame) ?? 0
        self.init(code: code, subcode: subcode, data: body.bytes(frame))
    }
}

extension RouteRefresh {
    /// Reads the body; the header check has seen that the fixed part is there.
    init(reading frame: RawSpan) {
        var body = ByteField(frame, from: MessageCodec.headerLength)
        let afi = body.uint16(frame) ?? 0
        let subtype = body.uint8(frame) ?? 0
        let safi = body.uint8(frame) ?? 0
        self.init(family: AddressFamily(afi: afi, safi: safi), subtype: subtype, rest: body.bytes(frame))
    }
}
