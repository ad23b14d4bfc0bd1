import Advertising
import BGPFSM
import Deadlines
import Health
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// Whether what arrives for a VIP finds its service.
struct ListenerTests {
    static let vip6 = IPPrefix(host: .v6(IPv6Address(high: 0x2001_0DB8_0000_0000, low: 0x10)))

    /// The VIPs 10.255.0.1 and 2001:db8::10, checked at this target and healthy.
    private func status(_ kinds: Check.Kind..., listening: [UInt16: [String]], isHealthy: Bool = true) -> [VIPStatus] {
        var rack = Rack { settings in
            settings.checks = kinds.enumerated().map { Check(name: "c\($0)", kind: $1) }
            settings.vips[0].checks = settings.checks.map(\.name)
            settings.vips.append(VIPSettings(prefix: Self.vip6, checks: settings.vips[0].checks))
        }
        _ = rack.take(.started)
        for check in rack.speaker.settings.checks {
            let failed = Outcome.failed(reason: "connection refused", definitive: true)
            _ = rack.take(.check(check.name, .outcome(isHealthy ? .passed : failed)))
        }
        let addresses = listening.mapValues { Set($0.compactMap { IPAddress($0[...]) }) }
        return rack.speaker.status(version: "1", listening: addresses, at: rack.now).vips
    }

    private func tcp(_ address: String) -> Check.Kind {
        .tcp(SocketTarget(address: IPAddress(address[...]) ?? .v4(IPv4Address(0)), port: 6443))
    }

    @Test(arguments: [
        (["127.0.0.1"], ListenerStatus.Reach.elsewhere, ListenerStatus.Reach.elsewhere),
        (["0.0.0.0"], .all, .elsewhere),
        (["0.0.0.0", "::"], .all, .all),
        (["127.0.0.1", "10.255.0.1"], .vip, .elsewhere),
        (["127.0.0.1", "2001:db8::10"], .elsewhere, .vip),
        (["127.0.0.1", "::"], .elsewhere, .all),
    ])
    func whatAConnectionToTheVIPFinds(addresses: [String], v4: ListenerStatus.Reach, v6: ListenerStatus.Reach) {
        let vips = status(tcp("127.0.0.1"), listening: [6443: addresses, 22: ["0.0.0.0"]])
        #expect(vips.map { $0.listeners.map(\.reach) } == [[v4], [v6]])
        #expect(vips[0].listeners.map(\.isReached) == [v4 != .elsewhere])
    }

    @Test func whoListensElsewhereIsNamedWithWhatToDo() throws {
        let vips = status(tcp("127.0.0.1"), listening: [6443: ["127.0.0.1"]])
        let listener = try #require(vips[0].listeners.first)
        #expect(listener == ListenerStatus(port: 6443, checks: ["c0"], reach: .elsewhere, addresses: ["127.0.0.1"]))
        #expect(
            listener.words(vip: "10.255.0.1/32")
                == "the service listens on 127.0.0.1 only: connections to 10.255.0.1:6443 are refused, "
                + "unless this node redirects them (NAT, IPVS); let it listen on 10.255.0.1 or on all addresses")
        #expect(
            listener.words(vip: "2001:db8::10/128").hasPrefix(
                "the service listens on 127.0.0.1 only: connections to [2001:db8::10]:6443 are refused"))
    }

    @Test func severalChecksOfOnePortAreOneStepAndAProgramIsNone() {
        let vips = status(
            tcp("127.0.0.1"), .exec(["/bin/true"]), tcp("10.255.0.1"), listening: [6443: ["0.0.0.0"]])
        #expect(
            vips[0].listeners
                == [ListenerStatus(port: 6443, checks: ["c0", "c2"], reach: .all, addresses: ["0.0.0.0"])])
    }

    @Test func whatThisNodesKernelCannotKnowIsNotSaid() {
        // Another host, also if this one listens on the same port.
        #expect(status(tcp("192.0.2.7"), listening: [6443: ["0.0.0.0"]]).flatMap(\.listeners) == [])
        // A service that answers and is not seen: NAT, another network namespace.
        #expect(status(tcp("127.0.0.1"), listening: [:]).flatMap(\.listeners) == [])
        // Nobody has looked.
        let rack = Rack.inService()
        #expect(rack.speaker.status(version: "1", at: rack.now).vips.map(\.listeners) == [[]])
    }

    @Test func aServiceThatIsDownIsListenedForByNobody() {
        let vips = status(tcp("127.0.0.1"), listening: [:], isHealthy: false)
        #expect(vips.map { $0.listeners.map(\.reach) } == [[.none], [.none]])
        // An address of this node that the service listens on alone.
        let own = status(tcp("192.0.2.7"), listening: [6443: ["192.0.2.7"]])
        #expect(own.map { $0.listeners.map(\.reach) } == [[.elsewhere], [.elsewhere]])
    }

    @Test func thePortsOfAllChecksThatConnectAreLookedFor() {
        #expect(Rack().speaker.checkedPorts == [6443])
    }
}
