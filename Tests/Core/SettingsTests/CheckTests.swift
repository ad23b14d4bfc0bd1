import Health
import IPTypes
import Testing

@testable import Settings

private func with(_ flags: [String: String]) -> [String: [String]] {
    ["local-as": ["65001"], "vip": ["10.9.9.9"], "peers": ["10.0.0.1:65000"]].merging(flags.mapValues { [$0] }) { $1 }
}

private let loopback = IPAddress.v4(IPv4Address(0x7F00_0001))

@Suite struct `Checks` {
    @Test(
        arguments: [
            (
                "https://127.0.0.1:6443/livez?verbose",
                .http(
                    HTTPCheck(
                        target: SocketTarget(address: loopback, port: 6443), path: "/livez?verbose", host: "127.0.0.1",
                        tls: HTTPCheck.TLSOptions(verifies: false)))
            ),
            (
                "https://10.0.0.5",
                .http(
                    HTTPCheck(
                        target: SocketTarget(address: .v4(IPv4Address(0x0A00_0005)), port: 443), path: "/",
                        host: "10.0.0.5",
                        tls: HTTPCheck.TLSOptions(verifies: true)))
            ),
            (
                "http://localhost?x=1,2",
                .http(HTTPCheck(target: SocketTarget(address: loopback, port: 80), path: "/?x=1,2", host: "localhost"))
            ),
            (
                "http://[::1]:8080/",
                .http(
                    HTTPCheck(
                        target: SocketTarget(address: .v6(IPv6Address(high: 0, low: 1)), port: 8080), path: "/",
                        host: "[::1]"))
            ),
            ("tcp://127.0.0.1:53", .tcp(SocketTarget(address: loopback, port: 53))),
            ("exec:/bin/test -e /run/ok", .exec(["/bin/test", "-e", "/run/ok"])),
        ] as [(String, Check.Kind)]) func `are read from URLs`(text: String, kind: Check.Kind) throws
    {
        let name = text.prefix { $0 != "?" } + (text.contains("?") ? "?***" : "")
        #expect(try load(with(["check": text])).settings.checks == [Check(name: String(name), kind: kind)])
    }

    @Test func `are separated by the commas in front of a scheme`() throws {
        let settings = try load(
            with(["check": "http://127.0.0.1/?a,b, exec:/bin/sh -c 'a\nx,\u{202e}y' ,tcp://127.0.0.1:53,"])
        )
        .settings
        #expect(
            settings.checks.map(\.name) == [
                "http://127.0.0.1/?***", #"exec:/bin/sh -c 'a\u{a}x,\u{202e}y'"#, "tcp://127.0.0.1:53",
            ])
        #expect(settings.vips.map(\.checks) == [settings.checks.map(\.name)])
    }

    @Test func `can be turned off, which is said`() throws {
        let loaded = try load(with(["check": "none"]))
        #expect(loaded.settings.checks == [])
        #expect(loaded.settings.vips.map(\.checks) == [[]])
        #expect(loaded.notices == ["no check is set: the addresses are advertised whatever the service does"])
    }

    @Test func `whose timeout is longer than the interval notice a hanging service late, which is said`() throws {
        let loaded = try load(
            with([
                "check": "tcp://127.0.0.1:53", "check-interval": "200ms", "check-timeout": "500ms", "check-fall": "3",
            ]))
        #expect(
            loaded.notices == [
                "check tcp://127.0.0.1:53: the timeout is longer than the interval, so a service that hangs is noticed "
                    + "after up to interval + fall × timeout = 1.7s"
            ])
        #expect(
            try load(
                with(["check": "tcp://127.0.0.1:53", "check-interval": "200ms", "check-timeout": "200ms"])
            ).notices == [])
        // By HTTP a silent service is known from a slow one.
        #expect(
            try load(with(["check": "http://127.0.0.1:80/", "check-interval": "200ms", "check-timeout": "2s"])).notices
                == [])
    }

    @Test(arguments: [
        ("http://127.0.0.1:80/", 3), ("https://[::1]:6443/readyz", 3), ("tcp://127.0.0.1:53", 1), ("exec:/bin/true", 1),
    ]) func `wait for an answer of HTTP longer than for any other, unless told how long`(
        check: String, seconds: Int
    ) throws {
        #expect(try load(with(["check": check])).settings.checks.map(\.timeout) == [.seconds(seconds)])
        #expect(
            try load(with(["check": check, "check-timeout": "200ms"])).settings.checks.map(\.timeout)
                == [.milliseconds(200)])
        let file: FileText = [
            "localAS": "65001", "peers": ["10.0.0.1:65000"], "vips": ["10.9.9.9"],
            "checks": [["name": "a", "url": "http://127.0.0.1/"], "tcp://127.0.0.1:1"],
        ]
        #expect(try load(tree: file.tree).settings.checks.map(\.timeout) == [.seconds(3), .seconds(1)])
    }

    @Test func `take their options`() throws {
        let checks = try load(
            with([
                "check": "https://127.0.0.1:6443/readyz,tcp://127.0.0.1:53", "check-interval": "250ms",
                "check-timeout": "0.1", "check-rise": "5", "check-fall": "1", "check-fail-fast": "false",
                "check-ca-file": "/pki/ca.crt", "check-cert-file": "/pki/c.crt", "check-key-file": "/pki/c.key",
                "check-host": "kubernetes", "check-status": "204, 200-202", "check-body": "ok",
                "check-token-file": "/token",
            ])
        ).settings.checks
        let tls = HTTPCheck.TLSOptions(
            caFile: "/pki/ca.crt", certificateFile: "/pki/c.crt", keyFile: "/pki/c.key", verifies: true)
        let http = HTTPCheck(
            target: SocketTarget(address: loopback, port: 6443), path: "/readyz", host: "kubernetes", tls: tls,
            expectedStatus: [200, 201, 202, 204], bodyContains: "ok", bearerTokenFile: "/token")
        #expect(
            checks == [
                Check(
                    name: "https://127.0.0.1:6443/readyz", kind: .http(http), interval: .milliseconds(250),
                    timeout: .milliseconds(100), rise: 5, fall: 1, failFast: false),
                Check(
                    name: "tcp://127.0.0.1:53", kind: .tcp(SocketTarget(address: loopback, port: 53)),
                    interval: .milliseconds(250), timeout: .milliseconds(100), rise: 5, fall: 1, failFast: false),
            ])
    }

    @Test(
        arguments: [
            (nil, nil, "https://127.0.0.1/", false), (nil, nil, "https://10.0.0.5/", true),
            (nil, "/ca", "https://127.0.0.1/", true), ("false", nil, "https://127.0.0.1/", true),
            ("true", nil, "https://10.0.0.5/", false),
        ] as [(String?, String?, String, Bool)])
    func `verify certificates except on loopback, unless told`(
        insecure: String?, caFile: String?, url: String, verifies: Bool
    ) throws {
        var flags = ["check": url]
        flags["check-insecure"] = insecure
        flags["check-ca-file"] = caFile
        guard case .http(let check)? = try load(with(flags)).settings.checks.first?.kind else {
            Issue.record("no HTTP check")
            return
        }
        #expect(check.tls?.verifies == verifies)
    }

    @Test(arguments: [
        (
            "https://kubernetes:6443/readyz",
            #"entry 1, column 9: "kubernetes" is not an IP address, and names are not resolved; write the address in the URL, for example 127.0.0.1, and give the name with --check-host or BGPVIP_CHECK_HOST (host in a file): it stays the name in the certificate"#
        ),
        (
            "http://127.0.0.1:x/",
            #"entry 1, column 18: "x" is not a port from 1 to 65535"#
        ),
        (
            "http://fd00::1/",
            #"entry 1, column 8: "fd00::1" has too many colons; put an IPv6 address in brackets: [2001:db8::1]:80"#
        ),
        (
            "http://u:p@127.0.0.1/",
            "entry 1, column 8: user and password in the URL are not supported; use --check-token-file or BGPVIP_CHECK_TOKEN_FILE"
        ),
        (
            "http://127.0.0.1/a b",
            "entry 1, column 19: the URL has a character that must be written as %XX, or a fragment"
        ),
        ("tcp://127.0.0.1", "entry 1, column 16: the port is missing; write tcp://ADDRESS:PORT"),
        (
            "exec:true",
            "entry 1, column 6: the program is not an absolute path; write for example exec:/usr/bin/pgrep -x sshd"
        ),
        (
            "exec:/bin/pro\u{202e}be",
            #"entry 1, column 1: "/bin/pro?be" contains U+202E, which cannot be shown"#
        ),
        (
            "127.0.0.1:6443",
            #"entry 1, column 1: "127.0.0.1:6443" is not a check; write http://…, https://…, tcp://ADDRESS:PORT, exec:/PROGRAM ARGUMENTS, or none"#
        ),
        (
            "tcp://127.0.0.1:1, none",
            "entry 2, column 20: none cannot stand beside other checks; leave it out, or give it alone"
        ),
        (
            "tcp://127.0.0.1:1,tcp://127.0.0.1:1",
            "entry 2, column 19: this check is given twice; remove one of the two entries"
        ),
        (
            "tcp://10.9.9.9:6443",
            "entry 1, column 1: the check asks the VIP 10.9.9.9, which is bound only after the check has passed; ask the service on an address of the node, for example 127.0.0.1"
        ),
    ]) func `say what is wrong with a URL`(text: String, message: String) {
        #expect(errors(with(["check": text])) == ["flag --check, \(message)"])
    }

    @Test(arguments: [
        (["check-interval": "0"], "flag --check-interval: 0 is not from 10ms to 3600s"),
        (["check-rise": "0"], #"flag --check-rise: "0" is not a whole number from 1 to 100"#),
        (["check-fall": "x"], #"flag --check-fall: "x" is not a whole number from 1 to 100"#),
        (["check-fail-fast": "ja"], #"flag --check-fail-fast: "ja" is neither true nor false"#),
        (["check-ca-file": "ca.crt"], #"flag --check-ca-file: "ca.crt" is not an absolute path"#),
        (
            ["check-cert-file": "/c"],
            "flag --check-cert-file: a client certificate needs both files; give --check-cert-file and --check-key-file, or BGPVIP_CHECK_CERT_FILE and BGPVIP_CHECK_KEY_FILE"
        ),
        (
            ["check-insecure": "true", "check-ca-file": "/ca"],
            "flag --check-insecure: any certificate is accepted, so the CA file has no effect; remove one of them"
        ),
        (["check-host": "a b"], #"flag --check-host: "a b" is not a host name"#),
        (
            ["check-status": "200,99"],
            #"flag --check-status, entry 2, column 5: "99" is not an HTTP status; write a code from 100 to 599, or a range such as 200-299"#
        ),
        (
            ["check-status": "300-200"],
            #"flag --check-status, entry 1, column 1: "300-200" is not an HTTP status; write a code from 100 to 599, or a range such as 200-299"#
        ),
        (
            ["check": "tcp://127.0.0.1:1", "check-status": "200"],
            "flag --check-status: has no effect, since no check uses HTTP; remove it"
        ),
        (
            ["check": "http://127.0.0.1:1", "check-ca-file": "/ca"],
            "flag --check-ca-file: has no effect, since no check uses HTTPS; remove it"
        ),
        (
            ["check": "none", "check-body": "ok"],
            "flag --check-body: has no effect, since no check uses HTTP; remove it"
        ),
    ]) func `say what is wrong with their options`(flags: [String: String], message: String) {
        #expect(errors(with(flags)) == [message])
    }
}
