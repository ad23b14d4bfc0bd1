import Advertising
import BGPWire
import Health
import IPTypes
import Testing

@testable import Settings

@Suite struct `A configuration file` {
    @Test func `says what flags say`() throws {
        let flags = [
            "local-as": ["65001"], "vip": ["10.9.9.9", "fd00::9"], "peers": ["10.0.0.1:65000::2,[fd00::1]:internal"],
            "check": ["tcp://127.0.0.1:80"], "hold-time": ["30"], "communities": ["65000:1", "no-export"],
            "check-fail-fast": ["false"], "router-id": ["10.0.0.9"], "metrics": [":2112"], "llgr": ["24h"],
        ]
        let file: FileText = [
            "localAS": "65001", "vips": ["10.9.9.9", "fd00::9"],
            "peers": ["10.0.0.1:65000::2", "[fd00::1]:internal"], "checks": "tcp://127.0.0.1:80", "holdTime": "30",
            "communities": ["65000:1", "no-export"], "checkFailFast": "false", "routerID": "10.0.0.9",
            "metrics": ":2112", "llgr": "24h",
        ]
        let loaded = try load(tree: file.tree)
        #expect(try loaded.settings == load(flags).settings)
        #expect(loaded.settings.longLivedStaleTime == 86400)
        #expect(loaded.notices == [])
    }

    @Test func `takes a comma separated text for a list, as a flag does`() throws {
        let file: FileText = ["localAS": "65001", "vips": "10.9.9.9,10.9.9.10", "peers": "10.0.0.1:65000"]
        #expect(try load(tree: file.tree).settings.vips.map(\.prefix.description) == ["10.9.9.9/32", "10.9.9.10/32"])
    }

    @Test func `stands behind flags, environment and kube-vip, and before the defaults`() throws {
        let file = FileText.least(["holdTime": "30", "logLevel": "error", "med": "1", "routerID": "10.0.0.9"])
        let loaded = try load(
            ["hold-time": ["60"]],
            environment: [
                "BGPVIP_LOG_LEVEL": "debug", "bgp_enable": "true", "bgp_routerid": "10.0.0.8",
            ], tree: file)
        let logLevel = Settings.process.logLevel.setting
        #expect(
            loaded.resolved.filter { [.holdTime, logLevel, .med, .routerID, .linger].contains($0.key) } == [
                ResolvedSetting(key: .routerID, value: "10.0.0.8", origin: .kubeVipEnvironment("bgp_routerid")),
                ResolvedSetting(key: .holdTime, value: "60", origin: .flag("hold-time")),
                ResolvedSetting(key: .med, value: "1", origin: .file("b.yaml", FilePlace(line: 8, column: 6))),
                ResolvedSetting(key: .linger, value: "500ms", origin: .default),
                ResolvedSetting(key: logLevel, value: "debug", origin: .environment("BGPVIP_LOG_LEVEL")),
            ])
    }

    @Test func `gives way as a whole where flags or kube-vip give the list`() throws {
        let file: FileText = [
            "localAS": "65001", "vips": [["address": "10.9.9.9", "checks": ["tcp://127.0.0.1:1"]]],
            "peers": [["address": "10.0.0.1", "as": "65000"]], "checks": ["api": ["tcp": "127.0.0.1:2"]],
        ]
        let loaded = try load(
            ["check": ["tcp://127.0.0.1:3"]],
            environment: ["bgp_enable": "true", "bgp_peeraddress": "10.0.0.7", "bgp_peeras": "65007"], tree: file.tree)
        #expect(loaded.settings.checks.map(\.name) == ["tcp://127.0.0.1:3"])
        #expect(loaded.settings.vips.map(\.checks) == [["tcp://127.0.0.1:3"]])
        #expect(loaded.settings.peers.map(\.address.description) == ["10.0.0.7"])
        #expect(
            loaded.notices == [
                "flag --check is used, b.yaml:11:5 is not",
                "environment bgp_peeraddress is used, b.yaml:7:5 is not",
                "bgp_hold_time is not given: 9 s is proposed, and not kube-vip's 30 s, so that a dead node is noticed sooner",
                "flag --check is used for all VIPs, the checks in the file are not",
            ])
    }

    @Test func `may be named by the environment, and once`() throws {
        var asked: [String] = []
        let least = ["local-as": ["65001"], "vip": ["10.9.9.9"], "peers": ["10.0.0.1:65000"]]
        func load(_ flags: [String: [String]], _ environment: [String: String]) throws(InvalidSettings) {
            _ = try SettingsLoader.load(
                flags: least.merging(flags) { $1 }, environment: environment, readFile: { _ in .success("") },
                readTree: { path in
                    asked.append(path)
                    return .success(FileNode(.mapping([]), at: FilePlace(line: 1, column: 1)))
                })
        }
        try load([:], [:])
        try load([:], ["BGPVIP_CONFIG": "/etc/e.yaml"])
        try load(["config": ["f.yaml"]], ["BGPVIP_CONFIG": "/etc/e.yaml"])
        #expect(asked == ["/etc/e.yaml", "f.yaml"])
        do throws(InvalidSettings) {
            try load(["config": ["f.yaml", "g.yaml"]], [:])
            Issue.record("two files were accepted")
        } catch {
            #expect(error.errors.map(\.description) == ["flag --config: was given 2 times; give it once"])
        }
    }

    @Test(arguments: [
        ("/x.yaml", "argument <file>: cannot read /x.yaml: no such file"),
        ("/x\n.yaml", "argument <file>: \"/x?.yaml\" contains U+000A, which cannot be shown"),
        ("", "argument <file>: the value is empty; leave the argument out"),
    ]) func `that is an argument is blamed as that`(path: String, message: String) {
        do throws(InvalidSettings) {
            _ = try SettingsLoader.load(
                flags: ["local-as": ["65001"], "vip": ["10.9.9.9"], "peers": ["10.0.0.1:65000"]], file: path,
                environment: [:], readFile: { _ in .success("") },
                readTree: { _ in .failure(FileFault("no such file")) })
            Issue.record("loaded")
        } catch {
            #expect(error.errors.map(\.description) == [message])
        }
    }

    @Test func `that cannot be read is an error beside those found before`() {
        do throws(InvalidSettings) {
            _ = try SettingsLoader.load(
                flags: ["config": ["/x.yaml"]], environment: ["BGPVIP_MEDD": "1"], readFile: { _ in .success("") },
                readTree: { _ in .failure(FileFault("did not find expected key", at: FilePlace(line: 3, column: 7))) })
            Issue.record("loaded")
        } catch {
            #expect(
                error.errors.map(\.description) == [
                    "environment BGPVIP_MEDD: is not a setting; did you mean BGPVIP_MED?",
                    "/x.yaml:3:7: did not find expected key",
                ])
        }
        do throws(InvalidSettings) {
            _ = try SettingsLoader.load(
                flags: [:], environment: ["BGPVIP_CONFIG": "/x.yaml"], readFile: { _ in .success("") },
                readTree: { _ in .failure(FileFault("No such file or directory")) })
            Issue.record("loaded")
        } catch {
            #expect(
                error.errors.map(\.description) == [
                    "environment BGPVIP_CONFIG: cannot read /x.yaml: No such file or directory"
                ])
        }
    }

    @Test func `gets all that is wrong with it said at once, with line and column`() {
        let file: FileText = [
            "localAs": "65001", "holdTime": "2", "vips": ["10.9.9.9", "10.9.9.0/24"], "holdTime": "9",
            "communities": ["65000:1", "x"], "med": ["1", "2"], "logLevel": ["a": "b"], "routerID": "",
            "passive": [["a": "b"]], "listen": [], "linger": "1s,2s", "controlSocket": "/run/\0x",
        ]
        #expect(
            errors(tree: file.tree) == [
                #"b.yaml:1:1: "localAs" is not a key here; did you mean localAS?"#,
                #"b.yaml:6:1: "holdTime" is given twice, first on line 2; remove one of them"#,
                "b.yaml:10:1: med has one value, and this is a list; give one value",
                "b.yaml:13:1: logLevel has no keys of its own; give one value",
                "b.yaml:15:11: the value is empty; give one, or leave the key out",
                "b.yaml:17:5: an entry of passive is a text, and this is not",
                "b.yaml:19:3: the list is empty; leave listen out",
                "b.yaml:21:16: the value contains a NUL character",
                "our AS number is not set; give localAS in b.yaml, or --local-as or BGPVIP_LOCAL_AS, for example localAS: 65001",
                #"b.yaml:5:5: "10.9.9.0/24" is not a host route, and only single addresses can be bound; leave the length out, or set bind to false if the prefix is only to be advertised"#,
                #"b.yaml:9:5: "x" is not a community; write for example 65000:100 or no-export"#,
                "no peer is set; give peers in b.yaml, or --peers or BGPVIP_PEERS, for example peers: 192.0.2.1:65000,192.0.2.2:65000",
                "b.yaml:2:11: BGP does not allow a hold time of 2; give 0 (never expires) or at least 3s",
                #"b.yaml:20:9: "1s,2s" is not a time; write for example 500ms, 1.5s or 30s"#,
            ])
    }

    @Test(
        arguments: [
            (
                ["vips": ["a": "b"]],
                "b.yaml:1:1: vips is a list, and this is a mapping; put \"- \" in front of each entry"
            ),
            (
                ["vips": [["10.9.9.9"]]],
                "b.yaml:2:5: is a list, where an entry should be; remove one of the two \"-\" or brackets"
            ),
            (["peers": []], "b.yaml:2:3: the list is empty; write at least one entry"),
            (["checks": []], "b.yaml:2:3: the list is empty; write none, or leave it out"),
            (["vips": [["med": "1"]]], "b.yaml:2:5: the address is missing; write address: 192.0.2.10"),
            (
                ["vips": [["address": "10.9.9.9", "medd": "1"]]],
                #"b.yaml:3:5: "medd" is not a key here; did you mean med?"#
            ),
            (
                ["vips": [["address": "10.9.9.9", "colour": "1"]]],
                #"b.yaml:3:5: "colour" is not a key here; known are address, bind, checks, communities, drain, extendedCommunities, globalScope, largeCommunities, localPref, med, onUnhealthy, peers, prepend"#
            ),
            (["vip": "10.9.9.9"], #"b.yaml:1:1: "vip" is not a key here; did you mean vips?"#),
            (["config": "x"], #"b.yaml:1:1: "config" is not a key here"#),
        ] as [(FileText, String)]) func `names the place of a mistake in its form`(file: FileText, message: String)
    {
        let others = ["local-as": ["65001"], "peers": ["10.0.0.1:65000"]]
        let all = errors(others, tree: file.tree)
        #expect(all.first == message)
    }

    @Test func `that is not a mapping says nothing`() {
        let file: FileText = ["a", "b"]
        #expect(
            errors(tree: file.tree).first == "b.yaml:1:1: the file is not a mapping; write KEY: VALUE, one on each line"
        )
    }

    @Test func `is mounted by a manifest, which says the rest itself`() throws {
        let file: FileText = [
            "localAS": "65001", "vips": ["10.9.9.9"],
            "peers": [["address": "10.0.0.1", "as": "65000", "password": "a:b"]],
            "checks": ["api": ["url": "https://127.0.0.1/", "caFile": "/etc/pki/ca.pem"]],
        ]
        let loaded = try SettingsLoader.load(
            flags: ["config": ["/etc/bgpvip/b.yaml"], "med": ["7"]], environment: [:], readFile: { _ in .success("") },
            readTree: { _ in .success(file.tree) })
        let lines = try Manifest.pod(loaded, image: "x").split(separator: "\n").map { $0.trimmed }
        let names = lines.filter { $0.hasPrefix("- name: BGPVIP") }
        #expect(names == ["- name: BGPVIP_MED", "- name: BGPVIP_CONFIG", "- name: BGPVIP_HEALTH"])
        #expect(
            lines.filter { $0.hasPrefix("mountPath:") } == [
                #"mountPath: "/run/bgpvip""#, #"mountPath: "/etc/bgpvip""#, #"mountPath: "/etc/pki""#,
            ])
        #expect(throws: SettingError.self) { try Manifest.pod(load(tree: file.tree), image: "x") }
    }
}
