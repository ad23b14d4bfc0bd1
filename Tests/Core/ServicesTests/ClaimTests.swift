import IPTypes
import Services
import Testing

@Suite("An address belongs to whoever has created its Lease")
struct ClaimTests {
    private static let holder = Claim.Holder.service(web, uid: "u1")

    /// A node whose pool has one address, and a Service that needs one.
    private static func needy(_ range: String = "192.0.2.7") -> Script {
        Script.listed(.service(.ours()), configuration: .plain(range)).script
    }

    @Test("Nothing is claimed before the lists are complete")
    func fullLists() {
        var script = Script()
        _ = script.list(.node, [.node(Node(name: "n1"))])
        _ = script.list(.services, [.service(.ours())])
        #expect(script.wait(.seconds(60)) == [])
        #expect(script.services.why(web) == [.waitingForList(.claims, failure: nil)])
        _ = script.list(.claims, [])
        let steps = script.wait(.seconds(1))
        #expect(steps.contains { if case .claim = $0 { true } else { false } })
    }

    @Test("Claim, status, advertisement: each follows from what the API server has said of the one before")
    func transcript() {
        var script = Self.needy()
        _ = script.put(.slice(.of(("n2", "ready"))))
        #expect(script.wait(.milliseconds(500)) == [.claim(address("192.0.2.7"), for: Self.holder)])
        #expect(script.services.why(web) == [.waitingForClaim(address("192.0.2.7"), failure: nil)])
        let ingress = Service.Ingresses(
            service: web, uid: "u1", resourceVersion: "1", ingress: [Service.Ingress(address("192.0.2.7"))])
        #expect(script.send(.claimCreated(.of("192.0.2.7"))) == [.writeStatus(ingress)])
        #expect(script.send(.statusWritten(web)) == [])
        #expect(script.services.why(web) == [.waitingForStatus(failure: nil)])
        #expect(
            script.put(.service(.ours(version: "2", ingress: ["192.0.2.7"])))
                == [.advertise([host("192.0.2.7"): ServiceVIP(services: [web])])])
        #expect(script.services.why(web) == [.advertised])
        #expect(script.wait(.seconds(600)) == [])
    }

    @Test("A 409 leads to the next address, unless the other node has claimed it for the same Service")
    func conflict() {
        var script = Self.needy("192.0.2.6/31")
        let first = script.wait(.milliseconds(500))
        guard case .claim(let taken, _)? = first.first else { return #expect(first == []) }
        let other: IPAddress = taken == address("192.0.2.6") ? address("192.0.2.7") : address("192.0.2.6")
        let claim = Claim(address: taken, holder: .service(ObjectName("default", "api"), uid: "u9"), uid: "l9")
        #expect(
            script.send(.claimRefused(taken, by: claim)) + script.wait(.milliseconds(500)) == [
                .claim(other, for: Self.holder)
            ])

        script = Self.needy("192.0.2.6/31")
        _ = script.wait(.milliseconds(500))
        let own = Claim(address: taken, holder: Self.holder, uid: "l9")
        #expect(script.send(.claimRefused(taken, by: own)) == [])
        // The other node writes the status; this one only if it is missing after a while.
        let steps = script.wait(.seconds(5))
        #expect(steps.count == 1)
        guard case .writeStatus(let status)? = steps.first else { return #expect(steps == []) }
        #expect(status.ingress == [Service.Ingress(taken)])
    }

    @Test("A claim that fails is tried again, ever more seldom, and the reason is said")
    func failure() {
        var script = Self.needy()
        _ = script.wait(.milliseconds(500))
        for pause in [1, 2, 4, 8, 16, 32, 32] {
            #expect(script.send(.claimFailed(address("192.0.2.7"), reason: "HTTP 403")) == [])
            #expect(script.services.why(web) == [.waitingForClaim(address("192.0.2.7"), failure: "HTTP 403")])
            #expect(script.wait(.seconds(pause) - .milliseconds(1)) == [])
            #expect(script.wait(.milliseconds(1)) == [.claim(address("192.0.2.7"), for: Self.holder)])
        }
    }

    @Test("A Service that is made again has its address back, and its old claim goes at once")
    func madeAgain() {
        var script = Script.advertising(configuration: .plain("192.0.2.7"))
        _ = script.send(.deleted(.service(web)))
        _ = script.put(.service(.ours(uid: "u2")), after: .seconds(1))
        var steps = script.wait(.seconds(1))
        #expect(steps == [.release(.of("192.0.2.7"))])
        steps = script.send(.deleted(.claim(address("192.0.2.7")))) + script.wait(.seconds(1))
        guard case .claim(_, let holder)? = steps.first else { return #expect(steps == []) }
        #expect(holder == .service(web, uid: "u2"))
    }

    @Test("A claim is released a minute after its Service is gone, with its UID as precondition, and not sooner")
    func release() {
        var script = Script.advertising()
        #expect(
            script.send(.deleted(.service(web)))
                == [.advertise([host("192.0.2.7"): nil]), .unfollow(web)])
        #expect(script.wait(.seconds(60)) == [])
        #expect(script.wait(.seconds(5)) == [.release(.of("192.0.2.7"))])
        _ = script.send(.deleted(.claim(address("192.0.2.7"))))
        #expect(script.services.nextDeadline == nil)
    }

    @Test("A Service that is not LoadBalancer any more gives its address back")
    func typeChanged() {
        var script = Script.advertising()
        var service = Service.ours()
        service.isLoadBalancer = false
        #expect(script.put(.service(service)) == [.advertise([host("192.0.2.7"): nil]), .unfollow(web)])
        #expect(script.wait(.seconds(65)) == [.release(.of("192.0.2.7"))])
    }

    @Test("While the API is away nothing is released")
    func releaseWaits() {
        var script = Script.advertising()
        _ = script.send(.deleted(.service(web)))
        _ = script.send(.lost(.claims, reason: "connection refused"))
        #expect(script.wait(.seconds(100)) == [])
        _ = script.send(.heard(.claims))
        #expect(script.wait(.seconds(60)) == [.release(.of("192.0.2.7"))])
    }

    @Test("An address is kept although the pool has changed, or its Lease was deleted: the Lease is made again")
    func kept() {
        var script = Script.advertising()
        #expect(script.send(.configured(.plain("198.51.100.0/24"))) == [])
        #expect(script.send(.deleted(.claim(address("192.0.2.7")))) == [])
        #expect(script.vips == ["192.0.2.7"])
        #expect(script.wait(.seconds(1)) == [.claim(address("192.0.2.7"), for: Self.holder)])
        #expect(script.send(.claimCreated(.of("192.0.2.7", lease: "l2"))) == [])
        #expect(script.vips == ["192.0.2.7"])
    }

    @Test("A Lease that is missing in a new list is gone: it is made again, and the address stays")
    func missingInAList() {
        var script = Script.advertising()
        #expect(script.list(.claims, []) == [])
        #expect(script.vips == ["192.0.2.7"])
        #expect(script.wait(.seconds(1)) == [.claim(address("192.0.2.7"), for: Self.holder)])
    }

    @Test("An address that another Service shows is not chosen, although no Lease claims it", arguments: [true, false])
    func shownByARival(isOurs: Bool) {
        let api = ObjectName("default", "api")
        var rival = Service.ours(api, uid: "u2", ingress: ["192.0.2.7"])
        if !isOurs { rival.loadBalancerClass = "other.example/lb" }
        var script = Script.listed(
            .service(.ours()), .service(rival), configuration: .plain("192.0.2.7")
        ).script
        #expect(script.services.why(web) == [.poolExhausted(.ipv4)])
        let claims = script.wait(.seconds(1)).filter { if case .claim = $0 { true } else { false } }
        #expect(claims == (isOurs ? [.claim(address("192.0.2.7"), for: .service(api, uid: "u2"))] : []))
    }

    @Test("Of two claims for one Service the one in the status counts, and the other is released")
    func twoClaims() {
        var script = Script.advertising()
        #expect(script.put(.claim(.of("192.0.2.1", lease: "l2"))) == [])
        #expect(script.vips == ["192.0.2.7"])
        #expect(script.wait(.seconds(65)) == [.release(.of("192.0.2.1", lease: "l2"))])
    }

    @Test("A Lease of somebody else is left alone, and its address too")
    func stranger() {
        let claim = Claim(address: address("192.0.2.7"), holder: .stranger("someone"), uid: "l9")
        var (script, _) = Script.listed(.service(.ours()), .claim(claim), configuration: .plain("192.0.2.7"))
        #expect(script.services.why(web) == [.poolExhausted(.ipv4)])
        let steps = script.wait(.seconds(600))
        #expect(steps.count == 1)
        guard case .post(let notice)? = steps.first else { return #expect(steps == []) }
        #expect(notice.reason == "PoolExhausted")
        #expect(notice.message == "every IPv4 address of the pools is taken")
    }
}
