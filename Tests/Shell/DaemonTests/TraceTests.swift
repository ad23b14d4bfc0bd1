import BGPFSM
import BGPWire
import Health
import IPTypes
import Logging
import SpeakerCore
import Testing

@testable import Daemon

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

    @Test func whatReportsSayOrNobodyNeedsIsNotTraced() {
        #expect(LogLine(.input(.deadlineReached)) == nil)
        #expect(LogLine(.input(.session(peer, .started))) == nil)
        #expect(LogLine(.effect(.report(.undrained))) == nil)
        #expect(LogLine(.effect(.unbind([vip]))) == nil)
    }
}
