import BGPFSM
import BGPWire
import Deadlines
import Health
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// The order of leaving, step by step and with every way out of a step.
struct DepartureTests {
    let settings = DepartureSettings(
        settle: .milliseconds(900), acknowledgement: .seconds(1), linger: .milliseconds(200))
    let term = Input.terminationRequested(reason: "stopped by SIGTERM", isUrgent: false)

    var marked: Update {
        var update = Rack.announcement
        update.attributes.append(PathAttribute(flags: 0xC0, value: .communities([.gracefulShutdown])))
        return update
    }

    var withdrawing: [Effect] {
        [
            .report(.departureStep(.acknowledging)), Rack.send(Rack.withdrawal),
            .report(.withdrawn(Rack.tor, [Rack.vip])), .awaitAcknowledgement(Rack.tor, round: 1, within: .seconds(1)),
        ]
    }

    var leaving: [Effect] {
        Rack.cease("stopped by SIGTERM") + [
            .report(.sessionClosed(Rack.tor, reason: endWords)), .unbind([Rack.vip]),
            .report(.departureStep(.away)),
        ]
    }

    /// The kernel's answer, and the end.
    private func expectExit(of rack: inout Rack, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(
            rack.take(.unbound([Rack.vip])) == [.report(.unbound([Rack.vip])), .exit], sourceLocation: sourceLocation)
    }

    var endWords: String {
        EndReason.local(.administrativeShutdown, communication: "stopped by SIGTERM")
            .words(Rack().speaker.peers[0].session.configuration)
    }

    @Test func sigtermSettlesWithdrawsWaitsLingersSaysCeaseUnbindsAndExits() {
        var rack = Rack.inService(departure: settings)
        #expect(
            rack.take(term) == [
                .report(.departureStarted(reason: "stopped by SIGTERM", exits: true)),
                .report(.departureStep(.settling)), Rack.send(marked), .report(.advertised(Rack.tor, [Rack.vip])),
            ])
        let settled = rack.now + .milliseconds(900)
        #expect(rack.speaker.departure.deadline == settled)
        #expect(expire(&rack, at: settled) == withdrawing)
        #expect(rack.take(.acknowledged(Rack.tor, round: 1, true)) == [.report(.departureStep(.lingering))])
        #expect(expire(&rack, at: rack.now + .milliseconds(200)) == leaving)
        #expect(rack.speaker.departure.deadline == nil)
        expectExit(of: &rack)
    }

    /// Reaches a deadline of the departure; checks and keepalives that are due too are not what is looked at.
    private func expire(_ rack: inout Rack, at instant: Instant) -> [Effect] {
        rack.now = instant
        return rack.take(.deadlineReached).filter { effect in
            switch effect {
            case .probe, .session(_, .send(.keepalive, _)): false
            default: true
            }
        }
    }

    @Test func withoutSettlingTheWithdrawalIsFirst() {
        var rack = Rack.inService()
        #expect(
            rack.take(term) == [.report(.departureStarted(reason: "stopped by SIGTERM", exits: true))] + withdrawing)
    }

    @Test func sigintSkipsSettlingAndLingering() {
        var rack = Rack.inService(departure: settings)
        let effects = rack.take(.terminationRequested(reason: "stopped by SIGTERM", isUrgent: true))
        #expect(
            effects == [.report(.departureStarted(reason: "stopped by SIGTERM", exits: true))] + withdrawing)
        #expect(rack.take(.acknowledged(Rack.tor, round: 1, true)) == leaving)
        expectExit(of: &rack)
    }

    @Test func aSecondSigtermEndsSettlingAndLingeringAtOnce() {
        var rack = Rack.inService(departure: settings)
        _ = rack.take(term)
        #expect(rack.take(term) == withdrawing)
        #expect(rack.take(.acknowledged(Rack.tor, round: 1, true)) == leaving)
        expectExit(of: &rack)

        var lingering = Rack.inService()
        _ = lingering.take(term)
        _ = lingering.take(.acknowledged(Rack.tor, round: 1, true))
        #expect(lingering.take(term) == leaving)
        expectExit(of: &lingering)
    }

    @Test func aPeerThatNeverAcknowledgesHoldsNothingUp() {
        var rack = Rack.inService()
        _ = rack.take(term)
        #expect(
            expire(&rack, at: rack.now + .seconds(1)) == [
                .report(.withdrawalUnacknowledged(Rack.tor)), .report(.departureStep(.lingering)),
            ])
    }

    @Test func aSessionThatDiesWhileItsAcknowledgementIsAwaitedIsNotWaitedFor() {
        var rack = Rack.inService(peers: [Rack.tor, Rack.secondToR])
        _ = rack.take(term)
        _ = rack.take(.acknowledged(Rack.secondToR, round: 1, true))
        let effects = rack.take(.session(Rack.tor, .tcpFailed(.outgoing, .reset)))
        #expect(effects.last == .report(.departureStep(.lingering)))
    }

    @Test func aNodeThatAdvertisesNothingLeavesAtOnce() {
        var rack = Rack(departure: settings)
        _ = rack.take(.started)
        #expect(
            rack.take(term) == [
                .report(.departureStarted(reason: "stopped by SIGTERM", exits: true)),
                .report(.departureStep(.acknowledging)), .session(Rack.tor, .close(.outgoing)),
                .report(.departureStep(.away)), .exit,
            ])
    }

    @Test func aServiceThatFailsWhileSettlingIsWithdrawnAtOnce() {
        var rack = Rack.inService(departure: settings)
        _ = rack.take(term)
        _ = rack.take(.deadlineReached, after: .milliseconds(800))
        let refused = Outcome.failed(reason: "connection refused", definitive: true)
        #expect(
            rack.take(.check("api", .outcome(refused))) == [
                .report(.checkChanged("api", .unhealthy(reason: "connection refused"))),
                .report(.vipsChanged([Rack.vip], .unhealthy(reason: "check api: connection refused"))),
                Rack.send(Rack.withdrawal), .report(.withdrawn(Rack.tor, [Rack.vip])), .unbind([Rack.vip]),
                // There is nothing left that routers could move away from.
                .report(.departureStep(.acknowledging)), .report(.departureStep(.lingering)),
            ])
    }

    @Test func settlingEndsWithTheLastSession() {
        var rack = Rack.inService(peers: [Rack.tor, Rack.secondToR], departure: settings)
        _ = rack.take(term)
        _ = rack.take(.session(Rack.tor, .tcpFailed(.outgoing, .reset)))
        #expect(rack.speaker.departureStep == .settling)
        let effects = rack.take(.session(Rack.secondToR, .tcpFailed(.outgoing, .reset)))
        #expect(
            Array(effects.suffix(2)) == [.report(.departureStep(.acknowledging)), .report(.departureStep(.lingering))])
    }

    @Test func aDrainedNodeKeepsRunningAndComesBack() {
        var rack = Rack.inService()
        let drained = rack.take(.drainRequested(reason: "kernel update"))
        #expect(drained.first == .report(.departureStarted(reason: "kernel update", exits: false)))
        _ = rack.take(.acknowledged(Rack.tor, round: 1, true))
        let away = expire(&rack, at: rack.now + .milliseconds(200))
        #expect(Array(away.prefix(2)) == Rack.cease("kernel update"))
        #expect(!away.contains(.exit))
        #expect(rack.speaker.status(version: "", at: rack.now).phase == "drained")

        #expect(rack.take(.unbound([Rack.vip])) == [.report(.unbound([Rack.vip]))])
        #expect(
            rack.take(.undrainRequested) == [
                .report(.undrained), .session(Rack.tor, .connect), .bind([Rack.vip], globalScope: false),
            ])
        #expect(rack.speaker.departureStep == .inService)
    }

    @Test func sigtermEndsADrainedNode() {
        var rack = Rack.inService()
        _ = rack.take(.drainRequested(reason: "kernel update"))
        _ = rack.take(.acknowledged(Rack.tor, round: 1, true))
        _ = expire(&rack, at: rack.now + .milliseconds(200))
        #expect(rack.take(.unbound([Rack.vip])) == [.report(.unbound([Rack.vip]))])
        #expect(
            rack.take(term) == [.report(.departureStarted(reason: "stopped by SIGTERM", exits: true)), .exit])
    }

    @Test func anExitWaitsForTheKernelsAnswer() {
        var rack = Rack.inService()
        _ = rack.take(.terminationRequested(reason: "stopped by SIGINT", isUrgent: true))
        let effects = rack.take(.acknowledged(Rack.tor, round: 1, true))
        #expect(effects.suffix(2) == [.unbind([Rack.vip]), .report(.departureStep(.away))])
        #expect(rack.take(term) == [])
        expectExit(of: &rack)
    }

    @Test func anAddressThatTheKernelKeepsIsNamedAndTheExitIsNoSuccess() {
        var rack = Rack.inService()
        _ = rack.take(.terminationRequested(reason: "stopped by SIGINT", isUrgent: true))
        _ = rack.take(.acknowledged(Rack.tor, round: 1, true))
        #expect(
            rack.take(.unbindFailed(Rack.vip, reason: "not permitted")) == [
                .report(.unbindFailed(Rack.vip, reason: "not permitted")),
                .report(.leftBound([Rack.vip], interface: "lo")), .exitStillBound,
            ])
    }

    @Test func whatADrainCouldNotRemoveIsTriedOnceMoreBeforeTheExit() {
        var rack = Rack.inService()
        _ = rack.take(.drainRequested(reason: "kernel update"))
        _ = rack.take(.acknowledged(Rack.tor, round: 1, true))
        _ = expire(&rack, at: rack.now + .milliseconds(200))
        _ = rack.take(.unbindFailed(Rack.vip, reason: "not permitted"))
        #expect(
            rack.take(term) == [
                .report(.departureStarted(reason: "stopped by SIGTERM", exits: true)), .unbind([Rack.vip]),
            ])
        expectExit(of: &rack)
    }

    @Test func aLateAnswerOfADrainThatWasCalledOffDoesNotCountForTheNext() {
        var rack = Rack.inService()
        _ = rack.take(.drainRequested(reason: "first"))
        _ = rack.take(.undrainRequested)
        _ = rack.take(.drainRequested(reason: "second"))
        #expect(rack.take(.acknowledged(Rack.tor, round: 1, false)) == [])
        #expect(rack.speaker.departureStep == .acknowledging)
        #expect(rack.take(.acknowledged(Rack.tor, round: 2, true)) == [.report(.departureStep(.lingering))])
    }

    @Test func undrainCannotStopAnExit() {
        var rack = Rack.inService()
        _ = rack.take(term)
        #expect(rack.take(.undrainRequested) == [])
        #expect(rack.speaker.departureStep == .acknowledging)
    }
}
