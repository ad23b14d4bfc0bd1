import BFD
import BGPFSM
import BGPWire
import Health
import IPTypes
import Settings
import SpeakerCore
import Testing

@testable import Wording

/// What the level debug adds to the log.
struct TraceTests {
    let peer = ScopedAddress(.v4(IPv4Address(0x0A00_0001)))
    let vip = IPPrefix(host: .v4(IPv4Address(0x0AFF_0001)))
    let open = Open(
        myAS: 65000, holdTime: 9, identifier: BGPIdentifier(0x0A00_0001),
        parameters: [.capabilities([.multiprotocol(.ipv4Unicast), .routeRefresh])])

    @Test func eachProbeIsALineWithItsDuration() {
        #expect(
            LogLine(.probed(check: "api", .passed, took: .microseconds(1_250)))
                == LogLine(
                    .debug, "probe passed", [("check", "api"), ("took_ms", .milliseconds(.microseconds(1_250)))])
        )
        let failed = Outcome.failed(reason: "HTTP status 500", definitive: false)
        #expect(
            LogLine(.probed(check: "api", failed, took: .milliseconds(7)))
                == LogLine(
                    .debug, "probe failed",
                    [
                        ("check", "api"), ("took_ms", .milliseconds(.milliseconds(7))), ("reason", "HTTP status 500"),
                        ("definitive", .truth(false)),
                    ]))
        #expect(LogLine(.effect(.probe("api"))) == LogLine(.debug, "probe started", [("check", "api")]))
    }

    @Test func anOPENShowsItsCapabilitiesBothWays() {
        let fields: [LogLine.Field] = [
            ("peer", "10.0.0.1"), ("direction", "outgoing"), ("as", .number(65000)), ("hold_time", .number(9)),
            ("bgp_id", "10.0.0.1"), ("capabilities", "multiprotocol ipv4-unicast, route refresh"),
        ]
        #expect(
            LogLine(.effect(.session(peer, .send(.open(open), .outgoing)))) == LogLine(.debug, "OPEN sent", fields))
        #expect(
            LogLine(.input(.session(peer, .received(.open(open), .outgoing))))
                == LogLine(.debug, "OPEN received", fields))
    }

    @Test func dialsRetriesAndMessagesAreLines() {
        let name: LogLine.Field = ("peer", "10.0.0.1")
        #expect(LogLine(.effect(.session(peer, .connect))) == LogLine(.debug, "dialling", [name]))
        #expect(
            LogLine(.retry(peer, pause: .milliseconds(900)))
                == LogLine(.debug, "next attempt planned", [name, ("in_ms", .milliseconds(.milliseconds(900)))]))
        #expect(
            LogLine(.input(.session(peer, .tcpFailed(.outgoing, .refused))))?.fields.map(\.name)
                == ["peer", "direction", "reason"])
        #expect(
            LogLine(.effect(.session(peer, .send(.update(Update(withdrawn: [vip])), .incoming))))
                == LogLine(
                    .debug, "UPDATE sent",
                    [name, ("direction", "incoming"), ("announced", .number(0)), ("withdrawn", .number(1))]))
        #expect(
            LogLine(.input(.session(peer, .received(.keepalive, .outgoing))))
                == LogLine(.debug, "KEEPALIVE received", [name, ("direction", "outgoing")]))
    }

    @Test func whatTheHostTracesIsALine() {
        let name: LogLine.Field = ("peer", "10.0.0.1")
        #expect(
            LogLine(.routerFound(peer, router: peer))
                == LogLine(.debug, "router found", [name, ("address", "10.0.0.1")]))
        #expect(
            LogLine(.otherSpeakerUnknown(peer, reason: "why"))
                == LogLine(.debug, "cannot tell whether another speaker has the peer", [name, ("reason", "why")]))
        #expect(
            LogLine(.strangerRefused(peer))
                == LogLine(.debug, "connection refused: its address is no peer's", [("remote", "10.0.0.1")]))
        #expect(
            LogLine(.bfdPacketDiscarded(from: peer, .truncated(octets: 3)))
                == LogLine(
                    .debug, "BFD packet discarded",
                    [("from", "10.0.0.1"), ("reason", "\(BFDDiscard.truncated(octets: 3))")]))
    }

    @Test func whatReportsSayOrIsNotNeededIsNotTraced() {
        #expect(LogLine(.input(.deadlineReached)) == nil)
        #expect(LogLine(.input(.session(peer, .started))) == nil)
        #expect(LogLine(.effect(.report(.undrained))) == nil)
        #expect(LogLine(.effect(.unbind([vip]))) == nil)
    }
}
