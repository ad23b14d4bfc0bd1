import Deadlines
import Health
import IPTypes
import Services
import Testing

@Suite("Many Services cost no more probes than a few")
struct PaceTests {
    private static let passed = HealthCheck.Event.outcome(.passed)
    private static let failed = HealthCheck.Event.outcome(.failed(reason: "HTTP 503", definitive: false))

    private static func nodePort(_ number: Int) -> String { "services: health check node port \(30_000 + number)" }

    /// So many Services of the policy Local, each with its own node port and all with one endpoint.
    private static func listed(
        _ count: Int, probesEndpoints: Bool = false
    ) -> (script: Script, steps: [Services.Step]) {
        var configuration = ServicesConfiguration.plain("192.0.2.0/24", "198.51.100.0/24")
        configuration.kubeProxy = ServicesConfiguration.usualKubeProxy
        configuration.probesEndpoints = probesEndpoints
        var script = Script(configuration)
        var objects = [ClusterObject.node(Node(name: "n1", internalAddresses: [address("10.0.0.1")]))]
        for number in 0..<count {
            let name = ObjectName("default", "web-\(number)")
            let shown = number < 256 ? "192.0.2.\(number)" : "198.51.100.\(number - 256)"
            objects += [
                .service(
                    .ours(name, uid: "u\(number)", traffic: .local, port: UInt16(30_000 + number), ingress: [shown])),
                .claim(.of(shown, name, uid: "u\(number)", lease: "l\(number)")),
                .slice(.of(name, "s1", ("n1", "ready"))),
            ]
        }
        var steps: [Services.Step] = []
        for kind in [ClusterObject.Kind.node, .claims, .services, .slices] { steps += script.list(kind, objects) }
        return (script, steps)
    }

    private static func probes(_ steps: [Services.Step]) -> [String] {
        steps.compactMap { if case .probe(let name) = $0 { name } else { nil } }
    }

    /// Answers each probe at once until the time is over, and says which there were.
    private static func wait(_ duration: Duration, _ script: inout Script) -> [String] {
        let end = script.now + duration
        var probed: [String] = []
        while let next = script.services.nextDeadline, next <= end {
            var open = probes(script.send(.deadlineReached, after: max(.zero, next - script.now)))
            while let name = open.popLast() {
                probed.append(name)
                open += probes(script.send(.check(name, passed)))
            }
        }
        script.now = end
        return probed
    }

    /// All node ports have answered once.
    private static func serving(_ count: Int, probesEndpoints: Bool = false) -> Script {
        var (script, steps) = listed(count, probesEndpoints: probesEndpoints)
        var open = probes(steps)
        while let name = open.popLast() { open += probes(script.send(.check(name, passed))) }
        return script
    }

    @Test("At first 32 are asked at a time, and each answer lets the next one have its turn")
    func firstProbes() {
        var (script, steps) = Self.listed(100)
        var asked = Self.probes(steps)
        #expect(asked.count == 32)
        var answered = 0
        while answered < asked.count {
            let next = Self.probes(script.send(.check(asked[answered], Self.passed)))
            #expect(next.count == (answered < 68 ? 1 : 0))
            asked += next
            answered += 1
        }
        #expect(Set(asked) == Set((0..<100).map { Self.nodePort($0) }) && asked.count == 100)
        #expect(script.services.vips.count == 1)
        _ = script.wait(.milliseconds(20))
        #expect(script.services.vips.count == 100)
    }

    @Test("The first answer may come late: nothing is asked a second time for that")
    func lateFirstAnswers() {
        var (script, steps) = Self.listed(3)
        #expect(Self.probes(script.wait(.milliseconds(800))) == [])
        for name in Self.probes(steps) {
            #expect(Self.probes(script.send(.check(name, Self.passed), after: .milliseconds(10))) == [])
        }
    }

    @Test("The place of one that is closed before its answer goes to the next")
    func closedWhileAsked() {
        var (script, steps) = Self.listed(40)
        let asked = Self.probes(steps)
        let number = Int(asked[0].suffix(5)).map { $0 - 30_000 } ?? 0
        let gone = script.put(.slice(.of(ObjectName("default", "web-\(number)"), "s1", ("n2", "ready"))))
        #expect(gone.first == .close(asked[0]) && Self.probes(gone).count == 1)
    }

    @Test("The more VIPs there are, the longer new ones wait for others: 100 us for each")
    func gathering() {
        var (script, steps) = Self.listed(400)
        var asked = Self.probes(steps)
        while let name = asked.popLast() { asked += Self.probes(script.send(.check(name, Self.passed))) }
        _ = script.wait(.microseconds(39_999))
        #expect(script.services.vips.count == 1)
        _ = script.wait(.microseconds(1))
        #expect(script.services.vips.count == 400)
    }

    @Test("What is well is asked every ten seconds, and five in a second altogether")
    func audits() {
        var few = Self.serving(10)
        _ = Self.wait(.seconds(10), &few)
        #expect(Self.wait(.seconds(10), &few).sorted() == (0..<10).map { Self.nodePort($0) })
        // 400 at 200 ms each are 80 s.
        var many = Self.serving(400)
        _ = Self.wait(.seconds(80), &many)
        let probed = Self.wait(.seconds(80), &many)
        #expect(probed.count == 400 && Set(probed).count == 400)
        // They are spread over the time.
        #expect(Self.wait(.seconds(8), &many).count < 80)
    }

    @Test("An endpoint is asked every five seconds, and less often beside many others")
    func endpointAudits() {
        let endpoint = "services: endpoint 10.1.0.1 port 8080"
        var few = Self.serving(10, probesEndpoints: true)
        _ = Self.wait(.seconds(5), &few)
        #expect(Self.wait(.seconds(20), &few).count { $0 == endpoint } == 4)
        var many = Self.serving(100, probesEndpoints: true)
        _ = Self.wait(.seconds(40), &many)
        #expect(Self.wait(.seconds(80), &many).count { $0 == endpoint } == 2)
    }

    @Test("If one node port fails, the others are asked within ten seconds: they are all kube-proxy's")
    func oneFails() {
        var script = Self.serving(400)
        _ = Self.wait(.seconds(100), &script)
        _ = script.send(.check(Self.nodePort(7), .connectionLost))
        _ = script.send(.check(Self.nodePort(7), Self.failed))
        #expect(script.services.vips.count == 400)
        let probed = Set(Self.wait(.seconds(10), &script))
        #expect(probed.count == 400)
        // Another failure within that time gives rise to nothing more; one after it does.
        #expect(Self.wait(.seconds(10), &script).count < 100)
    }

    @Test("When the endpoints of this node change, the Service's node port is asked at once")
    func endpointsChange() {
        var script = Self.serving(3)
        let name = ObjectName("default", "web-1")
        #expect(Self.probes(script.put(.slice(.of(name, "s1", ("n1", "ready"), ("n2", "ready"))))) == [])
        #expect(
            Self.probes(script.put(.slice(.of(name, "s1", ("n1", "ready"), ("n1", "ready")))))
                == [Self.nodePort(1)])
    }
}
