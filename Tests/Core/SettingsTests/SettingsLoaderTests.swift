import Advertising
import BGPWire
import Health
import IPTypes
import Testing

@testable import Settings

/// The least that loads.
private let least = ["local-as": ["65001"], "vip": ["10.9.9.9"], "peers": ["10.0.0.1:65000"]]

/// The least, with more or other flags.
private func with(_ flags: [String: String]) -> [String: [String]] {
    least.merging(flags.mapValues { [$0] }) { $1 }
}

@Suite struct `Loading settings` {
    @Test(
        arguments: [
            ([:], [:], "lo"), (["interface": ["vip0"], "hold-time": ["2"]], [:], "vip0"),
            ([:], ["BGPVIP_INTERFACE": "vip1", "BGPVIP_NO_SUCH": "1"], "vip1"),
            ([:], ["vip_interface": "vip2", "bgp_enable": "maybe"], "vip2"), (["config": ["/c"]], [:], "vip3"),
            // What cannot be read does not keep the rest from being read.
            (["config": ["/none"], "interface": ["vip4"]], [:], "vip4"), (["config": ["/none"]], [:], "lo"),
            (["interface": ["a/b"]], [:], "lo"), (["interface": ["vip5", "vip6"]], [:], "lo"),
        ] as [([String: [String]], [String: String], String)])
    func `the interface is known whatever else is wrong`(
        flags: [String: [String]], environment: [String: String], interface: String
    ) {
        let found = SettingsLoader.interface(flags: flags, environment: environment) { path in
            let file: FileText = ["interface": "vip3", "holdTime": "2"]
            return path == "/c" ? .success(file.tree) : .failure(FileFault("No such file or directory"))
        }
        #expect(found == interface)
    }

    @Test func `three settings are enough`() throws {
        let loaded = try load(least)
        let readyz = Check(
            name: "https://127.0.0.1:6443/readyz",
            kind: .http(
                HTTPCheck(
                    target: SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 6443), path: "/readyz",
                    host: "127.0.0.1", tls: HTTPCheck.TLSOptions(verifies: false))))
        #expect(
            loaded.settings
                == Settings(
                    localAS: ASNumber(65001),
                    vips: [
                        VIPSettings(
                            prefix: IPPrefix(host: .v4(IPv4Address(0x0A09_0909))),
                            checks: ["https://127.0.0.1:6443/readyz"])
                    ],
                    checks: [readyz],
                    peers: [
                        PeerSettings(
                            address: ScopedAddress(.v4(IPv4Address(0x0A00_0001))), peerAS: .exactly(ASNumber(65000)))
                    ]))
        #expect(loaded.notices == [])
        #expect(loaded.ignored == [])
    }

    @Test func `everything that is missing is said at once, with examples`() {
        #expect(
            errors() == [
                "our AS number is not set; give --local-as or BGPVIP_LOCAL_AS, for example --local-as 65001",
                "no VIP is set; give --vip or BGPVIP_VIP, for example --vip 192.0.2.10",
                "no peer is set; give --peers or BGPVIP_PEERS, for example --peers 192.0.2.1:65000,192.0.2.2:65000",
            ])
    }

    @Test func `everything that is wrong is said at once, with its origin`() {
        #expect(
            errors(
                ["local-as": ["x"], "hold-time": ["2"], "vip": ["10.9.9.9,tor"]],
                environment: ["BGPVIP_PEERS": "10.0.0.1:65000,10.0.0.2", "BGPVIP_LOG_LEVEL": "loud"])
                == [
                    #"flag --local-as: "x" is not an AS number; write a number from 1 to 4294967294"#,
                    #"flag --vip, entry 2, column 10: "tor" is not an IP address; write an address; names are not resolved"#,
                    "environment BGPVIP_PEERS, entry 2, column 24: the AS is missing; write ADDRESS:AS, for example 192.0.2.1:65000",
                    "flag --hold-time: BGP does not allow a hold time of 2; give 0 (never expires) or at least 3s",
                    #"environment BGPVIP_LOG_LEVEL: "loud" is not a log level; write debug, info, notice, warning or error"#,
                ])
    }

    @Test func `a flag wins over the environment, and that over the default`() throws {
        let loaded = try load(
            least, environment: ["BGPVIP_LOCAL_AS": "65002", "BGPVIP_LOG_LEVEL": "debug", "BGPVIP_PEERS": " "])
        #expect(loaded.settings.localAS == ASNumber(65001))
        #expect(loaded.settings[Settings.process.logLevel] == .debug)
        let (logLevel, logFormat) = (Settings.process.logLevel.setting, Settings.process.logFormat.setting)
        #expect(
            loaded.resolved.filter { [.localAS, logLevel, logFormat, .med].contains($0.key) } == [
                ResolvedSetting(key: .localAS, value: "65001", origin: .flag("local-as")),
                ResolvedSetting(key: .med, value: nil, origin: .default),
                ResolvedSetting(
                    key: logLevel, value: "debug", origin: .environment("BGPVIP_LOG_LEVEL")),
                ResolvedSetting(key: logFormat, value: "logfmt", origin: .default),
            ])
    }

    @Test func `a repeated flag makes a list longer`() throws {
        let loaded = try load([
            "local-as": ["65001"], "address": ["10.9.9.9"], "peer": ["10.0.0.1:1", "10.0.0.2:2,10.0.0.3:3"],
        ])
        #expect(loaded.settings.peers.map(\.peerAS.description) == ["1", "2", "3"])
    }

    @Test func `secrets appear in no row, no description and no dump`() throws {
        let loaded = try load(
            with(["peers": "10.0.0.1:65000:hunter2", "peer-password-file": "10.0.0.1=/p"]).merging(
                ["peer-password-file": ["/p"]]) { $1 },
            files: ["/p": "hunter3\n"])
        #expect(loaded.settings.peers.map(\.password) == [Secret("hunter2")])
        #expect(
            loaded.resolved.first { $0.key == .peers }?.value == "10.0.0.1:65000:***")
        var dumped = ""
        dump(loaded.settings, to: &dumped)
        #expect(!"\(loaded.settings)\(loaded.resolved)\(dumped)".contains("hunter"))
    }

    @Test(arguments: [
        (["local-as": "0"], "flag --local-as: AS 0 is reserved and cannot be ours"),
        (["vip": ","], "flag --vip: the list is empty; write for example 192.0.2.10"),
        (["peers": ","], "flag --peers: the list is empty; write for example 192.0.2.1:65000"),
        (
            ["router-id": "0.0.0.0"],
            #"flag --router-id: "0.0.0.0" is not a BGP identifier; write it like an IPv4 address other than 0.0.0.0"#
        ),
        (
            ["router-id": "10.9.9.9"],
            "flag --router-id: 10.9.9.9 is a VIP, so that all nodes would have the same identifier; give the node's own address"
        ),
        (["interface": "eth 0"], #"flag --interface: "eth 0" is not the name of an interface"#),
        (
            ["vip": "10.9.9.0/24"],
            #"flag --vip, entry 1, column 9: "10.9.9.0/24" is not a host route, and only single addresses can be bound; leave the length out, or set bind to false if the prefix is only to be advertised"#
        ),
        (
            ["vip": "10.9.9.9/24"],
            #"flag --vip, entry 1, column 9: "10.9.9.9/24" is not a host route; leave the length out, or write /32 or /128"#
        ),
        (
            ["vip": "127.0.0.1"],
            "flag --vip, entry 1, column 1: 127.0.0.1 cannot be routed to, so it cannot be a VIP"
        ),
        (
            ["vip": "fe80::1"],
            "flag --vip, entry 1, column 1: fe80::1 cannot be routed to, so it cannot be a VIP"
        ),
        (
            ["vip": "10.9.9.9, 10.9.9.9/32"],
            "flag --vip, entry 2, column 11: 10.9.9.9 is given twice; remove one of the two entries"
        ),
        (
            ["vip": "10.0.0.1"],
            "flag --vip, entry 1, column 1: 10.0.0.1 is the address of a peer; choose an unused address"
        ),
        (
            ["peers": "10.0.0.1:65000,10.0.0.1:65001"],
            "flag --peers, entry 2, column 16: 10.0.0.1 is a peer already; remove one of the two entries"
        ),
        (["hold-time": "1.5s"], "flag --hold-time: 1.5s is not a whole number of seconds"),
        (["hold-time": "65536"], "flag --hold-time: 65536 is not from 0s to 65535s"),
        (
            ["keepalive-interval": "4s"],
            "flag --keepalive-interval: 4s is more than a third of the hold time (9s): two lost keepalives would end the session; give at most 3s, or leave it out"
        ),
        (
            ["hold-time": "0", "keepalive-interval": "3"],
            "flag --keepalive-interval: with a hold time of 0 no keepalives are sent; leave keepalive-interval out"
        ),
        (
            ["connect-retry": "10s"],
            "flag --connect-retry: connect-retry (10s) is longer than connect-retry-max (5s); raise connect-retry-max"
        ),
        (["connect-retry": "1ms"], "flag --connect-retry: 1ms is not from 10ms to 3600s"),
        (
            ["ttl-security": "0"],
            #"flag --ttl-security: "0" is neither true nor false nor a number of hops from 1 to 255"#
        ),
        (
            ["ttl-security": "2", "peers": "10.0.0.1:65000::true"],
            "flag --peers, entry 1, column 1: 10.0.0.1 is multihop, and ttl-security is on; leave multihop empty and give the distance with --ttl-security HOPS or BGPVIP_TTL_SECURITY=HOPS"
        ),
        (
            ["passive": "10.0.0.2"],
            "flag --passive, entry 1, column 1: 10.0.0.2 is not a peer; name an address from the peer list"
        ),
        (
            ["passive": "10.0.0.1,all"],
            #"flag --passive, entry 2, column 10: "all" is not the address of a peer; write addresses, or all or none alone"#
        ),
        (
            ["passive": "all", "listen": "false"],
            "flag --listen: listening is off, but there are passive peers; remove it, or the passive peers"
        ),
        (
            ["listen-port": "1179"],
            "flag --listen-port: has no effect, since no incoming session is accepted; add --listen true"
        ),
        (
            ["listen": "10.0.0.5:179,10.0.0.6:1179"],
            "flag --listen: the entries name different ports; give one port for all addresses"
        ),
        (
            ["listen": "10.0.0.5:179", "listen-port": "1179"],
            "flag --listen: names port 179, and flag --listen-port another; give the port once"
        ),
        (
            ["source-address": "10.0.0.5,10.0.0.6"],
            "flag --source-address, entry 2, column 10: a second IPv4 address; give at most one of each family"
        ),
        (
            ["source-address": "fd00::5"],
            "flag --source-address, entry 1, column 1: fd00::5 has no effect: there is no IPv6 peer; remove it"
        ),
        (
            ["communities": "65000:1,65000"],
            #"flag --communities, entry 2, column 9: "65000" is not a community; write for example 65000:100 or no-export"#
        ),
        (
            ["large-communities": "1:2"],
            #"flag --large-communities, entry 1, column 1: "1:2" is not a large community; write for example 65000:1:100"#
        ),
        (
            ["extended-communities": "65000:1"],
            #"flag --extended-communities, entry 1, column 1: "65000:1" is not an extended community; write for example rt:65000:100 or 0x and 16 digits"#
        ),
        (["med": "-1"], #"flag --med: "-1" is not a whole number from 0 to 4294967295"#),
        (["prepend": "33"], #"flag --prepend: "33" is not a whole number from 0 to 32"#),
        (["settle": "2d"], #"flag --settle: "2d" is not a time; write for example 500ms, 1.5s or 30s"#),
        (["settle": "2h"], "flag --settle: 2h is not from 0s to 3600s"),
        (["log-format": "xml"], #"flag --log-format: "xml" is not a log format; write logfmt or json"#),
        (["metrics": "10.0.0.5"], "flag --metrics: the port is missing; write ADDRESS:PORT"),
        (["metrics": "70000"], #"flag --metrics: "70000" is not a whole number from 1 to 65535"#),
        (["metrics": "node:80"], #"flag --metrics: "node" is not an IP address"#),
    ]) func `says what is wrong and what to do`(flags: [String: String], message: String) {
        #expect(errors(with(flags)) == [message])
    }

    @Test func `a single-valued flag is given once`() {
        #expect(
            errors(least.merging(["med": ["1", "2"]]) { $1 }) == ["flag --med: was given 2 times; give it once"])
    }

    @Test func `peers take what is set for all of them`() throws {
        let loaded = try load(
            with([
                "peers": "10.0.0.1:65000,[2001:db8::1]:internal::3:1790,[fe80::1%eth0]:external",
                "source-address": "10.0.0.5,2001:db8::5", "source-interface": "bond0", "hold-time": "30",
                "keepalive-interval": "2.5s", "connect-retry": "250ms", "connect-retry-max": "2s",
                "passive": "[2001:db8::1]",
            ]))
        let four = IPAddress("10.0.0.5")
        let six = IPAddress("2001:db8::5")
        let shared: (IPAddress?, Bool, PeerSettings) -> PeerSettings = { source, isPassive, peer in
            var peer = peer
            peer.source = source
            peer.isPassive = isPassive
            peer.sourceInterface = "bond0"
            peer.holdTime = 30
            peer.keepaliveInterval = .milliseconds(2500)
            peer.connectRetryInitial = .milliseconds(250)
            peer.connectRetryMaximum = .seconds(2)
            return peer
        }
        let addresses = try ["10.0.0.1", "2001:db8::1", "fe80::1%eth0"].map { try #require(ScopedAddress($0)) }
        #expect(
            loaded.settings.peers == [
                shared(four, false, PeerSettings(address: addresses[0], peerAS: .exactly(ASNumber(65000)))),
                shared(
                    six, true,
                    PeerSettings(address: addresses[1], peerAS: .internal, port: 1790, distance: .multihop(3))),
                shared(six, false, PeerSettings(address: addresses[2], peerAS: .external)),
            ])
        #expect(loaded.settings.listen == ListenSettings())
    }

    @Test(arguments: [
        ("true", ListenSettings()),
        ("10.0.0.5", ListenSettings(addresses: [.v4(IPv4Address(0x0A00_0005))])),
        (
            "10.0.0.5:1179, 10.0.0.6",
            ListenSettings(addresses: [.v4(IPv4Address(0x0A00_0005)), .v4(IPv4Address(0x0A00_0006))], port: 1179)
        ),
        (":1179", ListenSettings(port: 1179)),
        ("::1", ListenSettings(addresses: [.v6(IPv6Address(high: 0, low: 1))])),
        ("[::1]:1179", ListenSettings(addresses: [.v6(IPv6Address(high: 0, low: 1))], port: 1179)),
        ("false", nil),
    ]) func `listens where it is told`(text: String, expected: ListenSettings?) throws {
        #expect(try load(with(["listen": text])).settings.listen == expected)
    }

    @Test(arguments: [
        ("2112", "127.0.0.1", 2112), (":2112", "0.0.0.0", 2112), ("10.0.0.5:9100", "10.0.0.5", 9100),
        ("[::1]:9100", "::1", 9100), ("localhost:9100", "127.0.0.1", 9100),
    ]) func `opens the metrics where it is told`(text: String, address: String, port: UInt16) throws {
        let expected = SocketTarget(address: try #require(IPAddress(address)), port: port)
        #expect(try load(with(["metrics": text])).settings[Settings.process.metrics] == expected)
        #expect(try load(with(["health": text])).settings[Settings.process.health] == expected)
    }

    @Test func `all addresses include IPv6 when a VIP is of IPv6`() throws {
        let settings = try load(with(["vip": "10.9.9.9,fd00::9", "metrics": ":2112"])).settings
        #expect(
            settings[Settings.process.metrics] == SocketTarget(address: .v6(IPv6Address(high: 0, low: 0)), port: 2112))
    }

    @Test func `routes get their attributes`() throws {
        let settings = try load(
            with([
                "communities": "65000:1,no-export", "large-communities": "65000:1:2",
                "extended-communities": "rt:65000:1",
                "med": "10", "local-pref": "200", "prepend": "2", "global-scope": "true",
            ])
        ).settings
        #expect(
            settings.vips.map(\.attributes) == [
                RouteAttributes(
                    multiExitDiscriminator: 10, localPreference: 200, prepend: 2,
                    communities: [Community(0xFDE8_0001), .noExport],
                    extendedCommunities: [ExtendedCommunity(0x0002_FDE8_0000_0001)],
                    largeCommunities: [LargeCommunity(65000, 1, 2)])
            ])
        #expect(settings.vips.map(\.hasGlobalScope) == [true])
    }

    @Test func `TTL security is a distance`() throws {
        #expect(try load(with(["ttl-security": "true"])).settings.peers.map(\.distance) == [.ttlSecurity(hops: 1)])
        #expect(try load(with(["ttl-security": "1"])).settings.peers.map(\.distance) == [.ttlSecurity(hops: 1)])
        #expect(try load(with(["ttl-security": "3"])).settings.peers.map(\.distance) == [.ttlSecurity(hops: 3)])
    }

    @Test func `an interface other than lo gets a notice`() throws {
        #expect(
            try load(with(["interface": "eth0"])).notices == [
                "the VIPs are bound to eth0 and not to lo: on a shared segment every node answers ARP for them"
            ])
    }

    @Test func `a misspelled variable of ours is an error, a Kubernetes service variable is not`() {
        #expect(
            errors(
                least,
                environment: [
                    "BGPVIP_PEER_PASWORD_FILE": "/p", "BGPVIP_COLOUR": "blue", "BGPVIP_SERVICE_HOST": "10.96.0.7",
                    "BGPVIP_SERVICE_PORT_METRICS": "2112", "BGPVIP_PORT": "tcp://10.96.0.7:2112",
                    "BGPVIP_PORT_2112_TCP_ADDR": "10.96.0.7", "KUBERNETES_SERVICE_HOST": "10.96.0.1",
                ]) == [
                    "environment BGPVIP_COLOUR: is not a setting",
                    "environment BGPVIP_PEER_PASWORD_FILE: is not a setting; did you mean BGPVIP_PEER_PASSWORD_FILE?",
                ])
    }
}

@Suite struct `Password files` {
    @Test func `give every peer without a password of its own the one that fits best`() throws {
        let settings = try load(
            with([
                "peers": "10.0.0.1:65000,10.0.0.2:65000:own,10.0.0.3:65000,[fd00::1]:65000",
                "peer-password-file": "/all, 10.0.0.3=/three, [fd00::1]=/six",
            ]), files: ["/all": "a:b,c\n", "/three": "three\r\n", "/six": "six"]
        ).settings
        #expect(
            settings.peers.map(\.password) == [Secret("a:b,c"), Secret("own"), Secret("three"), Secret("six")])
    }

    @Test(arguments: [
        ("/missing", "entry 1, column 1: cannot read /missing: No such file or directory"),
        ("/empty", "entry 1, column 1: /empty is empty; write the password into it"),
        ("/long", "entry 1, column 1: the password in /long is longer than the 80 bytes of a TCP MD5 key"),
        ("/lines", "entry 1, column 1: /lines has more than one line; write only the password into it"),
        ("relative", #"entry 1, column 1: "relative" is neither an absolute path nor PEER=PATH"#),
        ("10.0.0.9=/good", "entry 1, column 1: 10.0.0.9 is not a peer; name an address from the peer list"),
        ("/good,/good", "entry 2, column 7: a second password file for all peers; remove one"),
        ("10.0.0.2=/good", "entry 1, column 1: 10.0.0.2 has a password in the peer list as well; remove one of them"),
    ]) func `that are no good are errors`(text: String, message: String) {
        let files = [
            "/empty": "\n", "/long": String(repeating: "x", count: 81), "/lines": "one\ntwo\n", "/good": "good",
        ]
        #expect(
            errors(with(["peers": "10.0.0.1:65000,10.0.0.2:65000:own", "peer-password-file": text]), files: files)
                == ["flag --peer-password-file, \(message)"])
    }
}
