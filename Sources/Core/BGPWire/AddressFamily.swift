package import IPTypes

/// An address family and subsequent family as they stand on the wire (RFC 4760 section 3).
package struct AddressFamily: Sendable, Hashable, Comparable {
    /// Address family identifier: 1 is IPv4, 2 is IPv6.
    package var afi: UInt16
    /// Subsequent address family identifier: 1 is unicast.
    package var safi: UInt8

    /// A family by its two numbers; any pair can be received.
    package init(afi: UInt16, safi: UInt8) {
        self.afi = afi
        self.safi = safi
    }

    /// IPv4 unicast.
    package static let ipv4Unicast = AddressFamily(afi: 1, safi: 1)
    /// IPv6 unicast.
    package static let ipv6Unicast = AddressFamily(afi: 2, safi: 1)

    /// The unicast family that carries `prefix`.
    package init(of prefix: IPPrefix) {
        self = prefix.address.isIPv4 ? .ipv4Unicast : .ipv6Unicast
    }

    /// Bits of a prefix of this family, 32 or 128; nil unless it is IPv4 or IPv6 unicast, the two that are read here.
    var prefixBits: Int? {
        switch self {
        case .ipv4Unicast: 32
        case .ipv6Unicast: 128
        default: nil
        }
    }

    package static func < (left: AddressFamily, right: AddressFamily) -> Bool {
        (left.afi, left.safi) < (right.afi, right.safi)
    }
}

extension AddressFamily: CustomStringConvertible {
    private static let names: [(afi: UInt16, safi: UInt8, name: String)] = [
        (1, 1, "ipv4-unicast"), (1, 2, "ipv4-multicast"), (1, 4, "ipv4-labeled-unicast"), (1, 128, "ipv4-vpn"),
        (1, 132, "ipv4-route-target"), (1, 133, "ipv4-flowspec"), (2, 1, "ipv6-unicast"), (2, 2, "ipv6-multicast"),
        (2, 4, "ipv6-labeled-unicast"), (2, 128, "ipv6-vpn"), (2, 133, "ipv6-flowspec"), (25, 65, "l2vpn-vpls"),
        (25, 70, "l2vpn-evpn"), (16388, 71, "link-state"),
    ]

    /// Parses what `description` prints: a name, or both numbers with a slash.
    package init?(_ text: some StringProtocol) {
        if let known = Self.names.first(where: { $0.name == text }) {
            self.init(afi: known.afi, safi: known.safi)
            return
        }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let afi = UInt16(decimalDigits: parts[0]), let safi = UInt8(decimalDigits: parts[1])
        else { return nil }
        self.init(afi: afi, safi: safi)
    }

    /// The usual name (`ipv4-unicast`), or AFI and SAFI as numbers (`25/77`).
    package var description: String {
        Self.names.first { $0.afi == afi && $0.safi == safi }?.name ?? "\(afi)/\(safi)"
    }
}
