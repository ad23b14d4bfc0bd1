package import IPTypes

/// UPDATE (RFC 4271 section 4.3).
package struct Update: Sendable, Hashable {
    /// Withdrawn IPv4 routes.
    package var withdrawn: [IPPrefix]
    /// Path attributes in the order they stand on the wire.
    package var attributes: [PathAttribute]
    /// Announced IPv4 routes.
    package var nlri: [IPPrefix]

    /// An UPDATE with these parts; with none it is the End-of-RIB of IPv4 unicast (RFC 4724 section 2).
    package init(withdrawn: [IPPrefix] = [], attributes: [PathAttribute] = [], nlri: [IPPrefix] = []) {
        self.withdrawn = withdrawn
        self.attributes = attributes
        self.nlri = nlri
    }
}

extension Update {
    /// Prefixes withdrawn in either encoding.
    package var allWithdrawn: [IPPrefix] {
        withdrawn
            + attributes.flatMap { attribute -> [IPPrefix] in
                if case .mpUnreach(let unreach) = attribute.value { unreach.withdrawn } else { [] }
            }
    }

    /// Prefixes announced in either encoding.
    package var allAnnounced: [IPPrefix] {
        nlri
            + attributes.flatMap { attribute -> [IPPrefix] in
                if case .mpReach(let reach) = attribute.value { reach.nlri } else { [] }
            }
    }
}
