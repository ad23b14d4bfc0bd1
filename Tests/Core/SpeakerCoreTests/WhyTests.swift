import Health
import Settings
import Testing

@testable import SpeakerCore

/// Where the chain from a service to the routers stops.
struct WhyTests {
    private func chain(_ rack: Rack) -> [String]? {
        let status = rack.speaker.status(version: "1", at: rack.now)
        return status.vips.first.map { vip in
            Why(of: vip, in: status).steps.map { "\($0.link) \($0.standing)" }
        }
    }

    private let sick = Outcome.failed(reason: "refused", definitive: true)

    @Test func theFirstLinkThatDoesNotHoldStopsIt() {
        var rack = Rack()
        _ = rack.take(.started)
        _ = rack.take(.check("api", .outcome(sick)))
        #expect(
            chain(rack) == [
                "check(\"api\") stops", "verdict fails", "node holds", "interface fails",
                "peer(\"10.0.0.1\") fails",
            ])
        rack = Rack()
        _ = rack.take(.started)
        _ = rack.take(.check("api", .outcome(.passed)))
        #expect(
            chain(rack)?.suffix(4) == [
                "verdict holds", "node holds", "interface stops", "peer(\"10.0.0.1\") fails",
            ])
        _ = rack.take(.bound([Rack.vip]))
        #expect(chain(rack)?.suffix(2) == ["interface holds", "peer(\"10.0.0.1\") stops"])
    }

    @Test func aVIPThatIsAdvertisedAnywhereStopsNowhereBeforeThePeers() {
        var rack = Rack(peers: [Rack.tor, Rack.secondToR])
        _ = rack.take(.started)
        rack.becomeHealthy()
        rack.establish()
        #expect(
            chain(rack) == [
                "check(\"api\") holds", "verdict holds", "node holds", "interface holds",
                "peer(\"10.0.0.1\") holds", "peer(\"10.0.1.1\") stops", "routers unneeded",
            ])
        // Withdrawn at once: there is nothing to settle.
        _ = rack.take(.drainRequested(reason: "kernel"))
        #expect(chain(rack)?[2] == "node stops")
    }

    @Test func aPeerThatTheVIPIsNotMeantForIsNoLink() {
        var rack = Rack(peers: [Rack.tor, Rack.secondToR]) { $0.vips[0].peers = [Rack.tor] }
        _ = rack.take(.started)
        rack.becomeHealthy()
        for peer in [Rack.tor, Rack.secondToR] { rack.establish(peer) }
        #expect(
            chain(rack)?.suffix(3) == [
                "peer(\"10.0.0.1\") holds", "peer(\"10.0.1.1\") unneeded", "routers unneeded",
            ])
    }

    @Test func aDrainOfTheVIPAloneStopsIt() {
        var rack = Rack.inService()
        _ = rack.take(.vipDrainRequested(Rack.vip, reason: nil))
        #expect(chain(rack)?[2...3] == ["node holds", "drain stops"])
    }
}
