import Advertising
import BGPFSM
import BGPWire
import Deadlines
import Health
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// Checks, bindings and routes: what is wanted, bound and advertised, in which order.
struct ServiceTests {
    @Test func theStartProbesAndDialsAtOnceAndAdvertisesNothing() {
        var rack = Rack()
        #expect(rack.take(.started) == [.probe("api"), .session(Rack.tor, .connect)])
    }

    @Test func aPassingProbeBindsFirstAndAdvertisesWhenTheKernelHasIt() {
        var rack = Rack()
        _ = rack.take(.started)
        rack.establish()
        #expect(
            rack.take(.check("api", .outcome(.passed))) == [
                .report(.checkChanged("api", .healthy)), .report(.vipsChanged([Rack.vip], .healthy)),
                .bind([Rack.vip], globalScope: false),
            ])
        #expect(
            rack.take(.bound([Rack.vip])) == [
                .report(.bound([Rack.vip])), Rack.send(Rack.announcement),
                .report(.advertised(Rack.tor, [Rack.vip])),
            ])
    }

    @Test func aSessionThatComesUpLaterIsToldTheVIPAndEndOfRIB() {
        var rack = Rack()
        _ = rack.take(.started)
        rack.becomeHealthy()
        let effects = rack.establish()
        guard case .report(.sessionEstablished(let peer, let negotiated)) = effects.first else {
            Issue.record("the first effect is \(String(describing: effects.first))")
            return
        }
        #expect(peer == Rack.tor)
        #expect(negotiated.endpoints == Rack.endpoints)
        #expect(
            Array(effects.dropFirst()) == [
                Rack.send(Rack.announcement), Rack.send(Update()), .report(.advertised(Rack.tor, [Rack.vip])),
            ])
    }

    @Test func aRefusedProbeWithdrawsFromAllPeersBeforeItUnbinds() {
        var rack = Rack.inService(peers: [Rack.tor, Rack.secondToR])
        _ = rack.take(.deadlineReached, after: .milliseconds(900))
        let refused = Outcome.failed(reason: "connection refused", definitive: true)
        let effects = rack.take(.check("api", .outcome(refused)), after: .milliseconds(101))
        #expect(
            effects == [
                .report(.checkChanged("api", .unhealthy(reason: "connection refused"))),
                .report(.vipsChanged([Rack.vip], .unhealthy(reason: "check api: connection refused"))),
                Rack.send(Rack.withdrawal), .report(.withdrawn(Rack.tor, [Rack.vip])),
                Rack.send(Rack.withdrawal, to: Rack.secondToR), .report(.withdrawn(Rack.secondToR, [Rack.vip])),
                .unbind([Rack.vip]),
            ])
        #expect(rack.take(.unbound([Rack.vip])) == [.report(.unbound([Rack.vip]))])
    }

    @Test func whatCannotBeUnboundIsReportedOnceAndTriedAgain() {
        var rack = Rack.inService()
        let refused = Outcome.failed(reason: "connection refused", definitive: true)
        _ = rack.take(.check("api", .outcome(.passed)))
        _ = rack.take(.deadlineReached, after: .seconds(1))
        _ = rack.take(.check("api", .outcome(refused)))
        let failure = Input.unbindFailed(Rack.vip, reason: "not permitted")
        #expect(rack.take(failure) == [.report(.unbindFailed(Rack.vip, reason: "not permitted"))])
        #expect(rack.take(.deadlineReached, after: .seconds(1)).contains(.unbind([Rack.vip])))
        #expect(rack.take(failure) == [])
        #expect(rack.take(.deadlineReached, after: .seconds(1)).contains(.unbind([Rack.vip])))
        #expect(rack.take(.unbound([Rack.vip])) == [.report(.unbound([Rack.vip]))])
    }

    @Test func nothingIsAnnouncedOnAVerdictWhoseTimeIsOver() {
        var rack = Rack()
        _ = rack.take(.started)
        rack.becomeHealthy()
        rack.now = rack.now + .seconds(30)
        #expect(!rack.establish().contains(Rack.send(Rack.announcement)))
        #expect(rack.speaker.vips[0].verdict.word == "unhealthy")
    }

    @Test func aPeerCannotFillTheLog() {
        var rack = Rack.inService()
        let reports = { (effects: [Effect]) in
            effects.filter { effect in
                switch effect {
                case .report(.sessionEstablished), .report(.sessionLost), .report(.advertised): true
                default: false
                }
            }
            .count
        }
        var count = 0
        for _ in 0..<100 {
            count += reports(rack.take(.session(Rack.tor, .tcpFailed(.outgoing, .closedByPeer))))
            _ = rack.take(.session(Rack.tor, .tcpConnected(.incoming, Rack.endpoints)))
            count += reports(rack.establishIncoming())
            count += reports(rack.take(.session(Rack.tor, .tcpFailed(.incoming, .closedByPeer))))
        }
        #expect(count == 13)
        let later = rack.take(.session(Rack.tor, .tcpConnected(.incoming, Rack.endpoints)), after: .milliseconds(1))
        #expect(reports(later) == 0)
    }

    @Test func aRouteWhoseAttributesDoNotFitIsNotCountedAsToldAndSaysWhy() {
        var rack = Rack(communities: (0..<1100).map { Community($0) })
        _ = rack.take(.started)
        rack.becomeHealthy()
        let effects = rack.establish()
        #expect(
            effects.suffix(2) == [
                Rack.send(Update()),
                .report(
                    .notCarried(
                        Rack.tor, [Rack.vip],
                        reason: "its path attributes do not fit into a BGP message of 4096 octets: "
                            + "give it fewer communities")),
            ])
        #expect(rack.speaker.peers[0].adjRIBOut.told == [:])
    }

    @Test func whatCannotBeBoundIsNotAdvertisedAndIsTriedAgain() {
        var rack = Rack()
        _ = rack.take(.started)
        rack.establish()
        _ = rack.take(.check("api", .outcome(.passed)))
        let failure = Input.bindFailed(Rack.vip, reason: "not permitted")
        #expect(rack.take(failure) == [.report(.bindFailed(Rack.vip, reason: "not permitted"))])
        let retry = rack.now + .seconds(1)
        #expect(rack.speaker.vips[0].bindRetry == retry)
        rack.now = retry
        let effects = rack.take(.deadlineReached)
        #expect(effects.filter { $0 == .bind([Rack.vip], globalScope: false) }.count == 1)
        #expect(rack.take(failure) == [])
        #expect(
            rack.take(.bound([Rack.vip])) == [
                .report(.bound([Rack.vip])), Rack.send(Rack.announcement),
                .report(.advertised(Rack.tor, [Rack.vip])),
            ])
    }

    @Test func aVIPSomeoneElseRemovedIsPutBackWithoutAFlapOfTheRoute() {
        var rack = Rack.inService()
        #expect(
            rack.take(.vanished([Rack.vip])) == [
                .report(.vanished([Rack.vip])), .bind([Rack.vip], globalScope: false),
            ])
        #expect(rack.take(.bound([Rack.vip])) == [])
    }

    @Test func aVIPThatCannotBePutBackIsWithdrawn() {
        var rack = Rack.inService()
        _ = rack.take(.vanished([Rack.vip]))
        #expect(
            rack.take(.bindFailed(Rack.vip, reason: "not permitted")) == [
                .report(.bindFailed(Rack.vip, reason: "not permitted")), Rack.send(Rack.withdrawal),
                .report(.withdrawn(Rack.tor, [Rack.vip])),
            ])
    }

    @Test func ourOwnRemovalIsNoNews() {
        var rack = Rack()
        _ = rack.take(.started)
        #expect(rack.take(.vanished([Rack.vip])) == [])
    }

    @Test func anAddressThatIsBoundTooLateIsTakenOffAgain() {
        var rack = Rack()
        _ = rack.take(.started)
        _ = rack.take(.check("api", .outcome(.failed(reason: "HTTP 500", definitive: false))))
        #expect(rack.take(.bound([Rack.vip])) == [.report(.bound([Rack.vip])), .unbind([Rack.vip])])
    }

    @Test func anUnwantedAddressThatSomeoneElseRemovesIsNotPutBack() {
        var rack = Rack.inService()
        _ = rack.take(.check("api", .outcome(.passed)))
        _ = rack.take(.deadlineReached, after: .seconds(1))
        _ = rack.take(.check("api", .outcome(.failed(reason: "connection refused", definitive: true))))
        _ = rack.take(.unbindFailed(Rack.vip, reason: "not permitted"))
        #expect(rack.take(.vanished([Rack.vip])) == [])
        #expect(rack.speaker.vips[0].binding == .unbound)
    }

    @Test func aLeftoverStaysUntilTheFirstVerdictAndIsRemovedIfThatIsBad() {
        var rack = Rack()
        #expect(rack.take(.leftoversFound([Rack.vip])) == [.report(.adopted([Rack.vip]))])
        _ = rack.take(.started)
        let failed = Outcome.failed(reason: "HTTP 500", definitive: false)
        let effects = rack.take(.check("api", .outcome(failed)))
        #expect(effects.last == .unbind([Rack.vip]))
    }

    @Test func aLeftoverIsAdvertisedAtOnceIfTheServiceIsWellAndBroughtIntoShape() {
        var rack = Rack()
        _ = rack.take(.leftoversFound([Rack.vip]))
        _ = rack.take(.started)
        rack.establish()
        #expect(
            rack.take(.check("api", .outcome(.passed))) == [
                .report(.checkChanged("api", .healthy)), .report(.vipsChanged([Rack.vip], .healthy)),
                Rack.send(Rack.announcement), .report(.advertised(Rack.tor, [Rack.vip])),
                .bind([Rack.vip], globalScope: false),
            ])
        #expect(rack.take(.bound([Rack.vip])) == [])
    }

    @Test func aLeftoverThatIsNotConfiguredIsRemoved() {
        var rack = Rack()
        let stranger = IPPrefix(host: .v4(IPv4Address(0x0AFF_0063)))
        #expect(rack.take(.leftoversFound([stranger])) == [.unbind([stranger])])
        #expect(rack.take(.unbound([stranger])) == [.report(.leftoverRemoved([stranger]))])
        #expect(
            rack.take(.unbindFailed(stranger, reason: "not permitted"))
                == [.report(.unbindFailed(stranger, reason: "not permitted"))])
    }

    @Test func whatTheKernelRefusesIsTriedAgainTogether() {
        let others = (1...3).map { IPPrefix(host: .v4(IPv4Address(0x0AFF_0100 + $0))) }
        var rack = Rack { settings in
            settings.vips += others.map { VIPSettings(prefix: $0, checks: ["api"]) }
        }
        _ = rack.take(.started)
        _ = rack.take(.check("api", .outcome(.passed)))
        _ = rack.take(.bindFailed(Rack.vip, reason: "not permitted"))
        for (number, vip) in others.enumerated() {
            _ = rack.take(.bindFailed(vip, reason: "not permitted"), after: .milliseconds(100 * (number + 1)))
        }
        #expect(rack.take(.deadlineReached, after: .milliseconds(399)).filter(\.isBinding) == [])
        #expect(
            rack.take(.deadlineReached, after: .milliseconds(1)).filter(\.isBinding)
                == [.bind([Rack.vip] + others, globalScope: false)])
    }

    @Test func whatSomeoneElseRemovedIsPutBackTogether() {
        let others = (1...3).map { IPPrefix(host: .v4(IPv4Address(0x0AFF_0100 + $0))) }
        var rack = Rack { settings in
            settings.vips += others.map { VIPSettings(prefix: $0, checks: ["api"]) }
        }
        _ = rack.take(.started)
        _ = rack.take(.check("api", .outcome(.passed)))
        _ = rack.take(.bound([Rack.vip] + others))
        #expect(
            rack.take(.vanished(others)) == [.report(.vanished(others)), .bind(others, globalScope: false)])
    }

    @Test func anAddressThatMayBeThereAlthoughTheKernelRefusedItIsTakenOffBeforeTheExit() {
        var rack = Rack()
        _ = rack.take(.leftoversFound([Rack.vip]))
        _ = rack.take(.started)
        _ = rack.take(.check("api", .outcome(.passed)))
        _ = rack.take(.bindFailed(Rack.vip, reason: "no answer"))
        let effects = rack.take(.terminationRequested(reason: "stopped", isUrgent: true))
        #expect(effects.contains(.unbind([Rack.vip])))
        #expect(!effects.contains(.exit))
        #expect(rack.take(.unbound([Rack.vip])) == [.report(.unbound([Rack.vip])), .exit])
    }

    @Test func aLostSessionIsReportedAndTheOtherPeerHearsNothing() {
        var rack = Rack.inService(peers: [Rack.tor, Rack.secondToR])
        let effects = rack.take(.session(Rack.tor, .tcpFailed(.outgoing, .closedByPeer)))
        #expect(effects.count == 1)
        guard case .report(.sessionLost(Rack.tor, _)) = effects.first else {
            Issue.record("the effect is \(String(describing: effects.first))")
            return
        }
        #expect(rack.speaker.peers[0].adjRIBOut.told == [:])
        #expect(rack.speaker.peers[1].adjRIBOut.told.count == 1)
    }

    @Test func anAttemptThatKeepsFailingForOneReasonIsReportedOnce() {
        var rack = Rack()
        _ = rack.take(.started)
        let refused = Input.session(Rack.tor, .tcpFailed(.outgoing, .refused))
        #expect(rack.take(refused).count == 1)
        #expect(rack.take(.deadlineReached, after: .seconds(6)).contains(.session(Rack.tor, .connect)))
        #expect(rack.take(refused) == [])
        #expect(rack.take(.deadlineReached, after: .seconds(6)).contains(.session(Rack.tor, .connect)))
        #expect(rack.take(.session(Rack.tor, .tcpFailed(.outgoing, .networkUnreachable))).count == 1)
    }

    @Test func aRouteRefreshIsAnsweredWithAllRoutes() {
        var rack = Rack.inService()
        let request = ReceivedMessage.routeRefresh(RouteRefresh(family: .ipv4Unicast))
        #expect(
            rack.take(.session(Rack.tor, .received(request, .outgoing))) == [Rack.send(Rack.announcement)])
    }

    @Test func aMalformedUpdateThatTheSessionSurvivesIsReportedOnceAMinute() {
        var rack = Rack.inService()
        let update = UpdateSummary(announced: 1, withdrawn: 0, malformation: "ORIGIN 7")
        let input = Input.session(Rack.tor, .received(.update(update), .outgoing))
        #expect(rack.take(input) == [.report(.malformedUpdate(Rack.tor, "ORIGIN 7"))])
        #expect(rack.take(input) == [])
        rack.now = rack.now + .seconds(60)
        #expect(rack.take(input).contains(.report(.malformedUpdate(Rack.tor, "ORIGIN 7"))))
    }

    @Test func aFloodOfRouteRefreshesIsAnsweredOnceAPause() {
        var rack = Rack.inService()
        let request = Input.session(
            Rack.tor, .received(.routeRefresh(RouteRefresh(family: .ipv4Unicast)), .outgoing))
        #expect(rack.take(request) == [Rack.send(Rack.announcement)])
        #expect(rack.take(request) == [])
        #expect(routes(rack.take(request, after: .milliseconds(99))) == [])
        #expect(rack.speaker.peers[0].nextRefresh == Rack.start + .milliseconds(100))
        #expect(routes(rack.take(.deadlineReached, after: .milliseconds(1))) == [Rack.send(Rack.announcement)])
        #expect(routes(rack.take(.deadlineReached, after: .milliseconds(100))) == [])
    }

    /// Only the UPDATEs: probes and keepalives that are due too are not what is looked at.
    private func routes(_ effects: [Effect]) -> [Effect] {
        effects.filter { effect in
            if case .session(_, .send(.update, _)) = effect { true } else { false }
        }
    }

    @Test func namesThatAreNotConfiguredAreIgnored() {
        var rack = Rack.inService()
        let stranger = ScopedAddress(.v4(IPv4Address(1)))
        #expect(rack.take(.session(stranger, .tcpConnected(.incoming, Rack.endpoints))) == [])
        #expect(rack.take(.check("nothing", .outcome(.passed))) == [])
        #expect(rack.take(.bound([IPPrefix(host: .v4(IPv4Address(1)))])) == [])
        #expect(rack.take(.acknowledged(stranger, round: 1, true)) == [])
    }

    @Test func eachPeerIsToldTheRouteAsItIsSetForThatPeer() {
        var rack = Rack(peers: [Rack.tor, Rack.secondToR], departure: DepartureSettings(settle: .seconds(1))) {
            $0.peers[1].routeAdjustment = RouteAdjustment(
                multiExitDiscriminator: 5, prepend: 1, communities: [.noExport])
        }
        _ = rack.take(.started)
        rack.becomeHealthy()
        rack.establish(Rack.tor)
        func announcement(_ communities: [Community]) -> Update {
            Update(
                attributes: [
                    PathAttribute(flags: 0x40, value: .origin(.igp)),
                    PathAttribute(
                        flags: 0x40, value: .asPath([ASPathSegment(.sequence, [ASNumber(65001), ASNumber(65001)])])),
                    PathAttribute(flags: 0x40, value: .nextHop(IPv4Address(0x0A00_0002))),
                    PathAttribute(flags: 0x80, value: .multiExitDiscriminator(5)),
                    PathAttribute(flags: 0xC0, value: .communities(communities)),
                ], nlri: [Rack.vip])
        }
        // When the session comes up,
        let effects = rack.establish(Rack.secondToR)
        #expect(effects.contains(Rack.send(announcement([.noExport]), to: Rack.secondToR)))
        // and when all peers are told anew: here with the mark of leaving, in addition to the peer's own community.
        let leaving = rack.take(.drainRequested(reason: "test"))
        #expect(leaving.contains(Rack.send(announcement([.gracefulShutdown, .noExport]), to: Rack.secondToR)))
        #expect(rack.speaker.peers[0].adjRIBOut.told == [Rack.vip: RouteAttributes().withGracefulShutdown])
    }

    @Test func whatIsSetForAPeerDoesNotUndoTheMarkOfLeaving() {
        var rack = Rack(departure: DepartureSettings(settle: .seconds(1))) {
            $0.peers[0].routeAdjustment = RouteAdjustment(localPreference: 300)
        }
        _ = rack.take(.started)
        rack.becomeHealthy()
        rack.establish()
        #expect(rack.speaker.peers[0].adjRIBOut.told == [Rack.vip: RouteAttributes(localPreference: 300)])
        _ = rack.take(.drainRequested(reason: "test"))
        #expect(
            rack.speaker.peers[0].adjRIBOut.told == [
                Rack.vip: RouteAttributes(localPreference: 0, communities: [.gracefulShutdown])
            ])
    }

    @Test func theOpenAsksForLongLivedGracefulRestartIfTheSettingsDo() {
        let rack = Rack { $0.longLivedStaleTime = 3600 }
        #expect(rack.speaker.peers[0].session.configuration.longLivedStaleTime == 3600)
        #expect(Rack().speaker.peers[0].session.configuration.longLivedStaleTime == nil)
    }
}

extension Effect {
    fileprivate var isBinding: Bool {
        if case .bind = self { true } else { false }
    }
}
