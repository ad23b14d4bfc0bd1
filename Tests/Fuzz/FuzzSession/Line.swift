import BGPFSM
import BGPWire
import Deadlines
import Fuzzing

/// A connection on which our OPEN went out.
struct Line {
    var codec = MessageCodec()
    /// Octets that are not a whole message yet.
    var received: [UInt8] = []
    /// What was agreed, once Established.
    var negotiated: Negotiated?
    /// When the peer's last KEEPALIVE or UPDATE came, or when the session became Established.
    var heard: Instant?
    var keepaliveSent: Instant?

    /// The next whole message of the peer, or why there cannot be one; nil until there are more octets.
    mutating func nextMessage() -> Result<ReceivedMessage, DecodeError>? {
        do throws(DecodeError) {
            guard let length = try MessageCodec.frameLength(received.span.bytes), length <= received.count else {
                return nil
            }
            let frame = Array(received.prefix(length))
            received.removeFirst(length)
            return .success(try codec.decode(frame.span.bytes))
        } catch {
            received = []
            return .failure(error)
        }
    }

    /// Writes a message, which must arrive as what it is, or within this line's width of AS numbers.
    mutating func send(_ message: Message, at now: Instant) {
        if message == .keepalive {
            // RFC 4271 section 4.4: "MUST NOT be sent more frequently than one per second".
            require(keepaliveSent.map { now - $0 >= .seconds(1) } ?? true, "two KEEPALIVEs within a second")
            keepaliveSent = now
        }
        requireArrival(of: message, as: codec.encode(message), fourOctetAS: codec.usesFourOctetAS)
    }
}

/// The peer must read from `octets` what the session wanted to send.
func requireArrival(of message: Message, as octets: [UInt8], fourOctetAS: Bool) {
    require(!octets.isEmpty && octets.count <= MessageCodec.maximumLength, "\(message) in \(octets.count) octets")
    let arrived = try? Message.decode(octets.span.bytes, fourOctetAS: fourOctetAS)
    require(arrived == message, "\(message) arrives as \(String(describing: arrived))")
}

extension MessageTally {
    mutating func add(_ type: MessageType) {
        switch type {
        case .open: open += 1
        case .update: update += 1
        case .notification: notification += 1
        case .keepalive: keepalive += 1
        case .routeRefresh: routeRefresh += 1
        }
    }
}
