import Deadlines
import Health
import IPTypes
import Services

/// An instant so long after the start of every transcript.
func at(_ offset: Duration) -> Instant { Instant(nanoseconds: 5_000_000_000) + offset }

/// An address of a test; ::ffff is a sign that its text is wrong.
func address(_ text: String) -> IPAddress { IPAddress(text) ?? .v6(IPv6Address(high: 0, low: 0xFFFF)) }

func host(_ text: String) -> IPPrefix { IPPrefix(host: address(text)) }

let web = ObjectName("default", "web")

extension ServicesConfiguration {
    /// One pool of each family, and nothing that is probed.
    static func plain(_ ranges: String...) -> ServicesConfiguration {
        let ranges = ranges.isEmpty ? ["192.0.2.0/28", "2001:db8::/124"] : ranges
        return ServicesConfiguration(
            pools: [AddressPool(name: "front", ranges: ranges.compactMap { AddressRange($0) })], kubeProxy: nil,
            probesEndpoints: false)
    }
}

extension Service {
    /// A Service of our class.
    static func ours(
        _ name: ObjectName = web, uid: String = "u1", version: String = "1", annotations: [String: String] = [:],
        families: [Family] = [.ipv4], policy: FamilyPolicy = .single, traffic: TrafficPolicy = .cluster,
        port: UInt16? = nil, ingress: [String] = []
    ) -> Service {
        Service(
            name: name, uid: uid, resourceVersion: version, annotations: annotations, loadBalancerClass: "bgpvip/vip",
            families: families, familyPolicy: policy, trafficPolicy: traffic, healthCheckNodePort: port,
            ports: [Port(80)], selector: ["app": name.name], ingress: ingress.map { Ingress(address($0)) })
    }
}

extension EndpointSlice {
    /// A slice of a Service: each endpoint as node and state, which is `ready`, `ending` or `down`.
    static func of(
        _ service: ObjectName, _ name: String, family: Service.Family = .ipv4,
        _ endpoints: (String, String)...
    ) -> EndpointSlice {
        of(service, name, family, endpoints)
    }

    /// A slice of the Service that most tests have.
    static func of(_ endpoints: (String, String)...) -> EndpointSlice { of(web, "s1", .ipv4, endpoints) }

    private static func of(
        _ service: ObjectName, _ name: String, _ family: Service.Family, _ endpoints: [(String, String)]
    ) -> EndpointSlice {
        EndpointSlice(
            name: ObjectName(service.namespace, "\(service.name)-\(name)"), service: service, family: family,
            endpoints: endpoints.enumerated().map { index, endpoint in
                Endpoint(
                    addresses: [address(family == .ipv4 ? "10.1.0.\(index + 1)" : "fd00::\(index + 1)")],
                    nodeName: endpoint.0, ready: endpoint.1 == "ready", serving: endpoint.1 != "down",
                    terminating: endpoint.1 == "ending")
            }, ports: [Service.Port(8080)])
    }
}

extension Claim {
    static func of(_ text: String, _ name: ObjectName = web, uid: String = "u1", lease: String = "l1") -> Claim {
        Claim(address: ServicesTests.address(text), holder: .service(name, uid: uid), uid: lease)
    }
}

/// One node whose streams and answers are given by hand.
struct Script {
    var services = Services(nodeName: "n1")
    var now = at(.zero)

    init(_ configuration: ServicesConfiguration = .plain()) {
        _ = services.handle(.configured(configuration), at: now)
    }

    /// A node that has listed all this, with what followed from it.
    static func listed(
        _ objects: ClusterObject..., configuration: ServicesConfiguration = .plain(), node: Node = Node(name: "n1")
    ) -> (script: Script, steps: [Services.Step]) {
        var script = Script(configuration)
        var steps = script.list(.node, [.node(node)])
        for kind in [ClusterObject.Kind.claims, .services, .slices] { steps += script.list(kind, objects) }
        return (script, steps)
    }

    /// A node with a Service that is advertised at 192.0.2.7.
    static func advertising(
        _ service: Service = .ours(ingress: ["192.0.2.7"]), _ slice: EndpointSlice = .of(("n1", "ready")),
        configuration: ServicesConfiguration = .plain(), node: Node = Node(name: "n1")
    ) -> Script {
        listed(
            .service(service), .claim(.of("192.0.2.7")), .slice(slice), configuration: configuration, node: node
        ).script
    }

    mutating func send(_ event: Services.Event, after pause: Duration = .zero) -> [Services.Step] {
        now = now + pause
        return services.handle(event, at: now)
    }

    mutating func put(_ object: ClusterObject, after pause: Duration = .zero) -> [Services.Step] {
        send(.changed(object), after: pause)
    }

    /// A list of the objects of one kind.
    mutating func list(_ kind: ClusterObject.Kind, _ objects: [ClusterObject]) -> [Services.Step] {
        send(.listBegan(kind)) + objects.filter { $0.id.kind == kind }.flatMap { send(.changed($0)) }
            + send(.listEnded(kind))
    }

    /// Time passes, with all deadlines on the way.
    mutating func wait(_ duration: Duration) -> [Services.Step] {
        let end = now + duration
        var steps: [Services.Step] = []
        while let next = services.nextDeadline, next <= end {
            now = max(now, next)
            steps += services.handle(.deadlineReached, at: now)
        }
        now = end
        return steps
    }

    /// The addresses that are advertised, with a mark on those that are settling.
    var vips: [String] {
        services.vips.sorted { $0.key < $1.key }.map { "\($0.key.address)\($0.value.isSettling ? " settling" : "")" }
    }
}
