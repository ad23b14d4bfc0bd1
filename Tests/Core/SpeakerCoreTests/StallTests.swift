import Deadlines
import Health
import Testing

@testable import SpeakerCore

/// The process itself did not run for some seconds: nothing is withdrawn for that alone, and nothing new is announced.
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
        #expect(
            rack.take(.check("api", .outcome(.passed)))
                == [
                    Rack.send(Rack.announcement, to: Rack.secondToR),
                    .report(.advertised(Rack.secondToR, [Rack.vip])),
                ])
    }
}
