package import BGPWire
package import IPTypes

/// What is different on the routes to one peer.
package struct RouteAdjustment: Sendable, Hashable {
    /// Stands in place of the route's own; nil leaves that.
    package var multiExitDiscriminator: UInt32?
    /// Stands in place of the route's own; nil leaves that.
    package var localPreference: UInt32?
    /// Stands in place of the route's own; nil leaves that.
    package var prepend: Int?
    /// Added to the route's own.
    package var communities: [Community]
    /// Added to the route's own.
    package var extendedCommunities: [ExtendedCommunity]
    /// Added to the route's own.
    package var largeCommunities: [LargeCommunity]
    /// Stands in place of our own IPv4 address on the session as the next hop of IPv4 prefixes; nil leaves that.
    package var nextHopIPv4: IPv4Address?
    /// Stands in place of our own IPv6 addresses on the session as the next hop; nil leaves these.
    package var nextHopIPv6: IPv6Address?

    /// Nothing different, unless said.
    package init(
        multiExitDiscriminator: UInt32? = nil, localPreference: UInt32? = nil, prepend: Int? = nil,
        communities: [Community] = [], extendedCommunities: [ExtendedCommunity] = [],
        largeCommunities: [LargeCommunity] = [], nextHopIPv4: IPv4Address? = nil, nextHopIPv6: IPv6Address? = nil
    ) {
        self.multiExitDiscriminator = multiExitDiscriminator
        self.localPreference = localPreference
        self.prepend = prepend
        self.communities = communities
        self.extendedCommunities = extendedCommunities
        self.largeCommunities = largeCommunities
        self.nextHopIPv4 = nextHopIPv4
        self.nextHopIPv6 = nextHopIPv6
    }
}

extension RouteAdjustment {
    /// The next hops that stand in place of our own addresses.
    package var nextHops: [IPAddress] {
        [nextHopIPv4.map(IPAddress.v4), nextHopIPv6.map(IPAddress.v6)].compactMap { $0 }
    }
}

extension RouteAttributes {
    /// The same route as one peer is to see it: single values are replaced, communities are added.
    package func adjusted(by adjustment: RouteAdjustment) -> RouteAttributes {
        RouteAttributes(
            multiExitDiscriminator: adjustment.multiExitDiscriminator ?? multiExitDiscriminator,
            localPreference: adjustment.localPreference ?? localPreference,
            prepend: adjustment.prepend ?? prepend,
            communities: communities.adding(adjustment.communities),
            extendedCommunities: extendedCommunities.adding(adjustment.extendedCommunities),
            largeCommunities: largeCommunities.adding(adjustment.largeCommunities))
    }
}

extension SessionPath {
    /// The same session with the next hops that the operator chose for it.
    package func adjusted(by adjustment: RouteAdjustment) -> SessionPath {
        var path = self
        if let nextHop = adjustment.nextHopIPv4 { path.nextHopIPv4 = nextHop }
        if let nextHop = adjustment.nextHopIPv6 { path.nextHopIPv6 = [nextHop] }
        return path
    }
}

extension Array where Element: Equatable {
    /// The elements, then those of `others` that are not among them.
    fileprivate func adding(_ others: [Element]) -> [Element] {
        self + others.filter { !contains($0) }
    }
}
