import BGPWire
import Fuzzing
import IPTypes

/// Reads one frame as internal and external peers with both widths of AS numbers do, and into values, and checks that
/// what comes of it fits together.
func compareReadings(of frame: [UInt8]) {
    for fourOctetAS in [true, false] {
        _ = reading(of: frame, from: 65001, fourOctetAS: fourOctetAS)
        let received = reading(of: frame, from: 65010, fourOctetAS: fourOctetAS)
        switch (received, values(of: frame, fourOctetAS: fourOctetAS)) {
        case (.success(let received), .success(let message)):
            require(received.type == message.type, "\(received.type) and \(message.type)")
            checkRoundTrip(message, fourOctetAS: fourOctetAS)
            if case .update(let summary) = received, case .update(let update) = message { compare(summary, update) }
        case (.failure(let one), .failure(let other)):
            require(one == other, "refused for \(one) and for \(other)")
        case (.success(let received), .failure(let error)):
            // No value can express an attribute that runs past its block; RFC 7606 has the session survive it.
            require(
                received.type == .update && error.notification == .malformedAttributeList,
                "\(received) has no values: \(error)")
        case (.failure(let error), .success(let message)):
            require(false, "refused for \(error), but has values: \(message)")
        }
    }
}

/// What the session is told of `frame` by a connection of AS 65001 to `peer`, both OPENs exchanged.
private func reading(of frame: [UInt8], from peer: UInt16, fourOctetAS: Bool) -> Result<ReceivedMessage, DecodeError> {
    var codec = MessageCodec()
    _ = codec.encode(.open(.sample(65001, fourOctetAS: true)))
    let open = Message.open(.sample(peer, fourOctetAS: fourOctetAS)).encoded(fourOctetAS: true)
    do throws(DecodeError) {
        _ = try codec.decode(open.span.bytes)
        require(codec.usesFourOctetAS == fourOctetAS, "the width of AS numbers")
        let received = try codec.decode(frame.span.bytes)
        check(received)
        return .success(received)
    } catch {
        check(error)
        return .failure(error)
    }
}

private func values(of frame: [UInt8], fourOctetAS: Bool) -> Result<Message, DecodeError> {
    do throws(DecodeError) {
        return .success(try Message.decode(frame.span.bytes, fourOctetAS: fourOctetAS))
    } catch {
        return .failure(error)
    }
}

/// What was decoded must mean the same when it is encoded and decoded again.
func checkRoundTrip(_ message: Message, fourOctetAS: Bool) {
    let encoded = message.encoded(fourOctetAS: fourOctetAS)
    require(!encoded.isEmpty, "cannot be encoded: \(message)")
    require(encoded.count <= MessageCodec.maximumLength, "encoded in \(encoded.count) octets: \(message)")
    switch values(of: encoded, fourOctetAS: fourOctetAS) {
    case .success(let again): require(again == message, "\(message) comes back as \(again)")
    case .failure(let error): require(false, "\(message) comes back as \(error)")
    }
}

/// The counts, which are made without keeping anything, against the values.
private func compare(_ summary: UpdateSummary, _ update: Update) {
    var announced = update.nlri.count
    var withdrawn = update.withdrawn.count
    for attribute in update.attributes {
        requireOneLine(attribute.description)
        switch attribute.value {
        case .mpReach(let reach): announced += reach.nlri.count
        case .mpUnreach(let unreach): withdrawn += unreach.withdrawn.count
        default: break
        }
    }
    require(
        (summary.announced, summary.withdrawn) == (announced, withdrawn),
        "\(summary) for \(announced) announced and \(withdrawn) withdrawn")
}

extension Open {
    /// A small OPEN of an AS that fits two octets.
    static func sample(_ number: UInt16, fourOctetAS: Bool) -> Open {
        Open(
            myAS: number, holdTime: 90, identifier: BGPIdentifier(0x0A00_0001),
            parameters: fourOctetAS ? [.capabilities([.fourOctetAS(ASNumber(UInt32(number)))])] : [])
    }
}
