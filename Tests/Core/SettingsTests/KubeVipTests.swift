import BGPWire
import Health
import IPTypes
import Testing

@testable import Settings

/// The block `env` of the BGP example in kubeadm's document on high availability, value for value.
let kubeadmEnvironment = [
    "vip_arp": "false", "port": "6443", "vip_interface": "ens192", "vip_cidr": "32", "cp_enable": "true",
    "cp_namespace": "kube-system", "vip_ddns": "false", "bgp_enable": "true", "bgp_routerid": "192.168.0.2",
    "bgp_as": "65000", "bgp_peeraddress": "", "bgp_peerpass": "", "bgp_peeras": "65000",
    "bgp_peers": "192.168.0.10:65000::false,192.168.0.11:65000::false", "vip_address": "192.168.0.40",
]

/// The form on kube-vip's website, as a static pod gets it with what the kubelet adds.
let websiteEnvironment = [
    "vip_arp": "false", "port": "6443", "vip_interface": "lo", "vip_subnet": "32", "cp_enable": "true",
    "cp_namespace": "kube-system", "vip_ddns": "false", "svc_enable": "false", "bgp_enable": "true",
    "bgp_routerid": "192.168.0.2", "bgp_as": "65000", "bgp_peeraddress": "", "bgp_peerpass": "",
    "bgp_peeras": "65000", "bgp_peers": "192.168.0.10:65000::false,192.168.0.11:65000::false",
    "address": "192.168.0.40", "prometheus_server": ":2112", "KUBERNETES_SERVICE_HOST": "10.96.0.1",
    "KUBERNETES_SERVICE_PORT": "443", "KUBERNETES_PORT_443_TCP_ADDR": "10.96.0.1", "HOSTNAME": "cp1", "PATH": "/bin",
]

/// What `kube-vip manifest pod` v1.2.3 writes.
private let generatedEnvironment = [
    "vip_arp": "false", "port": "6443", "vip_nodename": "cp1", "vip_interface": "lo", "vip_subnet": "32",
    "dns_mode": "first", "dhcp_mode": "ipv4", "cp_enable": "true", "cp_namespace": "kube-system",
    "bgp_enable": "true", "bgp_routerid": "192.168.0.2", "bgp_as": "65000", "bgp_peeraddress": "", "bgp_peerpass": "",
    "bgp_peeras": "65000", "bgp_peers": "192.168.0.10:65000::false,192.168.0.11:65000::false",
    "address": "192.168.0.40", "prometheus_server": ":2112",
]

/// What all three come to.
private func expected(interface: String = "lo", metrics: SocketTarget? = nil) -> Settings {
    let readyz = Check(
        name: "https://127.0.0.1:6443/readyz",
        kind: .http(
            HTTPCheck(
                target: SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 6443), path: "/readyz",
                host: "127.0.0.1", tls: HTTPCheck.TLSOptions(verifies: false), acceptsAnonymousRefusal: true)))
    let peers = [0xC0A8_000A, 0xC0A8_000B].map {
        PeerSettings(address: ScopedAddress(.v4(IPv4Address($0))), peerAS: .exactly(ASNumber(65000)))
    }
    var settings = Settings(
        localAS: ASNumber(65000), routerID: BGPIdentifier(0xC0A8_0002), interface: interface,
        vips: [VIPSettings(prefix: IPPrefix(host: .v4(IPv4Address(0xC0A8_0028))), checks: [readyz.name])],
        checks: [readyz], peers: peers)
    settings[Settings.process.metrics] = metrics
    return settings
}

private let allAddresses2112 = SocketTarget(address: .v4(IPv4Address(0)), port: 2112)

/// What is said to everybody who leaves the hold time open.
let shorterHoldTime =
    "bgp_hold_time is not given: 9 s is proposed, and not kube-vip's 30 s, so that a dead node is noticed sooner"

extension LoadedSettings {
    /// The notices besides `shorterHoldTime`.
    var otherNotices: [String] { notices.filter { $0 != shorterHoldTime } }
}

/// The website's environment with changes; nil removes a variable.
func changed(_ changes: [String: String?]) -> [String: String] {
    changes.reduce(into: websiteEnvironment) { $0[$1.key] = $1.value }
}

@Suite struct `kube-vip's environment` {
    @Test func `of the kubeadm document loads unmodified`() throws {
        let loaded = try load(environment: kubeadmEnvironment)
        #expect(loaded.settings == expected(interface: "ens192"))
        #expect(
            loaded.notices == [
                shorterHoldTime,
                "the VIPs are bound to ens192 and not to lo: on a shared segment every node answers ARP for them",
            ])
        #expect(loaded.ignored == ["cp_namespace"])
    }

    @Test func `of kube-vip's website loads unmodified`() throws {
        let loaded = try load(environment: websiteEnvironment)
        #expect(loaded.settings == expected(metrics: allAddresses2112))
        #expect(loaded.notices == [shorterHoldTime])
    }

    @Test func `of kube-vip's generated manifest loads unmodified, with the flag some charts add`() throws {
        let loaded = try load(["prometheusHTTPServer": [":2112"]], environment: generatedEnvironment)
        #expect(loaded.settings == expected(metrics: allAddresses2112))
        #expect(loaded.notices == [shorterHoldTime])
        #expect(loaded.ignored == ["cp_namespace", "vip_nodename", "dns_mode", "dhcp_mode"].sortedAsInTable)
    }

    @Test func `shows where a value comes from`() throws {
        let loaded = try load(environment: kubeadmEnvironment)
        #expect(
            loaded.resolved.filter { $0.origin != .default } == [
                ResolvedSetting(key: .vip, value: "192.168.0.40", origin: .kubeVipEnvironment("vip_address")),
                ResolvedSetting(key: .interface, value: "ens192", origin: .kubeVipEnvironment("vip_interface")),
                ResolvedSetting(key: .localAS, value: "65000", origin: .kubeVipEnvironment("bgp_as")),
                ResolvedSetting(key: .routerID, value: "192.168.0.2", origin: .kubeVipEnvironment("bgp_routerid")),
                ResolvedSetting(
                    key: .peers, value: "192.168.0.10:65000,192.168.0.11:65000",
                    origin: .kubeVipEnvironment("bgp_peers")),
                ResolvedSetting(
                    key: .check, value: "https://127.0.0.1:6443/readyz", origin: .kubeVipEnvironment("port")),
            ])
    }

    @Test func `is honoured variable by variable`() throws {
        let settings = try load(
            environment: changed([
                "address": "192.168.0.40, fd00::40", "vip_subnet": "32,128", "vip_interfaceloglobal": "true",
                "bgp_routerid": nil, "bgp_routerinterface": "bond0", "bgp_as": "4200000001",
                "bgp_peers": "192.168.0.10:65000:pw:1", "bgp_peeraddress": "192.168.0.11", "bgp_peeras": "65011",
                "bgp_peerpass": "a:b,c", "bgp_multihop": "true", "bgp_sourceip": "192.168.0.2",
                "bgp_hold_time": "30", "bgp_keepalive_interval": "10",
                "control_plane_health_check_address": "https://kubernetes:7443/livez",
                "control_plane_health_check_period_seconds": "5", "control_plane_health_check_timeout_seconds": "3",
                "control_plane_health_check_failure_threshold": "4",
                "control_plane_health_check_ca_path": "/etc/kubernetes/pki/ca.crt", "health_check_port": "8080",
                "prometheus_server": "127.0.0.1:2112", "vip_loglevel": "-4",
            ])
        ).settings
        let source = IPAddress("192.168.0.2")
        let peer = { (address: UInt32, number: UInt32, password: String) in
            PeerSettings(
                address: ScopedAddress(.v4(IPv4Address(address))), peerAS: .exactly(ASNumber(number)),
                password: Secret(password), distance: .multihop(50), source: source, holdTime: 30,
                keepaliveInterval: .seconds(10))
        }
        #expect(settings.localAS == ASNumber(4_200_000_001))
        #expect(settings.routerID == nil)
        #expect(settings.routerInterface == "bond0")
        #expect(settings.vips.map(\.prefix.description) == ["192.168.0.40/32", "fd00::40/128"])
        #expect(settings.vips.map(\.hasGlobalScope) == [true, true])
        #expect(settings.peers == [peer(0xC0A8_000A, 65000, "pw"), peer(0xC0A8_000B, 65011, "a:b,c")])
        let http = HTTPCheck(
            target: SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 7443), path: "/livez",
            host: "kubernetes",
            tls: HTTPCheck.TLSOptions(caFile: "/etc/kubernetes/pki/ca.crt", verifies: true))
        #expect(
            settings.checks == [
                Check(
                    name: "https://127.0.0.1:7443/livez", kind: .http(http), interval: .seconds(5),
                    timeout: .seconds(3),
                    fall: 4)
            ])
        #expect(
            settings[Settings.process.health] == SocketTarget(address: .v6(IPv6Address(high: 0, low: 0)), port: 8080))
        #expect(settings[Settings.process.metrics] == SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 2112))
        #expect(settings[Settings.process.logLevel] == .debug)
    }

    struct Example: Sendable, CustomTestStringConvertible {
        var changes: [String: String]
        var isExpected: @Sendable (Settings) -> Bool
        var testDescription: String { "\(changes)" }

        init(_ changes: [String: String], _ isExpected: @escaping @Sendable (Settings) -> Bool) {
            self.changes = changes
            self.isExpected = isExpected
        }
    }

    static let examples = [
        Example(["port": "7443"]) { $0.checks.map(\.name) == ["https://127.0.0.1:7443/readyz"] },
        Example(["bgp_source_ip": "192.168.0.2"]) {
            $0.peers.map { $0.source?.description } == ["192.168.0.2", "192.168.0.2"]
        },
        Example(["bgp_source_if": "eth0"]) { $0.peers.map(\.sourceInterface) == ["eth0", "eth0"] },
        Example(["bgp_peers": "192.168.0.10:65000:: true , 192.168.0.11:65000"]) {
            $0.peers.map(\.distance) == [.multihop(50), .direct]
        },
        Example(["bgp_peers": "", "bgp_peeraddress": "192.168.0.10:1790"]) { $0.peers.map(\.port) == [1790] },
        Example(["bgp_peers": "", "bgp_peeraddress": "fd00::10"]) {
            $0.peers.map(\.address.description) == ["fd00::10"]
        },
        Example(["bgp_peers": "", "bgp_peeraddress": "192.168.0.9", "bgp_peeras": ""]) {
            $0.peers.map(\.peerAS.description) == ["65000"]
        },
        Example(["bgp_keepalive_interval": "0"]) { $0.peers.map(\.keepaliveInterval) == [nil, nil] },
        Example(["bgp_keepalive_interval": "5"]) { $0.peers.map(\.holdTime) == [30, 30] },
        Example(["health_check_port": "0"]) { $0[Settings.process.health] == nil },
        Example(["vip_loglevel": "0"]) { $0[Settings.process.logLevel] == .info },
        Example(["vip_arp": "0", "svc_enable": "F", "lb_enable": "false", "vip_leaderelection": "false"]) {
            $0.peers.count == 2
        },
    ]

    @Test(arguments: examples) func `is read as kube-vip reads it`(example: Example) throws {
        let loaded = try load(environment: changed(example.changes))
        #expect(example.isExpected(loaded.settings))
        #expect(loaded.otherNotices == [])
    }

    @Test(
        arguments: [
            (
                ["vip_address": "192.168.0.41"],
                "environment address is used, environment vip_address (192.168.0.41) is not"
            ),
            (
                ["vip_subnet": "24"],
                "environment vip_subnet (24) has no effect: addresses are advertised as host routes"
            ),
            (["bgp_as": nil], "bgp_as is not given: 65000 is used, as in kube-vip"),
            (["bgp_hold_time": "0"], "bgp_hold_time is 0: 90 s is used, as in kube-vip"),
            (
                ["bgp_hold_time": "15", "bgp_keepalive_interval": "10"],
                "bgp_keepalive_interval (10) is more than a third of the hold time (15): a third of the hold time is used"
            ),
            (
                ["vip_loglevel": "5"],
                "vip_loglevel 5 means different things in different versions of kube-vip: debug is used"
            ),
            (
                ["vip_loglevel": "4"],
                "vip_loglevel 4 means different things in different versions of kube-vip: info is used"
            ),
            (
                ["enable_node_labeling": "true"],
                "environment enable_node_labeling: nodes are not labelled with kube-vip.io/has-ip"
            ),
            (
                ["bgp_interface": "eth0"],
                "environment bgp_interface is not known and has no effect; did you mean vip_interface?"
            ),
            (["bgp_peer": "x"], "environment bgp_peer is not known and has no effect; did you mean bgp_peers?"),
            (["vip_zzzzzzzzz": "x"], "environment vip_zzzzzzzzz is not known and has no effect"),
            (["vip_\u{1B}[2J\nzzzzzz": "x"], "environment vip_\\u{1b}[2J\\u{a}zzzzzz is not known and has no effect"),
            (
                ["vip_subnet": "\u{1}"],
                "environment vip_subnet (\\u{1}) has no effect: addresses are advertised as host routes"
            ),
            (
                ["BGPVIP_LOCAL_AS": "65001"],
                "environment BGPVIP_LOCAL_AS is used, environment bgp_as is not"
            ),
            (
                ["BGPVIP_PEERS": "192.168.0.12:65000"],
                "environment BGPVIP_PEERS is used, environment bgp_peers is not"
            ),
            (
                ["BGPVIP_IGNORE": "svc_enable", "svc_enable": "true"],
                "environment svc_enable is ignored: Services are not served"
            ),
            (
                ["vip_leaderelection": "true"],
                "environment vip_leaderelection: bgpvip elects no leader: every healthy node advertises the address, and the routers balance"
            ),
            (
                ["vip_loglevel": "8"],
                "vip_loglevel 8 logs errors only, so that sessions and withdrawals do not appear in the log"
            ),
            (
                ["vip_loglevel": "12"],
                "vip_loglevel 12 logs errors only, so that sessions and withdrawals do not appear in the log"
            ),
            (
                ["bgp_routerid": "127.0.0.1"],
                "environment bgp_routerid: the router ID 127.0.0.1 is a loopback address, which every node has: a router that gets it from two nodes may refuse one of them; give each node's own address"
            ),
        ] as [([String: String?], String)]) func `gets a notice`(changes: [String: String?], notice: String) throws
    {
        #expect(try load(environment: changed(changes)).otherNotices == [notice])
    }

    @Test func `gives way to our own without a notice when both say the same`() throws {
        #expect(try load(environment: changed(["BGPVIP_LOCAL_AS": "65000"])).otherNotices == [])
    }

    @Test func `is not looked at as long as only its general names occur`() throws {
        let flags = ["local-as": ["65001"], "vip": ["10.9.9.9"], "peers": ["10.0.0.1:65000"]]
        let loaded = try load(flags, environment: ["address": "x", "port": "y", "annotation": "z"])
        #expect(loaded == (try load(flags)))
    }

    @Test func `with a variable of every ignored kind is ignored`() throws {
        let loaded = try load(
            environment: changed([
                "lb_backendport": "6443", "egress_podcidr": "10.0.0.0/8", "vip_leasename": "x", "vip_leasefuture": "y",
                "k8s_config_file": "/etc/kubernetes/admin.conf", "bgp_attach_ip_to_interface": "true",
            ]))
        #expect(loaded.otherNotices == [])
        #expect(
            loaded.ignored == [
                "k8s_config_file", "bgp_attach_ip_to_interface", "cp_namespace", "vip_leasename", "egress_podcidr",
                "lb_backendport", "vip_leasefuture",
            ])
    }
}

extension [String] {
    /// These variables in the order in which they are reported.
    fileprivate var sortedAsInTable: [String] { KubeVipVariable.all.map(\.name).filter(contains) }
}
