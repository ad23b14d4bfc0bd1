import BGPWire
import IPTypes

extension Message {
    static let sampleOpen = Message.open(.sample)

    /// An UPDATE that announces this many host routes.
    static func announcing(_ count: Int) -> Message {
        .update(
            Update(
                attributes: [
                    PathAttribute(flags: 0x40, value: .origin(.igp)),
                    PathAttribute(flags: 0x40, value: .asPath([ASPathSegment(.sequence, [ASNumber(65001)])])),
                    PathAttribute(flags: 0x40, value: .nextHop(IPv4Address(0x0A00_0001))),
                ],
                nlri: (0..<count).map { IPPrefix(host: .v4(IPv4Address(0x0A01_0000 + UInt32($0)))) }))
    }

    /// The message on the wire of a session on which no OPEN has gone the other way.
    var bytes: [UInt8] { encoded(fourOctetAS: false) }
}

extension Open {
    static let sample = Open(
        myAS: 65001, holdTime: 9, identifier: BGPIdentifier(0x0A00_0001),
        parameters: [.capabilities([.multiprotocol(.ipv4Unicast), .fourOctetAS(ASNumber(65001))])])
}

extension [Message] {
    var bytes: [UInt8] { flatMap(\.bytes) }
}

/// A header with a good marker.
func header(length: UInt16, type: UInt8) -> [UInt8] {
    [UInt8](repeating: 0xFF, count: 16) + [UInt8(length >> 8), UInt8(length & 0xFF), type]
}

extension Message {
    /// A message of nearly the greatest length.
    static let large = Message.notification(Notification(code: 6, subcode: 4, data: [UInt8](repeating: 0, count: 4000)))
}
