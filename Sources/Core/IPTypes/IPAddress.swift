/// An IPv4 or IPv6 address.
package enum IPAddress: Sendable, Hashable, Comparable {
    /// An IPv4 address.
    case v4(IPv4Address)
    /// An IPv6 address.
    case v6(IPv6Address)

    /// The address in network byte order; nil unless there are 4 or 16 bytes.
    package init?(bytes: ArraySlice<UInt8>) {
        if let address = IPv4Address(bytes: bytes) {
            self = .v4(address)
        } else if let address = IPv6Address(bytes: bytes) {
            self = .v6(address)
        } else {
            return nil
        }
    }

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
        case (.v4(let left), .v4(let right)): left < right
        case (.v4, .v6): true
        case (.v6, .v4): false
        case (.v6(let left), .v6(let right)): left < right
        }
    }
}

extension IPAddress: CustomStringConvertible {
    /// Parses either family; nil for anything but one whole address without zone, prefix length or blanks.
    package init?(_ text: some StringProtocol) {
        if let address = IPv4Address(text) {
            self = .v4(address)
        } else if let address = IPv6Address(text) {
            self = .v6(address)
        } else {
            return nil
        }
    }

    /// The text form of its family.
    package var description: String {
        switch self {
        case .v4(let address): address.description
        case .v6(let address): address.description
        }
    }
}

extension IPAddress {
    /// True for 127.0.0.0/8 and ::1.
    package var isLoopback: Bool {
        switch self {
        case .v4(let address): address.isLoopback
        case .v6(let address): address.isLoopback
        }
    }

    /// True for 224.0.0.0/4 and ff00::/8.
    package var isMulticast: Bool {
        switch self {
        case .v4(let address): address.isMulticast
        case .v6(let address): address.isMulticast
        }
    }

    /// True for 0.0.0.0 and ::.
    package var isUnspecified: Bool {
        switch self {
        case .v4(let address): address.isUnspecified
        case .v6(let address): address.isUnspecified
        }
    }

    /// True for 169.254.0.0/16 and fe80::/10.
    package var isLinkLocal: Bool {
        switch self {
        case .v4(let address): address.isLinkLocal
        case .v6(let address): address.isLinkLocal
        }
    }

    /// The address with all bits behind the first `length` cleared; `length` is 0...bitWidth.
    func masked(to length: Int) -> IPAddress {
        switch self {
        case .v4(let address): .v4(IPv4Address(address.value & ~(UInt32.max >> length)))
        case .v6(let address):
            .v6(
                IPv6Address(
                    high: address.high & ~(UInt64.max >> length),
                    low: address.low & ~(UInt64.max >> max(0, length - 64))))
        }
    }
}
