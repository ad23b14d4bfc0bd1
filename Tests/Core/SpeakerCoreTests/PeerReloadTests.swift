import Advertising
import BGPFSM
import BGPWire
import Deadlines
import Health
import IPTypes
import Intent
import Settings
import Testing

@testable import SpeakerCore

/// Peers that come, change and go while the speaker runs. The session with 10.0.0.1 does not change, and must not notice.
struct PeerReloadTests {
    private static let third = ScopedAddress(.v4(IPv4Address(0x0A00_0201)))
    private static let configurationChanged = "its configuration changed"

    private static func inService(_ adapt: (inout Settings) -> Void = { _ in }) -> Rack {
        var rack = Rack(peers: [Rack.tor, Rack.secondToR], adapt: adapt)
        _ = rack.take(.started)
        rack.becomeHealthy()
        rack.establish(Rack.tor)
        rack.establish(Rack.secondToR)
        return rack
    }

    private static func transport(_ rack: Rack, _ peer: ScopedAddress) -> PeerTransport? {
        rack.speaker.settings.peers.first { $0.address == peer }.map { PeerTransport($0, localAS: ASNumber(65001)) }
    }

    /// What a change leads to; the first session is as it was, which is checked.
    private func effects(of rack: inout Rack, _ adapt: (inout Settings) -> Void) -> [Effect] {
        let session = rack.speaker.peers[0].session
        let told = rack.speaker.peers[0].adjRIBOut
        let effects = rack.reload(adapt)
        #expect(rack.speaker.peers[0].session == session)
        #expect(rack.speaker.peers[0].adjRIBOut == told)
        return effects
    }

    @Test func `no difference is reported and does nothing`() {
        var rack = Self.inService()
        #expect(effects(of: &rack) { _ in } == [])
    }

    @Test func `the first intent opens everything, and starts nothing`() {
        var settings = Settings(
            localAS: ASNumber(65001), routerID: BGPIdentifier(7),
            vips: [VIPSettings(prefix: Rack.vip, checks: [], binds: false)], checks: [],
            peers: [PeerSettings(address: Rack.tor, peerAS: .external, bfd: BFDSettings())],
            listen: ListenSettings(port: 1790))
        settings[Settings.process.metrics] = .init(address: .v4(IPv4Address(0x7F00_0001)), port: 9474)
        settings[Settings.process.health] = settings[Settings.process.metrics]
        settings[Settings.process.drainFile] = "/run/drain"
        var speaker = Speaker(hostName: nil, seed: 1, at: Rack.start)
        let path = BFDPath(settings.peers[0])
        let listener = Listener(
            id: .init(address: .v4(IPv4Address(0)), port: 1790), keys: [:], linkLocalKey: nil, leavesRoom: false)
        #expect(
            speaker.handle(.intended(settings), at: Rack.start)
                == [
                    .open(.log(.info, .logfmt)),
                    .open(.transport(PeerTransport(settings.peers[0], localAS: ASNumber(65001)))),
                    path.map { .open(.bfd($0)) }, .open(.listener(listener)),
                    settings[Settings.process.metrics].map { .open(.monitoring($0)) },
                    .open(.drainFile("/run/drain")), .open(.locality([Rack.vip])),
                ].compactMap { $0 })
        #expect(speaker.identifier == BGPIdentifier(7))
        #expect(speaker.settings == settings)
    }

    @Test func `a peer that is added is dialled, and told the routes`() {
        var rack = Self.inService()
        let effects = effects(of: &rack) { settings in
            settings.peers.append(PeerSettings(address: Self.third, peerAS: .exactly(ASNumber(65000))))
        }
        #expect(
            effects
                == [
                    Self.transport(rack, Self.third).map { .open(.transport($0)) }, .session(Self.third, .connect),
                ].compactMap { $0 })
        #expect(rack.establish(Self.third).contains(Rack.send(Rack.announcement, to: Self.third)))
    }

    @Test func `a peer that is removed is told the withdrawal, then why its session ends`() {
        var rack = Self.inService()
        let expected: [Effect] =
            [
                Rack.send(Rack.withdrawal, to: Rack.secondToR),
                .report(.withdrawn(Rack.secondToR, [Rack.vip])),
            ] + Rack.end(3, of: Rack.secondToR, because: "the peer was removed from the configuration")
            + [.close(.transport(Rack.secondToR))]
        #expect(effects(of: &rack) { $0.peers.removeLast() } == expected)
        #expect(rack.speaker.peers.count == 1)
        // What still comes from it is noise.
        #expect(rack.take(.session(Rack.secondToR, .received(.keepalive, .outgoing))) == [])
        #expect(rack.take(.connectionClosed(Rack.secondToR)) == [])
    }

    @Test func `a session whose parameters differ is reset, and only that one`() {
        var rack = Self.inService()
        #expect(
            effects(of: &rack) { $0.peers[1].holdTime = 30 }
                == Rack.end(6, of: Rack.secondToR, because: Self.configurationChanged))
        #expect(rack.speaker.peers[1].session.plannedEnds == 1)
        #expect(rack.speaker.peers[1].session.flaps == 0)
        #expect(rack.take(.deadlineReached, after: .milliseconds(200)).contains(.session(Rack.secondToR, .connect)))
        let effects = rack.take(.session(Rack.secondToR, .tcpConnected(.outgoing, Rack.endpoints)))
        guard case .session(_, .send(.open(let open), _))? = effects.first else {
            Issue.record("no OPEN: \(effects)")
            return
        }
        #expect(open.holdTime == 30)
    }

    @Test func `where a session goes to is changed before it is reset`() {
        var rack = Self.inService()
        let effects = effects(of: &rack) { $0.peers[1].port = 1790 }
        #expect(
            effects
                == [Self.transport(rack, Rack.secondToR).map { .change(.transport($0)) }].compactMap { $0 }
                + Rack.end(6, of: Rack.secondToR, because: Self.configurationChanged))
    }

    @Test func `another router ID or local AS resets all sessions it concerns`() {
        var rack = Self.inService { $0.peers[0].localAS = ASNumber(65009) }
        #expect(
            effects(of: &rack) { $0.localAS = ASNumber(65002) }
                == Rack.end(6, of: Rack.secondToR, because: Self.configurationChanged))
        rack = Self.inService()
        let effects = rack.reload { $0.routerID = BGPIdentifier(9) }
        #expect(
            effects
                == Rack.end(6, of: Rack.tor, because: Self.configurationChanged)
                + Rack.end(6, of: Rack.secondToR, because: Self.configurationChanged))
        #expect(rack.speaker.identifier == BGPIdentifier(9))
        // Without one the present one stays.
        let settings = rack.speaker.settings
        let nothing = IntentChange(from: settings, to: settings)
        #expect(rack.reload { $0.routerID = nil } == [.report(.intentChanged(nothing))])
        #expect(rack.speaker.identifier == BGPIdentifier(9))
    }

    @Test func `what differs in attributes is advertised again without a withdrawal`() {
        var rack = Self.inService()
        let effects = effects(of: &rack) { $0.peers[1].routeAdjustment.multiExitDiscriminator = 50 }
        var announcement = Rack.announcement
        announcement.attributes.append(PathAttribute(flags: 0x80, value: .multiExitDiscriminator(50)))
        #expect(
            effects == [
                Rack.send(announcement, to: Rack.secondToR), .report(.advertised(Rack.secondToR, [Rack.vip])),
            ])
    }

    @Test func `another next hop is advertised again without a withdrawal`() {
        var rack = Self.inService()
        let nextHop = IPv4Address(0x0A00_0099)
        let effects = effects(of: &rack) { $0.peers[1].routeAdjustment.nextHopIPv4 = nextHop }
        var announcement = Rack.announcement
        announcement.attributes[2] = PathAttribute(flags: 0x40, value: .nextHop(nextHop))
        #expect(
            effects == [
                Rack.send(announcement, to: Rack.secondToR), .report(.advertised(Rack.secondToR, [Rack.vip])),
            ])
    }

    @Test func `timers and who dials change without a word while the session is up`() {
        var rack = Self.inService()
        let effects = effects(of: &rack) {
            $0.peers[1].keepaliveInterval = .seconds(1)
            $0.peers[1].connectRetryMaximum = .seconds(30)
            $0.peers[1].isPassive = true
        }
        #expect(effects == [])
        #expect(rack.speaker.peers[1].session.keepaliveInterval == .seconds(1))
        #expect(rack.speaker.peers[1].session.state == .established)
    }

    @Test func `a peer that is passive now is not dialled any more, and one that is not is dialled at once`() {
        var rack = Rack()
        #expect(rack.take(.started).contains(.session(Rack.tor, .connect)))
        #expect(rack.reload { $0.peers[0].isPassive = true } == [.session(Rack.tor, .close(.outgoing))])
        #expect(rack.speaker.nextAttempt(at: Rack.tor) == nil)
        #expect(rack.reload { $0.peers[0].isPassive = false } == [])
        #expect(rack.take(.deadlineReached, after: .milliseconds(200)).contains(.session(Rack.tor, .connect)))
    }

    // MARK: Passwords

    @Test func `another password is another key on the sockets, and no reset`() {
        var rack = Self.inService {
            $0.peers[1].password = Secret("old")
            $0.listen = ListenSettings()
        }
        _ = rack.take(.deadlineReached, after: .seconds(1))
        let effects = effects(of: &rack) { $0.peers[1].password = Secret("new") }
        // The KEEPALIVE is signed with the old key.
        #expect(
            effects
                == [.session(Rack.secondToR, .send(.keepalive, .outgoing))]
                + [Self.transport(rack, Rack.secondToR).map { .change(.transport($0)) }].compactMap { $0 }
                + rack.speaker.settings.listeners.map { .change(.listener($0)) })
        #expect(rack.speaker.settings.listeners.first?.keys == [Rack.secondToR.address: Secret("new")])
        #expect(rack.speaker.peers[1].session.state == .established)
    }

    @Test func `with another password a session that does not come up is tried again at once`() {
        var rack = Rack { $0.peers[0].password = Secret("old") }
        _ = rack.take(.started)
        let effects = rack.reload { $0.peers[0].password = Secret("new") }
        #expect(effects.last == .session(Rack.tor, .close(.outgoing)))
        #expect(rack.take(.deadlineReached, after: .milliseconds(200)).contains(.session(Rack.tor, .connect)))
    }

    @Test func `a first password needs a new session, and so does none any more`() {
        var rack = Self.inService()
        let effects = effects(of: &rack) { $0.peers[1].password = Secret("new") }
        #expect(
            effects.dropFirst() == Rack.end(6, of: Rack.secondToR, because: Self.configurationChanged)[...])
        #expect(rack.speaker.peers[1].session.configuration.requiresSignature)
    }

    // MARK: While the node leaves

    @Test func `a peer that is added to a drained node waits for the end of the drain`() {
        var rack = Self.inService()
        _ = rack.take(.drainRequested(reason: nil))
        for peer in [Rack.tor, Rack.secondToR] { _ = rack.take(.acknowledged(peer, round: 1, true)) }
        _ = rack.take(.deadlineReached, after: .milliseconds(200))
        #expect(rack.speaker.departureStep == .away)
        let effects = rack.reload { $0.peers.append(PeerSettings(address: Self.third, peerAS: .external)) }
        #expect(effects == [Self.transport(rack, Self.third).map { .open(.transport($0)) }].compactMap { $0 })
        #expect(rack.speaker.departureStep == .away)
        #expect(rack.take(.undrainRequested).contains(.session(Self.third, .connect)))
    }

    @Test func `a drain does not wait for a peer that is removed`() {
        var rack = Self.inService()
        _ = rack.take(.drainRequested(reason: nil))
        _ = rack.take(.acknowledged(Rack.tor, round: 1, true))
        #expect(rack.speaker.departureStep == .acknowledging)
        _ = rack.reload { $0.peers.removeLast() }
        #expect(rack.speaker.departureStep == .lingering)
    }

    @Test func `a peer that is added while the node settles is told the mark, and nothing once it is withdrawn`() {
        var rack = Self.inService { $0.departure.settle = .seconds(10) }
        _ = rack.take(.drainRequested(reason: nil))
        _ = rack.reload { $0.peers.append(PeerSettings(address: Self.third, peerAS: .exactly(ASNumber(65000)))) }
        #expect(rack.establish(Self.third).contains(.report(.advertised(Self.third, [Rack.vip]))))
        #expect(rack.speaker.peers[2].adjRIBOut.told[Rack.vip]?.communities == [.gracefulShutdown])
    }

    @Test func `a process that ends takes no new settings`() {
        var rack = Self.inService()
        _ = rack.take(.terminationRequested(reason: "stopped", isUrgent: false))
        let before = rack.speaker.settings
        #expect(rack.reload { $0.peers = [] } == [])
        #expect(rack.speaker.settings == before)
    }

    @Test func `without a drain file there is none that drains`() {
        var rack = Self.inService { $0[Settings.process.drainFile] = "/run/drain" }
        _ = rack.take(.drainFileFound(reason: nil))
        #expect(rack.speaker.departureStep != .inService)
        let effects = rack.reload { $0[Settings.process.drainFile] = nil }
        #expect(effects.first == .close(.drainFile))
        #expect(effects.contains(.report(.undrained)))
        #expect(rack.speaker.departureStep == .inService)
    }
}
