import IPTypes
import Services
import Testing

@Suite("New addresses are told together, and nothing waits that is withdrawn")
struct GatheringTests {
    private static let api = ObjectName("default", "api")
    private static let cache = ObjectName("default", "cache")

    /// Three Services, of which the first is advertised.
    private static func script() -> Script {
        Script.listed(
            .service(.ours(ingress: ["192.0.2.1"])), .service(.ours(api, uid: "u2", ingress: ["192.0.2.2"])),
            .service(.ours(cache, uid: "u3", ingress: ["192.0.2.3"])), .claim(.of("192.0.2.1")),
            .claim(.of("192.0.2.2", api, uid: "u2")), .claim(.of("192.0.2.3", cache, uid: "u3")),
            .slice(.of(web, "s1", ("n1", "ready")))
        ).script
    }

    @Test("The first is told at once, the next ones together twenty milliseconds later")
    func together() {
        var script = Self.script()
        #expect(script.vips == ["192.0.2.1"])
        #expect(script.put(.slice(.of(Self.api, "s1", ("n1", "ready")))) == [])
        #expect(script.put(.slice(.of(Self.cache, "s1", ("n1", "ready"))), after: .milliseconds(19)) == [])
        #expect(
            script.wait(.milliseconds(1)) == [
                .advertise([
                    host("192.0.2.2"): ServiceVIP(services: [Self.api]),
                    host("192.0.2.3"): ServiceVIP(services: [Self.cache]),
                ])
            ])
        #expect(script.services.nextDeadline == nil)
        // After a pause one is the first again.
        _ = script.put(.slice(.of(Self.cache, "s1", ("n1", "down"))))
        let steps = script.put(.slice(.of(Self.cache, "s1", ("n1", "ready"))), after: .milliseconds(20))
        #expect(steps == [.advertise([host("192.0.2.3"): ServiceVIP(services: [Self.cache])])])
    }

    @Test("A withdrawal waits for nothing, and takes with it what has waited")
    func withdrawal() {
        var script = Self.script()
        _ = script.put(.slice(.of(Self.api, "s1", ("n1", "ready"))))
        #expect(
            script.put(.slice(.of(web, "s1", ("n1", "down")))) == [
                .advertise([host("192.0.2.1"): nil, host("192.0.2.2"): ServiceVIP(services: [Self.api])])
            ])
        #expect(script.wait(.seconds(1)) == [])
    }

    @Test("What is withdrawn while it waits is never told")
    func neverTold() {
        var script = Self.script()
        _ = script.put(.slice(.of(Self.api, "s1", ("n1", "ready"))))
        #expect(script.put(.slice(.of(Self.api, "s1", ("n1", "down")))) == [])
        #expect(script.wait(.seconds(1)) == [])
        #expect(script.vips == ["192.0.2.1"])
    }
}
