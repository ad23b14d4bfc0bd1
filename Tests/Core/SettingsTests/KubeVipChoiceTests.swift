import Advertising
import Health
import IPTypes
import Testing

@testable import Settings

/// Where kube-vip's words meet ours, or leave something open.
@Suite struct `kube-vip's choices` {
    @Test func `gives the next hop of the other family, for all peers or for one`() throws {
        let peers = try load(
            environment: changed([
                "mpbgp_nexthop": "fixed", "mpbgp_ipv4": "10.0.0.5", "mpbgp_ipv6": "fd00::5",
                "bgp_peers":
                    "192.168.0.10:65000,[fd00::9]:65000,192.168.0.11:65000::false::mpbgp_nexthop=fixed;mpbgp_ipv6=fd00::6,192.168.0.12:65000/mpbgp_nexthop=auto_sourceip",
                "bgp_peeraddress": "192.168.0.13",
            ])
        ).settings.peers
        #expect(
            peers.map { $0.routeAdjustment.nextHops.map(\.description) } == [
                ["fd00::5"], ["10.0.0.5"], ["fd00::6"], [], ["fd00::5"],
            ])
        let own = try load(
            environment: changed([
                "mpbgp_nexthop": "fixed", "mpbgp_ipv6": "fd00::5", "BGPVIP_PEERS": "192.168.0.10:65000",
            ]))
        #expect(own.settings.peers.map(\.routeAdjustment.nextHops) == [[]])
    }

    @Test(
        arguments: [
            (
                ["mpbgp_ipv6": "fd00::5"],
                ["mpbgp_ipv6 has no effect without mpbgp_nexthop=fixed: the next hop is this node's own address"]
            ),
            (
                ["mpbgp_ipv4": "10.0.0.5", "mpbgp_ipv6": "fd00::5", "mpbgp_nexthop": "auto_sourceif"],
                [
                    "mpbgp_ipv4 and mpbgp_ipv6 have no effect without mpbgp_nexthop=fixed: the next hop is this node's own address"
                ]
            ),
            (
                ["mpbgp_ipv4": "10.0.0.5", "mpbgp_nexthop": "fixed"],
                ["mpbgp_ipv4 has no effect on IPv4 sessions, whose next hop is this node's own address"]
            ),
            (
                ["mpbgp_ipv6": "fd00::5", "mpbgp_nexthop": "fixed", "bgp_peers": "[fd00::9]:65000,[fd00::8]:65000"],
                ["mpbgp_ipv6 has no effect on IPv6 sessions, whose next hop is this node's own address"]
            ),
            (["mpbgp_ipv4": "10.0.0.5", "mpbgp_ipv6": "fd00::5", "mpbgp_nexthop": "fixed"], []), ([:], []),
        ] as [([String: String], [String])])
    func `says of a next hop that nothing uses why`(environment: [String: String], notices: [String]) throws {
        let loaded = try load(
            environment: changed(["bgp_peers": "192.168.0.10:65000,192.168.0.11:65000"].merging(environment) { $1 }))
        #expect(loaded.notices.filter { $0.hasPrefix("mpbgp_") } == notices)
    }

    /// The name is what the certificate has; 127.0.0.1 is only where it is. In every way to write it.
    @Test(
        arguments: [
            ("https://kubernetes:6443/livez", "https://127.0.0.1:6443/livez", "kubernetes"),
            ("https://kubernetes", "https://127.0.0.1", "kubernetes"),
            ("https://Kubernetes?x", "https://127.0.0.1?***", "Kubernetes"),
            ("http://kubernetes:8080/livez", "http://127.0.0.1:8080/livez", "kubernetes"),
            ("https://localhost:6443/livez", "https://localhost:6443/livez", "localhost"),
            ("https://127.0.0.1:6443/livez", "https://127.0.0.1:6443/livez", "127.0.0.1"),
        ]) func `keeps the name of the API server`(url: String, name: String, host: String) throws
    {
        for (flags, environment) in [
            ([:], ["control_plane_health_check_address": url]), (["controlPlaneHealthCheckAddress": [url]], [:]),
        ] as [([String: [String]], [String: String])] {
            let loaded = try load(flags, environment: changed(environment.mapValues { $0 }))
            guard case .http(let check)? = loaded.settings.checks.first?.kind else {
                Issue.record("no HTTP check")
                return
            }
            #expect(loaded.settings.checks.map(\.name) == [name])
            #expect(check.host == host)
            #expect(check.target.address == IPAddress("127.0.0.1"))
            #expect(!check.acceptsAnonymousRefusal)
            // A manifest says the same in our words.
            let environment = Dictionary(
                uniqueKeysWithValues: loaded.texts.map { ($0.key.environment[0], $0.value) })
            #expect(try load(environment: environment).settings == loaded.settings)
        }
    }

    @Test func `gives way to our own name for the API server, and to our own check`() throws {
        let address = ["control_plane_health_check_address": "https://kubernetes:6443/livez"]
        let host = { (more: [String: String]) -> String? in
            let checks = try load(environment: changed(address.merging(more) { $1 }.mapValues { $0 })).settings.checks
            guard case .http(let check)? = checks.first?.kind else { return nil }
            return check.host
        }
        #expect(try host(["BGPVIP_CHECK_HOST": "api"]) == "api")
        #expect(try host(["BGPVIP_CHECK": "https://10.0.0.5:6443/readyz"]) == "10.0.0.5")
        #expect(try host(["BGPVIP_CHECK": "tcp://10.0.0.5:6443"]) == nil)
    }

    /// A CA file for a check that nobody chose is for the API server's certificate, which need not name 127.0.0.1.
    @Test func `verifies the API server by its own name if there is a CA file alone`() throws {
        let loaded = try load(environment: changed(["control_plane_health_check_ca_path": "/pki/ca.crt"]))
        guard case .http(let check)? = loaded.settings.checks.first?.kind else {
            Issue.record("no HTTP check")
            return
        }
        #expect(check.host == "kubernetes")
        #expect(check.tls == HTTPCheck.TLSOptions(caFile: "/pki/ca.crt", verifies: true))
    }

    @Test(
        arguments: [
            ([:], true), (["port": nil], true), (["port": "7443"], true),
            (["control_plane_health_check_address": "https://127.0.0.1:6443/livez"], false),
            (["BGPVIP_CHECK": "https://127.0.0.1:6443/readyz"], false), (["BGPVIP_CHECK_STATUS": "200"], false),
            (["BGPVIP_CHECK_TOKEN_FILE": "/token", "BGPVIP_CHECK_CA_FILE": "/ca"], false),
            (["BGPVIP_CHECK_BODY": "ok"], false),
        ] as [([String: String?], Bool)])
    func `is content with an API server that refuses it only if nobody chose the check`(
        changes: [String: String?], accepts: Bool
    ) throws {
        guard case .http(let check)? = try load(environment: changed(changes)).settings.checks.first?.kind else {
            Issue.record("no HTTP check")
            return
        }
        #expect(check.acceptsAnonymousRefusal == accepts)
    }

    @Test func `leaves the check to the file, since the port says only where the API server is`() throws {
        let tree = FileText.mapping([("checks", ["http://127.0.0.1:8080/healthz"])]).tree
        let checks = try load(environment: changed([:]), tree: tree).settings.checks
        #expect(checks.map(\.name) == ["http://127.0.0.1:8080/healthz"])
        guard case .http(let check)? = checks.first?.kind else { return }
        #expect(!check.acceptsAnonymousRefusal)
    }

    /// A VIP that describes its checks keeps them; one without gets the API server of that port.
    @Test(arguments: [([:], ["port": "6444"]), (["port": ["6444"]], [:])] as [([String: [String]], [String: String])])
    func `leaves their checks to the file's VIPs, too`(
        flags: [String: [String]], environment: [String: String]
    ) throws {
        let own: FileText = ["address": "10.9.9.9", "checks": ["http://127.0.0.1:8080/healthz"]]
        let environment = ["bgp_enable": "true", "cp_enable": "true", "bgp_hold_time": "9"].merging(environment) { $1 }
        func loaded(_ vips: [FileText]) throws -> LoadedSettings {
            let tree = FileText.mapping([
                ("localAS", "65001"), ("vips", .sequence(vips)), ("peers", ["10.0.0.1:65000"]),
            ]).tree
            return try load(flags, environment: environment, tree: tree)
        }
        let both = try loaded([own, "10.9.9.8"])
        #expect(
            both.settings.vips.map(\.checks) == [
                ["http://127.0.0.1:8080/healthz"], ["https://127.0.0.1:6444/readyz"],
            ])
        #expect(both.notices == [])
        let alone = try loaded([own])
        #expect(alone.settings.checks.map(\.name) == ["http://127.0.0.1:8080/healthz"])
        #expect(alone.notices == [])
    }

    @Test(arguments: ["vip_leaderelection", "leaderElection"])
    func `elects no leader without a notice if that is to be ignored`(name: String) throws {
        let loaded = try load(["leaderElection": ["true"], "ignore": [name]], environment: changed([:]))
        #expect(loaded.otherNotices == [])
    }

    @Test(arguments: [
        ["bgp_hold_time": "30"], ["bgp_keepalive_interval": "10"], ["BGPVIP_HOLD_TIME": "9s"],
    ]) func `says nothing about a hold time that somebody chose`(changes: [String: String]) throws {
        #expect(try load(environment: changed(changes.mapValues { $0 })).notices.filter { $0 == shorterHoldTime } == [])
    }
}
