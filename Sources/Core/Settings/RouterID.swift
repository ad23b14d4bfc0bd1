package import BGPWire
package import IPTypes

/// Our BGP identifier, and where it comes from.
package struct RouterID: Sendable, Hashable {
    package var identifier: BGPIdentifier
    /// The address it is derived from, on a node that has no IPv4 address; nil if it is configured, or an address itself.
    package var derivedFrom: IPv6Address?

    package init(_ identifier: BGPIdentifier, derivedFrom address: IPv6Address? = nil) {
        self.identifier = identifier
        derivedFrom = address
    }

    /// An identifier for a node that has IPv6 only: the same at every start, and as different on different nodes as a hash
    /// of 32 bits can make it. RFC 6286 asks for no more than that it is not 0; older routers want an address that a host
    /// can have, so the first octet is one of 1...223 and not 127.
    package init(derivedFrom address: IPv6Address) {
        // FNV-1a, and the finalizer of MurmurHash3, so that each bit of the address counts in each bit of the result.
        var hash = IPAddress.v6(address).bytes.reduce(0xCBF2_9CE4_8422_2325) {
            ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3
        }
        hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
        hash ^= hash >> 33
        let first = UInt32(hash >> 32) % 222 + 1
        let octet = first < 127 ? first : first + 1
        self.init(BGPIdentifier(octet << 24 | UInt32(truncatingIfNeeded: hash) & 0xFF_FFFF), derivedFrom: address)
    }
}

extension RouterID: CustomStringConvertible {
    package var description: String {
        "\(identifier)" + (derivedFrom.map { " (derived from \($0), as the node has no IPv4 address)" } ?? "")
    }
}

/// The addresses of a node that its router ID can be taken from: of the interface that is set for it, or its own.
package struct RouterIDCandidates: Sendable, Hashable {
    package var ipv4: IPv4Address?
    /// A global one that stays.
    package var ipv6: IPv6Address?

    package init(ipv4: IPv4Address? = nil, ipv6: IPv6Address? = nil) {
        self.ipv4 = ipv4
        self.ipv6 = ipv6
    }
}

/// Why there is no router ID yet, and what to do.
package struct NoRouterID: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
}

extension Settings {
    /// The router ID of a node with these addresses: the configured one, else its IPv4 address, else one that is derived
    /// from its IPv6 address. Where an IPv4 peer is to be reached, the IPv4 address is still to come.
    package func routerID(from candidates: RouterIDCandidates) throws(NoRouterID) -> RouterID {
        if let routerID { return RouterID(routerID) }
        if let address = candidates.ipv4 { return RouterID(BGPIdentifier(address)) }
        let hasIPv4Peers = peers.contains { !$0.address.isGateway && $0.address.address.isIPv4 }
        if let address = candidates.ipv6, !hasIPv4Peers { return RouterID(derivedFrom: address) }
        let family = hasIPv4Peers ? "IPv4" : "IPv4 or global IPv6"
        throw NoRouterID(
            description: routerInterface.map {
                "\($0) has no \(family) address to take the router ID from; give --router-id"
            }
                ?? "no router ID is set and this node has no \(family) address to take it from; give --router-id")
    }
}
