import Health
import Testing

@testable import Settings

private func with(_ flags: [String: String]) -> [String: [String]] {
    ["local-as": ["65001"], "vip": ["10.9.9.9"], "peers": ["10.0.0.1:65000"]].merging(flags.mapValues { [$0] }) { $1 }
}

@Suite struct `A bearer token` {
    private static let danger =
        "would go to a server whose certificate is not verified: while the service is down, any local user can take its port"

    @Test(arguments: ["https://127.0.0.1:6443/readyz", "https://localhost:6443/readyz", "https://[::1]:6443/readyz"])
    func `is not for an unverified server, on loopback either`(url: String) {
        let remedy = "give --check-ca-file, or --check-insecure to send it all the same"
        let flags = with(["check": url, "check-token-file": "/token"])
        #expect(errors(flags) == ["flag --check-token-file: the token of check \(url) \(Self.danger); \(remedy)"])
        #expect(
            errors(with(["check": url]), environment: ["BGPVIP_CHECK_TOKEN_FILE": "/token"]) == [
                "environment BGPVIP_CHECK_TOKEN_FILE: the token of check \(url) \(Self.danger); \(remedy)"
            ])
    }

    @Test func `in a file is not, either`() {
        let general = FileText.least(["checks": ["https://127.0.0.1/"], "checkTokenFile": "/token"])
        #expect(
            errors(tree: general) == [
                "b.yaml:8:17: the token of check https://127.0.0.1/ \(Self.danger); "
                    + "give --check-ca-file, or --check-insecure to send it all the same"
            ])
        let own = FileText.least(["checks": ["api": ["url": "https://127.0.0.1/", "tokenFile": "/token"]]])
        #expect(
            errors(tree: own) == [
                "b.yaml:9:16: the token of check api \(Self.danger); "
                    + "give caFile, or insecure: true to send it all the same"
            ])
    }

    @Test(arguments: [
        ["check": "https://127.0.0.1/", "check-ca-file": "/ca"],
        ["check": "https://127.0.0.1/", "check-insecure": "true"],
        ["check": "https://127.0.0.1/", "check-insecure": "false"], ["check": "https://10.0.0.5/"],
        ["check": "https://10.0.0.5/", "check-insecure": "true"],
    ])
    func `goes to a verified server, or where the operator says so`(flags: [String: String]) throws {
        let loaded = try load(with(flags.merging(["check-token-file": "/token"]) { $1 }))
        #expect(loaded.notices == [])
        guard case .http(let http)? = loaded.settings.checks.first?.kind else {
            Issue.record("no HTTP check")
            return
        }
        #expect(http.bearerTokenFile == "/token")
    }

    @Test func `over plain HTTP is worth a notice`() throws {
        let loaded = try load(with(["check": "http://127.0.0.1/,tcp://127.0.0.1:1", "check-token-file": "/token"]))
        #expect(
            loaded.notices == [
                "check http://127.0.0.1/: the bearer token is sent over plain HTTP, where others may read it"
            ])
    }
}

@Suite struct `The query of a check` {
    private func checks(_ loaded: LoadedSettings) -> (names: [String], paths: [String]) {
        let checks = loaded.settings.checks
        return (
            checks.map(\.name),
            checks.compactMap { if case .http(let http) = $0.kind { http.path } else { nil } }
        )
    }

    @Test func `is asked for and not shown`() throws {
        let text = "http://127.0.0.1/a?token=s3cret,https://127.0.0.1/b?,exec:/bin/test '?x'"
        let loaded = try load(with(["check": text]))
        #expect(checks(loaded).paths == ["/a?token=s3cret", "/b?"])
        #expect(checks(loaded).names == ["http://127.0.0.1/a?***", "https://127.0.0.1/b?", "exec:/bin/test '?x'"])
        #expect(
            loaded.resolved.first { $0.key == .check }?.value
                == "http://127.0.0.1/a?***,https://127.0.0.1/b?,exec:/bin/test '?x'")
    }

    @Test func `tells checks apart all the same`() throws {
        let loaded = try load(with(["check": "http://127.0.0.1/?a,http://127.0.0.1/?b,http://127.0.0.1/?c"]))
        #expect(
            checks(loaded).names == ["http://127.0.0.1/?***", "http://127.0.0.1/?***#2", "http://127.0.0.1/?***#3"])
        #expect(loaded.settings.vips.first?.checks == checks(loaded).names)
        #expect(
            errors(with(["check": "http://127.0.0.1/?a,http://127.0.0.1/?a"])) == [
                "flag --check, entry 2, column 21: this check is given twice; remove one of the two entries"
            ])
    }

    @Test func `of a file is not shown, either`() throws {
        let loaded = try load(
            tree: FileText.least([
                "checks": ["http://127.0.0.1/?s3cret", ["name": "api", "url": "http://127.0.0.1/?s3cret"]]
            ]))
        #expect(checks(loaded).names == ["http://127.0.0.1/?***", "api"])
        #expect(!"\(loaded.resolved)".contains("s3cret"))
    }

    @Test(arguments: [
        "htp://127.0.0.1/?s3cret", "http://127.0.0.1/?s3cret#x", "http://127.0.0.1:x/?s3cret",
        "http://kubernetes/?s3cret",
        "http://127.0.0.1/?s3cret,http://127.0.0.1/?s3cret", "http://10.9.9.9/?s3cret",
    ])
    func `is in no error`(text: String) {
        let errors = errors(with(["check": text]))
        #expect(errors.count == 1)
        #expect(!errors.contains { $0.contains("s3cret") })
    }
}
