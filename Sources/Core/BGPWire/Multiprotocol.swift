package import IPTypes

/// MP_REACH_NLRI of IPv4 or IPv6 unicast.
package struct MPReach: Sendable, Hashable {
    /// The family of the prefixes.
    package var family: AddressFamily
    /// One address, or a global and a link-local one (RFC 2545 section 3).
    package var nextHops: [IPAddress]
    /// The prefixes that are announced.
    package var nlri: [IPPrefix]

    /// An attribute with these fields.
    package init(family: AddressFamily, nextHops: [IPAddress], nlri: [IPPrefix]) {
        self.family = family
        self.nextHops = nextHops
        self.nlri = nlri
    }
}

/// MP_UNREACH_NLRI of IPv4 or IPv6 unicast; without prefixes it is an End-of-RIB marker.
package struct MPUnreach: Sendable, Hashable {
    /// The family of the prefixes.
    package var family: AddressFamily
    /// The prefixes that are withdrawn.
    package var withdrawn: [IPPrefix]

    /// An attribute with these fields.
    package init(family: AddressFamily, withdrawn: [IPPrefix]) {
        self.family = family
        self.withdrawn = withdrawn
    }
}
