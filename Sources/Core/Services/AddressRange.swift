package import IPTypes

/// Addresses of one family from a first to a last one, both included.
package struct AddressRange: Sendable, Hashable {
    package let first: IPAddress
    package let last: IPAddress

    /// Nil unless both are of one family and `first` does not come after `last`.
    package init?(from first: IPAddress, through last: IPAddress) {
        guard first.isIPv4 == last.isIPv4, first <= last else { return nil }
        self.first = first
        self.last = last
    }

    /// All addresses of a prefix.
    package init(_ prefix: IPPrefix) {
        first = prefix.address
        let host = prefix.address.bitWidth - prefix.length
        last =
            switch prefix.address {
            case .v4(let address):
                .v4(IPv4Address(address.value | UInt32(truncatingIfNeeded: UInt64(1) << UInt64(host) &- 1)))
            case .v6(let address):
                .v6(
                    IPv6Address(
                        high: address.high | (host <= 64 ? 0 : UInt64.max >> (128 - host)),
                        low: address.low | (host == 0 ? 0 : UInt64.max >> max(0, 64 - host))))
            }
    }

    /// The fewest prefixes that have these addresses and no others, in order.
    package var prefixes: [IPPrefix] {
        let width = first.bitWidth
        var prefixes: [IPPrefix] = []
        var next = first.number
        let end = last.number
        while true {
            // As long as its first address allows, and its last one.
            var free = min(next == 0 ? width : next.trailingZeroBitCount, width)
            while free > 0, free >= 128 || end - next < (UInt128(1) << UInt128(free)) - 1 { free -= 1 }
            guard let prefix = IPPrefix(IPAddress(next, like: first), length: width - free) else { return prefixes }
            prefixes.append(prefix)
            let (following, isOver) = next.addingReportingOverflow(UInt128(1) << UInt128(free))
            guard !isOver, following <= end else { return prefixes }
            next = following
        }
    }

    package func contains(_ address: IPAddress) -> Bool {
        address.isIPv4 == first.isIPv4 && first <= address && address <= last
    }
}

extension IPAddress {
    fileprivate var number: UInt128 {
        switch self {
        case .v4(let address): UInt128(address.value)
        case .v6(let address): UInt128(address.high) << 64 | UInt128(address.low)
        }
    }

    fileprivate init(_ number: UInt128, like other: IPAddress) {
        self =
            other.isIPv4
            ? .v4(IPv4Address(UInt32(truncatingIfNeeded: number)))
            : .v6(IPv6Address(high: UInt64(truncatingIfNeeded: number >> 64), low: UInt64(truncatingIfNeeded: number)))
    }
}

extension AddressRange: CustomStringConvertible {
    /// Parses a prefix, an address, or `FIRST-LAST`.
    package init?(_ text: some StringProtocol) {
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        if ends.count == 2 {
            guard let first = IPAddress(ends[0]), let last = IPAddress(ends[1]) else { return nil }
            self.init(from: first, through: last)
        } else {
            guard let prefix = IPPrefix(parsing: text) else { return nil }
            self.init(prefix)
        }
    }

    /// `FIRST-LAST`, or the address if it is one.
    package var description: String { first == last ? "\(first)" : "\(first)-\(last)" }
}
