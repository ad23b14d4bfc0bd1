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

    /// True if this is one address: /32 or /128.
    package var isHost: Bool { length == address.bitWidth }

    /// True if `address` is of this family and inside this prefix.
    package func contains(_ address: IPAddress) -> Bool {
        address.isIPv4 == self.address.isIPv4 && address.masked(to: length) == self.address
    }

    /// True if every address of `other` is inside this prefix; a prefix contains itself.
    package func contains(_ other: IPPrefix) -> Bool {
        other.length >= length && contains(other.address)
    }

    package static func < (left: IPPrefix, right: IPPrefix) -> Bool {
        (left.address, left.length) < (right.address, right.length)
    }
}

extension IPPrefix: CustomStringConvertible {
    /// Parses `10.0.0.0/24`, or a bare address as its host route.
    ///
    /// An address with bits behind the length (`10.0.0.1/24`) is refused: who writes that means either the address or
    /// the network, and announcing the wrong one attracts the traffic of others.
    package init?(parsing text: some StringProtocol) {
        let parts = Substring(text).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parts[0]) else { return nil }
        guard parts.count == 2 else {
            self.init(host: address)
            return
        }
        guard let length = Int(decimalDigits: parts[1]) else { return nil }
        self.init(address, length: length)
        guard self.address == address else { return nil }
    }

    /// Address, slash, length; host routes too.
    package var description: String { "\(address)/\(length)" }
}
