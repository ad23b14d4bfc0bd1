package import IPTypes

/// Why an address of a Service is advertised by this node, or the first thing that keeps it from being.
package enum ServiceReason: Sendable, Hashable {
    case advertised
    /// Still advertised, with GRACEFUL_SHUTDOWN: the last endpoints of this node are ending.
    case settling

    // What the Service is.
    case unknown
    case notLoadBalancer
    case otherClass(String)
    case withoutClass
    /// An annotation, and what cannot be read in it.
    case unreadable(String, String)

    // What is known.
    case waitingForList(ClusterObject.Kind, failure: String?)

    // What the node is.
    case nodeGone
    case nodeExcluded
    case networkUnavailable

    // Which address it has.
    case noPool(Service.Family)
    case unknownPool(String)
    case poolExhausted(Service.Family)
    case outsidePools(IPAddress)
    case reserved(IPAddress)
    case taken(IPAddress, by: Claim.Holder)
    /// Another Service with the address has a port of the same number and transport.
    case portConflict(IPAddress, with: ObjectName)
    /// One of both is of the policy Local, and they have different pods.
    case endpointConflict(IPAddress, with: ObjectName)
    /// It asks for an address of a family that it does not have.
    case otherFamily(IPAddress)
    case missingFamily(Service.Family)
    case waitingForClaim(IPAddress, failure: String?)
    case waitingForStatus(failure: String?)

    // Whether this node carries it.
    case noEndpoints
    case noLocalEndpoint
    case onlyTerminating
    case waitingForKubeProxy
    case kubeProxy(String)
    case waitingForEndpoint
    case endpointDown(String)
}

extension ServiceReason {
    /// The reason as a stable word.
    package var code: String {
        switch self {
        case .advertised: "advertised"
        case .settling: "settling"
        case .unknown: "unknown"
        case .notLoadBalancer: "not-load-balancer"
        case .otherClass: "other-class"
        case .withoutClass: "without-class"
        case .unreadable: "unreadable"
        case .waitingForList: "waiting-for-list"
        case .nodeGone: "node-gone"
        case .nodeExcluded: "node-excluded"
        case .networkUnavailable: "network-unavailable"
        case .noPool: "no-pool"
        case .unknownPool: "unknown-pool"
        case .poolExhausted: "pool-exhausted"
        case .outsidePools: "outside-pools"
        case .reserved: "reserved"
        case .taken: "taken"
        case .portConflict: "port-conflict"
        case .endpointConflict: "endpoint-conflict"
        case .otherFamily: "other-family"
        case .missingFamily: "missing-family"
        case .waitingForClaim: "waiting-for-claim"
        case .waitingForStatus: "waiting-for-status"
        case .noEndpoints: "no-endpoints"
        case .noLocalEndpoint: "no-local-endpoint"
        case .onlyTerminating: "only-terminating"
        case .waitingForKubeProxy: "waiting-for-kube-proxy"
        case .kubeProxy: "kube-proxy"
        case .waitingForEndpoint: "waiting-for-endpoint"
        case .endpointDown: "endpoint-down"
        }
    }

    /// True if it concerns the Service on all nodes and needs its owner: it is posted as an Event.
    var isConflict: Bool {
        switch self {
        case .unreadable, .noPool, .unknownPool, .poolExhausted, .outsidePools, .reserved, .taken, .portConflict,
            .endpointConflict, .otherFamily, .missingFamily:
            true
        default: false
        }
    }
}

extension ServiceReason: CustomStringConvertible {
    /// One sentence on one line, without a full stop. What others wrote into the cluster may contain anything.
    package var description: String {
        String(String.UnicodeScalarView(words.unicodeScalars.map { $0.isPrintable ? $0 : "?" }))
    }

    private var words: String {
        switch self {
        case .advertised: "this node carries it"
        case .settling: "advertised with GRACEFUL_SHUTDOWN: the endpoints of this node are terminating"
        case .unknown: "no Service of type LoadBalancer has this name"
        case .notLoadBalancer: "its type is not LoadBalancer"
        case .otherClass(let name): "its loadBalancerClass is \(name), which another controller serves"
        case .withoutClass: "it has no loadBalancerClass; set it, or set unclassed under services"
        case .unreadable(let name, let text): "\(name) contains \"\(text)\", which cannot be read"
        case .waitingForList(let kind, let failure):
            "the list of \(kind.words) is not complete" + (failure.map { ": \($0)" } ?? "")
        case .nodeGone: "the Kubernetes API has no Node of this name"
        case .nodeExcluded:
            "this node has the label \(Node.exclusionLabel); remove it, or set excludedNodes under services"
        case .networkUnavailable: "this node has the condition NetworkUnavailable"
        case .noPool(let family): "no pool gives out \(family.rawValue) addresses, and the Service asks for none"
        case .unknownPool(let name): "it asks for the pool \(name), which is not in the settings"
        case .poolExhausted(let family): "every \(family.rawValue) address of the pools is taken"
        case .outsidePools(let address): "\(address) is in no pool of the settings"
        case .reserved(let address): "\(address) belongs to a node, to pods, to Services or to the settings"
        case .taken(let address, let holder): "\(address) is taken by \(holder.words)"
        case .portConflict(let address, let other): "\(other) shares \(address) and has one of its ports"
        case .endpointConflict(let address, let other):
            "\(other) shares \(address), and with externalTrafficPolicy Local both need the same selector"
        case .otherFamily(let address): "it asks for \(address), and its ipFamilies do not contain that family"
        case .missingFamily(let family):
            "ipFamilyPolicy is RequireDualStack, and there is no \(family.rawValue) address"
        case .waitingForClaim(let address, let failure):
            "waiting for the Lease \(Claim.leaseName(of: address))" + (failure.map { ": \($0)" } ?? "")
        case .waitingForStatus(let failure):
            "its status does not contain the address yet" + (failure.map { ": \($0)" } ?? "")
        case .noEndpoints: "it has no ready endpoint"
        case .noLocalEndpoint: "this node has no ready endpoint of it"
        case .onlyTerminating: "the endpoints of this node are terminating, and other nodes have ready ones"
        case .waitingForKubeProxy: "waiting for the first answer of kube-proxy"
        case .kubeProxy(let reason): "kube-proxy does not carry it: \(reason)"
        case .waitingForEndpoint: "waiting for the first answer of an endpoint of this node"
        case .endpointDown(let reason): "no endpoint of this node answers: \(reason)"
        }
    }
}

extension ClusterObject.Kind {
    /// The kind as the Kubernetes API calls it.
    package var words: String {
        switch self {
        case .services: "Services"
        case .slices: "EndpointSlices"
        case .node: "Nodes"
        case .claims: "Leases"
        }
    }
}

extension Claim.Holder {
    fileprivate var words: String {
        switch self {
        case .service(let name, _): "\(name)"
        case .sharing(let key): "the Services with the sharing key \(key)"
        case .stranger(let text): text
        }
    }
}
