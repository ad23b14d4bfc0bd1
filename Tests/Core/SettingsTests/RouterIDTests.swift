import BGPWire
import IPTypes
import Testing

@testable import Settings

@Suite struct `The router ID` {
    private static let six = IPv6Address(high: 0x2001_0DB8 << 32, low: 1)

    private static func settings(_ peers: String..., interface: String? = nil, routerID: UInt32? = nil) -> Settings {
        Settings(
            localAS: ASNumber(65001), routerID: routerID.map { BGPIdentifier($0) }, routerInterface: interface,
            vips: [],
            checks: [],
            peers: peers.compactMap { ScopedAddress($0) }.map { PeerSettings(address: $0, peerAS: .external) })
    }

    @Test func `is configured, or an IPv4 address, or derived`() throws {
        let both = RouterIDCandidates(ipv4: IPv4Address(0xC000_0202), ipv6: Self.six)
        #expect(try Self.settings("2001:db8::9", routerID: 7).routerID(from: both) == RouterID(BGPIdentifier(7)))
        #expect(try Self.settings("2001:db8::9").routerID(from: both) == RouterID(BGPIdentifier(0xC000_0202)))
        let derived = try Self.settings("2001:db8::9", "gateway", "unnumbered:eth0")
            .routerID(from: RouterIDCandidates(ipv6: Self.six))
        #expect(derived == RouterID(derivedFrom: Self.six))
        #expect(
            "\(derived)" == "\(derived.identifier) (derived from 2001:db8::1, as the node has no IPv4 address)")
    }

    @Test(arguments: [
        (nil, ["192.0.2.1"], "no router ID is set and this node has no IPv4 address to take it from; give --router-id"),
        (
            nil, ["2001:db8::9"],
            "no router ID is set and this node has no IPv4 or global IPv6 address to take it from; give --router-id"
        ),
        ("eth0", ["192.0.2.1"], "eth0 has no IPv4 address to take the router ID from; give --router-id"),
        (
            "eth0", ["2001:db8::9"],
            "eth0 has no IPv4 or global IPv6 address to take the router ID from; give --router-id"
        ),
    ]) func `is waited for`(interface: String?, peers: [String], message: String) {
        var settings = Self.settings(interface: interface)
        settings.peers = peers.compactMap { ScopedAddress($0) }.map { PeerSettings(address: $0, peerAS: .external) }
        let candidates = RouterIDCandidates(ipv6: peers == ["192.0.2.1"] ? Self.six : nil)
        let error = #expect(throws: NoRouterID.self) { try settings.routerID(from: candidates) }
        #expect(error?.description == message)
    }

    /// Other values would be other routers after an update.
    @Test(arguments: [
        ("2001:db8::1", "10.14.83.15"), ("2001:db8::2", "141.189.191.124"), ("fd00::1", "223.22.139.214"),
    ])
    func `stays the same over releases`(address: String, identifier: String) throws {
        let derived = RouterID(derivedFrom: try #require(IPv6Address(address)))
        #expect("\(derived.identifier)" == identifier)
    }

    @Test func `is an address that a host can have, and another for each address`() {
        var seen: Set<UInt32> = []
        for number in 0..<50_000 as Range<UInt64> {
            let value = RouterID(derivedFrom: IPv6Address(high: 0xFD00 << 48, low: number)).identifier.value
            #expect(value >> 24 != 127)
            #expect((1...223).contains(value >> 24))
            seen.insert(value)
        }
        // Of 50 000 random numbers of 32 bits about 0.3 are expected twice.
        #expect(seen.count >= 49_998)
    }
}
