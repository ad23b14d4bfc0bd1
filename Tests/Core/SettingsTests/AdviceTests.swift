import BGPWire
import IPTypes
import Testing

@testable import Settings

@Suite struct `Advice` {
    private static func advice(_ flags: [String: String]) throws -> [String] {
        let least = ["local-as": "65001", "vip": "10.9.9.9", "peers": "10.0.0.1:65000", "check": "tcp://127.0.0.1:1"]
        return try load(least.merging(flags) { $1 }.mapValues { [$0] }).settings.advice.map(\.text)
    }

    private static let etcd =
        "10.9.9.9: while etcd elects a leader, /readyz fails on all API servers for seconds, and every node withdraws; on-unhealthy last-resort keeps the address reachable then (docs/checks.md weighs it)"

    @Test(arguments: [
        ("https://127.0.0.1:6443/readyz", true), ("https://10.0.0.5:6443/readyz?verbose", true),
        ("http://127.0.0.1:8080/readyz", true), ("tcp://127.0.0.1:1,https://[::1]:6443/readyz", true),
        ("https://127.0.0.1:6443/readyz?exclude=etcd", false), ("https://127.0.0.1:6443/livez", false),
        ("http://127.0.0.1/readyzzz", false), ("none", false),
    ]) func `is to think of etcd if the check does`(check: String, isGiven: Bool) throws {
        #expect(try Self.advice(["check": check]) == (isGiven ? [Self.etcd] : []))
        #expect(try Self.advice(["check": check, "on-unhealthy": "last-resort"]) == [])
    }

    @Test(arguments: [
        ("https://127.0.0.1:6443/readyz", "200,403", true), ("https://127.0.0.1:6443/readyz", "401", true),
        ("https://127.0.0.1:6443/readyz", "200", false), ("https://127.0.0.1:6443/livez", "200,403", false),
    ]) func `is against a refusal that counts as healthy`(check: String, status: String, isGiven: Bool) throws {
        let word = status.hasPrefix("401") ? "401" : "403"
        #expect(
            try Self.advice(["check": check, "check-status": status, "on-unhealthy": "last-resort"])
                == (isGiven
                    ? [
                        "check \(check): status \(word) counts as healthy, and an API server answers it without checking itself, so a frozen etcd is never noticed; give the check a client certificate or a token instead"
                    ] : []))
    }

    @Test(
        arguments: [
            ("https://127.0.0.1:6443/livez", nil, "127.0.0.1"), ("https://[::1]:6443/livez", nil, "::1"),
            ("https://127.0.0.1:6443/livez", "kubernetes", nil), ("https://10.0.0.5:6443/livez", nil, nil),
        ] as [(String, String?, String?)])
    func `is to name the host of a certificate that is verified`(check: String, host: String?, named: String?) throws {
        var flags = ["check": check, "check-ca-file": "/etc/ca.crt"]
        flags["check-host"] = host
        #expect(
            try Self.advice(flags)
                == (named.map {
                    [
                        "check \(check): the certificate must be for \($0), and an API server's seldom is; name the host that it is for, for example check-host kubernetes"
                    ]
                } ?? []))
    }

    private static let needsIPv6 =
        "fd00::9 is IPv6 and every peer of it IPv4: the routers must carry IPv6 on these sessions, and this node needs a global IPv6 address on the link; otherwise add IPv6 peers"
    private static let needsIPv4 =
        "10.9.9.9 is IPv4 and every peer of it IPv6: the routers must carry IPv4 on these sessions, and this node needs an IPv4 address on the link, or both sides extended next hop (RFC 8950)"

    @Test(
        arguments: [
            ("fd00::9", "10.0.0.1:65000", [needsIPv6]), ("10.9.9.9,fd00::9", "10.0.0.1:1,10.0.0.2:1", [needsIPv6]),
            ("10.9.9.9,fd00::9", "[fd00::1]:65000", [needsIPv4]), ("fd00::9", "10.0.0.1:1,[fd00::1]:1", []),
            ("fd00::9", "gateway:1", []), ("10.9.9.9", "unnumbered:eth0", []),
            ("10.9.9.9", "[fe80::1%eth0]:1", [needsIPv4]),
            ("fd00::9", "10.0.0.1:65000::::mpbgp_nexthop=fixed;mpbgp_ipv6=fd00::5", []),
        ] as [(String, String, [String])])
    func `is given where an address goes over the other family's sessions alone`(
        vips: String, peers: String, expected: [String]
    ) throws {
        #expect(try Self.advice(["vip": vips, "peers": peers]) == expected)
    }

    @Test func `looks at the peers that an address is meant for`() throws {
        let file: FileText = [
            "localAS": "65001", "peers": ["10.0.0.1:65000", "[fd00::1]:65000"],
            "vips": [
                ["address": "10.9.9.9", "peers": ["10.0.0.1"], "checks": "none"],
                ["address": "fd00::9", "peers": ["10.0.0.1"], "checks": "none"],
            ],
        ]
        #expect(try load(tree: file.tree).settings.advice.map(\.text) == [Self.needsIPv6])
    }

    @Test func `names addresses that are left to others and are not there`() throws {
        let settings = try load([
            "local-as": ["65001"], "vip": ["10.9.9.9,fd00::9,10.9.9.10,10.9.9.11,192.0.2.0/28"], "bind": ["false"],
            "peers": ["10.0.0.1:1,[fd00::1]:1"], "check": ["none"],
        ]).settings
        func node(_ absent: String...) -> NodeView {
            NodeView(
                interfaces: ["lo"], routerID: nil, routerIDInterface: nil,
                absentVIPs: Set(absent.compactMap { IPAddress($0) }))
        }
        #expect(settings.advice(on: node()) == [])
        #expect(
            settings.advice(on: node("fd00::9")).map(\.text) == [
                "fd00::9: bind is false and the address is not on this node, so that it would not be advertised; add it to an interface, or a local route, for example ip -6 route add local fd00::9 dev lo"
            ])
        #expect(
            settings.advice(on: node("10.9.9.9", "fd00::9", "10.9.9.10", "10.9.9.11")).map(\.text) == [
                "10.9.9.9, fd00::9, 10.9.9.10, …: bind is false and these 4 addresses are not on this node, so that they would not be advertised; add them to an interface, or a local route, for example ip route add local 10.9.9.9 dev lo"
            ])
    }

    @Test func `names each interface that is not on this node once, and whose it is`() throws {
        let settings = try load([
            "local-as": ["65001"], "vip": ["10.9.9.9"], "interface": ["dummy0"], "router-interface": ["bond0"],
            "peers": ["10.0.0.1:1,10.0.0.2:1,unnumbered:eth7,[fe80::1%eth8]:1,gateway:1"], "source-interface": ["eth9"],
        ]).settings
        let node = { (interfaces: [String]?) in
            NodeView(interfaces: interfaces, routerID: nil, routerIDInterface: nil)
        }
        #expect(
            settings.advice(on: node(["lo", "eth0"])).map(\.text) == [
                "interface: there is no interface dummy0 on this node, which has lo, eth0",
                "router-interface: there is no interface bond0 on this node, which has lo, eth0",
                "source-interface: there is no interface eth9 on this node, which has lo, eth0",
                "peer unnumbered:eth7: there is no interface eth7 on this node, which has lo, eth0",
                "peer fe80::1%eth8: there is no interface eth8 on this node, which has lo, eth0",
            ])
        #expect(settings.advice(on: node(["lo", "dummy0", "bond0", "eth7", "eth8", "eth9"])) == [])
        #expect(settings.advice(on: node(nil)) == [])
        var elsewhere = settings
        elsewhere.routerID = BGPIdentifier(1)
        elsewhere.vips[0].binds = false
        #expect(elsewhere.advice(on: node(["eth7", "eth8", "eth9"])) == [])
    }
}
