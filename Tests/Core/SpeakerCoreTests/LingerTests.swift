import BGPFSM
import BGPWire
import Deadlines
import Health
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// A VIP that is withdrawn stays bound for `linger`, so that what routers still send is answered, unless the service
/// refuses connections.
struct LingerTests {
    private let sick = Outcome.failed(reason: "HTTP 500", definitive: false)
    private let refused = Outcome.failed(reason: "connection refused", definitive: true)
    private let linger = Duration.milliseconds(200)

    /// In service, with a check whose first failure counts, and the service then fails.
    private func withdrawn(
        _ departure: DepartureSettings = DepartureSettings(settle: .zero, linger: .milliseconds(200)),
        adapt: (inout Settings) -> Void = { _ in }
    ) -> (rack: Rack, effects: [Effect]) {
        var rack = Rack(departure: departure) {
            $0.checks[0].fall = 1
            $0.checks[0].rise = 1
            adapt(&$0)
        }
        _ = rack.take(.started)
        rack.becomeHealthy()
        rack.establish()
        let effects = fail(&rack, sick)
        return (rack, effects)
    }

    private func fail(_ rack: inout Rack, _ outcome: Outcome) -> [Effect] {
        _ = rack.take(.deadlineReached, after: .seconds(1))
        return rack.take(.check("api", .outcome(outcome)))
    }

    /// A deadline, without the probes and keepalives that are due too.
    private func pass(_ time: Duration, _ rack: inout Rack) -> [Effect] {
        rack.take(.deadlineReached, after: time).filter { effect in
            switch effect {
            case .probe, .session(_, .send(.keepalive, _)), .session(_, .windowProbe): false
            default: true
            }
        }
    }

    @Test func aFailureThatIsNoRefusalWithdrawsAtOnceAndUnbindsAfterTheLinger() {
        var (rack, effects) = withdrawn()
        #expect(
            effects == [
                .report(.checkChanged("api", .unhealthy(reason: "HTTP 500"))),
                .report(.vipsChanged([Rack.vip], .unhealthy(reason: "check api: HTTP 500"))),
                Rack.send(Rack.withdrawal), .report(.withdrawn(Rack.tor, [Rack.vip])),
            ])
        #expect(rack.speaker.vips[0].binding == .lingering(until: rack.now + linger))
        #expect(rack.speaker.nextDeadline == rack.now + linger)
        #expect(rack.speaker.status(version: "1", at: rack.now).vips.first?.bound == true)
        #expect(pass(linger - .nanoseconds(1), &rack) == [])
        #expect(pass(.nanoseconds(1), &rack) == [.unbind([Rack.vip])])
        #expect(rack.take(.unbound([Rack.vip])) == [.report(.unbound([Rack.vip]))])
    }

    @Test func aFailureOfEveryOtherKindLingersToo() {
        var rack = Rack.inService()
        // The dead-man: no outcome in time.
        #expect(!pass(.seconds(8), &rack).contains(.unbind([Rack.vip])))
        #expect(rack.speaker.vips[0].binding == .lingering(until: rack.now + linger))
    }

    @Test func aRefusalEndsTheLinger() {
        var (rack, _) = withdrawn { $0.departure.linger = .seconds(60) }
        #expect(fail(&rack, sick) == [])
        #expect(fail(&rack, refused) == [.unbind([Rack.vip])])
    }

    @Test func aRefusalThatCountsLikeAnyFailureUnbindsAtOnceToo() {
        var rack = Rack { $0.checks[0].failFast = false }
        _ = rack.take(.started)
        rack.becomeHealthy()
        rack.establish()
        _ = fail(&rack, refused)
        _ = fail(&rack, refused)
        #expect(fail(&rack, refused).last == .unbind([Rack.vip]))
    }

    @Test func aServiceThatIsWellAgainKeepsTheAddressAndIsAdvertised() {
        var (rack, _) = withdrawn { $0.departure.linger = .seconds(60) }
        #expect(
            fail(&rack, .passed) == [
                .report(.checkChanged("api", .healthy)), .report(.vipsChanged([Rack.vip], .healthy)),
                Rack.send(Rack.announcement), .report(.advertised(Rack.tor, [Rack.vip])),
            ])
        #expect(rack.speaker.vips[0].binding == .bound)
        #expect(!pass(.seconds(1), &rack).contains(.unbind([Rack.vip])))
    }

    @Test func withoutARouterThatHadTheRouteThereIsNothingToLingerFor() {
        var rack = Rack()
        _ = rack.take(.started)
        rack.becomeHealthy()
        for _ in 0..<2 { _ = fail(&rack, sick) }
        #expect(fail(&rack, sick).last == .unbind([Rack.vip]))
    }

    @Test func aLingerOfNothingUnbindsAtOnce() {
        let (_, effects) = withdrawn(DepartureSettings(settle: .zero, linger: .zero))
        #expect(effects.last == .unbind([Rack.vip]))
    }

    @Test func anAddressThatIsLeftToOthersIsLeftToOthers() {
        var rack = Rack { $0.vips[0].binds = false }
        _ = rack.take(.started)
        _ = rack.take(.localityFound([Rack.vip], isLocal: true))
        rack.becomeHealthy()
        rack.establish()
        for _ in 0..<2 { _ = fail(&rack, sick) }
        let effects = fail(&rack, sick)
        #expect(effects.last == .report(.withdrawn(Rack.tor, [Rack.vip])))
        #expect(rack.speaker.vips[0].binding == .leftToOthers)
        #expect(pass(.seconds(1), &rack) == [])
    }

    @Test func anAddressThatSomeoneElseRemovesMeanwhileIsNotPutBack() {
        var (rack, _) = withdrawn()
        #expect(rack.take(.vanished([Rack.vip])) == [])
        #expect(rack.speaker.vips[0].binding == .unbound)
        #expect(pass(.seconds(1), &rack) == [])
    }

    @Test func anAddressThatWasBeingPutBackLingersAllTheSame() {
        var rack = Rack { $0.checks[0].fall = 1 }
        _ = rack.take(.started)
        rack.becomeHealthy()
        rack.establish()
        _ = rack.take(.vanished([Rack.vip]))
        _ = fail(&rack, sick)
        #expect(rack.take(.bound([Rack.vip])) == [])
        #expect(rack.speaker.vips[0].binding == .lingering(until: rack.now + linger))
    }

    @Test func aDepartureThatBeginsMeanwhileWaitsForWhatIsLeftOfTheLinger() {
        var (rack, _) = withdrawn(DepartureSettings(settle: .seconds(1), linger: .milliseconds(200)))
        let end = rack.now + linger
        #expect(
            rack.take(.terminationRequested(reason: "stopped", isUrgent: false), after: .milliseconds(50)) == [
                .report(.departureStarted(reason: "stopped", exits: true)),
                .report(.departureStep(.acknowledging)), .report(.departureStep(.lingering)),
            ])
        #expect(rack.speaker.departure.deadline == end)
        #expect(pass(.milliseconds(150), &rack).contains(.unbind([Rack.vip])))
        #expect(rack.take(.unbound([Rack.vip])) == [.report(.unbound([Rack.vip])), .exit])
    }

    @Test func anUrgentDepartureWaitsForNothing() {
        var (rack, _) = withdrawn()
        let effects = rack.take(.terminationRequested(reason: "stopped", isUrgent: true))
        #expect(effects.suffix(2) == [.unbind([Rack.vip]), .report(.departureStep(.away))])
    }

    @Test func aServiceThatFailsDuringADepartureStaysBoundUntilItsEnd() {
        var rack = Rack(departure: DepartureSettings(settle: .zero, linger: .seconds(5))) { $0.checks[0].fall = 1 }
        _ = rack.take(.started)
        rack.becomeHealthy()
        rack.establish()
        _ = rack.take(.drainRequested(reason: "kernel update"))
        // The routers have not acknowledged the withdrawal, and then they move the traffic.
        #expect(fail(&rack, sick).contains { if case .unbind = $0 { true } else { false } } == false)
        #expect(pass(.seconds(4), &rack) == [])
        #expect(pass(.seconds(1), &rack).contains(.unbind([Rack.vip])))
    }

    @Test func aServiceThatRefusesDuringADepartureIsUnboundAtOnce() {
        var rack = Rack(departure: DepartureSettings(settle: .zero, linger: .seconds(5)))
        _ = rack.take(.started)
        rack.becomeHealthy()
        rack.establish()
        _ = rack.take(.drainRequested(reason: "kernel update"))
        _ = rack.take(.acknowledged(Rack.tor, round: 1, true))
        #expect(fail(&rack, refused).last == .unbind([Rack.vip]))
    }

    @Test func aDrainThatIsCalledOffLeavesTheRestOfTheLinger() {
        var rack = Rack(departure: DepartureSettings(settle: .zero, linger: .seconds(5))) { $0.checks[0].fall = 1 }
        _ = rack.take(.started)
        rack.becomeHealthy()
        rack.establish()
        _ = rack.take(.drainRequested(reason: "kernel update"))
        let end = rack.now + .seconds(5)
        _ = fail(&rack, sick)
        #expect(rack.take(.undrainRequested) == [.report(.undrained)])
        #expect(rack.speaker.vips[0].binding == .lingering(until: end))
    }

    // MARK: Routes that a session has taken with it

    @Test func aVIPThatIsRemovedWhereItsSessionIsResetStaysForTheLinger() {
        var rack = Rack.inService()
        let effects = rack.reload {
            $0.peers[0].holdTime = 30
            $0.vips = []
        }
        #expect(rack.speaker.peers[0].session.state != .established)
        #expect(!effects.contains(.unbind([Rack.vip])))
        #expect(!pass(linger - .nanoseconds(1), &rack).contains(.unbind([Rack.vip])))
        #expect(pass(.nanoseconds(1), &rack).contains(.unbind([Rack.vip])))
    }

    @Test func aDrainSoonAfterASessionHasEndedLingersForTheRest() {
        var rack = Rack.inService()
        _ = rack.take(.session(Rack.tor, .tcpFailed(.outgoing, .reset)))
        let end = rack.now + linger
        _ = rack.take(.drainRequested(reason: "kernel update"), after: linger / 2)
        #expect(rack.speaker.departure.progress == .lingering(until: end))
        #expect(pass(end - rack.now, &rack).contains(.unbind([Rack.vip])))
    }

    @Test func aDrainSoonAfterAPeerIsRemovedLingersForTheRest() {
        var rack = Rack.inService()
        _ = rack.reload { $0.peers = [] }
        let end = rack.now + linger
        _ = rack.take(.drainRequested(reason: "kernel update"), after: linger / 2)
        #expect(rack.speaker.departure.progress == .lingering(until: end))
        #expect(pass(end - rack.now, &rack).contains(.unbind([Rack.vip])))
    }

    @Test func aDrainLongAfterASessionHasEndedWaitsForNothing() {
        var rack = Rack.inService()
        _ = rack.take(.session(Rack.tor, .tcpFailed(.outgoing, .reset)))
        #expect(rack.take(.drainRequested(reason: "kernel update"), after: linger).contains(.unbind([Rack.vip])))
    }

    // MARK: What an earlier run left

    @Test func aLeftoverWithoutAVerdictGoesAfterTenSeconds() {
        var rack = Rack { $0.checks[0].timeout = .seconds(60) }
        _ = rack.take(.leftoversFound([Rack.vip]))
        _ = rack.take(.started)
        #expect(rack.speaker.boundVIPs == [Rack.vip])
        _ = rack.take(.deadlineReached, after: .milliseconds(9_999))
        #expect(rack.speaker.boundVIPs == [Rack.vip])
        #expect(rack.take(.deadlineReached, after: .milliseconds(1)).last == .unbind([Rack.vip]))
        _ = rack.take(.unbound([Rack.vip]))
        // It comes back with the first good outcome.
        #expect(
            rack.take(.check("api", .outcome(.passed)), after: .seconds(1)).last
                == .bind([Rack.vip], globalScope: false))
    }

    @Test func aLeftoverOfAHealthyNodeStaysWithoutASession() {
        var rack = Rack()
        _ = rack.take(.leftoversFound([Rack.vip]))
        _ = rack.take(.started)
        _ = rack.take(.check("api", .outcome(.passed)))
        #expect(rack.speaker.vips[0].binding == .bound)
        for _ in 0..<12 {
            #expect(!pass(.seconds(1), &rack).contains(.unbind([Rack.vip])))
            _ = rack.take(.check("api", .outcome(.passed)))
        }
    }
}

/// That someone who removes a VIP again and again does not fill the log.
struct VanishingTests {
    @Test func tenReportsAndThenOneThatSaysHowManyWereLeftOut() {
        var rack = Rack.inService()
        var effects: [Effect] = []
        for _ in 0..<1000 { effects += rack.take(.vanished([Rack.vip]), after: .milliseconds(1)) }
        let bind = Effect.bind([Rack.vip], globalScope: false)
        #expect(effects.count { $0 == bind } == 1000)
        #expect(effects.count { $0 == .report(.vanished([Rack.vip])) } == 10)
        let later = rack.take(.deadlineReached, after: .milliseconds(5_001))
        #expect(later.contains(.report(.vanishingSuppressed(count: 990))))
    }
}
