import Advertising
import BGPFSM
import BGPWire
import Deadlines
import Health
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// One VIP leaves and the others stay; the node leaves and its sessions, or some VIPs, stay.
struct VIPDrainTests {
    static let other = IPPrefix(host: .v4(IPv4Address(0x0AFF_0002)))
    let term = Input.terminationRequested(reason: "stopped by SIGTERM", isUrgent: false)

    /// Two VIPs in service on one session.
    private func inService(otherDrains: Bool = true, settle: Duration = .milliseconds(900)) -> Rack {
        let departure = DepartureSettings(
            settle: settle, acknowledgement: .seconds(1), linger: .milliseconds(200))
        var rack = Rack(departure: departure) {
            $0.vips.append(VIPSettings(prefix: Self.other, checks: ["api"], drains: otherDrains))
        }
        _ = rack.take(.started)
        _ = rack.take(.check("api", .outcome(.passed)))
        _ = rack.take(.bound([Rack.vip, Self.other]))
        rack.establish()
        return rack
    }

    private func told(_ rack: Rack) -> [IPPrefix] { rack.speaker.peers[0].adjRIBOut.told.keys.sorted() }

    private func isEstablished(_ rack: Rack) -> Bool { rack.speaker.peers[0].session.state == .established }

    private var marked: Update {
        var update = Rack.announcement
        update.attributes.append(PathAttribute(flags: 0xC0, value: .communities([.gracefulShutdown])))
        return update
    }

    private var withdrawing: [Effect] {
        [
            .report(.vipDrainStep(Rack.vip, .acknowledging)), Rack.send(Rack.withdrawal),
            .report(.withdrawn(Rack.tor, [Rack.vip])), .awaitAcknowledgement(Rack.tor, round: 1, within: .seconds(1)),
        ]
    }

    /// Lets time pass; checks and keepalives are not what is looked at.
    private func wait(_ pause: Duration, _ rack: inout Rack) -> [Effect] {
        rack.take(.deadlineReached, after: pause).filter { effect in
            switch effect {
            case .probe, .session(_, .send(.keepalive, _)): false
            default: true
            }
        }
    }

    /// Through all steps of the drain of one VIP.
    private func drained() -> Rack {
        var rack = inService(settle: .zero)
        _ = rack.take(.vipDrainRequested(Rack.vip, reason: "move"))
        _ = rack.take(.acknowledged(Rack.tor, round: 1, true))
        _ = wait(.milliseconds(200), &rack)
        _ = rack.take(.unbound([Rack.vip]))
        #expect(rack.speaker.drainStep(of: Rack.vip) == .away)
        return rack
    }

    @Test func oneVIPIsMarkedWithdrawnAcknowledgedServedAndUnbound() {
        var rack = inService()
        #expect(
            rack.take(.vipDrainRequested(Rack.vip, reason: "move")) == [
                .report(.vipDrainStarted(Rack.vip, reason: "move")), .report(.vipDrainStep(Rack.vip, .settling)),
                Rack.send(marked), .report(.advertised(Rack.tor, [Rack.vip])),
            ])
        #expect(rack.speaker.nextDeadline.map { $0 <= rack.now + .milliseconds(900) } == true)
        #expect(wait(.milliseconds(900), &rack) == withdrawing)
        #expect(
            rack.take(.acknowledged(Rack.tor, round: 1, true)) == [.report(.vipDrainStep(Rack.vip, .lingering))])
        #expect(wait(.milliseconds(199), &rack) == [])
        #expect(
            wait(.milliseconds(1), &rack) == [.report(.vipDrainStep(Rack.vip, .away)), .unbind([Rack.vip])])
        #expect(rack.take(.unbound([Rack.vip])) == [.report(.unbound([Rack.vip]))])
        #expect(told(rack) == [Self.other])
        #expect(isEstablished(rack))
        #expect(rack.speaker.isBound(Self.other))
        #expect(rack.speaker.departureStep == .inService)
    }

    @Test func aPeerThatNeverAcknowledgesHoldsNothingUp() {
        var rack = inService(settle: .zero)
        _ = rack.take(.vipDrainRequested(Rack.vip, reason: nil))
        _ = rack.take(.check("api", .outcome(.passed)), after: .milliseconds(500))
        #expect(
            wait(.milliseconds(500), &rack) == [
                .report(.withdrawalUnacknowledged(Rack.tor)), .report(.vipDrainStep(Rack.vip, .lingering)),
            ])
    }

    @Test func aSessionThatDiesIsNotWaitedForAndComesBackWithoutTheVIP() {
        var rack = inService(settle: .zero)
        _ = rack.take(.vipDrainRequested(Rack.vip, reason: nil))
        let effects = rack.take(.session(Rack.tor, .tcpFailed(.outgoing, .reset)))
        #expect(effects.contains(.report(.vipDrainStep(Rack.vip, .lingering))))
        _ = rack.take(.deadlineReached, after: .seconds(1))
        rack.establish()
        #expect(told(rack) == [Self.other])
    }

    @Test func undrainBringsItBackFromEveryStep() {
        var settling = inService()
        _ = settling.take(.vipDrainRequested(Rack.vip, reason: nil))
        #expect(
            settling.take(.vipUndrainRequested(Rack.vip)) == [
                .report(.vipUndrained(Rack.vip)), Rack.send(Rack.announcement),
                .report(.advertised(Rack.tor, [Rack.vip])),
            ])

        var lingering = inService(settle: .zero)
        _ = lingering.take(.vipDrainRequested(Rack.vip, reason: nil))
        _ = lingering.take(.acknowledged(Rack.tor, round: 1, true))
        #expect(
            lingering.take(.vipUndrainRequested(Rack.vip)) == [
                .report(.vipUndrained(Rack.vip)), Rack.send(Rack.announcement),
                .report(.advertised(Rack.tor, [Rack.vip])),
            ])

        var away = drained()
        #expect(
            away.take(.vipUndrainRequested(Rack.vip)) == [
                .report(.vipUndrained(Rack.vip)), .bind([Rack.vip], globalScope: false),
            ])
        #expect(
            away.take(.bound([Rack.vip])) == [
                .report(.bound([Rack.vip])), Rack.send(Rack.announcement),
                .report(.advertised(Rack.tor, [Rack.vip])),
            ])
        #expect(away.take(.vipUndrainRequested(Rack.vip)) == [])
    }

    @Test func aServiceThatDiesMeanwhileUnbindsAtOnceAndItsRecoveryBringsNothingBack() {
        var rack = inService()
        _ = rack.take(.vipDrainRequested(Rack.vip, reason: nil))
        let refused = Outcome.failed(reason: "connection refused", definitive: true)
        _ = wait(.milliseconds(500), &rack)
        let effects = rack.take(.check("api", .outcome(refused)))
        #expect(effects.contains(.unbind([Rack.vip, Self.other])))
        #expect(told(rack) == [])
        #expect(rack.speaker.drainStep(of: Rack.vip) == .lingering)
        _ = wait(.milliseconds(200), &rack)
        #expect(rack.speaker.drainStep(of: Rack.vip) == .away)
        _ = rack.take(.unbound([Rack.vip, Self.other]))
        for _ in 0..<3 where rack.speaker.vips[1].verdict != .healthy {
            _ = rack.take(.deadlineReached, after: .seconds(1))
            _ = rack.take(.check("api", .outcome(.passed)))
        }
        _ = rack.take(.bound([Self.other]))
        #expect(told(rack) == [Self.other])
        #expect(!rack.speaker.isBound(Rack.vip))
    }

    @Test func aVIPStaysDrainedThroughADrainOfTheNode() {
        var rack = drained()
        _ = rack.take(.drainRequested(reason: "new kernel"))
        _ = rack.take(.acknowledged(Rack.tor, round: 2, true))
        _ = wait(.milliseconds(200), &rack)
        #expect(rack.speaker.departureStep == .away)
        _ = rack.take(.unbound([Self.other]))
        let back = rack.take(.undrainRequested)
        #expect(back.contains(.bind([Self.other], globalScope: false)))
        _ = rack.take(.bound([Self.other]))
        rack.establish()
        #expect(told(rack) == [Self.other])
    }

    @Test func theEndOfTheProcessTakesWhatStillLingersWithIt() {
        var rack = inService(settle: .zero)
        _ = rack.take(.vipDrainRequested(Rack.vip, reason: nil))
        _ = rack.take(.acknowledged(Rack.tor, round: 1, true))
        _ = rack.take(term)
        _ = rack.take(.acknowledged(Rack.tor, round: 2, true))
        #expect(wait(.milliseconds(200), &rack).contains(.unbind([Rack.vip, Self.other])))
        #expect(rack.take(.unbound([Rack.vip, Self.other])).last == .exit)
    }

    @Test func whatIsNoVIPIsNotDrainedAndAskingTwiceChangesTheReasonOnly() {
        var rack = inService()
        let stranger = IPPrefix(host: .v4(IPv4Address(0x0AFF_0009)))
        #expect(rack.take(.vipDrainRequested(stranger, reason: nil)) == [])
        #expect(!rack.speaker.hasVIP(stranger))
        _ = rack.take(.vipDrainRequested(Rack.vip, reason: nil))
        #expect(rack.take(.vipDrainRequested(Rack.vip, reason: nil)) == [])
        #expect(
            rack.take(.vipDrainRequested(Rack.vip, reason: "move")) == [
                .report(.vipDrainStarted(Rack.vip, reason: "move"))
            ])
        let status = rack.speaker.status(version: "1", at: rack.now)
        #expect(
            status.vips[0].drain
                == VIPDrainStatus(step: "settling", stepSeconds: 0, nextSeconds: 0.9, reason: "move"))
        #expect(status.vips[0].reason == "this VIP is draining: marked with GRACEFUL_SHUTDOWN (move)")
        #expect(status.vips[1].drain == nil)
        #expect(status.phase == "running")
    }

    @Test func aVIPThatNobodyHasLeavesAtOnce() {
        var rack = Rack(departure: DepartureSettings(settle: .seconds(5)))
        _ = rack.take(.started)
        rack.becomeHealthy()
        #expect(
            rack.take(.vipDrainRequested(Rack.vip, reason: nil)) == [
                .report(.vipDrainStarted(Rack.vip, reason: "operator's command")),
                .report(.vipDrainStep(Rack.vip, .acknowledging)), .report(.vipDrainStep(Rack.vip, .away)),
                .unbind([Rack.vip]),
            ])
    }

    // MARK: What a drain of the node leaves

    @Test func aDrainThatKeepsTheSessionsClosesNothingAndTheEndOfTheProcessDoes() {
        var rack = inService(settle: .zero)
        _ = rack.take(.drainRequested(reason: "new kernel", keepsSessions: true))
        #expect(told(rack) == [])
        _ = rack.take(.acknowledged(Rack.tor, round: 1, true))
        #expect(
            wait(.milliseconds(200), &rack) == [
                .unbind([Rack.vip, Self.other]), .report(.departureStep(.away, keepsSessions: true)),
            ])
        #expect(isEstablished(rack))
        #expect(rack.speaker.status(version: "1", at: rack.now).departure?.keepsSessions == true)
        _ = rack.take(.unbound([Rack.vip, Self.other]))

        var back = rack
        #expect(
            back.take(.undrainRequested) == [
                .report(.undrained), .bind([Rack.vip, Self.other], globalScope: false),
            ])

        let end = rack.take(term)
        #expect(
            Array(end.filter { $0 != .report(.departureStep(.acknowledging)) }.dropFirst().prefix(2))
                == Rack.cease("stopped by SIGTERM"))
        #expect(end.last == .exit)
    }

    @Test func aVIPThatADrainLeavesAloneStaysUntilTheProcessEnds() {
        var rack = inService(otherDrains: false, settle: .zero)
        _ = rack.take(.drainRequested(reason: "new kernel"))
        #expect(told(rack) == [Self.other])
        _ = rack.take(.acknowledged(Rack.tor, round: 1, true))
        #expect(
            wait(.milliseconds(200), &rack) == [
                .unbind([Rack.vip]), .report(.departureStep(.away, keepsSessions: true)),
            ])
        _ = rack.take(.unbound([Rack.vip]))
        #expect(isEstablished(rack))
        #expect(told(rack) == [Self.other])
        let status = rack.speaker.status(version: "1", at: rack.now)
        #expect(status.vips.map(\.reason) == ["drained: new kernel", "healthy and bound"])
        #expect(status.vips.map(\.drains) == [true, false])

        _ = rack.take(term)
        #expect(told(rack) == [])
        _ = rack.take(.acknowledged(Rack.tor, round: 2, true))
        let end = wait(.milliseconds(200), &rack)
        #expect(end.contains(.unbind([Self.other])))
        #expect(!isEstablished(rack))
        #expect(rack.take(.unbound([Self.other])).last == .exit)
    }

    @Test func theEndOfTheProcessBringsNothingBackThatADrainHasWithdrawn() {
        var rack = inService(otherDrains: false, settle: .milliseconds(500))
        _ = rack.take(.drainRequested(reason: "new kernel"))
        _ = wait(.milliseconds(500), &rack)
        _ = rack.take(.acknowledged(Rack.tor, round: 1, true))
        #expect(rack.speaker.departureStep == .lingering)
        var away = rack
        for _ in 0..<2 {
            let isAway = away.speaker.departureStep == .away
            var end = away
            let marking = end.take(term)
            #expect(end.speaker.departureStep == .settling)
            #expect(told(end) == [Self.other])
            #expect(!marking.contains(.bind([Rack.vip], globalScope: false)))
            #expect(end.speaker.isBound(Rack.vip) == !isAway)
            _ = wait(.milliseconds(500), &end)
            #expect(told(end) == [])
            _ = wait(.milliseconds(200), &away)
            _ = away.take(.unbound([Rack.vip]))
        }
    }

    @Test func aVIPThatADrainOfTheNodeLeavesAloneCanBeDrainedByItsName() {
        var rack = inService(otherDrains: false, settle: .zero)
        _ = rack.take(.vipDrainRequested(Self.other, reason: nil))
        #expect(told(rack) == [Rack.vip])
    }
}
