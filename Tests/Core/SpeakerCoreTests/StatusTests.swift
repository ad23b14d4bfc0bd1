import BGPFSM
import BGPWire
import Deadlines
import Health
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// What an operator is told about the VIP in each situation.
struct StatusTests {
    private func vip(_ rack: Rack) -> VIPStatus? {
        rack.speaker.status(version: "1", at: rack.now).vips.first
    }

    private func reason(_ rack: Rack) -> String? { vip(rack)?.reason }

    private func code(_ rack: Rack) -> VIPReason? { vip(rack).flatMap { VIPReason(rawValue: $0.reasonCode) } }

    @Test func eachLinkOfTheChainThatStopsAVIPIsNamed() {
        var rack = Rack()
        _ = rack.take(.started)
        #expect(reason(rack) == "waiting for the first result of its checks")
        #expect(code(rack) == .waiting)
        _ = rack.take(.check("api", .outcome(.passed)))
        _ = rack.take(.bindFailed(Rack.vip, reason: "not permitted"))
        #expect(reason(rack) == "healthy, but cannot be bound to lo: not permitted")
        #expect(code(rack) == .bindFailed)
        _ = rack.take(.bound([Rack.vip]))
        #expect(reason(rack) == "healthy and bound, but no BGP session is Established")
        #expect(code(rack) == .noSession)
        rack.establish()
        #expect(reason(rack) == "healthy and bound")
        #expect(code(rack) == .advertised)
        _ = rack.take(.deadlineReached, after: .milliseconds(1000))
        _ = rack.take(.check("api", .outcome(.failed(reason: "connection refused", definitive: true))))
        #expect(reason(rack) == "check api: connection refused")
        #expect(code(rack) == .unhealthy)
    }

    @Test func aVIPThatLeavesSaysWhetherTheNodeComesBack() {
        var drained = Rack.inService(departure: DepartureSettings(settle: .seconds(1), linger: .milliseconds(200)))
        _ = drained.take(.drainRequested(reason: "new kernel"))
        #expect(code(drained) == .draining)
        _ = drained.take(.deadlineReached, after: .seconds(1))
        #expect(code(drained) == .draining)
        _ = drained.take(.acknowledged(Rack.tor, round: 1, true))
        _ = drained.take(.deadlineReached, after: .milliseconds(200))
        #expect(code(drained) == .drained)
        var leaving = Rack.inService()
        _ = leaving.take(.terminationRequested(reason: "SIGTERM", isUrgent: false))
        #expect(code(leaving) == .leaving)
    }

    @Test func aVIPInServiceIsBoundHealthyAndCountsItsPeers() {
        var rack = Rack(peers: [Rack.tor, Rack.secondToR])
        _ = rack.take(.started)
        rack.becomeHealthy()
        rack.establish()
        let status = vip(rack)
        #expect(status?.prefix == "10.255.0.1/32")
        #expect(status?.bound == true)
        #expect(status?.verdict == "healthy")
        #expect(status?.advertisedTo == 1)
        #expect(status?.peers == 2)
    }

    @Test func anEstablishedPeerShowsWhatWasAgreedAndTold() throws {
        let rack = Rack.inService()
        let peer = try #require(rack.speaker.status(version: "1", at: rack.now).peers.first)
        #expect(peer.address == "10.0.0.1")
        #expect(peer.configuredAS == "65000")
        #expect(peer.state == "Established")
        #expect(peer.holdTime == 9)
        #expect(peer.keepaliveSeconds == 3)
        #expect(peer.localAddress == "10.0.0.2")
        #expect(peer.peerIdentifier == "10.0.0.1")
        #expect(peer.families == ["ipv4-unicast"])
        #expect(peer.advertised == 1)
        #expect(peer.total == 1)
        #expect(peer.distance == "direct")
        #expect(peer.routes.map(\.prefix) == ["10.255.0.1/32"])
        #expect(peer.routes.map(\.nextHop) == ["10.0.0.2"])
        #expect(peer.messagesSent.update == 2)
        #expect(peer.lastError == nil)
    }

    @Test func whatThisNodeWantedIsNoFlapAndNoErrorAndWhatItDidNotIs() throws {
        var rack = Rack.inService()
        func peer() -> PeerStatus? { rack.speaker.status(version: "1", at: rack.now).peers.first }
        _ = rack.take(.session(Rack.tor, .tcpFailed(.outgoing, .reset)))
        #expect(peer()?.flaps == 1)
        #expect(peer()?.plannedEnds == 0)
        #expect(peer()?.lastError?.contains("reset the connection") == true)

        var drained = Rack.inService()
        _ = drained.take(.drainRequested(reason: "new kernel"))
        _ = drained.take(.acknowledged(Rack.tor, round: 1, true))
        _ = drained.take(.deadlineReached, after: .milliseconds(200))
        func planned() -> PeerStatus? { drained.speaker.status(version: "1", at: drained.now).peers.first }
        #expect(drained.speaker.departureStep == .away)
        #expect(planned()?.flaps == 0)
        #expect(planned()?.plannedEnds == 1)
        #expect(planned()?.lastError == nil)
        _ = drained.take(.undrainRequested)
        drained.establish()
        #expect(planned()?.state == "Established")
        #expect(planned()?.flaps == 0)
        #expect(planned()?.lastError == nil)
    }

    @Test(arguments: [
        (CeaseSubcode.administrativeShutdown, 0), (.administrativeReset, 0), (.peerDeconfigured, 0),
        (.otherConfigurationChange, 0), (.bfdDown, 1),
    ])
    func onlyBFDAmongOurOwnReasonsMakesAFlap(subcode: CeaseSubcode, flaps: Int) {
        var rack = Rack.inService()
        _ = rack.speaker.peers[0].session.handle(.reset(subcode), at: rack.now)
        #expect(rack.speaker.peers[0].session.flaps == flaps)
        #expect(rack.speaker.peers[0].session.plannedEnds == 1 - flaps)
        let status = rack.speaker.status(version: "1", at: rack.now).peers.first
        #expect((status?.lastError == nil) == (flaps == 0))
    }

    @Test func theDeadlineIsTheEarliestOfAllAndNeverInThePast() {
        let rack = Rack.inService()
        let deadline = rack.speaker.nextDeadline
        let all =
            rack.speaker.peers.map(\.session.nextDeadline) + rack.speaker.checks.map(\.nextDeadline)
            + [rack.speaker.departure.deadline]
        #expect(deadline == all.earliest())
        #expect(deadline.map { $0 > rack.now } == true)
    }
}
