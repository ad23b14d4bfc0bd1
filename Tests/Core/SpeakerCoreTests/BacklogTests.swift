import Advertising
import BGPFSM
import BGPWire
import Deadlines
import Health
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// What is told to peers in several turns, because there are many VIPs: here five, two in each turn.
struct BacklogTests {
    static let vips = (1...5).map { IPPrefix(host: .v4(IPv4Address(0x0AFF_0000 + UInt32($0)))) }
    private static let refused = Outcome.failed(reason: "refused", definitive: true)

    /// All VIPs are healthy and bound; the last one has a check of its own.
    private func rack(
        peers: [ScopedAddress] = [Rack.tor], settle: Duration = .zero
    ) -> Rack {
        var rack = Rack(peers: peers, departure: DepartureSettings(settle: settle, linger: .milliseconds(200))) {
            $0.checks.append(Check(name: "db", kind: $0.checks[0].kind))
            $0.vips = Self.vips.map { VIPSettings(prefix: $0, checks: [$0 == Self.vips[4] ? "db" : "api"]) }
        }
        rack.speaker.portion = 2
        _ = rack.take(.started)
        for check in ["api", "db"] { _ = rack.take(.check(check, .outcome(.passed))) }
        _ = rack.take(.bound(Self.vips))
        _ = rack.take(.deadlineReached, after: .seconds(1))
        return rack
    }

    /// As `rack`, with a session that has been told the first two.
    private func begun(peers: [ScopedAddress] = [Rack.tor], settle: Duration = .zero) -> Rack {
        var rack = rack(peers: peers, settle: settle)
        rack.establish()
        return rack
    }

    /// With a session that has been told everything.
    private func told(settle: Duration = .zero) -> Rack {
        var rack = begun(settle: settle)
        _ = finish(&rack)
        return rack
    }

    /// What is done until there is no more that is due now, turn by turn.
    private func finish(_ rack: inout Rack) -> [[Effect]] {
        var turns: [[Effect]] = []
        while let next = rack.speaker.nextDeadline, next <= rack.now, turns.count < 20 {
            turns.append(rack.take(.deadlineReached))
        }
        return turns
    }

    private func prefixes(_ numbers: [Int]) -> [IPPrefix] { numbers.map { Self.vips[$0 - 1] } }

    private func announce(_ numbers: Int..., to peer: ScopedAddress = Rack.tor, med: UInt32? = nil) -> Effect {
        var update = Rack.announcement
        if let med { update.attributes.append(PathAttribute(flags: 0x80, value: .multiExitDiscriminator(med))) }
        update.nlri = prefixes(numbers)
        return Rack.send(update, to: peer)
    }

    private func withdraw(_ numbers: Int...) -> Effect { Rack.send(Update(withdrawn: prefixes(numbers))) }

    private func advertised(_ numbers: Int..., to peer: ScopedAddress = Rack.tor) -> Effect {
        .report(.advertised(peer, prefixes(numbers)))
    }

    private func withdrawn(_ numbers: Int...) -> Effect { .report(.withdrawn(Rack.tor, prefixes(numbers))) }

    private static let endOfRIB = Rack.send(Update())
    private static let refresh = Input.session(
        Rack.tor, .received(.routeRefresh(RouteRefresh(family: .ipv4Unicast)), .outgoing))

    @Test func `a session is told its routes turn by turn, End-of-RIB comes behind them, and one line says it`() {
        var rack = rack()
        #expect(Array(rack.establish().dropFirst()) == [announce(1, 2)])
        #expect(rack.speaker.nextDeadline == rack.now)
        // What else happens does not bring the next turn forward.
        #expect(rack.take(.check("api", .outcome(.passed))) == [])
        #expect(
            finish(&rack) == [
                [announce(3, 4)], [announce(5), Self.endOfRIB, advertised(1, 2, 3, 4, 5)],
            ])
    }

    @Test func `few VIPs are told in one turn`() {
        var rack = rack()
        rack.speaker.portion = 5
        #expect(
            Array(rack.establish().dropFirst()) == [
                announce(1, 2, 3, 4, 5), Self.endOfRIB, advertised(1, 2, 3, 4, 5),
            ])
        #expect(finish(&rack) == [])
    }

    @Test func `a VIP that turns unhealthy before its turn is never announced`() {
        var rack = begun()
        #expect(
            rack.take(.check("db", .outcome(Self.refused))) == [
                .report(.checkChanged("db", .unhealthy(reason: "refused"))),
                .report(.vipsChanged(prefixes([5]), .unhealthy(reason: "check db: refused"))), .unbind(prefixes([5])),
            ])
        #expect(finish(&rack) == [[announce(3, 4)], [Self.endOfRIB, advertised(1, 2, 3, 4)]])
    }

    @Test func `a withdrawal waits for no announcement`() {
        var rack = begun()
        #expect(
            rack.take(.check("api", .outcome(Self.refused))) == [
                .report(.checkChanged("api", .unhealthy(reason: "refused"))),
                .report(.vipsChanged(prefixes([1, 2, 3, 4]), .unhealthy(reason: "check api: refused"))),
                withdraw(1, 2), advertised(1, 2), withdrawn(1, 2), .unbind(prefixes([1, 2, 3, 4])),
            ])
        #expect(finish(&rack) == [[], [announce(5), Self.endOfRIB], [advertised(5)]])
    }

    @Test func `a session that ends in the middle leaves nothing, and the next one is told everything`() {
        var rack = begun()
        let reset = Notification(code: 6, subcode: 4)
        let effects = rack.take(.session(Rack.tor, .received(.notification(reset), .outgoing)))
        #expect(effects.contains(advertised(1, 2)))
        #expect(rack.speaker.peers[0].backlog == Backlog())
        #expect(finish(&rack) == [[]])
        _ = rack.take(.session(Rack.tor, .tcpConnected(.incoming, Rack.endpoints)))
        _ = rack.establishIncoming()
        #expect(rack.speaker.peers[0].adjRIBOut.told.count == 2)
        #expect(finish(&rack).last?.last == advertised(1, 2, 3, 4, 5))
    }

    @Test(arguments: [AddressFamily.ipv4Unicast, .ipv6Unicast])
    func `a refresh of one family tells nothing of the other`(family: AddressFamily) {
        let prefixes = ["10.255.0.1", "2001:db8::ff"].compactMap { IPPrefix(parsing: $0) }
        var rack = Rack(peers: [Rack.tor]) { settings in
            settings.vips = prefixes.map { VIPSettings(prefix: $0, checks: ["api"]) }
        }
        _ = rack.take(.started)
        _ = rack.take(.check("api", .outcome(.passed)))
        _ = rack.take(.bound(prefixes))
        var endpoints = Rack.endpoints
        endpoints.alternate = IPAddress("2001:db8::2")
        var open = Rack.open
        open.parameters.append(.capabilities([.multiprotocol(.ipv6Unicast)]))
        for event in [
            .tcpConnected(.outgoing, endpoints), .received(.open(open), .outgoing), .received(.keepalive, .outgoing),
            .received(.routeRefresh(RouteRefresh(family: family)), .outgoing),
        ] as [PeerSession.Event] {
            let effects = rack.take(.session(Rack.tor, event))
            guard case .received(.routeRefresh, _) = event else { continue }
            let told = effects.flatMap { effect -> [IPPrefix] in
                guard case .session(_, .send(.update(let update), _)) = effect else { return [] }
                return update.attributes.reduce(update.nlri) { told, attribute in
                    if case .mpReach(let reach) = attribute.value { told + reach.nlri } else { told }
                }
            }
            #expect(told == prefixes.filter { AddressFamily(of: $0) == family })
        }
    }

    @Test func `a refresh takes several turns, and what is withdrawn meanwhile is not told again`() {
        var rack = told()
        #expect(rack.take(Self.refresh) == [announce(1, 2)])
        #expect(
            rack.take(.check("db", .outcome(Self.refused))).contains(withdraw(5)))
        #expect(finish(&rack) == [[announce(3, 4)], []])
    }

    @Test func `who asks for a refresh in the middle gets it when everything is told`() {
        var rack = begun()
        #expect(rack.take(Self.refresh) == [])
        #expect(
            finish(&rack) == [
                [announce(3, 4)], [announce(5), Self.endOfRIB, advertised(1, 2, 3, 4, 5)], [announce(1, 2)],
                [announce(3, 4)], [announce(5)],
            ])
    }

    @Test func `a drain in the middle withdraws what is told and announces nothing more`() {
        var rack = begun()
        let effects = rack.take(.drainRequested(reason: "new kernel", keepsSessions: false))
        #expect(
            effects == [
                .report(.departureStarted(reason: "new kernel", exits: false)),
                .report(.departureStep(.acknowledging)), withdraw(1, 2), advertised(1, 2), withdrawn(1, 2),
                .awaitAcknowledgement(Rack.tor, round: 1, within: DepartureSettings().acknowledgement),
            ])
        #expect(finish(&rack) == [[], [Self.endOfRIB], []])
        #expect(rack.speaker.boundVIPs == Set(Self.vips))
    }

    @Test func `a drain that settles marks the routes turn by turn, also those that had not been told`() {
        var rack = begun(settle: .seconds(5))
        _ = rack.take(.drainRequested(reason: "new kernel", keepsSessions: false))
        #expect(rack.speaker.departureStep == .settling)
        _ = finish(&rack)
        let marked = RouteAttributes().withGracefulShutdown
        #expect(
            rack.speaker.peers[0].adjRIBOut.told == Dictionary(uniqueKeysWithValues: Self.vips.map { ($0, marked) }))
        #expect(rack.take(.deadlineReached, after: .seconds(5)).contains(withdraw(1, 2, 3, 4, 5)))
    }

    @Test func `a VIP that is drained before its turn is never announced`() {
        var rack = begun()
        _ = rack.take(.vipDrainRequested(Self.vips[4], reason: "test"))
        #expect(rack.speaker.drainStep(of: Self.vips[4]) == .away)
        #expect(finish(&rack) == [[announce(3, 4)], [Self.endOfRIB, advertised(1, 2, 3, 4)]])
    }

    @Test func `a VIP that is removed before its turn is never announced, and the others all are`() {
        var rack = begun()
        var settings = rack.speaker.settings
        settings.vips.remove(at: 2)
        #expect(rack.take(.intended(settings)).contains(.unbind(prefixes([3]))))
        _ = rack.take(.unbound(prefixes([3])))
        // The places of those behind it have changed: all are looked at again.
        #expect(finish(&rack) == [[announce(4, 5)], [Self.endOfRIB, advertised(1, 2, 4, 5)]])
    }

    @Test func `peers are told in turns`() {
        var rack = begun(peers: [Rack.tor, Rack.secondToR])
        rack.establish(Rack.secondToR)
        let second = Rack.secondToR
        #expect(
            finish(&rack) == [
                [announce(3, 4)], [announce(3, 4, to: second)],
                [
                    announce(5), Self.endOfRIB, advertised(1, 2, 3, 4, 5), announce(5, to: second),
                    Rack.send(Update(), to: second), advertised(1, 2, 3, 4, 5, to: second),
                ],
            ])
    }

    @Test func `other attributes of all VIPs are told turn by turn, without a withdrawal`() {
        var rack = told()
        var settings = rack.speaker.settings
        for place in settings.vips.indices { settings.vips[place].attributes.multiExitDiscriminator = 7 }
        let effects = rack.take(.intended(settings))
        #expect(!effects.contains { if case .session = $0 { true } else { false } })
        #expect(
            finish(&rack) == [
                [announce(1, 2, med: 7)], [announce(3, 4, med: 7)], [announce(5, med: 7), advertised(1, 2, 3, 4, 5)],
            ])
    }

    @Test func `another next hop is told turn by turn, and a VIP that fails meanwhile is withdrawn`() {
        var rack = told()
        var settings = rack.speaker.settings
        settings.peers[0].routeAdjustment.nextHopIPv4 = IPv4Address(0x0A00_0063)
        _ = rack.take(.intended(settings))
        #expect(rack.take(.check("db", .outcome(Self.refused))).contains(withdraw(5)))
        let sent = finish(&rack).flatMap { $0 }.filter { if case .session = $0 { true } else { false } }
        var update = Rack.announcement
        update.attributes[2] = PathAttribute(flags: 0x40, value: .nextHop(IPv4Address(0x0A00_0063)))
        update.nlri = prefixes([3, 4])
        #expect(sent == [Rack.send(update)])
    }

    @Test func `while a VIP waits for its turn the status says so`() {
        let rack = begun()
        let status = rack.speaker.status(version: "", at: rack.now).vips
        #expect(status[0].reason == "healthy and bound")
        #expect(status[4].reason == "healthy and bound, and about to be advertised: there are many VIPs")
        #expect(status[4].reasonCode == "waiting")
    }
}
