import Advertising
import BGPFSM
import BGPWire
import Deadlines
import Health
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// A VIP with `--on-unhealthy last-resort`: kept while its service is sick, so that routers prefer every other path.
struct LastResortTests {
    private let refused = Outcome.failed(reason: "connection refused", definitive: true)

    private func rack(departure: DepartureSettings = DepartureSettings(settle: .zero, linger: .milliseconds(200)))
        -> Rack
    {
        Rack(departure: departure) { $0.vips[0].onUnhealthy = .lastResort }
    }

    private func inService(departure: DepartureSettings = DepartureSettings(settle: .zero, linger: .milliseconds(200)))
        -> Rack
    {
        var rack = rack(departure: departure)
        _ = rack.take(.started)
        rack.becomeHealthy()
        rack.establish()
        return rack
    }

    /// The service dies.
    private func fail(_ rack: inout Rack) -> [Effect] {
        _ = rack.take(.deadlineReached, after: .milliseconds(900))
        return rack.take(.check("api", .outcome(refused)), after: .milliseconds(101))
    }

    private var depreferred: Update {
        Update(
            attributes: [
                PathAttribute(flags: 0x40, value: .origin(.igp)),
                PathAttribute(
                    flags: 0x40,
                    value: .asPath([ASPathSegment(.sequence, Array(repeating: ASNumber(65001), count: 4))])),
                PathAttribute(flags: 0x40, value: .nextHop(IPv4Address(0x0A00_0002))),
                PathAttribute(flags: 0x80, value: .multiExitDiscriminator(.max)),
                PathAttribute(flags: 0xC0, value: .communities([.gracefulShutdown])),
            ],
            nlri: [Rack.vip])
    }

    private let unhealthy: [Effect] = [
        .report(.checkChanged("api", .unhealthy(reason: "connection refused"))),
        .report(.vipsChanged([Rack.vip], .unhealthy(reason: "check api: connection refused"))),
        .report(.keptAsLastResort([Rack.vip])),
    ]

    @Test func aRefusedProbeDepreferesTheRouteAndLeavesTheAddress() {
        var rack = inService()
        #expect(
            fail(&rack) == unhealthy + [Rack.send(depreferred), .report(.advertised(Rack.tor, [Rack.vip]))])
        let status = rack.speaker.status(version: "1", at: rack.now).vips.first
        #expect(status?.bound == true)
        #expect(status?.lastResort == true)
        #expect(status?.advertisedTo == 1)
        #expect(
            status?.reason == "last resort (check api: connection refused): bound, advertised depreferred")
    }

    @Test func aRecoveryTakesTheMarksBack() {
        var rack = inService()
        _ = fail(&rack)
        var effects: [Effect] = []
        for _ in 0..<2 {
            _ = rack.take(.deadlineReached, after: .seconds(1))
            effects = rack.take(.check("api", .outcome(.passed)))
        }
        #expect(
            effects == [
                .report(.checkChanged("api", .healthy)), .report(.vipsChanged([Rack.vip], .healthy)),
                Rack.send(Rack.announcement), .report(.advertised(Rack.tor, [Rack.vip])),
            ])
    }

    @Test func anOverdueResultIsAFailureLikeAnyOther() {
        var rack = inService()
        let effects = rack.take(.deadlineReached, after: .seconds(8))
        #expect(effects.contains(.report(.keptAsLastResort([Rack.vip]))))
        #expect(rack.speaker.desiredRoutes(for: 0)[Rack.vip]?.multiExitDiscriminator == .max)
        #expect(!effects.contains(.unbind([Rack.vip])))
    }

    @Test func nothingIsAnnouncedBeforeTheFirstHealthyVerdict() {
        var rack = rack()
        _ = rack.take(.started)
        let established = rack.establish()
        #expect(!established.contains { if case .report(.advertised) = $0 { true } else { false } })
        #expect(rack.take(.check("api", .outcome(refused))) == Array(unhealthy.prefix(2)))
        #expect(rack.speaker.desiredRoutes(for: 0) == [:])
    }

    @Test func anAddressThatACrashLeftStaysAndIsAnnouncedOnceTheServiceIsKnownToBeSick() {
        var rack = rack()
        #expect(rack.take(.leftoversFound([Rack.vip])) == [.report(.adopted([Rack.vip]))])
        _ = rack.take(.started)
        rack.establish()
        #expect(rack.speaker.desiredRoutes(for: 0) == [:])
        // Brought into shape; it is announced as soon as the kernel had it, which is already.
        #expect(
            rack.take(.check("api", .outcome(refused))) == unhealthy + [
                Rack.send(depreferred), .report(.advertised(Rack.tor, [Rack.vip])),
                .bind([Rack.vip], globalScope: false),
            ])
    }

    @Test func aDrainWithdrawsItAsItWithdrawsEveryVIP() {
        var rack = inService(departure: DepartureSettings(settle: .seconds(1), linger: .milliseconds(200)))
        _ = fail(&rack)
        let draining = rack.take(.drainRequested(reason: "kernel update"))
        // It carries the mark of leaving already.
        #expect(
            draining == [
                .report(.departureStarted(reason: "kernel update", exits: false)), .report(.departureStep(.settling)),
            ])
        _ = rack.take(.deadlineReached, after: .milliseconds(900))
        _ = rack.take(.check("api", .outcome(refused)))
        let settled = rack.take(.deadlineReached, after: .milliseconds(100))
        #expect(settled.contains(Rack.send(Rack.withdrawal)))
        _ = rack.take(.acknowledged(Rack.tor, round: 1, true))
        #expect(rack.take(.deadlineReached, after: .milliseconds(200)).contains(.unbind([Rack.vip])))
        #expect(rack.speaker.status(version: "1", at: rack.now).vips.first?.lastResort == false)
    }

    @Test func itLosesItsAddressOnlyIfTheKernelRefusesItAndIsThenNotAnnounced() {
        var rack = inService()
        _ = fail(&rack)
        _ = rack.take(.bindFailed(Rack.vip, reason: "not permitted"))
        #expect(rack.speaker.desiredRoutes(for: 0) == [:])
        #expect(
            rack.speaker.status(version: "1", at: rack.now).vips.first?.reason
                == "last resort (check api: connection refused), but cannot be bound to lo: not permitted")
    }
}

extension Speaker {
    /// What a peer should hold from us now.
    fileprivate func desiredRoutes(for peer: Int) -> [IPPrefix: RouteAttributes] {
        routes(to: Array(vips.indices), for: peer).reduce(into: [:]) { $0[$1.prefix] = $1.route }
    }
}
