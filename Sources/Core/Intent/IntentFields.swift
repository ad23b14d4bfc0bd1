/// What can differ in the settings of a peer.
package enum PeerField: String, Sendable, Hashable, CaseIterable {
    case peerAS = "AS"
    case localAS = "local AS"
    case routerID = "router ID"
    case port
    case distance
    case source = "source address"
    case sourceInterface = "source interface"
    case holdTime = "hold time"
    case capabilities
    /// There are VIPs of another family, and the OPEN offers no family without need.
    case families = "address families"
    case longLivedStaleTime = "LLGR"
    /// There is a password now, or none any more.
    case authentication = "authentication"
    /// Another password than before.
    case password
    case routes = "route attributes"
    case timers
    case passive
    case bfd = "BFD"
    case bfdTimers = "BFD timers"
    case bfdStrict = "BFD strict mode"

    /// What follows from a difference for the peer's session.
    package enum Consequence: Sendable, Hashable, Comparable {
        /// Nothing that the session notices.
        case none
        /// The kernel's key is replaced; the session stays.
        case newKey
        /// The routes are advertised again, without a withdrawal.
        case advertisedAgain
        /// The session ends with Cease/Other Configuration Change and starts again.
        case reset
    }

    /// What follows from a difference in this field for the peer's BGP session.
    package var consequence: Consequence {
        switch self {
        case .peerAS, .localAS, .routerID, .port, .distance, .source, .sourceInterface, .holdTime, .capabilities,
            .families, .longLivedStaleTime, .authentication:
            .reset
        case .routes: .advertisedAgain
        case .password: .newKey
        case .timers, .passive, .bfd, .bfdTimers, .bfdStrict: .none
        }
    }
}

/// What can differ in the settings of a VIP.
package enum VIPField: String, Sendable, Hashable, CaseIterable {
    case checks
    case binding = "bind"
    case scope
    case onUnhealthy = "on-unhealthy"
    case drains = "drain"
    case attributes = "route attributes"
    case peers
    /// What the source of the VIP says of it.
    case condition
}

/// What can differ in the settings of a check.
package enum CheckField: String, Sendable, Hashable, CaseIterable {
    case target = "what it asks"
    case interval
    case timeout
    case rise
    case fall
    case failFast = "fail-fast"
}
