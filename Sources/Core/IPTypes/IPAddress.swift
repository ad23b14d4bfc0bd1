/// An IPv4 or IPv6 address.
package enum IPAddress: Sendable, Hashable, Comparable {
    /// An IPv4 address.
    case v4(IPv4Address)
    /// An IPv6 address.
    case v6(IPv6Address)

    /// The address in network byte order: 4 or 16 bytes.
    package var bytes: [UInt8] {
        switch self {
        case .v4(let address): address.bytes
        case .v6(let address): address.bytes
        }
    }

    /// True for IPv4.
    package var isIPv4: Bool {
        if case .v4 = self { true } else { false }
    }

    /// The number of bits of an address of this family: 32 or 128.
    package var bitWidth: Int { isIPv4 ? 32 : 128 }

    package static func < (left: IPAddress, right: IPAddress) -> Bool {
        switch (left, right) {
        case (.v4(let left), .v4(let right)): left.value < right.value
        case (.v4, .v6): true
        case (.v6, .v4): false
        case (.v6(let left), .v6(let right)): (left.high, left.low) < (right.high, right.low)
        }
    }
}

/// An IPv4 address as a number in host order.
package struct IPv4Address: Sendable, Hashable {
    /// The address as a number: 10.0.0.1 is 0x0A000001.
    package var value: UInt32

    /// The address with this number.
    package init(_ value: UInt32) {
        self.value = value
    }

    /// Four bytes in network order.
    package var bytes: [UInt8] {
        [UInt8(truncatingIfNeeded: value >> 24), UInt8(truncatingIfNeeded: value >> 16), UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)]
    }
}

/// An IPv6 address (without zone) as two halves in host order.
package struct IPv6Address: Sendable, Hashable {
    /// The first eight bytes.
    package var high: UInt64
    /// The last eight bytes.
    package var low: UInt64

    /// The address with these halves.
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Sixteen bytes in network order.
    package var bytes: [UInt8] {
        [high, low].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * $0)) } }
    }

    /// True for fe80::/10, which means nothing without an interface.
    package var isLinkLocal: Bool { high >> 54 == 0x3FA }
}

/// An address together with the interface that gives a link-local address its meaning: `fe80::1%eth0`.
package struct ScopedAddress: Sendable, Hashable {
    /// The address.
    package var address: IPAddress
    /// The interface name after `%`, only on IPv6 link-local addresses.
    package var zone: String?

    /// An address, with a zone if it is link-local.
    package init(_ address: IPAddress, zone: String? = nil) {
        self.address = address
        self.zone = zone
    }
}

/// A prefix: an address and a length, with all bits behind the length zero.
package struct IPPrefix: Sendable, Hashable, Comparable {
    /// The network address.
    package let address: IPAddress
    /// The number of leading bits that count: 0...32 or 0...128.
    package let length: Int

    /// The host route of one address: /32 or /128.
    package init(host address: IPAddress) {
        self.address = address
        length = address.bitWidth
    }

    /// A prefix; bits behind `length` are cleared. Nil when `length` does not fit the family.
    package init?(_ address: IPAddress, length: Int) {
        guard (0...address.bitWidth).contains(length) else { return nil }
        self.address = address.masked(to: length)
        self.length = length
    }

    package static func < (left: IPPrefix, right: IPPrefix) -> Bool {
        (left.address, left.length) < (right.address, right.length)
    }
}

extension IPAddress {
    /// The address with all bits behind the first `length` cleared.
    func masked(to length: Int) -> IPAddress {
        switch self {
        case .v4(let address):
            return .v4(IPv4Address(length == 0 ? 0 : address.value & ~UInt32(0) << (32 - length)))
        case .v6(let address):
            let high = length >= 64 ? address.high : (length == 0 ? 0 : address.high & ~UInt64(0) << (64 - length))
            let low = length <= 64 ? 0 : address.low & ~UInt64(0) << (128 - length)
            return .v6(IPv6Address(high: high, low: low))
        }
    }
}
