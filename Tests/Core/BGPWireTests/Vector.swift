import BGPWire
import IPTypes
import Testing

/// A message that another implementation put on the wire, and what it means.
struct Vector: Sendable, CustomTestStringConvertible {
    var name: String
    /// The whole message.
    var bytes: [UInt8]
    var message: Message
    var fourOctetAS: Bool

    /// `hex` is the message behind its marker of sixteen 0xFF.
    init(_ name: String, _ hex: String, _ message: Message, fourOctetAS: Bool = true) {
        self.name = name
        bytes = Array(repeating: 0xFF, count: 16) + octets(hex)
        self.message = message
        self.fourOctetAS = fourOctetAS
    }

    var testDescription: String { name }

    static let all = opens + updates + others
}

/// The octets of hexadecimal digits; blanks are for the reader.
func octets(_ hex: String) -> [UInt8] {
    let digits = hex.filter { !$0.isWhitespace }.map { $0 }
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16) ?? 0 }
}

func prefix(_ text: String) -> IPPrefix {
    IPPrefix(parsing: text) ?? IPPrefix(host: .v4(IPv4Address(0)))
}

func address(_ text: String) -> IPAddress {
    IPAddress(text) ?? .v4(IPv4Address(0))
}

func ipv4(_ text: String) -> IPv4Address {
    IPv4Address(text) ?? IPv4Address(0)
}

/// A message of any type with this body; `length` stands in the header if it is to differ from the true one.
func frame(type: UInt8, _ body: [UInt8], length: Int? = nil) -> [UInt8] {
    let length = length ?? 19 + body.count
    return Array(repeating: 0xFF, count: 16) + [UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF), type] + body
}

func updateFrame(withdrawn: String = "", attributes: String = "", nlri: String = "") -> [UInt8] {
    func field(_ octets: [UInt8]) -> [UInt8] { [UInt8(octets.count >> 8), UInt8(octets.count & 0xFF)] + octets }
    return frame(type: 2, field(octets(withdrawn)) + field(octets(attributes)) + octets(nlri))
}
