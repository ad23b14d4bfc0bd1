import BGPFSM
import BGPWire
import Health
import IPTypes
import Settings
import SpeakerCore
import Testing

@testable import Wording

/// What an operator reads in the log.
struct ReportTests {
    let peer = ScopedAddress(.v4(IPv4Address(0x0A00_0001)))
    let vip = IPPrefix(host: .v4(IPv4Address(0x0AFF_0001)))

    private func negotiated(holdTime: UInt16) -> Negotiated {
        Negotiated(
            endpoints: Endpoints(local: .v4(IPv4Address(0x0A00_0002)), remote: peer.address),
            peerAS: ASNumber(65000), peerIdentifier: BGPIdentifier(0x0A00_0001), holdTime: holdTime,
            isInternal: false, usesFourOctetAS: true, families: [.ipv6Unicast, .ipv4Unicast],
            usesExtendedNextHop: false, peerCapabilities: [])
    }

    @Test func anEstablishedSessionNamesWhatWasAgreed() {
        #expect(
            LogLine(.sessionEstablished(peer, negotiated(holdTime: 9)))
                == LogLine(
                    .info, "BGP session Established",
                    [
                        ("peer", "10.0.0.1"), ("peer_as", .number(65000)), ("peer_id", "10.0.0.1"),
                        ("local", "10.0.0.2"),
                        ("hold_time", .number(9)), ("families", "ipv4-unicast,ipv6-unicast"),
                    ]))
    }

    @Test func aHoldTimeOfZeroIsWarnedAbout() {
        let line = LogLine(.sessionEstablished(peer, negotiated(holdTime: 0)))
        #expect(line.level == .warning)
        #expect(
            line.message
                == "BGP session Established; hold time 0 was agreed on, so a dead router is not noticed")
    }

    @Test func aFailureIsAnErrorWithItsReasonAndALocalStopIsNot() {
        #expect(
            LogLine(.sessionLost(peer, reason: "gone"))
                == LogLine(.error, "BGP session lost", [("peer", "10.0.0.1"), ("reason", "gone")]))
        #expect(LogLine(.sessionClosed(peer, reason: "stop")).level == .info)
        #expect(LogLine(.attemptFailed(peer, reason: "refused")).level == .warning)
        #expect(
            LogLine(.vipsChanged([vip], .unhealthy(reason: "HTTP 500")))
                == LogLine(.error, "VIP is unhealthy", [("vip", "10.255.0.1/32"), ("reason", "HTTP 500")]))
        #expect(
            LogLine(.verdictsSuppressed("api", count: 7, .unhealthy(reason: "HTTP 500")))
                == LogLine(
                    .warning,
                    "the check changes its verdict too often; some lines were left out, and it is this now",
                    [("check", "api"), ("changes", .number(7)), ("verdict", "unhealthy"), ("reason", "HTTP 500")]))
        #expect(LogLine(.vipsChanged([vip], .healthy)) == LogLine(.info, "VIP is healthy", [("vip", "10.255.0.1/32")]))
    }

    @Test func whatBFDFindsIsSaidWithWhatFollowsForBGP() {
        let reason: [LogLine.Field] = [("peer", "10.0.0.1"), ("reason", "nothing heard for 150 ms")]
        #expect(LogLine(.bfdUp(peer)) == LogLine(.info, "BFD session Up", [("peer", "10.0.0.1")]))
        #expect(
            LogLine(.bfdDown(peer, reason: "nothing heard for 150 ms", endsSession: true))
                == LogLine(.error, "BFD says that the path is down; the BGP session is closed", reason))
        #expect(
            LogLine(.bfdDown(peer, reason: "nothing heard for 150 ms", endsSession: false))
                == LogLine(.warning, "BFD says that the path is down; no BGP session was Established", reason))
        #expect(
            LogLine(.bfdShutDownByPeer(peer))
                == LogLine(
                    .notice, "BFD was shut down by the peer's operator; the BGP session goes on",
                    [("peer", "10.0.0.1")]))
        #expect(
            LogLine(.bfdNotUp(peer, reason: "nothing heard for 150 ms"))
                == LogLine(.warning, "BFD does not come up", reason))
        #expect(
            LogLine(.waitingForBFD(peer))
                == LogLine(.info, "BGP session waits until BFD is up", [("peer", "10.0.0.1")]))
    }

    @Test func linesLeftOutAreCountedAndFollowedByThePresentState() {
        let message = "this peer causes too many lines; some were left out, and this is its state now"
        let fields: [LogLine.Field] = [("peer", "10.0.0.1"), ("lines", .number(4)), ("state", "Established")]
        #expect(
            LogLine(.suppressed(peer, count: 4, state: "Established", bfd: nil)) == LogLine(.warning, message, fields))
        #expect(
            LogLine(.suppressed(peer, count: 4, state: "Established", bfd: "Up"))
                == LogLine(.warning, message, fields + [("bfd", "Up")]))
    }

    @Test func anAddressThatStaysBehindIsNamedWithTheCommandThatRemovesIt() {
        #expect(
            LogLine(.leftBound([vip], interface: "lo"))
                == LogLine(
                    .error,
                    "VIP stays on the interface: the kernel refused to remove it, and this node still answers for it",
                    [("vips", "10.255.0.1/32"), ("remove_with", "ip address del 10.255.0.1/32 dev lo")]))
    }

    @Test func whatAnUnhealthyVIPAndADrainComeToIsSaid() {
        #expect(
            LogLine(.keptAsLastResort([vip]))
                == LogLine(
                    .warning, "VIP stays bound and advertised as the last resort", [("vip", "10.255.0.1/32")]))
        #expect(
            LogLine(.drainReasonChanged("rack move"))
                == LogLine(.info, "still out of service", [("reason", "rack move")]))
    }

    @Test func anExcuseAndARefusalThatCountsAsHealthyAreNoticed() {
        #expect(
            LogLine(.checkExcused("api", .milliseconds(4000)))
                == LogLine(
                    .notice,
                    "the daemon did not run for a while; the next probe decides whether the check stays healthy",
                    [("check", "api"), ("milliseconds", .number(4000))]))
        #expect(
            LogLine(.refusalAccepted("api", reason: "HTTP 401"))
                == LogLine(
                    .notice, "the service refuses anonymous requests, which counts as healthy: it answers",
                    [("check", "api"), ("reason", "HTTP 401")]))
    }

    @Test func theDrainOfOneVIPNamesItInEachStep() {
        #expect(
            LogLine(.vipDrainStarted(vip, reason: "move"))
                == LogLine(
                    .info, "draining one VIP; the sessions stay", [("vip", "10.255.0.1/32"), ("reason", "move")]))
        #expect(
            LogLine(.vipDrainStep(vip, .away)) == LogLine(.info, "VIP drained", [("vip", "10.255.0.1/32")]))
        #expect(LogLine(.vipDrainStep(vip, .settling)).fields.map(\.name) == ["vip"])
        #expect(
            LogLine(.vipUndrained(vip)) == LogLine(.info, "VIP back in service", [("vip", "10.255.0.1/32")]))
    }

    @Test func aDrainThatKeepsTheSessionsDoesNotSayThatTheyAreClosed() {
        #expect(LogLine(.departureStep(.away)).message == "sessions closed, VIPs unbound")
        #expect(
            LogLine(.departureStep(.away, keepsSessions: true)).message == "VIPs unbound; the sessions stay")
    }

    @Test func aLongListOfVIPsStaysALine() {
        let many = (1...10).map { IPPrefix(host: .v4(IPv4Address(0x0AFF_0000 + UInt32($0)))) }
        let line = LogLine(.withdrawn(peer, many))
        #expect(
            line.fields.last?.value.description
                == "10.255.0.1/32,10.255.0.2/32,10.255.0.3/32,10.255.0.4/32,10.255.0.5/32,10.255.0.6/32,"
                + "10.255.0.7/32,10.255.0.8/32 and 2 more")
    }
}
