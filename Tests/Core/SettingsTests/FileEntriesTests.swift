import Advertising
import BGPWire
import Health
import IPTypes
import Testing

@testable import Settings

private func tcp(_ name: String, _ port: UInt16) -> Check {
    Check(name: name, kind: .tcp(SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: port)))
}

@Suite struct `VIPs in a file` {
    private static let rest: [(String, FileText)] = [("localAS", "65001"), ("peers", ["10.0.0.1:65000"])]

    private static func file(_ vips: FileText, _ more: KeyValuePairs<String, FileText> = [:]) -> FileNode {
        FileText.mapping([("vips", vips)] + rest + more.map { ($0, $1) }).tree
    }

    @Test func `have attributes of their own in place of the general ones`() throws {
        let vips: FileText = [
            "10.9.9.8",
            [
                "address": "10.9.9.9", "communities": [], "med": "5", "prepend": "1", "localPref": "7",
                "globalScope": "true", "largeCommunities": "65000:1:2", "extendedCommunities": ["rt:65000:1"],
            ],
        ]
        let settings = try load(tree: Self.file(vips, ["communities": ["65000:1"], "med": "3"])).settings
        let checks = ["https://127.0.0.1:6443/readyz"]
        #expect(
            settings.vips == [
                VIPSettings(
                    prefix: IPPrefix(host: .v4(IPv4Address(0x0A09_0908))), checks: checks,
                    attributes: RouteAttributes(
                        multiExitDiscriminator: 3, communities: [Community(0xFDE8_0001)])),
                VIPSettings(
                    prefix: IPPrefix(host: .v4(IPv4Address(0x0A09_0909))), checks: checks, hasGlobalScope: true,
                    attributes: RouteAttributes(
                        multiExitDiscriminator: 5, localPreference: 7, prepend: 1,
                        extendedCommunities: [ExtendedCommunity(0x0002_FDE8_0000_0001)],
                        largeCommunities: [LargeCommunity(65000, 1, 2)])),
            ])
    }

    @Test func `may be none, so that the last one can be removed by a reload`() throws {
        let checks: FileText = ["api": ["url": "https://127.0.0.1/"]]
        let loaded = try load(tree: Self.file([], ["checks": checks, "checkStatus": "200"]))
        #expect(loaded.settings.vips == [])
        #expect(loaded.settings.checks == [])
        #expect(loaded.notices == ["the list of VIPs is empty, so nothing is advertised"])
        #expect(try load(tree: Self.file([], ["checkStatus": "200"])).settings.checks == [])
        #expect(try load(["vip": ["10.9.9.9"]], tree: Self.file([])).settings.vips.count == 1)
        #expect(try load(tree: Self.file([], ["services": "true"])).notices == [])
    }

    @Test func `may be meant for some of the peers`() throws {
        let vips: FileText = [
            "10.9.9.1", ["address": "10.9.9.2", "peers": "10.0.0.1"],
            ["address": "10.9.9.3", "peers": ["10.0.0.1", "[2001:db8::1]"]],
            ["address": "10.9.9.4", "peers": "unnumbered:eth0, gateway"],
        ]
        let peers: FileText = [
            "10.0.0.1:65000", "[2001:db8::1]:65000", "unnumbered:eth0", "gateway:65000", "10.0.0.9:1",
        ]
        let file = FileText.mapping([("vips", vips), ("localAS", "65001"), ("peers", peers)]).tree
        let one = try #require(ScopedAddress("10.0.0.1"))
        let six = try #require(ScopedAddress("2001:db8::1"))
        let settings = try load(tree: file).settings
        #expect(settings.vips.map(\.peers) == [nil, [one], [one, six], [.unnumbered("eth0"), .gateway]])
        #expect(settings.vips.map { $0.isMeant(for: six) } == [true, false, true, false])
    }

    @Test(arguments: [
        ("10.0.0.2", "b.yaml:3:12: \"10.0.0.2\" is not a peer; give an address as it is written in the peer list"),
        ("tor", "b.yaml:3:12: \"tor\" is not a peer; give an address as it is written in the peer list"),
        ("gateway", "b.yaml:3:12: \"gateway\" is not a peer; give an address as it is written in the peer list"),
        (
            "10.0.0.1,10.0.0.2",
            "b.yaml:3:12: \"10.0.0.2\" is not a peer; give an address as it is written in the peer list"
        ),
    ])
    func `are meant for peers that exist`(peers: String, message: String) {
        let vips: FileText = [["address": "10.9.9.1", "peers": .scalar(peers)]]
        #expect(errors(tree: Self.file(vips)) == [message])
    }

    @Test func `that leave a peer without any are worth a notice`() throws {
        let vips: FileText = [["address": "10.9.9.1", "peers": "10.0.0.1"]]
        let file = FileText.mapping([
            ("vips", vips), ("localAS", "65001"), ("peers", ["10.0.0.1:65000", "10.0.0.2:65000"]),
        ]).tree
        #expect(try load(tree: file).notices == ["no VIP is meant for the peer 10.0.0.2"])
    }

    @Test func `may be shorter prefixes if they are not bound`() throws {
        let vips: FileText = [
            ["address": "192.0.2.0/28", "bind": "false"], ["address": "2001:db8::/64", "bind": "false"],
            ["address": "192.0.2.1", "bind": "false"],
        ]
        let loaded = try load(tree: Self.file(vips))
        #expect(loaded.settings.vips.map { "\($0.prefix)" } == ["192.0.2.0/28", "2001:db8::/64", "192.0.2.1/32"])
        #expect(loaded.settings.vips.allSatisfy { !$0.binds })
        let row = try #require(loaded.resolved.first { $0.key == .vip })
        #expect(row.value == "192.0.2.0/28,2001:db8::/64,192.0.2.1")
        #expect(row.options.first?.path == "vips[192.0.2.0/28].bind")
        let general = try load(tree: Self.file(["192.0.2.0/28"], ["bind": "false"])).settings
        #expect(general.vips.map { "\($0.prefix)" } == ["192.0.2.0/28"])
        #expect(
            errors(tree: Self.file([["address": "192.0.2.0/28", "bind": "true"]], ["bind": "false"])) == [
                #"b.yaml:2:14: "192.0.2.0/28" is not a host route, and only single addresses can be bound; leave the length out, or set bind to false if the prefix is only to be advertised"#
            ])
        #expect(
            errors(tree: Self.file([["address": "192.0.2.1/28", "bind": "false"]])) == [
                #"b.yaml:2:14: "192.0.2.1/28" has bits of the address behind the length; write 192.0.2.0/28, or 192.0.2.1 for the address alone"#
            ])
        #expect(
            errors(tree: Self.file([["address": "192.0.2.0/33", "bind": "false"]])) == [
                #"b.yaml:2:14: "192.0.2.0/33" is not a host route; leave the length out, or write /32 or /128"#
            ])
    }

    @Test func `prepended to an internal peer are worth a notice`() throws {
        let peers: FileText = ["10.0.0.1:internal", "10.0.0.2:65001", "10.0.0.3:65000"]
        let file = FileText.mapping([
            ("vips", ["10.9.9.1"]), ("localAS", "65001"), ("peers", peers), ("prepend", "1"),
        ]).tree
        #expect(
            try load(tree: file).notices
                == ["10.0.0.1", "10.0.0.2"].map {
                    "prepend has no effect towards the internal peer \($0), which would take the path for a loop: "
                        + "give localPref or med"
                })
    }

    @Test func `share checks by name and describe others themselves`() throws {
        let vips: FileText = [
            "10.9.9.1", ["address": "10.9.9.2", "checks": ["one"]],
            ["address": "10.9.9.3", "checks": ["two", "tcp://127.0.0.1:3"]],
            ["address": "10.9.9.4", "checks": ["tcp://127.0.0.1:3", ["tcp": "127.0.0.1:4", "name": "four"]]],
            ["address": "10.9.9.5", "checks": "none"], ["address": "10.9.9.6", "checks": []],
        ]
        let loaded = try load(
            tree: Self.file(vips, ["checks": ["one": ["tcp": "127.0.0.1:1"], "two": ["tcp": "127.0.0.1:2"]]]))
        #expect(
            loaded.settings.checks == [
                tcp("one", 1), tcp("two", 2), tcp("tcp://127.0.0.1:3", 3), tcp("four", 4),
            ])
        #expect(
            loaded.settings.vips.map(\.checks) == [
                ["one", "two"], ["one"], ["two", "tcp://127.0.0.1:3"], ["tcp://127.0.0.1:3", "four"], [], [],
            ])
        #expect(
            loaded.notices == [
                "10.9.9.5 has no check: it is advertised whatever the service does",
                "10.9.9.6 has no check: it is advertised whatever the service does",
            ])
    }

    @Test func `that all have checks leave the general ones unused`() throws {
        let vips: FileText = [["address": "10.9.9.2", "checks": ["two"]]]
        let loaded = try load(
            tree: Self.file(vips, ["checks": ["one": ["tcp": "127.0.0.1:1"], "two": ["tcp": "127.0.0.1:2"]]]))
        #expect(loaded.settings.checks == [tcp("two", 2)])
        #expect(loaded.notices == ["b.yaml:9:3: check one is not run: no VIP uses it"])
        let own = try load(tree: Self.file([["address": "10.9.9.2", "checks": ["tcp://127.0.0.1:3"]]]))
        #expect(own.settings.checks == [tcp("tcp://127.0.0.1:3", 3)])
        #expect(own.notices == [])
    }

    @Test(
        arguments: [
            ("on", #"b.yaml:4:9: "on" is not the name of a check; name one of checks, or write a URL"#),
            ("oned", #"b.yaml:4:9: "oned" is not the name of a check; did you mean onec?"#),
            ("tcp://127.0.0.1", "b.yaml:4:9: the port is missing; write tcp://ADDRESS:PORT"),
            (
                ["tcp": "127.0.0.1:5", "name": "onec"],
                #"b.yaml:4:9: another check with other options is called "onec"; give this one a name of its own with name:"#
            ),
            (["name": "x"], "b.yaml:4:9: the check does not say what to probe; give one of url, tcp and exec"),
        ] as [(FileText, String)]) func `name checks that exist`(check: FileText, message: String)
    {
        let vips: FileText = [["address": "10.9.9.1", "checks": [check]], "10.9.9.2"]
        #expect(errors(tree: Self.file(vips, ["checks": ["onec": ["tcp": "127.0.0.1:1"]]])) == [message])
    }

    @Test func `stand there once, and in nobody's way`() {
        #expect(
            errors(tree: Self.file(["10.9.9.1", ["address": "10.9.9.1"], "10.0.0.1"])) == [
                "b.yaml:3:14: 10.9.9.1 is given twice; remove one of the two entries",
                "b.yaml:4:5: 10.0.0.1 is the address of a peer; choose an unused address",
            ])
    }
}

@Suite struct `Checks in a file` {
    @Test func `have options of their own in front of the general ones`() throws {
        let file = FileText.least([
            "checkTimeout": "500ms", "checkCAFile": "/ca.pem",
            "checks": [
                "api": [
                    "url": "https://127.0.0.1:6443/readyz", "interval": "2s", "rise": "4", "fall": "5",
                    "failFast": "false", "host": "api.example", "status": ["200", "300-301"], "body": "ok, fine",
                    "tokenFile": "/token", "certFile": "/c.pem", "keyFile": "/k.pem",
                ],
                "lax": ["url": "https://127.0.0.1/", "insecure": "true"],
                "own": ["url": "https://127.0.0.1/", "caFile": "/own.pem", "timeout": "2s"],
                "db": ["exec": ["/bin/probe", "-c", "select 1,\n2"]], "words": ["exec": "/bin/probe -x"],
                "port": ["tcp": "127.0.0.1:80"],
            ],
        ])
        let local = IPAddress.v4(IPv4Address(0x7F00_0001))
        func https(_ name: String, _ tls: HTTPCheck.TLSOptions, timeout: Duration = .milliseconds(500)) -> Check {
            Check(
                name: name,
                kind: .http(
                    HTTPCheck(
                        target: SocketTarget(address: local, port: 443), path: "/", host: "127.0.0.1", tls: tls)),
                timeout: timeout)
        }
        var db = Check(name: "db", kind: .exec(["/bin/probe", "-c", "select 1,\n2"]))
        db.timeout = .milliseconds(500)
        var words = Check(name: "words", kind: .exec(["/bin/probe", "-x"]))
        words.timeout = .milliseconds(500)
        var port = tcp("port", 80)
        port.timeout = .milliseconds(500)
        #expect(
            try load(tree: file).settings.checks == [
                Check(
                    name: "api",
                    kind: .http(
                        HTTPCheck(
                            target: SocketTarget(address: local, port: 6443), path: "/readyz", host: "api.example",
                            tls: HTTPCheck.TLSOptions(
                                caFile: "/ca.pem", certificateFile: "/c.pem", keyFile: "/k.pem", verifies: true),
                            expectedStatus: [200, 300, 301], bodyContains: "ok, fine", bearerTokenFile: "/token")),
                    interval: .seconds(2), timeout: .milliseconds(500), rise: 4, fall: 5, failFast: false),
                https("lax", HTTPCheck.TLSOptions(caFile: "/ca.pem", verifies: false)),
                https("own", HTTPCheck.TLSOptions(caFile: "/own.pem", verifies: true), timeout: .seconds(2)), db, words,
                port,
            ])
    }

    @Test(
        arguments: [
            (
                ["tcp": "127.0.0.1:80", "host": "x"],
                "b.yaml:9:11: has no effect, since the check does not use HTTP; remove it"
            ),
            (
                ["url": "http://127.0.0.1/", "caFile": "/ca.pem"],
                "b.yaml:9:13: has no effect, since the check does not use HTTPS; remove it"
            ),
            (
                ["url": "https://127.0.0.1/", "certFile": "/c.pem"],
                "b.yaml:9:15: a client certificate needs both files; give certFile and keyFile"
            ),
            (
                ["url": "https://127.0.0.1/", "tcp": "127.0.0.1:80"],
                "b.yaml:7:3: the check has url and tcp; give one of url, tcp and exec"
            ),
            (
                ["url": "tcp://127.0.0.1:80"],
                #"b.yaml:8:10: "tcp://127.0.0.1:80" is not a URL; write http://… or https://…"#
            ),
            (["exec": ["probe"]], "b.yaml:9:9: the program is not an absolute path; write for example /usr/bin/pgrep"),
            (["tcp": "127.0.0.1:80", "interval": "1ms"], "b.yaml:9:15: 1ms is not from 10ms to 3600s"),
            (
                ["tcp": "10.9.9.9:80"],
                "b.yaml:7:3: the check asks the VIP 10.9.9.9, which is bound only after the check has passed; ask the service on an address of the node, for example 127.0.0.1"
            ),
            (["url": "https://127.0.0.1/", "status": []], "b.yaml:10:7: the list is empty; leave status out"),
        ] as [(FileText, String)]) func `say what is wrong and where`(check: FileText, message: String)
    {
        #expect(errors(tree: FileText.least(["checks": ["api": check]])) == [message])
    }

    @Test func `have names for tables and metrics`() {
        let checks: FileText = ["a b": ["tcp": "127.0.0.1:80"], "none": ["tcp": "127.0.0.1:80"]]
        #expect(
            errors(tree: FileText.least(["checks": checks])) == [
                #"b.yaml:7:3: "a b" is not a name for a check; use up to 64 letters, digits, - . and _"#,
                #"b.yaml:9:3: "none" is not a name for a check; use up to 64 letters, digits, - . and _"#,
            ])
    }

    @Test func `may be a list without names, or none`() throws {
        let list = try load(tree: FileText.least(["checks": ["tcp://127.0.0.1:1", ["tcp": "127.0.0.1:2"]]]))
        #expect(list.settings.checks == [tcp("tcp://127.0.0.1:1", 1), tcp("tcp://127.0.0.1:2", 2)])
        #expect(try load(tree: FileText.least(["checks": "none"])).settings.checks == [])
    }
}
