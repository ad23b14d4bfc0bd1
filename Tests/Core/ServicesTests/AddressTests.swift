import Advertising
import BGPWire
import IPTypes
import Services
import Testing

@Suite("Which Services are served, and at which addresses")
struct AddressTests {
    private static func why(
        _ service: Service, _ objects: ClusterObject..., configuration: ServicesConfiguration = .plain(),
        node: Node = Node(name: "n1")
    ) -> [ServiceReason] {
        var script = Script(configuration)
        _ = script.list(.node, [.node(node)]) + script.list(.claims, objects)
        _ = script.list(.services, [.service(service)] + objects)
        return script.services.why(service.name)
    }

    @Test("The class decides whose a Service is")
    func classes() {
        var service = Service.ours()
        service.loadBalancerClass = "other.example/lb"
        #expect(Self.why(service) == [.otherClass("other.example/lb")])
        service.loadBalancerClass = nil
        #expect(Self.why(service) == [.withoutClass])
        var configuration = ServicesConfiguration.plain("192.0.2.7")
        configuration.takesUnclassed = true
        let waiting = [ServiceReason.waitingForClaim(address("192.0.2.7"), failure: nil)]
        #expect(Self.why(service, configuration: configuration) == waiting)
        service.loadBalancerClass = "kube-vip.io/kube-vip-class"
        #expect(Self.why(service, configuration: .plain("192.0.2.7")) == waiting)
    }

    @Test("A Service of another class is not followed")
    func notFollowed() {
        var service = Service.ours()
        service.loadBalancerClass = "other.example/lb"
        #expect(Script.listed(.service(service)).steps == [])
        #expect(Script.listed(.service(.ours())).steps == [.follow(web)])
    }

    @Test(
        "The address that is asked for, by whatever name",
        arguments: [
            "bgpvip/addresses", "kube-vip.io/loadbalancerIPs", "metallb.io/loadBalancerIPs",
            "metallb.universe.tf/loadBalancerIPs", "lbipam.cilium.io/ips", "io.cilium/lb-ipam-ips",
        ])
    func asked(annotation: String) {
        let service = Service.ours(annotations: [annotation: "192.0.2.9"])
        #expect(Service.relevantAnnotations.contains(annotation))
        #expect(Self.why(service) == [.waitingForClaim(address("192.0.2.9"), failure: nil)])
    }

    @Test("loadBalancerIP counts if no annotation does")
    func loadBalancerIP() {
        var service = Service.ours()
        service.loadBalancerIP = "192.0.2.9"
        #expect(Self.why(service) == [.waitingForClaim(address("192.0.2.9"), failure: nil)])
        service.annotations = ["metallb.io/loadBalancerIPs": "192.0.2.10"]
        #expect(Self.why(service) == [.waitingForClaim(address("192.0.2.10"), failure: nil)])
    }

    @Test("What cannot be had is said")
    func refusals() {
        func asking(_ text: String) -> Service { .ours(annotations: ["bgpvip/addresses": text]) }
        #expect(Self.why(asking("198.51.100.1")) == [.outsidePools(address("198.51.100.1"))])
        var open = ServicesConfiguration.plain()
        open.grantsAnyAddress = true
        #expect(
            Self.why(asking("198.51.100.1"), configuration: open)
                == [.waitingForClaim(address("198.51.100.1"), failure: nil)])
        #expect(Self.why(asking("127.0.0.1"), configuration: open) == [.reserved(address("127.0.0.1"))])
        #expect(Self.why(asking("192.0.2.300")) == [.unreadable("bgpvip/addresses", "192.0.2.300")])
        #expect(Self.why(asking("0.0.0.0")) == [.unreadable("bgpvip/addresses", "0.0.0.0")])
        #expect(Self.why(asking("2001:db8::1")) == [.otherFamily(address("2001:db8::1"))])
        let other = Claim.of("192.0.2.9", ObjectName("default", "api"), uid: "u9")
        #expect(Self.why(asking("192.0.2.9"), .claim(other)) == [.taken(address("192.0.2.9"), by: other.holder)])
        #expect(Self.why(.ours(annotations: ["bgpvip/pool": "back"])) == [.unknownPool("back")])
        #expect(Self.why(.ours(), configuration: .plain("2001:db8::/64")) == [.noPool(.ipv4)])
    }

    @Test("No address of the node, of pods, of Services or of the settings is given")
    func reserved() {
        var configuration = ServicesConfiguration.plain("192.0.2.8/30")
        configuration.reserved = [host("192.0.2.8")]
        let node = Node(
            name: "n1", internalAddresses: [address("192.0.2.9")], podCIDRs: [host("192.0.2.10")])
        #expect(
            Self.why(.ours(), configuration: configuration, node: node)
                == [.waitingForClaim(address("192.0.2.11"), failure: nil)])
        let asking = Service.ours(annotations: ["bgpvip/addresses": "192.0.2.9"])
        #expect(Self.why(asking, configuration: configuration, node: node) == [.reserved(address("192.0.2.9"))])
    }

    @Test("A pool that is not automatic gives only what is asked of it")
    func manualPool() {
        var configuration = ServicesConfiguration.plain("192.0.2.9")
        configuration.pools[0].isAutomatic = false
        #expect(Self.why(.ours(), configuration: configuration) == [.noPool(.ipv4)])
        let waiting = [ServiceReason.waitingForClaim(address("192.0.2.9"), failure: nil)]
        #expect(Self.why(.ours(annotations: ["bgpvip/pool": "front"]), configuration: configuration) == waiting)
        let asking = Service.ours(annotations: ["bgpvip/addresses": "192.0.2.9"])
        #expect(Self.why(asking, configuration: configuration) == waiting)
    }

    @Test("RequireDualStack: both or none")
    func requireDual() {
        let service = Service.ours(families: [.ipv4, .ipv6], policy: .requireDual, ingress: ["192.0.2.7"])
        let reasons = Self.why(service, .claim(.of("192.0.2.7")), configuration: .plain("192.0.2.0/28"))
        #expect(reasons == [.missingFamily(.ipv6), .noPool(.ipv6)])
        let script = Script.advertising(service, configuration: .plain("192.0.2.0/28"))
        #expect(script.vips == [])
    }

    @Test("PreferDualStack: what there is")
    func preferDual() {
        let service = Service.ours(families: [.ipv4, .ipv6], policy: .preferDual, ingress: ["192.0.2.7"])
        let script = Script.advertising(service, configuration: .plain("192.0.2.0/28"))
        #expect(script.vips == ["192.0.2.7"])
        #expect(script.services.why(web) == [.advertised, .noPool(.ipv6)])
    }

    @Test("Both addresses come into the status in the order of ipFamilies, at once")
    func order() {
        let service = Service.ours(families: [.ipv6, .ipv4], policy: .requireDual)
        var (script, _) = Script.listed(.service(service), configuration: .plain("192.0.2.7", "2001:db8::7"))
        #expect(
            Set(script.wait(.milliseconds(500)))
                == [
                    .claim(address("192.0.2.7"), for: .service(web, uid: "u1")),
                    .claim(address("2001:db8::7"), for: .service(web, uid: "u1")),
                ])
        #expect(script.send(.claimCreated(.of("192.0.2.7"))) == [])
        let ingress = ["2001:db8::7", "192.0.2.7"].map { Service.Ingress(address($0)) }
        #expect(
            script.send(.claimCreated(.of("2001:db8::7", lease: "l2")))
                == [
                    .writeStatus(
                        Service.Ingresses(service: web, uid: "u1", resourceVersion: "1", ingress: ingress))
                ])
    }

    @Test("An asked address that cannot be had leaves the Service the one it has")
    func complaint() {
        var script = Script.advertising()
        let other = Claim.of("192.0.2.9", ObjectName("default", "api"), uid: "u9", lease: "l9")
        _ = script.put(.claim(other))
        let asking = Service.ours(version: "2", annotations: ["bgpvip/addresses": "192.0.2.9"], ingress: ["192.0.2.7"])
        #expect(script.put(.service(asking)) == [])
        #expect(script.vips == ["192.0.2.7"])
        let status = script.services.status(at: script.now).services
        #expect(status.map(\.complaint) == ["192.0.2.9 is taken by default/api"])
    }

    @Test("A status that another controller wrote is not overwritten")
    func foreignStatus() {
        var (script, _) = Script.listed(.service(.ours(ingress: ["198.51.100.1"])))
        #expect(script.services.why(web) == [.outsidePools(address("198.51.100.1"))])
        let steps = script.wait(.seconds(600))
        #expect(!steps.contains { if case .writeStatus = $0 { true } else { false } })
    }

    @Test("Annotations set communities, MED and peers")
    func attributes() {
        let service = Service.ours(
            annotations: [
                "bgpvip/communities": "65000:100, no-export 65000:1:2", "bgpvip/med": "50",
                "bgpvip/peers": "10.0.0.1,fe80::1%eth0",
            ], ingress: ["192.0.2.7"])
        let vip = Script.advertising(service).services.vips[host("192.0.2.7")]
        #expect(vip?.attributes.communities.map { "\($0)" } == ["65000:100", "no-export"])
        #expect(vip?.attributes.largeCommunities.map { "\($0)" } == ["65000:1:2"])
        #expect(vip?.attributes.multiExitDiscriminator == 50)
        #expect(vip?.peers?.map { "\($0)" }.sorted() == ["10.0.0.1", "fe80::1%eth0"])
    }

    @Test("One that cannot be read keeps only its own Service from being served, and only while it stands there")
    func unreadable() {
        let bad = Service.ours(annotations: ["bgpvip/med": "low"], ingress: ["192.0.2.7"])
        var script = Script.advertising(bad)
        #expect(script.services.why(web) == [.unreadable("bgpvip/med", "low")])
        #expect(script.vips == [])
        // Its address stays its own.
        #expect(!script.wait(.seconds(600)).contains { if case .release = $0 { true } else { false } })
        _ = script.put(.service(.ours(version: "2", annotations: ["bgpvip/med": "5"], ingress: ["192.0.2.7"])))
        #expect(script.vips == ["192.0.2.7"])
    }
}
