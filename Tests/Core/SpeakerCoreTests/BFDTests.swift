import BFD
import BGPFSM
import BGPWire
import Deadlines
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// What BFD does to a BGP session, and what it leaves alone.
struct BFDTests {
    static let remoteDiscriminator: UInt32 = 77

    /// A speaker that has just started, with BFD towards its router.
    private static func rack(isStrict: Bool = false) -> Rack {
        Rack { settings in
            for index in settings.peers.indices {
                settings.peers[index].bfd = BFDSettings(
                    transmitInterval: .milliseconds(50), receiveInterval: .milliseconds(50), isStrict: isStrict)
            }
        }
    }

    private static func discriminator(_ rack: Rack) -> UInt32 { rack.speaker.bfd.all[0].session.discriminator }

    /// A packet of the router.
    private static func packet(
        _ rack: Rack, _ state: BFDState, _ diagnostic: BFDDiagnostic = .none, interval: UInt32 = 50_000
    ) -> Input {
        .bfdReceived(
            BFDPacket(
                state: state, diagnostic: diagnostic, multiplier: 3, myDiscriminator: remoteDiscriminator,
                yourDiscriminator: discriminator(rack), desiredMinTx: interval, requiredMinRx: interval),
            from: Rack.tor, isMultihop: false)
    }

    /// Established and advertising, and BFD is Up.
    private static func inService(isStrict: Bool = false) -> Rack {
        var rack = rack(isStrict: isStrict)
        _ = rack.take(.started)
        rack.becomeHealthy()
        _ = rack.take(packet(rack, .down))
        _ = rack.take(packet(rack, .up))
        rack.establish()
        return rack
    }

    /// The states and discriminators of the BFD packets among effects.
    private static func sent(_ effects: [Effect]) -> [BFDState] {
        effects.compactMap { if case .bfd(Rack.tor, let packet) = $0 { packet.state } else { nil } }
    }

    /// The others, without the probes that were due as well.
    private static func others(_ effects: [Effect]) -> [Effect] {
        effects.filter { effect in
            switch effect {
            case .bfd, .probe: false
            default: true
            }
        }
    }

    private static let ceaseBFDDown: [Effect] = [
        .session(Rack.tor, .send(.notification(Notification(code: 6, subcode: 10)), .outgoing)),
        .session(Rack.tor, .close(.outgoing)),
        .report(
            .sessionClosed(
                Rack.tor, reason: "this node ended the session with peer 10.0.0.1: BFD says that the path is down")),
    ]

    @Test func `BFD and BGP start side by side, and BGP does not wait`() {
        var rack = Self.rack()
        let effects = rack.take(.started)
        #expect(Self.sent(effects) == [.down])
        #expect(Self.others(effects) == [.session(Rack.tor, .connect)])
    }

    @Test func `the handshake of both sides leads to Up, and the line is logged once`() {
        var rack = Self.rack()
        _ = rack.take(.started)
        #expect(Self.sent(rack.take(Self.packet(rack, .down))) == [.initializing])
        let effects = rack.take(Self.packet(rack, .up))
        #expect(Self.sent(effects) == [.up])
        #expect(Self.others(effects) == [.report(.bfdUp(Rack.tor))])
        #expect(rack.take(Self.packet(rack, .up)) == [])
    }

    @Test func `silence for the detection time closes the BGP session at once, with Cease BFD Down`() {
        var rack = Self.inService()
        _ = rack.take(Self.packet(rack, .up))
        let before = rack.take(.deadlineReached, after: .milliseconds(149))
        #expect(Self.others(before) == [])
        #expect(rack.speaker.isBFDDetectionDue(at: rack.now) == false)
        #expect(rack.speaker.isBFDDetectionDue(at: rack.now + .milliseconds(1)))
        let effects = rack.take(.deadlineReached, after: .milliseconds(1))
        #expect(Self.sent(effects) == [.down])
        #expect(
            Self.others(effects) == [
                .report(.bfdDown(Rack.tor, reason: "nothing heard for 150 ms", endsSession: true))
            ] + Self.ceaseBFDDown)
        #expect(rack.speaker.peers[0].session.nextAttempt != nil)
        #expect(rack.speaker.peers[0].session.state == .active)
    }

    @Test func `only a deadline finds silence, so packets that waited during a stall are heard first`() {
        var rack = Self.inService()
        rack.now = rack.now + .seconds(2)
        #expect(Self.others(rack.take(Self.packet(rack, .up))) == [])
        _ = rack.take(.deadlineReached)
        #expect(rack.speaker.bfd.all[0].session.state == .up)
        #expect(rack.speaker.bfd.all[0].session.failures == 0)
    }

    @Test func `a node that stood still gives the router one more interval`() {
        var rack = Self.inService()
        #expect(Self.others(rack.take(.stalled, after: .seconds(2))) == [])
        #expect(Self.sent(rack.take(.deadlineReached)) == [.up])
        #expect(rack.speaker.isBFDDetectionDue(at: rack.now + .milliseconds(49)) == false)
        #expect(rack.speaker.isBFDDetectionDue(at: rack.now + .milliseconds(50)))
        #expect(rack.speaker.peers[0].session.state == .established)
    }

    @Test func `peers whose packets are almost due share a wake-up`() {
        var rack = Rack(peers: [Rack.tor, Rack.secondToR]) { settings in
            for index in settings.peers.indices {
                settings.peers[index].bfd = BFDSettings(
                    transmitInterval: .milliseconds(50), receiveInterval: .milliseconds(50))
            }
        }
        _ = rack.take(.started)
        for (position, peer) in [Rack.tor, Rack.secondToR].enumerated() {
            for state in [BFDState.down, .up] {
                let packet = BFDPacket(
                    state: state, multiplier: 3, myDiscriminator: 9,
                    yourDiscriminator: rack.speaker.bfd.all[position].session.discriminator,
                    desiredMinTx: 50_000, requiredMinRx: 50_000)
                _ = rack.take(.bfdReceived(packet, from: peer, isMultihop: false))
            }
        }
        let peers = rack.take(.deadlineReached, after: .milliseconds(50)).compactMap {
            if case .bfd(let peer, _) = $0 { peer } else { nil }
        }
        #expect(peers == [Rack.tor, Rack.secondToR])
        // Whichever comes first takes the other with it.
        var wakes = 0
        for _ in 0..<20 {
            guard let next = rack.speaker.bfd.nextDeadline else { break }
            let effects = rack.take(.deadlineReached, after: next - rack.now)
            wakes += effects.count { if case .bfd = $0 { true } else { false } } == 2 ? 1 : 0
            if rack.speaker.bfd.all[0].session.state != .up { break }
        }
        #expect(wakes >= 2)
    }

    @Test func `the router's Down closes the BGP session, and says why`() {
        var rack = Self.inService()
        let effects = rack.take(Self.packet(rack, .down, .detectionTimeExpired))
        #expect(
            Self.others(effects) == [
                .report(
                    .bfdDown(Rack.tor, reason: "the peer signaled Down (detection time expired)", endsSession: true))
            ] + Self.ceaseBFDDown)
    }

    @Test func `a path that fails after the BGP session is lost is not said to close it`() {
        for isStrict in [false, true] {
            var rack = Self.inService(isStrict: isStrict)
            let lost = Self.others(rack.take(.session(Rack.tor, .tcpFailed(.outgoing, .closedByPeer))))
            #expect(
                lost == [
                    .report(
                        .sessionLost(
                            Rack.tor,
                            reason: "peer 10.0.0.1 closed the connection without a NOTIFICATION: "
                                + "BGP on the router was stopped or restarted"))
                ])
            #expect(
                Self.others(rack.take(Self.packet(rack, .down, .neighborSignaledDown), after: .milliseconds(50))) == [
                    .report(
                        .bfdDown(
                            Rack.tor, reason: "the peer signaled Down (neighbor signaled session down)",
                            endsSession: false))
                ])
        }
    }

    @Test func `the router's AdminDown leaves the BGP session alone (RFC 5882)`() {
        var rack = Self.inService()
        let effects = rack.take(Self.packet(rack, .adminDown, .administrativelyDown))
        #expect(Self.others(effects) == [.report(.bfdShutDownByPeer(Rack.tor))])
        #expect(rack.speaker.peers[0].session.state == .established)
        _ = rack.take(.deadlineReached, after: .seconds(2))
        #expect(rack.speaker.peers[0].session.state == .established)
    }

    @Test func `BFD that never came up does not touch BGP, and is worth one line`() {
        var rack = Self.rack()
        _ = rack.take(.started)
        rack.becomeHealthy()
        rack.establish()
        var reports: [Effect] = []
        for _ in 0..<40 {
            _ = rack.take(.session(Rack.tor, .received(.keepalive, .outgoing)))
            _ = rack.take(.updatesAcknowledged(Rack.tor, .max))
            reports += rack.take(.deadlineReached, after: .seconds(1)).filter {
                if case .report(.checkChanged) = $0 { false } else if case .report = $0 { true } else { false }
            }
        }
        let reason =
            "no BFD packet is heard from the peer: see that BFD for our address is configured there, "
            + "and that nothing filters UDP port 3784"
        #expect(
            reports.filter { if case .report(.bfdNotUp) = $0 { true } else { false } } == [
                .report(.bfdNotUp(Rack.tor, reason: reason))
            ])
        #expect(rack.speaker.peers[0].session.state == .established)
    }

    @Test func `packets for nobody are counted and do nothing`() {
        var rack = Self.inService()
        let stranger = BFDPacket(
            state: .down, multiplier: 3, myDiscriminator: 5, yourDiscriminator: 0, desiredMinTx: 1_000_000,
            requiredMinRx: 50_000)
        #expect(rack.take(.bfdReceived(stranger, from: Rack.secondToR, isMultihop: false)) == [])
        #expect(rack.take(.bfdReceived(stranger, from: Rack.tor, isMultihop: true)) == [])
        #expect(rack.speaker.bfdPacketsDiscarded == 2)
        #expect(rack.speaker.bfd.all[0].session.state == .up)
    }

    // MARK: Leaving

    /// Drained up to the Cease; BFD is Up and the router has not closed its connection yet.
    private static func drained() -> (rack: Rack, effects: [Effect]) {
        var rack = inService()
        _ = rack.take(.drainRequested(reason: "new kernel"))
        _ = rack.take(.acknowledged(Rack.tor, round: 1, true))
        _ = rack.take(packet(rack, .up), after: .milliseconds(100))
        let effects = rack.take(.deadlineReached, after: .milliseconds(100))
        #expect(effects.contains(Rack.cease("new kernel")[0]))
        return (rack, effects)
    }

    @Test func `a drained node says AdminDown when the router has read the Cease, and starts again with the undrain`() {
        var (rack, effects) = Self.drained()
        #expect(Self.sent(effects) == [.up])
        #expect(Self.sent(rack.take(.connectionClosed(Rack.tor))) == [.adminDown])
        #expect(rack.take(.connectionClosed(Rack.tor)) == [])
        // Told again each second for as long as we are there.
        #expect(Self.sent(rack.take(.deadlineReached, after: .seconds(1))) == [.adminDown])
        let back = rack.take(.undrainRequested)
        #expect(Self.sent(back) == [.down])
        #expect(back.contains(.session(Rack.tor, .connect)))
    }

    @Test func `a router that keeps the connection open delays AdminDown for half a second at most`() {
        var (rack, _) = Self.drained()
        for _ in 0..<4 {
            _ = rack.take(Self.packet(rack, .up))
            #expect(Self.sent(rack.take(.deadlineReached, after: .milliseconds(120))) == [.up])
        }
        #expect(Self.sent(rack.take(.deadlineReached, after: .milliseconds(20))) == [.adminDown])
    }

    @Test func `what the router does to BFD after our Cease is no failure`() {
        var (rack, _) = Self.drained()
        let effects = rack.take(Self.packet(rack, .down))
        #expect(Self.sent(effects) == [.adminDown])
        #expect(Self.others(effects) == [])
        #expect(rack.speaker.bfd.all[0].session.failures == 0)
        #expect(rack.take(.connectionClosed(Rack.tor)) == [])
    }

    @Test func `an undrain that comes first leaves BFD up`() {
        var (rack, _) = Self.drained()
        _ = rack.take(.undrainRequested)
        #expect(rack.take(.connectionClosed(Rack.tor)) == [])
        #expect(rack.speaker.bfd.all[0].session.state == .up)
    }

    @Test func `a peer without a connection is told AdminDown at once`() {
        var rack = Self.rack()
        _ = rack.take(.started)
        _ = rack.take(Self.packet(rack, .down))
        #expect(Self.sent(rack.take(.drainRequested(reason: "new kernel"))) == [.adminDown])
    }

    @Test func `an exit does not wait for BFD`() {
        var rack = Self.inService()
        _ = rack.take(.terminationRequested(reason: "stopped", isUrgent: true))
        _ = rack.take(.acknowledged(Rack.tor, round: 1, true))
        #expect(rack.take(.unbound([Rack.vip])).contains(.exit))
        #expect(Self.sent(rack.take(.connectionClosed(Rack.tor))) == [.adminDown])
    }

    // MARK: Strict

    @Test func `in strict mode the session is neither dialled nor accepted before BFD is up`() {
        var rack = Self.rack(isStrict: true)
        #expect(Self.others(rack.take(.started)) == [.report(.waitingForBFD(Rack.tor))])
        let incoming = rack.take(.session(Rack.tor, .tcpConnected(.incoming, Rack.endpoints)))
        #expect(incoming == [.session(Rack.tor, .rejectIncoming(Notification(code: 6, subcode: 5)))])
        _ = rack.take(Self.packet(rack, .down))
        let effects = rack.take(Self.packet(rack, .up))
        #expect(Self.others(effects) == [.report(.bfdUp(Rack.tor)), .session(Rack.tor, .connect)])
    }

    @Test func `in strict mode a session that BFD closed waits for BFD again`() {
        var rack = Self.inService(isStrict: true)
        let effects = rack.take(Self.packet(rack, .down, .detectionTimeExpired))
        #expect(Self.others(effects).suffix(3) == Self.ceaseBFDDown[...])
        #expect(rack.speaker.peers[0].session.state == .idle)
        #expect(rack.speaker.peers[0].session.nextAttempt == nil)
        #expect(rack.speaker.bfdStatus(of: Rack.tor, at: rack.now)?.holdsSession == true)
        _ = rack.take(Self.packet(rack, .down))
        #expect(Self.others(rack.take(Self.packet(rack, .up))).contains(.session(Rack.tor, .connect)))
    }

    @Test func `in strict mode AdminDown leaves the session, and only the next one waits`() {
        var rack = Self.inService(isStrict: true)
        _ = rack.take(Self.packet(rack, .adminDown, .administrativelyDown))
        #expect(rack.speaker.peers[0].session.state == .established)
        _ = rack.take(.session(Rack.tor, .tcpFailed(.outgoing, .closedByPeer)))
        #expect(rack.speaker.peers[0].session.state == .idle)
        #expect(rack.speaker.peers[0].session.nextAttempt == nil)
    }

    // MARK: Who is who

    @Test func `a router on the link of an unnumbered peer is found by its zone`() {
        let peer = ScopedAddress.unnumbered("eth0")
        let settings = Settings(
            localAS: ASNumber(65001), vips: [VIPSettings(prefix: Rack.vip, checks: [])], checks: [],
            peers: [PeerSettings(address: peer, peerAS: .external, bfd: BFDSettings())])
        var speaker = Speaker(settings)
        _ = speaker.handle(.started, at: Rack.start)
        let packet = BFDPacket(
            state: .down, multiplier: 3, myDiscriminator: 5, yourDiscriminator: 0, desiredMinTx: 1_000_000,
            requiredMinRx: 50_000)
        let router = ScopedAddress(.v6(LinkLocalTests.router), zone: "eth0")
        let other = ScopedAddress(.v6(LinkLocalTests.router), zone: "eth1")
        #expect(speaker.handle(.bfdReceived(packet, from: other, isMultihop: false), at: Rack.start) == [])
        let answer = speaker.handle(.bfdReceived(packet, from: router, isMultihop: false), at: Rack.start)
        guard case .bfd(peer, let sent)? = answer.first else {
            Issue.record("no answer: \(answer)")
            return
        }
        #expect(sent.state == .initializing)
    }

    @Test func `every session has a discriminator of its own`() {
        let peers = (1...100).map {
            PeerSettings(
                address: ScopedAddress(.v4(IPv4Address($0))), peerAS: .external,
                bfd: $0 % 2 == 0 ? BFDSettings() : nil)
        }
        let sessions = Speaker(Settings(localAS: ASNumber(65001), vips: [], checks: [], peers: peers)).bfd
        #expect(sessions.all.count == 50)
        #expect(Set(sessions.all.map(\.session.discriminator)).count == 50)
        #expect(sessions.all.map(\.index) == (0..<100).filter { $0 % 2 == 1 })
    }

    @Test func `what is agreed on is shown`() {
        var rack = Self.inService()
        _ = rack.take(Self.packet(rack, .up))
        rack.now = rack.now + .seconds(5)
        #expect(
            rack.speaker.bfdStatus(of: Rack.tor, at: rack.now)
                == BFDStatus(
                    state: "Up", stateSeconds: 5, remoteState: "Up", localDiscriminator: Self.discriminator(rack),
                    remoteDiscriminator: Self.remoteDiscriminator, localDiagnostic: "no diagnostic",
                    remoteDiagnostic: "no diagnostic", transmitSeconds: 0.05, receiveSeconds: 0.05,
                    detectionSeconds: 0.15, multiplier: 3, remoteMultiplier: 3, timesUp: 1, packetsSent: 3,
                    packetsReceived: 3))
        #expect(Rack.inService().speaker.bfdStatus(of: Rack.tor, at: rack.now) == nil)
    }
}
