import BGPFSM
import Deadlines
import Health
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// The latest outcome does not support the verdict, because the process itself did not run for some seconds or because
/// failures are being counted: nothing is withdrawn for that alone, and nothing new is announced.
struct StallTests {
    private let sick = Outcome.failed(reason: "no answer", definitive: false)

    @Test func whatIsAnnouncedStaysUntilTheNextOutcome() {
        var rack = Rack.inService()
        let effects = rack.take(.deadlineReached, after: .seconds(4))
        #expect(effects.contains(.probe("api")))
        #expect(!effects.contains(Rack.send(Rack.withdrawal)))
        #expect(rack.take(.check("api", .outcome(sick))).contains(Rack.send(Rack.withdrawal)))
    }

    @Test func aSessionThatComesUpMeanwhileIsToldAfterThePassingOutcome() {
        var rack = Rack(peers: [Rack.tor, Rack.secondToR])
        _ = rack.take(.started)
        rack.becomeHealthy()
        rack.establish(Rack.tor)
        rack.now = rack.now + .seconds(4)
        #expect(!rack.establish(Rack.secondToR).contains(Rack.send(Rack.announcement, to: Rack.secondToR)))
        #expect(rack.speaker.vips[0].verdict == .healthy)
        var other = rack
        let effects = other.take(.check("api", .outcome(sick)))
        #expect(effects.contains(Rack.send(Rack.withdrawal)))
        #expect(!effects.contains(Rack.send(Rack.announcement, to: Rack.secondToR)))
        #expect(rack.take(.check("api", .outcome(.passed))) == advertisedToSecond)
    }

    /// A VIP of two routers; the session with the second one comes up after a failure.
    private func inDoubt(_ adapt: (inout Settings) -> Void = { _ in }) -> Rack {
        var rack = Rack(peers: [Rack.tor, Rack.secondToR], adapt: adapt)
        _ = rack.take(.started)
        for check in rack.speaker.settings.checks { _ = rack.take(.check(check.name, .outcome(.passed))) }
        _ = rack.take(.bound([Rack.vip]))
        rack.establish(Rack.tor)
        _ = rack.take(.deadlineReached, after: .seconds(1))
        #expect(rack.take(.check("api", .outcome(sick))) == [])
        return rack
    }

    private let advertisedToSecond = [
        Rack.send(Rack.announcement, to: Rack.secondToR), .report(.advertised(Rack.secondToR, [Rack.vip])),
    ]

    @Test func aSessionThatComesUpWhileFailuresAreCountedIsToldAfterThePassingOutcome() {
        var rack = inDoubt()
        #expect(!rack.establish(Rack.secondToR).contains(Rack.send(Rack.announcement, to: Rack.secondToR)))
        let waits = "check api has to pass once more before it is advertised on another session: no answer"
        let status = rack.speaker.status(version: "1", at: rack.now)
        #expect(status.peers[0].obstacles == nil)
        #expect(status.peers[1].obstacles == ["\(Rack.vip)": waits])
        #expect(rack.take(.deadlineReached, after: .seconds(1)) == [.probe("api")])
        #expect(rack.take(.check("api", .outcome(.passed))) == advertisedToSecond)
        #expect(rack.speaker.status(version: "1", at: rack.now).peers[1].obstacles == nil)
    }

    @Test func aVIPThatNoPeerHasYetSaysWhatItWaitsFor() {
        var rack = inDoubt()
        _ = rack.take(.session(Rack.tor, .tcpFailed(.outgoing, .closedByPeer)))
        rack.establish(Rack.secondToR)
        let vip = rack.speaker.status(version: "1", at: rack.now).vips[0]
        #expect(vip.reasonCode == "waiting")
        let waits = "check api has to pass once more before it is advertised on another session: no answer"
        #expect(vip.reason == "healthy and bound, but " + waits)
    }

    @Test func whatIsAddedMeanwhileWaitsToo() {
        let second = IPPrefix(host: .v4(IPv4Address(0x0AFF_0002)))
        var rack = inDoubt()
        _ = rack.reload { $0.vips.append(VIPSettings(prefix: second, checks: ["api"])) }
        #expect(rack.take(.bound([second])) == [.report(.bound([second]))])
        _ = rack.take(.deadlineReached, after: .seconds(1))
        #expect(
            rack.take(.check("api", .outcome(.passed))).contains(.report(.advertised(Rack.tor, [second]))))
    }

    @Test func aCheckThatIsTakenFromTheVIPKeepsItFromNoPeer() {
        var rack = inDoubt()
        rack.establish(Rack.secondToR)
        #expect(rack.reload { $0.vips[0].checks = [] }.contains(Rack.send(Rack.announcement, to: Rack.secondToR)))
    }

    @Test func theLastResortWaitsForNoPassOfAnotherCheck() {
        var rack = inDoubt {
            $0.vips[0].onUnhealthy = .lastResort
            $0.checks.append(Check(name: "web", kind: $0.checks[0].kind))
            $0.vips[0].checks.append("web")
        }
        _ = rack.take(.check("web", .outcome(.failed(reason: "refused", definitive: true))))
        #expect(rack.speaker.vips[0].isLastResort)
        #expect(rack.establish(Rack.secondToR).contains(.report(.advertised(Rack.secondToR, [Rack.vip]))))
    }

    @Test func theLastResortIsAdvertisedWhenTheFailuresSuffice() {
        var rack = inDoubt { $0.vips[0].onUnhealthy = .lastResort }
        #expect(!rack.establish(Rack.secondToR).contains(.report(.advertised(Rack.secondToR, [Rack.vip]))))
        var effects: [Effect] = []
        for _ in 0..<2 {
            _ = rack.take(.deadlineReached, after: .seconds(1))
            effects = rack.take(.check("api", .outcome(sick)))
        }
        #expect(effects.contains(.report(.keptAsLastResort([Rack.vip]))))
        #expect(effects.contains(.report(.advertised(Rack.secondToR, [Rack.vip]))))
    }
}
