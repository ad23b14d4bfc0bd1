import BGPFSM
import Deadlines
import Health
import Testing

@testable import SpeakerCore

/// Moments on the wall clock, and what makes an answer good.
struct StatusTimesTests {
    @Test func `every span since something happened gets its moment`() throws {
        var rack = Rack.inService()
        _ = rack.take(.drainRequested(reason: "new kernel"), after: .seconds(5))
        var status = rack.speaker.status(version: "1", at: rack.now + .milliseconds(1500))
        status.addTimes(WallTime(milliseconds: 1_796_731_200_000))
        #expect(status.time == "2026-12-08T12:00:00.000Z")
        #expect(status.departure?.stepSince == "2026-12-08T11:59:58.500Z")
        let peer = try #require(status.peers.first)
        #expect((peer.stateSince, peer.lastErrorAt) == ("2026-12-08T11:59:53.500Z", nil))
        #expect(status.vips.first?.verdictSince == "2026-12-08T11:59:53.500Z")
        #expect(status.checks.first?.verdictSince == "2026-12-08T11:59:53.500Z")
    }

    @Test func `a session that was lost has the moment of its error`() {
        var rack = Rack.inService()
        _ = rack.take(.session(Rack.tor, .tcpFailed(.outgoing, .reset)))
        var status = rack.speaker.status(version: "1", at: rack.now + .seconds(2))
        status.addTimes(WallTime(milliseconds: 1_796_731_200_000))
        #expect(status.peers.first?.lastErrorAt == "2026-12-08T11:59:58.000Z")
    }

    @Test func `an answer is good if one is well, and entirely only if all are`() {
        var rack = Rack(peers: [Rack.tor, Rack.secondToR])
        _ = rack.take(.started)
        func status() -> Status { rack.speaker.status(version: "1", at: rack.now) }
        #expect(!status().isWell(entirely: false))
        #expect(!Status.isWell(status().peers, entirely: false))
        rack.becomeHealthy()
        rack.establish()
        #expect(status().isWell(entirely: false))
        #expect(!status().isWell(entirely: true))
        #expect(Status.isWell(status().peers, entirely: false))
        #expect(!Status.isWell(status().peers, entirely: true))
        rack.establish(Rack.secondToR)
        #expect(status().isWell(entirely: true))
        #expect(Status.isWell(status().vips, entirely: true))
        _ = rack.take(.deadlineReached, after: .milliseconds(1000))
        _ = rack.take(.check("api", .outcome(.failed(reason: "connection refused", definitive: true))))
        #expect(!status().isWell(entirely: false))
        #expect(!Status.isWell([PeerStatus](), entirely: true))
    }
}
