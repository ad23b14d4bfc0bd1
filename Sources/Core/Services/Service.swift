package import IPTypes

/// A Service of the Kubernetes API, as far as it counts here.
package struct Service: Sendable, Hashable {
    package var name: ObjectName
    /// `metadata.uid`: tells a Service that was made again from the one before it.
    package var uid: String
    /// `metadata.resourceVersion`: what a status must be written against.
    package var resourceVersion: String
    /// Seconds since 1970: `metadata.creationTimestamp`.
    package var createdAt: Int64
    /// Those of `relevantAnnotations` that it has.
    package var annotations: [String: String]
    /// True if `spec.type` is LoadBalancer.
    package var isLoadBalancer: Bool
    package var loadBalancerClass: String?
    /// `spec.loadBalancerIP`, deprecated since Kubernetes 1.24.
    package var loadBalancerIP: String?
    /// Its families, the first one first.
    package var families: [Family]
    package var familyPolicy: FamilyPolicy
    package var clusterIPs: [IPAddress]
    package var trafficPolicy: TrafficPolicy
    /// Where kube-proxy says whether it carries the Service on this node, if the policy is Local.
    package var healthCheckNodePort: UInt16?
    package var ports: [Port]
    package var selector: [String: String]
    /// `status.loadBalancer.ingress`, those with an address.
    package var ingress: [Ingress]

    package init(
        name: ObjectName, uid: String, resourceVersion: String = "", createdAt: Int64 = 0,
        annotations: [String: String] = [:], isLoadBalancer: Bool = true, loadBalancerClass: String? = nil,
        loadBalancerIP: String? = nil, families: [Family] = [.ipv4], familyPolicy: FamilyPolicy = .single,
        clusterIPs: [IPAddress] = [], trafficPolicy: TrafficPolicy = .cluster, healthCheckNodePort: UInt16? = nil,
        ports: [Port] = [], selector: [String: String] = [:], ingress: [Ingress] = []
    ) {
        self.name = name
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.createdAt = createdAt
        self.annotations = annotations
        self.isLoadBalancer = isLoadBalancer
        self.loadBalancerClass = loadBalancerClass
        self.loadBalancerIP = loadBalancerIP
        self.families = families
        self.familyPolicy = familyPolicy
        self.clusterIPs = clusterIPs
        self.trafficPolicy = trafficPolicy
        self.healthCheckNodePort = healthCheckNodePort
        self.ports = ports
        self.selector = selector
        self.ingress = ingress
    }
}

extension Service {
    /// An address family: an entry of `spec.ipFamilies`, or the `addressType` of an EndpointSlice.
    package enum Family: String, Sendable, Hashable, Comparable {
        case ipv4 = "IPv4"
        case ipv6 = "IPv6"

        package init(of address: IPAddress) { self = address.isIPv4 ? .ipv4 : .ipv6 }

        package static func < (left: Family, right: Family) -> Bool { left.rawValue < right.rawValue }
    }

    /// `spec.ipFamilyPolicy`.
    package enum FamilyPolicy: String, Sendable, Hashable {
        case single = "SingleStack"
        case preferDual = "PreferDualStack"
        case requireDual = "RequireDualStack"
    }

    /// `spec.externalTrafficPolicy`.
    package enum TrafficPolicy: String, Sendable, Hashable {
        /// Every node forwards to every endpoint.
        case cluster = "Cluster"
        /// A node forwards to its own endpoints only.
        case local = "Local"
    }

    /// One of `spec.ports`, or of an EndpointSlice's ports.
    package struct Port: Sendable, Hashable {
        package var number: UInt16
        /// `TCP`, `UDP` or `SCTP`.
        package var transport: String

        package init(_ number: UInt16, _ transport: String = "TCP") {
            self.number = number
            self.transport = transport
        }
    }

    /// One of `status.loadBalancer.ingress`.
    package struct Ingress: Sendable, Hashable {
        package var address: IPAddress
        /// `ipMode` (KEP-1860): `VIP` lets kube-proxy take the packets to this address. Nil if it is absent, which means
        /// the same.
        package var mode: String?

        package init(_ address: IPAddress, mode: String? = "VIP") {
            self.address = address
            self.mode = mode
        }
    }
}
