import IPTypes
import Services
import Testing

@Suite("Where the endpoints are decides which nodes advertise")
struct EndpointTests {
    private static func local() -> Service { .ours(traffic: .local, ingress: ["192.0.2.7"]) }

    @Test(
        "externalTrafficPolicy Local: nodes with a ready endpoint",
        arguments: [
            (["n1 ready", "n2 ready"], true), (["n2 ready"], false), ([], false), (["n1 down", "n2 ready"], false),
            // KEP-1669: terminating ones count only if they are the only ones anywhere.
            (["n1 ending", "n2 ready"], false), (["n1 ending", "n2 ending"], true), (["n2 ending"], false),
            (["n1 ending", "n2 down"], true), (["n1 ending", "n1 ready", "n2 ready"], true),
        ])
    func localPolicy(endpoints: [String], isAdvertised: Bool) {
        let script = Script.advertising(Self.local(), Self.slice(endpoints))
        #expect(script.vips == (isAdvertised ? ["192.0.2.7"] : []))
    }

    @Test(
        "externalTrafficPolicy Cluster: every node, as long as there is an endpoint anywhere",
        arguments: [
            (["n2 ready"], true), (["n2 ending"], true), (["n1 down", "n2 down"], false), ([], false),
        ])
    func clusterPolicy(endpoints: [String], isAdvertised: Bool) {
        let script = Script.advertising(.ours(ingress: ["192.0.2.7"]), Self.slice(endpoints))
        #expect(script.vips == (isAdvertised ? ["192.0.2.7"] : []))
    }

    @Test("The policy Cluster can be confined to nodes with an endpoint")
    func confinedCluster() {
        var configuration = ServicesConfiguration.plain()
        configuration.clusterPolicyNeedsEndpoint = true
        var script = Script.advertising(
            .ours(ingress: ["192.0.2.7"]), .of(("n2", "ready")), configuration: configuration)
        #expect(script.vips == [])
        _ = script.put(.slice(.of(("n1", "ready"), ("n2", "ready"))))
        #expect(script.vips == ["192.0.2.7"])
    }

    @Test("Several EndpointSlices are one set, whatever their order")
    func severalSlices() {
        var script = Script.advertising(Self.local(), .of(web, "s1", ("n1", "ready")))
        #expect(script.put(.slice(.of(web, "s2", ("n2", "ready")))) == [])
        #expect(script.vips == ["192.0.2.7"])
        #expect(script.send(.deleted(.slice(ObjectName("default", "web-s2")))) == [])
        let steps = script.send(.deleted(.slice(ObjectName("default", "web-s1"))))
        #expect(steps == [.advertise([host("192.0.2.7"): nil])])
    }

    @Test("Before the last ready endpoint of this node goes, the route is marked, and then withdrawn")
    func settles() {
        var script = Script.advertising(Self.local(), .of(("n1", "ready"), ("n2", "ready")))
        let steps = script.put(.slice(.of(("n1", "ending"), ("n2", "ready"))))
        #expect(steps == [.advertise([host("192.0.2.7"): ServiceVIP(services: [web], isSettling: true)])])
        #expect(script.wait(.milliseconds(999)) == [])
        #expect(script.wait(.milliseconds(1)) == [.advertise([host("192.0.2.7"): nil])])
    }

    @Test("A pod that is gone before that ends it at once; one that is ready again calls it off")
    func settlingEnds() {
        var script = Script.advertising(Self.local(), .of(("n1", "ready"), ("n2", "ready")))
        _ = script.put(.slice(.of(("n1", "ending"), ("n2", "ready"))))
        #expect(script.put(.slice(.of(("n2", "ready")))) == [.advertise([host("192.0.2.7"): nil])])

        script = .advertising(Self.local(), .of(("n1", "ready"), ("n2", "ready")))
        _ = script.put(.slice(.of(("n1", "ending"), ("n2", "ready"))))
        _ = script.put(.slice(.of(("n1", "ready"), ("n2", "ready"))))
        #expect(script.vips == ["192.0.2.7"])
        #expect(script.wait(.seconds(5)) == [])
    }

    @Test("Each family has its own endpoints")
    func families() {
        let service = Service.ours(
            families: [.ipv4, .ipv6], policy: .preferDual, traffic: .local, ingress: ["192.0.2.7", "2001:db8::7"])
        var (script, _) = Script.listed(
            .service(service), .claim(.of("192.0.2.7")), .claim(.of("2001:db8::7", lease: "l2")))
        _ = script.put(.slice(.of(web, "v6", family: .ipv6, ("n1", "ready"))))
        #expect(script.vips == ["2001:db8::7"])
        _ = script.put(.slice(.of(web, "v4", ("n1", "ready"))), after: .milliseconds(20))
        #expect(script.vips == ["192.0.2.7", "2001:db8::7"])
    }

    private static func slice(_ endpoints: [String]) -> EndpointSlice {
        var slice = EndpointSlice.of()
        for text in endpoints {
            let words = text.split(separator: " ").map(String.init)
            slice.endpoints += EndpointSlice.of((words[0], words[1])).endpoints
        }
        return slice
    }
}
