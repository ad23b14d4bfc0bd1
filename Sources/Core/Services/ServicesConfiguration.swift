package import Advertising
package import Health
package import IPTypes

/// What the operator wants of Services of type LoadBalancer.
package struct ServicesConfiguration: Sendable, Hashable {
    /// The values of `loadBalancerClass` that are ours.
    package var classes: Set<String>
    /// True if Services without a class are ours too.
    package var takesUnclassed: Bool
    /// Where addresses may come from.
    package var pools: [AddressPool]
    /// True if a Service that asks for an address may have it although no pool contains it.
    package var grantsAnyAddress = false
    /// What is never given to a Service: the CIDRs of Services and pods, the VIPs of the settings.
    package var reserved: [IPPrefix]
    /// True if a node with the label `node.kubernetes.io/exclude-from-external-load-balancers` takes part all the same.
    package var usesExcludedNodes: Bool
    /// True if only nodes with an endpoint of its own advertise a Service of the policy Cluster.
    package var clusterPolicyNeedsEndpoint: Bool
    /// Where kube-proxy says that it is well; nil if the cluster has none, so that nothing can be asked of it.
    package var kubeProxy: HTTPCheck?
    /// False asks no endpoint of this node.
    package var probesEndpoints: Bool
    /// From the mark with GRACEFUL_SHUTDOWN to the withdrawal, when the last ready endpoint of this node ends.
    package var settle: Duration
    /// Where the routes of all Services begin.
    package var attributes: RouteAttributes

    package init(
        classes: Set<String> = ServicesConfiguration.usualClasses, takesUnclassed: Bool = false,
        pools: [AddressPool] = [], reserved: [IPPrefix] = [], usesExcludedNodes: Bool = false,
        clusterPolicyNeedsEndpoint: Bool = false,
        kubeProxy: HTTPCheck? = ServicesConfiguration.usualKubeProxy, probesEndpoints: Bool = true,
        settle: Duration = .seconds(1), attributes: RouteAttributes = RouteAttributes()
    ) {
        self.classes = classes
        self.takesUnclassed = takesUnclassed
        self.pools = pools
        self.reserved = reserved
        self.usesExcludedNodes = usesExcludedNodes
        self.clusterPolicyNeedsEndpoint = clusterPolicyNeedsEndpoint
        self.kubeProxy = kubeProxy
        self.probesEndpoints = probesEndpoints
        self.settle = settle
        self.attributes = attributes
    }

    /// Our own class, and kube-vip's.
    package static let usualClasses: Set<String> = ["bgpvip/vip", "kube-vip.io/kube-vip-class"]

    /// kube-proxy's `/healthz` where it is by default.
    package static let usualKubeProxy = HTTPCheck(
        target: SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 10256), path: "/healthz",
        host: "127.0.0.1")
}

/// Addresses that Services may have.
package struct AddressPool: Sendable, Hashable {
    package var name: String
    package var ranges: [AddressRange]
    /// False gives an address of it only to a Service that asks for it.
    package var isAutomatic: Bool

    package init(name: String, ranges: [AddressRange], isAutomatic: Bool = true) {
        self.name = name
        self.ranges = ranges
        self.isAutomatic = isAutomatic
    }

    package func contains(_ address: IPAddress) -> Bool { ranges.contains { $0.contains(address) } }
}
