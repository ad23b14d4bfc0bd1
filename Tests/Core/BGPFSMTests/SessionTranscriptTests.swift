import BGPFSM
import BGPWire
import Deadlines
import IPTypes
import Testing

@Suite("Session transcripts")
struct SessionTranscriptTests {
    @Test("A dialled session goes from Idle to Established")
    func dialledSession() {
        var session = PeerSession(configuration: configured(), seed: 1)
        #expect(session.state == .idle)
        #expect(session.nextDeadline == nil)

        #expect(session.handle(.started, at: t0) == [.connect])
        #expect(session.state == .connect)
        #expect(session.nextDeadline == nil)

        #expect(session.handle(.tcpConnected(.outgoing, endpoints), at: t0) == [.send(.open(ourOpen), .outgoing)])
        #expect(session.state == .openSent)
        #expect(session.nextDeadline == t0 + .seconds(60))

        #expect(
            session.handle(.received(.open(peerOpen()), .outgoing), at: t0) == [.send(.keepalive, .outgoing)])
        #expect(session.state == .openConfirm)
        #expect(session.negotiated == nil)

        #expect(
            session.handle(.received(.keepalive, .outgoing), at: t0 + .seconds(1))
                == [.established(agreed(), .outgoing)])
        #expect(session.state == .established)
        #expect(session.negotiated == agreed())
        #expect(session.stateSince == t0 + .seconds(1))
        #expect(session.lastEnd == nil)
        #expect(session.keepaliveInterval == .seconds(3))
    }

    @Test("A passive session waits in Active and takes the peer's connection")
    func acceptedSession() {
        var session = PeerSession(configuration: configured { $0.isPassive = true }, seed: 1)
        #expect(session.handle(.started, at: t0) == [])
        #expect(session.state == .active)
        #expect(session.nextDeadline == nil)
        #expect(session.handle(.tcpConnected(.incoming, endpoints), at: t0) == [.send(.open(ourOpen), .incoming)])
        #expect(session.handle(.received(.open(peerOpen()), .incoming), at: t0) == [.send(.keepalive, .incoming)])
        #expect(
            session.handle(.received(.keepalive, .incoming), at: t0) == [.established(agreed(), .incoming)])
        #expect(
            session.handle(.tcpFailed(.incoming, .closedByPeer), at: t0)
                == [.ended(.transport(.closedByPeer), wasEstablished: true)])
        #expect(session.state == .active)
        #expect(session.nextDeadline == nil)
    }

    @Test("UPDATEs go out on the Established connection only, and are counted")
    func updates() {
        let update = Update(withdrawn: [IPPrefix(host: local)])
        for state in [PeerSession.State.active, .connect, .openSent, .openConfirm] {
            var session = PeerSession.inState(state)
            #expect(session.send([update], at: t0) == [], "\(state)")
        }
        var session = PeerSession.inState(.established, .incoming)
        #expect(
            session.send([update, Update()], at: t0)
                == [.send(.update(update), .incoming), .send(.update(Update()), .incoming)])
        #expect(session.sent.update == 2)
        #expect(session.send([], at: t0) == [])
    }

    @Test("Messages are counted in both directions, discarded prefixes too")
    func counters() {
        var session = PeerSession.inState(.established)
        let update = UpdateSummary(announced: 7, withdrawn: 2)
        _ = session.handle(.received(.update(update), .outgoing), at: t0)
        _ = session.handle(.received(.update(update), .outgoing), at: t0)
        _ = session.handle(.received(.routeRefresh(RouteRefresh(family: .ipv4Unicast)), .outgoing), at: t0)
        _ = session.handle(.received(.notification(cease(4)), .outgoing), at: t0)
        #expect(session.prefixesDiscarded == 14)
        var received = MessageTally()
        received.open = 1
        received.keepalive = 1
        received.update = 2
        received.routeRefresh = 1
        received.notification = 1
        #expect(session.received == received)
        var sent = MessageTally()
        sent.open = 1
        sent.keepalive = 1
        #expect(session.sent == sent)
        #expect(session.lastNotificationReceived == cease(4))
        #expect(session.lastNotificationSent == nil)
        #expect(session.flaps == 1)
    }

    @Test("A count of prefixes stays at its maximum instead of overflowing")
    func counterLimit() {
        var session = PeerSession.inState(.established)
        for _ in 0..<2 {
            _ = session.handle(
                .received(.update(UpdateSummary(announced: .max, withdrawn: 0)), .outgoing), at: t0)
        }
        #expect(session.prefixesDiscarded == .max)
    }

    @Test("Only a request for a negotiated family is answered with routes")
    func routeRefresh() {
        var session = PeerSession.inState(.established)
        func actions(_ refresh: RouteRefresh) -> [PeerSession.Action] {
            session.handle(.received(.routeRefresh(refresh), .outgoing), at: t0)
        }
        #expect(actions(RouteRefresh(family: .ipv4Unicast)) == [.routesRequested(.ipv4Unicast)])
        #expect(actions(RouteRefresh(family: .ipv6Unicast)) == [])
        #expect(actions(RouteRefresh(family: AddressFamily(afi: 25, safi: 70))) == [])
        #expect(actions(RouteRefresh(family: .ipv4Unicast, subtype: 1)) == [])
        #expect(actions(RouteRefresh(family: .ipv4Unicast, subtype: 2)) == [])
        #expect(actions(RouteRefresh(family: .ipv4Unicast, subtype: 77)) == [])
    }

    @Test("Stop says good-bye on all connections, Established last, and ends once")
    func stop() {
        var session = PeerSession.inState(.established)
        _ = session.handle(.tcpConnected(.incoming, endpoints), at: t0)
        let text: [UInt8] = [11] + Array("maintenance".utf8)
        #expect(
            session.handle(.stopped(.administrativeShutdown, communication: "maintenance"), at: t0 + .seconds(5))
                == [
                    .send(.notification(cease(2, text)), .incoming), .close(.incoming),
                    .send(.notification(cease(2, text)), .outgoing), .close(.outgoing),
                    .ended(.local(.administrativeShutdown, communication: "maintenance"), wasEstablished: true),
                ])
        #expect(session.state == .idle)
        #expect(session.nextDeadline == nil)
        #expect(session.lastNotificationSent == cease(2, text))
        #expect(session.lastEnd?.reason == .local(.administrativeShutdown, communication: "maintenance"))
        #expect(session.lastEnd?.at == t0 + .seconds(5))
        #expect(session.lastEnd?.wasEstablished == true)
        #expect(session.handle(.started, at: t0 + .seconds(6)) == [.connect])
    }

    @Test("Stop with a dial pending and an incoming connection ends once")
    func stopWhileDialling() {
        var session = PeerSession(configuration: configured(), seed: 1)
        _ = session.handle(.started, at: t0)
        _ = session.handle(.tcpConnected(.incoming, endpoints), at: t0)
        #expect(
            session.handle(.stopped(.peerDeconfigured, communication: "not sent"), at: t0)
                == [
                    .close(.outgoing), .send(.notification(cease(3)), .incoming), .close(.incoming),
                    .ended(.local(.peerDeconfigured, communication: "not sent"), wasEstablished: false),
                ])
        #expect(session.state == .idle)
    }

    @Test("Reset ends the session and starts again after one short pause")
    func reset() {
        var session = PeerSession.inState(.established)
        #expect(
            session.handle(.reset(.bfdDown), at: t0)
                == [
                    .send(.notification(cease(10)), .outgoing), .close(.outgoing),
                    .ended(.local(.bfdDown, communication: ""), wasEstablished: true),
                ])
        #expect(session.state == .active)
        let attempt = session.nextAttempt
        #expect(attempt.map { (t0 + .milliseconds(750)...t0 + .seconds(1)).contains($0) } == true)
        #expect(attempt.map { session.handle(.deadlineReached, at: $0) } == [.connect])
    }

    @Test("The OPEN carries what is configured, in this order")
    func openWithEverything() {
        let all = configured {
            $0.localAS = ASNumber(4_200_000_001)
            $0.families = [.ipv4Unicast, .ipv6Unicast]
            $0.offersExtendedNextHop = true
            $0.hostName = "node1.rack7.example"
            $0.holdTime = 30
        }
        #expect(
            all.open
                == Open(
                    myAS: 23456, holdTime: 30, identifier: ourIdentifier,
                    parameters: [
                        .capabilities([
                            .multiprotocol(.ipv4Unicast), .multiprotocol(.ipv6Unicast), .routeRefresh,
                            .extendedNextHop([
                                Capability.ExtendedNextHop(family: .ipv4Unicast, nextHopAFI: 2)
                            ]),
                            .gracefulRestart(
                                Capability.GracefulRestart(flags: 0, restartTime: 120, families: [])),
                            .fourOctetAS(ASNumber(4_200_000_001)),
                            .fqdn(host: Array("node1".utf8), domain: Array("rack7.example".utf8)),
                        ])
                    ]))
    }

    @Test("Extended next hop is not offered without IPv4, and long host names are cut")
    func openLimits() {
        let odd = configured {
            $0.families = [.ipv6Unicast]
            $0.offersExtendedNextHop = true
            $0.hostName = String(repeating: "ä", count: 40) + "." + String(repeating: "d", count: 300)
        }
        #expect(
            odd.offeredCapabilities == [
                .multiprotocol(.ipv6Unicast), .routeRefresh,
                .gracefulRestart(Capability.GracefulRestart(flags: 0, restartTime: 120, families: [])),
                .fourOctetAS(localAS),
                .fqdn(
                    host: Array(String(repeating: "ä", count: 32).utf8), domain: Array(repeating: 0x64, count: 128)),
            ])
    }
}
