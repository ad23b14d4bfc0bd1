internal import CLinuxShim
internal import IPTypes

/// Attributes (struct rtattr) in the order they came. Numbers we do not know are kept and never looked at.
struct AttributeList: Equatable {
    private var attributes: [Attribute] = []

    /// The two highest bits of a type say "nested" and "network byte order" (NLA_TYPE_MASK).
    private static let typeMask = 0x3FFF

    private struct Attribute: Equatable {
        var type: Int
        var value: ArraySlice<UInt8>
    }

    init(parsing bytes: ArraySlice<UInt8>) throws(MalformedMessage) {
        var rest = bytes
        while !rest.isEmpty {
            let header = try rest.load(rtattr.self)
            let length = Int(header.rta_len)
            guard length >= MemoryLayout<rtattr>.size, length <= rest.count else { throw MalformedMessage() }
            attributes.append(
                Attribute(
                    type: Int(header.rta_type) & Self.typeMask,
                    value: rest.prefix(length).dropFirst(MemoryLayout<rtattr>.size)))
            rest = rest.dropFirst(alignedToFour(length))
        }
    }

    /// The raw value of an attribute; nil if absent.
    subscript(type: Int) -> ArraySlice<UInt8>? {
        attributes.last { $0.type == type }?.value
    }

    /// A number or structure in host byte order; nil if absent. A longer value is fine: structures grow at their end.
    func value<Value: BitwiseCopyable>(_ type: Int, as _: Value.Type) throws(MalformedMessage) -> Value? {
        guard let bytes = self[type] else { return nil }
        return try bytes.load(Value.self)
    }

    /// A text up to its NUL; nil if absent. Never empty.
    func text(_ type: Int) throws(MalformedMessage) -> String? {
        guard let bytes = self[type] else { return nil }
        let text = bytes.prefix { $0 != 0 }
        guard !text.isEmpty else { throw MalformedMessage() }
        return String(decoding: text, as: UTF8.self)
    }

    /// An address of the given family (AF_INET or AF_INET6); nil if absent.
    func address(_ type: Int, family: AddressFamily) throws(MalformedMessage) -> IPAddress? {
        guard let bytes = self[type] else { return nil }
        return try family.address(bytes)
    }
}

/// AF_INET or AF_INET6; other families' messages are not ours to read.
enum AddressFamily {
    case ipv4
    case ipv6

    init?(_ family: CInt) {
        switch family {
        case AF_INET: self = .ipv4
        case AF_INET6: self = .ipv6
        default: return nil
        }
    }

    init(_ address: IPAddress) {
        self = address.isIPv4 ? .ipv4 : .ipv6
    }

    var number: UInt8 {
        switch self {
        case .ipv4: UInt8(AF_INET)
        case .ipv6: UInt8(AF_INET6)
        }
    }

    /// The address in these bytes, which must be 4 or 16.
    func address(_ bytes: ArraySlice<UInt8>) throws(MalformedMessage) -> IPAddress {
        guard let address = IPAddress(bytes: bytes), AddressFamily(address) == self else { throw MalformedMessage() }
        return address
    }
}

extension ArraySlice<UInt8> {
    /// The structure at the start, in host byte order.
    func load<Value: BitwiseCopyable>(_: Value.Type) throws(MalformedMessage) -> Value {
        guard count >= MemoryLayout<Value>.size else { throw MalformedMessage() }
        return withUnsafeBytes { $0.loadUnaligned(as: Value.self) }
    }
}

/// Netlink pads everything to four bytes (NLMSG_ALIGN, RTA_ALIGN).
func alignedToFour(_ length: Int) -> Int {
    (length + 3) & ~3
}
