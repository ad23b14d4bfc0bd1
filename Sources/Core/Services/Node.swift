package import IPTypes

/// The node we run on, as the Kubernetes API has it.
package struct Node: Sendable, Hashable {
    package var name: String
    /// True if it has the label `node.kubernetes.io/exclude-from-external-load-balancers`, whatever its value.
    package var isExcluded: Bool
    /// True if the condition NetworkUnavailable is True.
    package var isNetworkUnavailable: Bool
    /// `status.addresses` of the type InternalIP.
    package var internalAddresses: [IPAddress]
    /// `status.addresses` of other types.
    package var otherAddresses: [IPAddress]
    package var podCIDRs: [IPPrefix]

    package init(
        name: String, isExcluded: Bool = false, isNetworkUnavailable: Bool = false,
        internalAddresses: [IPAddress] = [], otherAddresses: [IPAddress] = [], podCIDRs: [IPPrefix] = []
    ) {
        self.name = name
        self.isExcluded = isExcluded
        self.isNetworkUnavailable = isNetworkUnavailable
        self.internalAddresses = internalAddresses
        self.otherAddresses = otherAddresses
        self.podCIDRs = podCIDRs
    }

    /// The label whose presence keeps a node out of external load balancing (KEP-1143).
    package static let exclusionLabel = "node.kubernetes.io/exclude-from-external-load-balancers"
}
