import Deadlines
import Health
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// Checks that come, change and go under a VIP that is in service.
struct CheckReloadTests {
    private static let target = Check.Kind.tcp(SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 8443))
    private static let refused = Outcome.failed(reason: "refused", definitive: true)

    @Test func `what asks something else keeps the verdict, and the first outcome decides`() {
        var rack = Rack.inService()
        let effects = rack.reload { $0.checks[0].kind = Self.target }
        #expect(effects == [.change(.probe(rack.speaker.settings.checks[0])), .probe("api")])
        #expect(rack.speaker.checks[0].verdict == .healthy)
        #expect(rack.speaker.vips[0].verdict == .healthy)
        #expect(rack.take(.check("api", .outcome(.passed))) == [])
        _ = rack.reload { $0.checks[0].kind = .exec(["/bin/false"]) }
        let failed = rack.take(.check("api", .outcome(.failed(reason: "status 1", definitive: false))))
        #expect(failed.contains(Rack.send(Rack.withdrawal)))
    }

    @Test func `without an outcome in time the verdict ends`() {
        var rack = Rack.inService()
        _ = rack.reload { $0.checks[0].kind = Self.target }
        var effects: [Effect] = []
        for _ in 0..<30 where !effects.contains(Rack.send(Rack.withdrawal)) {
            effects = rack.take(.deadlineReached, after: .milliseconds(100))
        }
        #expect(effects.contains(Rack.send(Rack.withdrawal)))
        // An interval, a timeout and the slack after the last outcome of before, which had just come.
        #expect(rack.now - Rack.start == .milliseconds(2500))
    }

    @Test func `numbers change without a word, and the probe that was dropped is made up for`() {
        var rack = Rack.inService()
        let effects = rack.reload {
            $0.checks[0].interval = .seconds(5)
            $0.checks[0].fall = 1
        }
        #expect(effects == [.change(.probe(rack.speaker.settings.checks[0])), .probe("api")])
        #expect(rack.take(.check("api", .outcome(.passed))) == [])
        #expect(rack.take(.deadlineReached, after: .milliseconds(4999)).contains(.probe("api")) == false)
        #expect(rack.take(.deadlineReached, after: .milliseconds(1)).contains(.probe("api")))
    }

    @Test func `a check that is added to a VIP in service takes it out only by an outcome`() {
        var rack = Rack.inService()
        let web = Check(name: "web", kind: Self.target)
        let effects = rack.reload {
            $0.checks.append(web)
            $0.vips[0].checks.append("web")
        }
        #expect(effects == [.open(.probe(web)), .probe("web")])
        #expect(rack.take(.check("web", .outcome(Self.refused))).contains(Rack.send(Rack.withdrawal)))
    }

    @Test func `a VIP that is added with such a check waits for it`() {
        var rack = Rack.inService()
        let other = IPPrefix(host: .v4(IPv4Address(0x0AFF_0002)))
        _ = rack.reload {
            $0.checks.append(Check(name: "web", kind: Self.target))
            $0.vips[0].checks.append("web")
            $0.vips.append(VIPSettings(prefix: other, checks: ["web"]))
        }
        #expect(rack.take(.bound([other])) == [.report(.bound([other]))])
        #expect(
            rack.take(.check("web", .outcome(.passed))).contains(.report(.advertised(Rack.tor, [other]))))
    }

    @Test func `a check that is removed does not stand in the way any more`() {
        var rack = Rack {
            $0.checks.append(Check(name: "web", kind: Self.target))
            $0.vips[0].checks.append("web")
        }
        _ = rack.take(.started)
        rack.establish()
        _ = rack.take(.check("web", .outcome(Self.refused)))
        _ = rack.take(.check("api", .outcome(.passed)))
        #expect(rack.speaker.vips[0].binding == .unbound)
        let effects = rack.reload {
            $0.checks.removeLast()
            $0.vips[0].checks = ["api"]
        }
        #expect(
            effects == [
                .close(.probe("web")), .report(.vipsChanged([Rack.vip], .healthy)),
                .bind([Rack.vip], globalScope: false),
            ])
        // What its prober still says is noise.
        #expect(rack.take(.check("web", .outcome(.passed))) == [])
    }
}
