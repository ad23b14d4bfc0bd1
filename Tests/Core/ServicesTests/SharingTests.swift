import IPTypes
import Services
import Testing

@Suite("Services that share an address")
struct SharingTests {
    private static let api = ObjectName("default", "api")
    private static let claim = Claim(address: address("192.0.2.7"), holder: .sharing(key: "front"), uid: "l1")

    private static func sharing(
        _ name: ObjectName, uid: String, ports: [Service.Port], key: String = "front",
        traffic: Service.TrafficPolicy = .cluster, selector: [String: String] = [:], createdAt: Int64 = 0,
        ingress: [String] = ["192.0.2.7"]
    ) -> Service {
        var service = Service.ours(
            name, uid: uid, annotations: ["metallb.io/allow-shared-ip": key, "bgpvip/addresses": "192.0.2.7"],
            traffic: traffic, ingress: ingress)
        service.ports = ports
        service.selector = selector
        service.createdAt = createdAt
        return service
    }

    private static func both(_ one: Service, _ other: Service) -> Script {
        Script.listed(
            .service(one), .service(other), .claim(claim), .slice(.of(web, "s1", ("n1", "ready"))),
            .slice(.of(api, "s1", ("n1", "ready")))
        ).script
    }

    @Test("Disjoint ports and one key: the address is advertised while any of them needs it")
    func disjoint() {
        var script = Self.both(
            Self.sharing(web, uid: "u1", ports: [Service.Port(80)]),
            Self.sharing(Self.api, uid: "u2", ports: [Service.Port(80, "UDP"), Service.Port(443)]))
        #expect(script.services.vips[host("192.0.2.7")]?.services == [Self.api, web])
        _ = script.put(.slice(.of(web, "s1", ("n1", "down"))))
        #expect(script.vips == ["192.0.2.7"])
        _ = script.send(.deleted(.service(web)))
        #expect(script.vips == ["192.0.2.7"])
        // The claim is the group's: it stays as long as one of them is there.
        #expect(script.wait(.seconds(600)) == [])
        _ = script.send(.deleted(.service(Self.api)))
        #expect(script.vips == [])
        #expect(script.wait(.seconds(65)) == [.release(Self.claim)])
    }

    @Test("The same port: the older one has the address, and the other is told")
    func portConflict() {
        let script = Self.both(
            Self.sharing(web, uid: "u1", ports: [Service.Port(80)], createdAt: 5),
            Self.sharing(Self.api, uid: "u2", ports: [Service.Port(80)], createdAt: 9, ingress: []))
        #expect(script.services.why(web) == [.advertised])
        #expect(script.services.why(Self.api) == [.portConflict(address("192.0.2.7"), with: web)])
    }

    @Test("Local needs the same selector", arguments: [true, false])
    func localPolicy(isSame: Bool) {
        let script = Self.both(
            Self.sharing(web, uid: "u1", ports: [Service.Port(80)], traffic: .local, selector: ["app": "a"]),
            Self.sharing(
                Self.api, uid: "u2", ports: [Service.Port(81)], selector: ["app": isSame ? "a" : "b"], createdAt: 1))
        #expect(
            script.services.why(Self.api)
                == [isSame ? .advertised : .endpointConflict(address("192.0.2.7"), with: web)])
    }

    @Test("Without the same key nothing is shared")
    func otherKey() {
        let script = Self.both(
            Self.sharing(web, uid: "u1", ports: [Service.Port(80)]),
            Self.sharing(Self.api, uid: "u2", ports: [Service.Port(81)], key: "back", ingress: []))
        #expect(script.services.why(Self.api) == [.taken(address("192.0.2.7"), by: .sharing(key: "front"))])
    }

    @Test("A group has one claim, and all of it choose the same address")
    func oneClaim() {
        var one = Self.sharing(web, uid: "u1", ports: [Service.Port(80)], ingress: [])
        var other = Self.sharing(Self.api, uid: "u2", ports: [Service.Port(81)], ingress: [])
        one.annotations["bgpvip/addresses"] = nil
        other.annotations["bgpvip/addresses"] = nil
        var (script, _) = Script.listed(.service(one), .service(other))
        let claims = script.wait(.seconds(1))
        guard case .claim(let chosen, .sharing(key: "front"))? = claims.first else { return #expect(claims == []) }
        #expect(claims.count == 1)
        let steps =
            script.send(
                .claimCreated(Claim(address: chosen, holder: .sharing(key: "front"), uid: "l1")))
            + script.wait(.seconds(5))
        let written = steps.compactMap { step -> ObjectName? in
            guard case .writeStatus(let status) = step, status.ingress == [Service.Ingress(chosen)] else { return nil }
            return status.service
        }
        #expect(Set(written) == [web, Self.api])
    }
}
