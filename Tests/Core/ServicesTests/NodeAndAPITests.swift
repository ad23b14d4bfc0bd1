import Health
import IPTypes
import Services
import Testing

@Suite("What the node is, and whether the API answers")
struct NodeAndAPITests {
    @Test("A node with the exclusion label takes no part, unless the settings say so")
    func excluded() {
        let node = Node(name: "n1", isExcluded: true)
        var script = Script.advertising(node: node)
        #expect(script.vips == [])
        #expect(script.services.why(web) == [.nodeExcluded])
        var configuration = ServicesConfiguration.plain()
        configuration.usesExcludedNodes = true
        _ = script.send(.configured(configuration))
        #expect(script.vips == ["192.0.2.7"])
    }

    @Test("NetworkUnavailable withdraws, and its end advertises again")
    func networkUnavailable() {
        var script = Script.advertising()
        #expect(
            script.put(.node(Node(name: "n1", isNetworkUnavailable: true)))
                == [.advertise([host("192.0.2.7"): nil])])
        #expect(script.services.why(web) == [.networkUnavailable])
        _ = script.put(.node(Node(name: "n1")), after: .milliseconds(20))
        #expect(script.vips == ["192.0.2.7"])
        _ = script.send(.deleted(.node("n1")))
        #expect(script.services.why(web) == [.nodeGone])
    }

    @Test("Other nodes do not matter")
    func otherNodes() {
        var script = Script.advertising()
        #expect(script.put(.node(Node(name: "n2", isExcluded: true))) == [])
        #expect(script.send(.deleted(.node("n2"))) == [])
    }

    @Test("Nothing is withdrawn because the API is away, for as long as it may be, and its return changes nothing")
    func away() {
        var script = Script.advertising()
        for kind in ClusterObject.Kind.allCases {
            #expect(script.send(.lost(kind, reason: "connection refused")) == [])
        }
        #expect(script.wait(.seconds(86_400)) == [])
        #expect(script.vips == ["192.0.2.7"])
        let status = script.services.status(at: script.now)
        #expect(status.feeds.map(\.failure) == Array(repeating: "connection refused", count: 4))
        #expect(status.feeds.map(\.heardSecondsAgo) == Array(repeating: 86_400, count: 4))
        let steps =
            script.list(.node, [.node(Node(name: "n1"))]) + script.list(.claims, [.claim(.of("192.0.2.7"))])
            + script.list(.slices, [.slice(.of(("n1", "ready")))])
            + script.list(.services, [.service(.ours(ingress: ["192.0.2.7"]))])
        #expect(steps == [])
    }

    @Test("410: what was deleted meanwhile is missing in the new list, and goes when that is complete")
    func listedAgain() {
        var script = Script.advertising()
        #expect(script.send(.lost(.services, reason: "410 Expired")) == [])
        #expect(script.send(.listBegan(.services)) == [])
        let api = ObjectName("default", "api")
        #expect(script.put(.service(.ours(api, uid: "u2"))) == [.follow(api)])
        #expect(script.vips == ["192.0.2.7"])
        #expect(
            script.send(.listEnded(.services)) == [.advertise([host("192.0.2.7"): nil]), .unfollow(web)])
    }

    @Test("A list that breaks off deletes nothing")
    func brokenList() {
        var script = Script.advertising()
        _ = script.send(.listBegan(.services))
        _ = script.send(.lost(.services, reason: "cut"))
        #expect(script.send(.listEnded(.services)) == [])
        #expect(script.vips == ["192.0.2.7"])
    }

    @Test("A pod that ends while the API is away is withdrawn, if its probe notices", arguments: [true, false])
    func localFault(hasKubeProxy: Bool) {
        var configuration = ServicesConfiguration.plain()
        configuration.probesEndpoints = true
        configuration.kubeProxy = hasKubeProxy ? ServicesConfiguration.usualKubeProxy : nil
        var script = Script.advertising(
            .ours(traffic: .local, port: 30_001, ingress: ["192.0.2.7"]), configuration: configuration)
        _ = script.send(.check("services: health check node port 30001", .outcome(.passed)))
        _ = script.send(.check("services: endpoint 10.1.0.1 port 8080", .outcome(.passed)))
        #expect(script.vips == ["192.0.2.7"])
        for kind in ClusterObject.Kind.allCases { _ = script.send(.lost(kind, reason: "connection refused")) }
        #expect(
            script.send(.check("services: endpoint 10.1.0.1 port 8080", .connectionLost), after: .milliseconds(100))
                == [.probe("services: endpoint 10.1.0.1 port 8080")])
        let refused = "connection refused"
        #expect(
            script.send(
                .check(
                    "services: endpoint 10.1.0.1 port 8080", .outcome(.failed(reason: refused, definitive: true))))
                == [.advertise([host("192.0.2.7"): nil])])
        #expect(script.services.why(web) == [.endpointDown(refused)])
    }
}
