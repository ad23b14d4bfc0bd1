package import BGPWire

/// Path attributes an operator can set on a VIP.
package struct RouteAttributes: Sendable, Hashable {
    package var multiExitDiscriminator: UInt32?
    /// Sent to internal peers only; 100 if nil.
    package var localPreference: UInt32?
    /// How many more times our AS is in the path, towards external peers only.
    package var prepend: Int
    package var communities: [Community]
    package var extendedCommunities: [ExtendedCommunity]
    package var largeCommunities: [LargeCommunity]

    package init(
        multiExitDiscriminator: UInt32? = nil, localPreference: UInt32? = nil, prepend: Int = 0,
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
