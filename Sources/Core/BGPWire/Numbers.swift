package import IPTypes

/// An autonomous system number (RFC 6793: four octets).
package struct ASNumber: Sendable, Hashable, Comparable {
    /// The number.
    package var value: UInt32

    /// The AS with this number.
    package init(_ value: UInt32) {
        self.value = value
    }

    /// AS_TRANS, which stands for a four-octet AS where only two octets fit (RFC 6793 section 9).
    package static let trans = ASNumber(23456)

    package static func < (left: ASNumber, right: ASNumber) -> Bool {
        left.value < right.value
    }
}

/// Which AS a peer may have.
package enum PeerAS: Sendable, Hashable {
    /// Exactly this one.
    case exactly(ASNumber)
    /// Any that differs from ours.
    case external
    /// The same as ours.
    case `internal`
}

/// A BGP identifier: a non-zero 32-bit number, written like an IPv4 address (RFC 6286).
package struct BGPIdentifier: Sendable, Hashable, Comparable {
    /// The identifier as a number in host order, which is how RFC 6286 section 2.3 compares it.
    package var value: UInt32

    /// The identifier with this number.
    package init(_ value: UInt32) {
        self.value = value
    }

    package static func < (left: BGPIdentifier, right: BGPIdentifier) -> Bool {
        left.value < right.value
    }
}

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

    package static func < (left: AddressFamily, right: AddressFamily) -> Bool {
        (left.afi, left.safi) < (right.afi, right.safi)
    }
}
