import Advertising
import BGPWire
import IPTypes
import Testing

@testable import Settings

@Suite struct `Peers in a file` {
    private static func file(_ peers: FileText, _ more: KeyValuePairs<String, FileText> = [:]) -> FileNode {
        FileText.mapping(
            [("peers", peers), ("localAS", "65001"), ("vips", ["10.9.9.9"])] + more.map { ($0, $1) }
        ).tree
    }

    @Test func `have options of their own in front of the general ones`() throws {
        let peers: FileText = [
            [
                "address": "10.0.0.1", "as": "65000", "port": "1790", "password": "a:b,c", "multihop": "3",
                "source": "10.0.0.5", "sourceInterface": "bond0", "passive": "true", "localAS": "65002",
                "holdTime": "3", "keepaliveInterval": "1s", "sendHoldTime": "30s", "connectRetry": "2s",
                "connectRetryMax": "4s",
                "communities": ["65000:7"], "largeCommunities": ["65000:1:2"], "extendedCommunities": ["rt:65000:1"],
                "med": "1", "localPref": "2", "prepend": "3",
            ],
            ["address": "2001:db8::1", "as": "external", "ttlSecurity": "1", "passwordFile": "/six"],
            "10.0.0.3:internal",
            ["address": "unnumbered:eth0"], ["address": "gateway", "as": "65009"],
        ]
        let more: KeyValuePairs<String, FileText> = [
            "holdTime": "30", "med": "9", "sourceAddress": "10.0.0.6", "peerPasswordFile": "/all",
        ]
        let settings = try load(files: ["/all": "all", "/six": "six\n"], tree: Self.file(peers, more)).settings
        let four = IPAddress.v4(IPv4Address(0x0A00_0006))
        let all = Secret("all")
        func address(_ text: String) throws -> ScopedAddress { try #require(ScopedAddress(text)) }
        #expect(
            try settings.peers == [
                PeerSettings(
                    address: address("10.0.0.1"), peerAS: .exactly(ASNumber(65000)), port: 1790,
                    password: Secret("a:b,c"), distance: .multihop(3), source: .v4(IPv4Address(0x0A00_0005)),
                    sourceInterface: "bond0", isPassive: true, localAS: ASNumber(65002), holdTime: 3,
                    keepaliveInterval: .seconds(1), sendHoldTime: .seconds(30), connectRetryInitial: .seconds(2),
                    connectRetryMaximum: .seconds(4),
                    routeAdjustment: RouteAdjustment(
                        multiExitDiscriminator: 1, localPreference: 2, prepend: 3,
                        communities: [Community(0xFDE8_0007)],
                        extendedCommunities: [ExtendedCommunity(0x0002_FDE8_0000_0001)],
                        largeCommunities: [LargeCommunity(65000, 1, 2)])),
                PeerSettings(
                    address: address("2001:db8::1"), peerAS: .external, password: Secret("six"),
                    distance: .ttlSecurity(hops: 1), holdTime: 30),
                PeerSettings(
                    address: address("10.0.0.3"), peerAS: .internal, password: all, source: four, holdTime: 30),
                PeerSettings(address: .unnumbered("eth0"), peerAS: .external, password: all, holdTime: 30),
                PeerSettings(
                    address: .gateway, peerAS: .exactly(ASNumber(65009)), password: all, source: four, holdTime: 30),
            ])
        #expect(settings.listen == ListenSettings())
        #expect(settings.vips.map(\.attributes) == [RouteAttributes(multiExitDiscriminator: 9)])
    }

    @Test func `give the next hop of each family`() throws {
        let peers: FileText = [
            ["address": "10.0.0.1", "as": "65000", "nextHop": "10.0.0.99"],
            ["address": "10.0.0.2", "as": "65000", "nextHop": ["2001:db8::99", "10.0.0.99"]],
            ["address": "10.0.0.3", "as": "65000", "nextHop": "10.0.0.99, [2001:db8::99]"],
            ["address": "2001:db8::4", "as": "65000"],
        ]
        let adjustments = try load(tree: Self.file(peers)).settings.peers.map(\.routeAdjustment)
        let four = IPv4Address(0x0A00_0063)
        let six = IPv6Address(high: 0x2001_0DB8_0000_0000, low: 0x99)
        #expect(
            adjustments == [
                RouteAdjustment(nextHopIPv4: four), RouteAdjustment(nextHopIPv4: four, nextHopIPv6: six),
                RouteAdjustment(nextHopIPv4: four, nextHopIPv6: six), RouteAdjustment(),
            ])
    }

    @Test func `choose the capabilities`() throws {
        let peers: FileText = [
            ["address": "10.0.0.1", "as": "65000", "capabilities": "minimal"],
            ["address": "10.0.0.2", "as": "65000", "capabilities": "all"],
            ["address": "10.0.0.3", "as": "65000", "capabilities": "auto"], "10.0.0.4:65000",
        ]
        let settings = try load(tree: Self.file(peers)).settings
        #expect(settings.peers.map(\.capabilities) == [.minimal, .all, .automatic, .automatic])
    }

    @Test func `may say false where in general it is true`() throws {
        let peers: FileText = [
            ["address": "10.0.0.1", "as": "65000", "ttlSecurity": "false", "multihop": "true", "passive": "false"],
            ["address": "10.0.0.2", "as": "65000", "multihop": "false"],
        ]
        let settings = try load(tree: Self.file(peers, ["ttlSecurity": "2", "passive": "all"])).settings
        #expect(settings.peers.map(\.distance) == [.multihop(50), .ttlSecurity(hops: 2)])
        #expect(settings.peers.map(\.isPassive) == [false, true])
    }

    @Test(
        arguments: [
            (["address": "10.0.0.1"], "b.yaml:2:5: the peer has no as; write for example as: 65000"),
            (["as": "65000"], "b.yaml:2:5: the peer has no address; write for example address: 192.0.2.1"),
            (
                ["address": "tor", "as": "65000"],
                #"b.yaml:2:14: "tor" is not an IP address; write 192.0.2.1:AS or [2001:db8::1]:AS; names are not resolved"#
            ),
            (["address": "10.0.0.1", "as": "0"], "b.yaml:3:9: AS 0 is reserved and cannot be a peer's"),
            (
                ["address": "10.0.0.1", "as": "65000", "pasword": "hunter2"],
                #"b.yaml:4:5: "pasword" is not a key here; did you mean password?"#
            ),
            (
                ["address": "10.0.0.1", "as": "65000", "password": "hunter2", "passwordFile": "/p"],
                "b.yaml:5:19: 10.0.0.1 has a password in the peer list as well; remove one of them"
            ),
            (
                ["address": "10.0.0.1", "as": "65000", "passwordFile": "/missing"],
                "b.yaml:4:19: cannot read /missing: No such file or directory"
            ),
            (
                ["address": "10.0.0.1", "as": "65000", "multihop": "0"],
                "b.yaml:4:15: multihop is neither true nor false nor a TTL from 1 to 255"
            ),
            (
                ["address": "10.0.0.1", "as": "65000", "multihop": "2", "ttlSecurity": "1"],
                "b.yaml:2:14: 10.0.0.1 is multihop, and ttl-security is on; leave one of multihop and ttlSecurity out; ttlSecurity: HOPS gives the distance"
            ),
            (
                ["address": "unnumbered:eth0", "multihop": "2"],
                "b.yaml:3:15: an unnumbered peer is on the link of its interface and never multihop; leave multihop out"
            ),
            (
                ["address": "10.0.0.1", "as": "65000", "holdTime": "6"],
                "b.yaml:4:15: 3s is more than a third of the hold time (6s): two lost keepalives would end the session; raise it, or lower keepaliveInterval"
            ),
            (
                ["address": "10.0.0.1", "as": "65000", "keepaliveInterval": "4"],
                "b.yaml:4:24: 4s is more than a third of the hold time (9s): two lost keepalives would end the session; give at most 3s, or leave it out"
            ),
            (
                ["address": "10.0.0.1", "as": "65000", "connectRetry": "6s"],
                "b.yaml:4:19: connectRetry (6s) is longer than connect-retry-max (5s); raise connect-retry-max"
            ),
            (
                ["address": "10.0.0.1", "as": "65000", "source": "fd00::1"],
                "b.yaml:4:13: fd00::1 is not of the family of 10.0.0.1; give our address on the session, which has the family of the peer's"
            ),
            (
                ["address": "10.0.0.1", "as": "65000", "passive": "si"],
                #"b.yaml:4:14: "si" is neither true nor false"#
            ),
            (
                ["address": "10.0.0.1", "as": "65000", "localAS": "0"],
                "b.yaml:4:14: AS 0 is reserved and cannot be ours"
            ),
            (
                ["address": "10.0.0.1", "as": "65000", "nextHop": "self"],
                #"b.yaml:4:14: "self" is not an IP address"#
            ),
            (
                ["address": "10.0.0.1", "as": "65000", "nextHop": "10.0.0.1"],
                "b.yaml:4:14: 10.0.0.1 is the peer itself, which would send the packets back to itself; give an address of this node, or leave nextHop out"
            ),
            (
                ["address": "10.0.0.1", "as": "65000", "nextHop": "fe80::1"],
                "b.yaml:4:14: fe80::1 cannot be the next hop of a route; give an address of this node that the peer reaches"
            ),
            (
                ["address": "10.0.0.1", "as": "65000", "nextHop": "::ffff:10.0.0.8"],
                "b.yaml:4:14: ::ffff:10.0.0.8 is an IPv4-mapped IPv6 address, which no router routes; write 10.0.0.8"
            ),
            (
                ["address": "10.0.0.1", "as": "65000", "nextHop": "10.0.0.8,10.0.0.9"],
                "b.yaml:4:14: 10.0.0.9 is a second next hop of its family; give at most one IPv4 and one IPv6 address"
            ),
            (
                ["address": "10.0.0.1", "as": "65000", "nextHop": "10.9.9.9"],
                "b.yaml:7:5: 10.9.9.9 is the nextHop of a peer, and no route can lead to itself; give nextHop an address that belongs to this node alone"
            ),
            (
                ["address": "10.0.0.1", "as": "65000", "capabilities": "none"],
                #"b.yaml:4:19: "none" is neither auto nor all nor minimal"#
            ),
            (
                ["address": "10.0.0.1", "as": "65000", "color": "red"],
                #"b.yaml:4:5: "color" is not a key here"#
            ),
        ] as [(FileText, String)]) func `say what is wrong and where`(peer: FileText, message: String)
    {
        let all = errors(files: ["/p": "x"], tree: Self.file([peer], ["keepaliveInterval": "3s"]))
        #expect(all == [message])
    }

    @Test func `show nothing of a password, neither in rows nor in errors nor in dumps`() throws {
        let peers: FileText = [
            ["address": "10.0.0.1", "as": "65000", "password": "hunter2", "holdTime": "3"],
            "10.0.0.2:65000:hunter3", ["address": "10.0.0.3", "as": "65000", "passwordFile": "/p"],
        ]
        let loaded = try load(files: ["/p": "hunter4"], tree: Self.file(peers))
        let row = try #require(loaded.resolved.first { $0.key == .peers })
        #expect(
            row
                == ResolvedSetting(
                    key: .peers, value: "10.0.0.1:65000:***,10.0.0.2:65000:***,10.0.0.3:65000", origin: place(2, 14),
                    options: [
                        ResolvedOption(path: "peers[10.0.0.1].as", value: "65000", origin: place(3, 9)),
                        ResolvedOption(path: "peers[10.0.0.1].holdTime", value: "3", origin: place(5, 15)),
                        ResolvedOption(path: "peers[10.0.0.1].password", value: "***", origin: place(4, 15)),
                        ResolvedOption(path: "peers[10.0.0.3].as", value: "65000", origin: place(8, 9)),
                        ResolvedOption(path: "peers[10.0.0.3].passwordFile", value: "/p", origin: place(9, 19)),
                    ]))
        var dumped = ""
        dump(loaded.settings, to: &dumped)
        #expect(!"\(loaded.settings)\(loaded.resolved)\(dumped)".contains("hunter"))
        let long = "hunter" + String(repeating: "x", count: 80)
        let wrong: FileText = [
            ["address": "10.0.0.1", "as": "65000", "password": .scalar(long)], .scalar("10.0.0.2:x:\(long):y"),
            .scalar("10.0.0.4:\(long)"), ["address": "10.0.0.5", "as": .scalar(long)],
        ]
        #expect(
            errors(tree: Self.file(wrong)) == [
                "b.yaml:4:15: the password is longer than the 80 bytes of a TCP MD5 key",
                "b.yaml:5:5: the AS is neither a number nor external or internal; write ADDRESS:AS, IPv6 in brackets, for example 192.0.2.1:65000 or [2001:db8::1]:65000",
                "b.yaml:6:5: the AS is neither a number nor external or internal; write ADDRESS:AS, IPv6 in brackets, for example 192.0.2.1:65000 or [2001:db8::1]:65000",
                "b.yaml:8:9: the AS is neither a number nor external or internal; write ADDRESS:AS, IPv6 in brackets, for example 192.0.2.1:65000 or [2001:db8::1]:65000",
            ])
    }
}
