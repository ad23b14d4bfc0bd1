/// Everything `bgpvip services` shows, at one instant: its JSON.
package struct ServicesStatus: Codable, Sendable, Hashable {
    /// False until the first lists are complete: nothing is decided before.
    package var isComplete: Bool
    /// What is known of the Kubernetes API.
    package var feeds: [FeedStatus]
    /// The Services of ours, by namespace and name.
    package var services: [ServiceStatus]
}

/// One kind of objects that is listed and watched.
package struct FeedStatus: Codable, Sendable, Hashable {
    /// `Services`, `EndpointSlices`, `Nodes` or `Leases`.
    package var kind: String
    /// False until the first list is complete.
    package var isComplete: Bool
    /// Seconds since the API last said something about it.
    package var heardSecondsAgo: Double?
    /// Why the watch or the list fails.
    package var failure: String?
}

/// One Service.
package struct ServiceStatus: Codable, Sendable, Hashable {
    /// Its namespace.
    package var namespace: String
    /// Its name.
    package var name: String
    /// `externalTrafficPolicy`: `Cluster` or `Local`.
    package var policy: String
    /// One for each of its families.
    package var addresses: [ServiceAddressStatus]
    /// Why it does not have the address it asks for, while it keeps another one.
    package var complaint: String?
    /// Endpoints that take new connections, on all nodes; of two families the one with more.
    package var readyEndpoints: Int
    /// Those on this node.
    package var localEndpoints: Int
    /// Endpoints that are about to end and still answer, on all nodes.
    package var terminatingEndpoints: Int
    /// The checks that have to pass before this node advertises it.
    package var checks: [String]
}

/// One family of a Service.
package struct ServiceAddressStatus: Codable, Sendable, Hashable {
    /// `IPv4` or `IPv6`.
    package var family: String
    /// The address that it has or gets.
    package var address: String?
    /// True if this node advertises it.
    package var isAdvertised: Bool
    /// Why it is advertised, or why it is not.
    package var reason: String
    /// `reason` as a stable code.
    package var reasonCode: String
}
