/// Where VIPs come from.
package enum VIPSource: String, Sendable, Hashable, CaseIterable {
    /// The operator's settings.
    case configured
    /// Services of type LoadBalancer of the cluster that this node is in.
    case services
}

/// Who puts the address of a VIP on this node.
package enum VIPPlacement: Sendable, Hashable {
    /// This process, on its interface.
    case interface
    /// Others: the VIP is advertised only while the kernel delivers packets to the address to this node.
    case others
    /// No program: the node gives packets to the address another destination before it routes them, as kube-proxy and Cilium do
    /// for Services.
    case notNeeded
}
