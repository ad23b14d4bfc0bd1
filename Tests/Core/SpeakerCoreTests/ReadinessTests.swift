import Health
import Settings
import Testing

@testable import SpeakerCore

/// When /readyz says that the node is ready.
struct ReadinessTests {
    @Test func `a node is ready once every VIP has a verdict, be it bad, and without any session`() {
        var rack = Rack()
        #expect(rack.speaker.unreadiness == "starting")
        _ = rack.take(.started)
        #expect(rack.speaker.unreadiness == "no check result yet for 10.255.0.1/32")
        _ = rack.take(.check("api", .outcome(.failed(reason: "HTTP 500", definitive: false))))
        #expect(rack.speaker.unreadiness == nil)
        var drained = Rack.inService()
        _ = drained.take(.drainRequested(reason: "new kernel"))
        #expect(drained.speaker.unreadiness == nil)
    }

    @Test func `it can be made to follow the advertisement of every VIP`() {
        var rack = Rack { $0[Settings.process.readyWhen] = .advertised }
        _ = rack.take(.started)
        #expect(rack.speaker.unreadiness == "no check result yet for 10.255.0.1/32")
        rack.becomeHealthy()
        #expect(
            rack.speaker.unreadiness
                == "10.255.0.1/32 is not advertised: healthy and bound, but no BGP session is Established")
        rack.establish()
        #expect(rack.speaker.unreadiness == nil)
        _ = rack.take(.drainRequested(reason: "new kernel"))
        #expect(
            rack.speaker.unreadiness == "10.255.0.1/32 is not advertised: leaving: withdrawn (new kernel)")
    }
}
