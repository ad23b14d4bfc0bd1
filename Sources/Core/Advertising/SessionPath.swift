package import BGPWire
package import IPTypes

/// What path attributes depend on besides the VIP itself: the session they are sent on.
package struct SessionPath: Sendable, Hashable {
    /// Our AS on this session.
    package var localAS: ASNumber
    /// True towards a peer in our own AS: empty AS_PATH, LOCAL_PREF present (RFC 4271 section 5.1).
    package var isInternal: Bool
    /// False towards a peer that knows only two-octet AS numbers (RFC 6793).
    package var usesFourOctetAS: Bool
    /// Families both sides offered.
    package var families: Set<AddressFamily>
    /// True if IPv4 prefixes may have an IPv6 next hop (RFC 8950).
    package var usesExtendedNextHop: Bool
    /// Our IPv4 address on this link, the next hop of IPv4 prefixes.
    package var nextHopIPv4: IPv4Address?
    /// Our IPv6 addresses on this link: the global one, then the link-local one if it is needed (RFC 2545 section 3).
    package var nextHopIPv6: [IPv6Address]

    /// A session with these properties.
    package init(
        localAS: ASNumber, isInternal: Bool, usesFourOctetAS: Bool, families: Set<AddressFamily>,
        usesExtendedNextHop: Bool, nextHopIPv4: IPv4Address?, nextHopIPv6: [IPv6Address]
    ) {
        self.localAS = localAS
        self.isInternal = isInternal
        self.usesFourOctetAS = usesFourOctetAS
        self.families = families
        self.usesExtendedNextHop = usesExtendedNextHop
        self.nextHopIPv4 = nextHopIPv4
        self.nextHopIPv6 = nextHopIPv6
    }

    /// How prefixes of a family can be sent on this session.
    enum Carriage: Hashable {
        /// In the NLRI field with a NEXT_HOP attribute (RFC 4271).
        case classic(IPv4Address)
        /// In MP_REACH_NLRI with these next hops (RFC 4760, RFC 8950).
        case multiprotocol([IPAddress])
    }

    /// How `family` is carried; nil if this session cannot carry it.
    func carriage(of family: AddressFamily) -> Carriage? {
        guard families.contains(family) else { return nil }
        let viaIPv6 = nextHopIPv6.isEmpty ? nil : Carriage.multiprotocol(nextHopIPv6.map { .v6($0) })
        switch family {
        case .ipv4Unicast:
            if let nextHopIPv4 { return .classic(nextHopIPv4) }
            return usesExtendedNextHop ? viaIPv6 : nil
        case .ipv6Unicast:
            return viaIPv6
        default:
            return nil
        }
    }

    /// Why `family` cannot be advertised on this session, in words; nil if it can.
    package func obstacle(to family: AddressFamily) -> String? {
        if carriage(of: family) != nil { return nil }
        guard families.contains(family) else {
            return "the peer did not offer \(family) on this session"
        }
        return "no next hop for \(family): the session has no address of that family, and extended next hop "
            + "(RFC 8950) was not agreed on"
    }

    /// Path attributes of a route in ascending order of type (RFC 4271 section 5), without MP_REACH_NLRI, and with AS
    /// numbers of four octets; packing lowers them for peers that know only two.
    func pathAttributes(_ route: RouteAttributes, nextHop: IPv4Address?) -> [PathAttribute] {
        let transitive: UInt8 = 0x40
        let optional: UInt8 = 0x80
        var attributes = [
            // All nodes must look equal or ECMP breaks: routers merge only paths of one origin.
            PathAttribute(flags: transitive, value: .origin(.igp)),
            PathAttribute(flags: transitive, value: .asPath(asPath(of: route))),
        ]
        if let nextHop {
            attributes.append(PathAttribute(flags: transitive, value: .nextHop(nextHop)))
        }
        if let discriminator = route.multiExitDiscriminator {
            attributes.append(PathAttribute(flags: optional, value: .multiExitDiscriminator(discriminator)))
        }
        if isInternal {
            let preference = route.localPreference ?? 100
            attributes.append(PathAttribute(flags: transitive, value: .localPreference(preference)))
        }
        if !route.communities.isEmpty {
            let communities = Set(route.communities).sorted()
            attributes.append(PathAttribute(flags: optional | transitive, value: .communities(communities)))
        }
        if !route.extendedCommunities.isEmpty {
            let communities = Set(route.extendedCommunities).sorted()
            attributes.append(PathAttribute(flags: optional | transitive, value: .extendedCommunities(communities)))
        }
        if !route.largeCommunities.isEmpty {
            // RFC 8092 section 5: duplicates MUST NOT be sent.
            let communities = Set(route.largeCommunities).sorted()
            attributes.append(PathAttribute(flags: optional | transitive, value: .largeCommunities(communities)))
        }
        return attributes
    }

    /// Our AS, repeated for each prepend. RFC 4271 section 5.1.2 b: empty towards an internal peer, which would take a
    /// path with its own AS for a loop.
    private func asPath(of route: RouteAttributes) -> [ASPathSegment] {
        guard !isInternal else { return [] }
        return [ASPathSegment(.sequence, Array(repeating: localAS, count: min(1 + route.prepend, 255)))]
    }
}
