import Health
import IPTypes
import Services
import Testing

@Suite("Only what this node can carry is advertised")
struct ProbeTests {
    private static let nodePort = "services: health check node port 30001"
    private static let endpoint = "services: endpoint 10.1.0.1 port 8080"
    private static let kubeProxy = "services: kube-proxy"

    private static func script(
        _ traffic: Service.TrafficPolicy, probesEndpoints: Bool = false, hasKubeProxy: Bool = true,
        slice: EndpointSlice = .of(("n1", "ready"))
    ) -> Script {
        var configuration = ServicesConfiguration.plain()
        configuration.kubeProxy = hasKubeProxy ? ServicesConfiguration.usualKubeProxy : nil
        configuration.probesEndpoints = probesEndpoints
        return .advertising(
            .ours(traffic: traffic, port: traffic == .local ? 30_001 : nil, ingress: ["192.0.2.7"]), slice,
            configuration: configuration,
            node: Node(name: "n1", internalAddresses: [address("10.0.0.1")]))
    }

    private static func failed(_ reason: String = "HTTP 503") -> HealthCheck.Event {
        .outcome(.failed(reason: reason, definitive: false))
    }

    @Test("Local: kube-proxy's healthCheckNodePort has to answer 200 first")
    func nodePort() {
        var script = Self.script(.local)
        #expect(script.services.why(web) == [.waitingForKubeProxy])
        _ = script.send(.check(Self.nodePort, Self.failed()))
        #expect(script.services.why(web) == [.kubeProxy("HTTP 503")])
        #expect(script.vips == [])
        #expect(script.wait(.milliseconds(250)).contains(.probe(Self.nodePort)))
        _ = script.send(.check(Self.nodePort, .outcome(.passed)))
        #expect(script.vips == ["192.0.2.7"])
    }

    @Test("It is asked at the node's own address, from the first ready endpoint on, and no longer than to the last")
    func nodePortSpan() {
        var script = Self.script(.local, slice: .of(("n2", "ready")))
        let steps = script.put(.slice(.of(("n1", "ready"))))
        guard case .open(let check)? = steps.first, case .http(let http) = check.kind else {
            return #expect(steps == [])
        }
        #expect(http.target == SocketTarget(address: address("10.0.0.1"), port: 30_001))
        #expect(http.path == "/healthz")
        #expect(steps.dropFirst() == [.probe(Self.nodePort)])
        #expect(script.put(.slice(.of(("n2", "ready")))) == [.close(Self.nodePort)])
        // What it said of the endpoint before does not count for the next one.
        _ = script.put(.slice(.of(("n1", "ready"))))
        #expect(script.services.why(web) == [.waitingForKubeProxy])
    }

    @Test("A healthy one is asked every ten seconds by the same prober, and two failures in a row withdraw")
    func nodePortFails() {
        var script = Self.script(.local)
        let steps = script.send(.check(Self.nodePort, .outcome(.passed)))
        #expect(steps == [.advertise([host("192.0.2.7"): ServiceVIP(services: [web])])])
        #expect(script.wait(.seconds(10)).contains(.probe(Self.nodePort)))
        _ = script.send(.check(Self.nodePort, Self.failed()))
        #expect(script.vips == ["192.0.2.7"])
        #expect(script.wait(.seconds(10)).contains(.probe(Self.nodePort)))
        _ = script.send(.check(Self.nodePort, Self.failed()))
        #expect(script.vips == [])
    }

    @Test("Its connections are not kept: there may be very many, and all are of one process")
    func nodePortConnection() {
        var script = Self.script(.local, slice: .of(("n2", "ready")))
        guard case .open(let check)? = script.put(.slice(.of(("n1", "ready")))).first, case .http(let http) = check.kind
        else { return #expect(script.vips == ["none was opened"]) }
        #expect(!http.keepsConnection)
        #expect(ServicesConfiguration.usualKubeProxy.keepsConnection)
    }

    @Test("If only terminating endpoints are left anywhere, kube-proxy's 503 does not withdraw")
    func terminatingOnly() {
        var script = Self.script(.local)
        _ = script.send(.check(Self.nodePort, .outcome(.passed)))
        let steps = script.put(.slice(.of(("n1", "ending"))))
        #expect(steps == [.close(Self.nodePort)])
        #expect(script.vips == ["192.0.2.7"])
    }

    @Test("A new endpoint beside one that is ending does not withdraw, although kube-proxy has not heard of it yet")
    func replaced() {
        var script = Self.script(.local)
        _ = script.send(.check(Self.nodePort, .outcome(.passed)))
        _ = script.put(.slice(.of(("n1", "ending"))))
        _ = script.put(.slice(.of(("n1", "ending"), ("n1", "ready"))))
        #expect(script.vips == ["192.0.2.7"])
        _ = script.send(.check(Self.nodePort, Self.failed()))
        #expect(script.vips == ["192.0.2.7"])
        // The old one is gone, and kube-proxy still says no.
        _ = script.put(.slice(.of(("n2", "down"), ("n1", "ready"))))
        #expect(script.services.why(web) == [.kubeProxy("HTTP 503")])
    }

    @Test("Cluster: kube-proxy's own health, one check for all Services, that survives its restart")
    func clusterPolicy() {
        var script = Self.script(.cluster)
        #expect(script.services.why(web) == [.waitingForKubeProxy])
        _ = script.send(.check(Self.kubeProxy, .outcome(.passed)))
        #expect(script.vips == ["192.0.2.7"])
        for _ in 0..<9 {
            _ = script.wait(.seconds(1))
            _ = script.send(
                .check(Self.kubeProxy, .outcome(.failed(reason: "connection refused", definitive: true))))
        }
        #expect(script.vips == ["192.0.2.7"])
        _ = script.wait(.seconds(1))
        _ = script.send(.check(Self.kubeProxy, .outcome(.failed(reason: "connection refused", definitive: true))))
        #expect(script.services.why(web) == [.kubeProxy("connection refused")])
        #expect(script.vips == [])
    }

    @Test("A Service that comes while kube-proxy does not answer waits for its next answer")
    func inDoubt() {
        var script = Self.script(.cluster)
        _ = script.send(.check(Self.kubeProxy, .outcome(.passed)))
        _ = script.wait(.seconds(1))
        _ = script.send(.check(Self.kubeProxy, Self.failed("no answer within 3000 ms")))
        #expect(script.vips == ["192.0.2.7"])
        let other = ObjectName("default", "api")
        _ = script.put(.claim(.of("192.0.2.8", other, uid: "u2", lease: "l2")))
        _ = script.put(.service(.ours(other, uid: "u2", ingress: ["192.0.2.8"])))
        _ = script.put(.slice(.of(other, "s1", ("n1", "ready"))))
        #expect(script.services.why(other) == [.waitingForKubeProxy])
        _ = script.wait(.seconds(1))
        _ = script.send(.check(Self.kubeProxy, .outcome(.passed)))
        #expect(script.vips == ["192.0.2.7", "192.0.2.8"])
    }

    @Test("Without kube-proxy an endpoint of this node has to be reached")
    func noKubeProxy() {
        var script = Self.script(.local, probesEndpoints: true, hasKubeProxy: false)
        #expect(script.services.why(web) == [.waitingForEndpoint])
        _ = script.send(.check(Self.endpoint, Self.failed("no answer within 1000 ms")))
        #expect(script.services.why(web) == [.endpointDown("no answer within 1000 ms")])
        _ = script.wait(.seconds(5))
        _ = script.send(.check(Self.endpoint, .outcome(.passed)))
        #expect(script.vips == ["192.0.2.7"])
    }

    @Test("An endpoint that was never reached may be out of our reach: kube-proxy's word counts")
    func neverReached() {
        var script = Self.script(.local, probesEndpoints: true)
        _ = script.send(.check(Self.nodePort, .outcome(.passed)))
        _ = script.send(.check(Self.endpoint, Self.failed("no answer within 1000 ms")))
        #expect(script.vips == ["192.0.2.7"])
    }

    @Test("An endpoint that has crashed is asked often, on the connection as before; one that was never reached is not")
    func crashed() {
        var script = Self.script(.local, probesEndpoints: true)
        _ = script.send(.check(Self.nodePort, .outcome(.passed)))
        _ = script.send(.check(Self.endpoint, Self.failed("no answer within 1000 ms")))
        #expect(!script.wait(.milliseconds(200)).contains(.probe(Self.endpoint)))
        script = Self.script(.local, probesEndpoints: true)
        for check in [Self.nodePort, Self.endpoint] { _ = script.send(.check(check, .outcome(.passed))) }
        _ = script.wait(.milliseconds(100))
        _ = script.send(.check(Self.endpoint, .connectionLost))
        let refused = HealthCheck.Event.outcome(.failed(reason: "connection refused", definitive: true))
        let steps = script.send(.check(Self.endpoint, refused))
        #expect(script.vips == [])
        #expect(!steps.contains { if case .change = $0 { true } else { false } })
        #expect(script.wait(.milliseconds(200)).contains(.probe(Self.endpoint)))
        _ = script.send(.check(Self.endpoint, refused))
        #expect(script.wait(.milliseconds(200)).contains(.probe(Self.endpoint)))
        _ = script.send(.check(Self.endpoint, .outcome(.passed)))
        #expect(script.vips == ["192.0.2.7"])
        #expect(!script.wait(.milliseconds(200)).contains(.probe(Self.endpoint)))
    }

    @Test("An endpoint that begins to end keeps its connection: it may accept no other")
    func connectionStays() {
        var script = Self.script(.local, probesEndpoints: true)
        for check in [Self.nodePort, Self.endpoint] { _ = script.send(.check(check, .outcome(.passed))) }
        let steps = script.put(.slice(.of(("n1", "ending"))))
        #expect(!steps.contains { if case .change = $0 { true } else { false } })
        #expect(script.wait(.milliseconds(200)).contains(.probe(Self.endpoint)))
        _ = script.send(.check(Self.endpoint, .outcome(.passed)))
        #expect(script.wait(.milliseconds(200)).contains(.probe(Self.endpoint)))
    }

    @Test("One of two local endpoints is enough")
    func oneOfTwo() {
        var script = Self.script(.local, probesEndpoints: true, slice: .of(("n1", "ready"), ("n1", "ready")))
        let other = "services: endpoint 10.1.0.2 port 8080"
        for check in [Self.nodePort, Self.endpoint, other] { _ = script.send(.check(check, .outcome(.passed))) }
        #expect(script.vips == ["192.0.2.7"])
        for (check, vips) in [(Self.endpoint, ["192.0.2.7"]), (other, [])] {
            _ = script.send(.check(check, .connectionLost), after: .milliseconds(100))
            _ = script.send(.check(check, .outcome(.failed(reason: "connection refused", definitive: true))))
            #expect(script.vips == vips)
        }
    }

    @Test("While the route is marked, terminating endpoints are asked often, and the last one that ends withdraws it")
    func settlingCrash() {
        var script = Self.script(.local, probesEndpoints: true, slice: .of(("n1", "ready"), ("n2", "ready")))
        for check in [Self.nodePort, Self.endpoint] { _ = script.send(.check(check, .outcome(.passed))) }
        _ = script.wait(.milliseconds(10))
        let steps = script.put(.slice(.of(("n1", "ending"), ("n2", "ready"))))
        #expect(script.vips == ["192.0.2.7 settling"])
        #expect(steps.contains(.close(Self.nodePort)))
        #expect(script.wait(.milliseconds(200)).contains(.probe(Self.endpoint)))
        _ = script.send(.check(Self.endpoint, .outcome(.failed(reason: "connection refused", definitive: true))))
        #expect(script.vips == [])
    }
}
