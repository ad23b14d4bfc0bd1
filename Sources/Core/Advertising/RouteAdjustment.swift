package import BGPWire

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

    /// Nothing different, unless said.
    package init(
        multiExitDiscriminator: UInt32? = nil, localPreference: UInt32? = nil, prepend: Int? = nil,
        communities: [Community] = [], extendedCommunities: [ExtendedCommunity] = [],
        largeCommunities: [LargeCommunity] = []
    ) {
        self.multiExitDiscriminator = multiExitDiscriminator
        self.localPreference = localPreference
        self.prepend = prepend
        self.communities = communities
        self.extendedCommunities = extendedCommunities
        self.largeCommunities = largeCommunities
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

extension Array where Element: Equatable {
    /// The elements, then those of `others` that are not among them.
    fileprivate func adding(_ others: [Element]) -> [Element] {
        self + others.filter { !contains($0) }
    }
}
