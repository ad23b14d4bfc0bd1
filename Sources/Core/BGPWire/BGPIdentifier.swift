package import IPTypes

/// A BGP identifier: a non-zero 32-bit number, written like an IPv4 address (RFC 6286).
package struct BGPIdentifier: Sendable, Hashable, Comparable {
    /// The identifier as a number in host order, which is how RFC 6286 section 2.3 compares it.
    package var value: UInt32

    /// The identifier with this number.
    package init(_ value: UInt32) {
        self.value = value
    }

    /// The identifier that is written like this address.
    package init(_ address: IPv4Address) {
        value = address.value
    }

    package static func < (left: BGPIdentifier, right: BGPIdentifier) -> Bool {
        left.value < right.value
    }
}

extension BGPIdentifier: CustomStringConvertible {
    /// Parses the dotted form. 0.0.0.0 parses: it can be received, and the OPEN check refuses it.
    package init?(_ text: some StringProtocol) {
        guard let address = IPv4Address(text) else { return nil }
        value = address.value
    }

    /// The dotted form.
    package var description: String { IPv4Address(value).description }
}
