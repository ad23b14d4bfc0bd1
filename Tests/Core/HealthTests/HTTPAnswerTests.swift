import Health
import IPTypes
import Testing

@Suite("What an HTTP answer says of the service")
struct HTTPAnswerTests {
    private static let target = SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 6443)

    private static func outcome(
        _ status: Int, _ body: String = "", tls: HTTPCheck.TLSOptions? = HTTPCheck.TLSOptions(verifies: false),
        path: String = "/readyz", token: String? = nil, expected: [Int] = [200], location: String? = nil
    ) -> Outcome {
        let check = HTTPCheck(
            target: target, path: path, host: "127.0.0.1", tls: tls, expectedStatus: expected, bearerTokenFile: token)
        var answer = HTTPAnswer(status: status, location: location, to: check)
        // As it comes over the network: in parts.
        for byte in body.utf8 { answer.append([byte]) }
        return answer.outcome
    }

    private static func refused(_ reason: String, unauthenticated: Bool) -> Outcome {
        .anonymousRefused(reason: reason, isUnauthenticated: unauthenticated)
    }

    private static let forbidden = #"""
        {"kind":"Status","apiVersion":"v1","metadata":{"message":"not this one"},"status":"Failure",
        "message":"forbidden: User \"system:anonymous\" cannot get path \"/readyz\"","reason":"Forbidden","code":403}
        """#

    @Test("401 and 403 without credentials say that anonymous requests are refused, why, and the ways out")
    func anonymous() {
        #expect(
            Self.outcome(401, #"{"kind":"Status","message":"Unauthorized","code":401}"#)
                == Self.refused(
                    "HTTP 401: the server refuses anonymous requests: Unauthorized; give a client certificate "
                        + "(--check-cert-file, --check-key-file) or a bearer token (--check-token-file), or let the status "
                        + "count as healthy (--check-status 200,401)", unauthenticated: true))
        #expect(
            Self.outcome(403, Self.forbidden, expected: Array(200...399))
                == Self.refused(
                    "HTTP 403: the server refuses anonymous requests: forbidden: User \"system:anonymous\" cannot get "
                        + "path \"/readyz\"; give a client certificate (--check-cert-file, --check-key-file) or a bearer "
                        + "token (--check-token-file), or let the status count as healthy (--check-status 200-399,403)",
                    unauthenticated: false))
        // Without TLS there is no client certificate yet, and without JSON the body is quoted as it is.
        #expect(
            Self.outcome(403, "go\naway", tls: nil)
                == Self.refused(
                    "HTTP 403: the server refuses anonymous requests: go away; give a bearer token (--check-token-file), "
                        + "with an https URL also a client certificate (--check-cert-file, --check-key-file), or let the "
                        + "status count as healthy (--check-status 200,403)", unauthenticated: false))
    }

    @Test("With a token or a client certificate, it is these that are refused")
    func credentials() {
        let status = #"{"message":"Unauthorized"}"#
        let reason = "HTTP 401: the server refuses the credentials of the check: Unauthorized"
        #expect(Self.outcome(401, status, token: "/token") == .failed(reason: reason, definitive: false))
        let tls = HTTPCheck.TLSOptions(certificateFile: "/c", keyFile: "/k", verifies: false)
        #expect(Self.outcome(401, status, tls: tls) == .failed(reason: reason, definitive: false))
        #expect(
            Self.outcome(403, "", token: "/token")
                == .failed(reason: "HTTP 403: the server refuses the credentials of the check", definitive: false))
    }

    @Test("401 and 403 that are expected pass")
    func expected() {
        #expect(Self.outcome(401, "x", expected: [200, 401]) == .passed)
    }

    @Test(
        "The message is found in any bytes, and kept to one line of 200 characters",
        arguments: [
            (#"{"message":"a\nb\tcé😀"}"#, "a b cé😀"),
            (##"{"message":"\u00e9\ud83d\ude00\ud83d \u12"}"##, "é😀\u{FFFD} \u{FFFD}12"),
            (#" { "a" : "message" , "message" : "yes" }"#, "yes"),
            (#"{"a":{"message":"no"},"b":["message","no"],"message":"yes"}"#, "yes"),
            // The first says it, and what is cut off counts as far as it goes.
            (#"{"message":"cut o"#, "cut o"),
            (#"{"message":"cut \"#, "cut"),
            (#"{"message":"cut \u"#, "cut \u{FFFD}"),
            ("{\"message\":\"" + String(repeating: "x", count: 5000) + "\"}", String(repeating: "x", count: 200)),
        ])
    func message(body: String, message: String) {
        guard case .anonymousRefused(let reason, _) = Self.outcome(401, body) else {
            Issue.record("no refusal")
            return
        }
        #expect(reason.hasPrefix("HTTP 401: the server refuses anonymous requests: \(message); give "))
    }

    @Test(
        "What has no message of its own is quoted",
        arguments: [#"["message","no"]"#, #"{"message":{"a":1}}"#, #"{"message":5}"#, "}{", "{\"", #""message":"x""#])
    func noMessage(body: String) {
        guard case .anonymousRefused(let reason, _) = Self.outcome(401, body) else {
            Issue.record("no refusal")
            return
        }
        #expect(reason.hasPrefix("HTTP 401: the server refuses anonymous requests: \(body); give "))
    }

    @Test("Of a health report all that failed is named")
    func report() {
        let body = "[+]ping ok\n[-]etcd failed: reason withheld\n[+]log ok\n[-]informer-sync failed: reason withheld\n"
        #expect(
            Self.outcome(500, body)
                == .failed(
                    reason: "HTTP 500: [-]etcd failed: reason withheld [-]informer-sync failed: reason withheld",
                    definitive: false))
        // Far behind others.
        let long = String(repeating: "[+]poststarthook/some-controller ok\n", count: 200) + "[-]etcd failed\n"
        #expect(Self.outcome(500, long) == .failed(reason: "HTTP 500: [-]etcd failed", definitive: false))
    }

    @Test("The query of a URL is shown nowhere, also if the server repeats it")
    func query() {
        let path = "/ready?token=s3cret"
        #expect(
            Self.outcome(404, "no /ready?token=s3cret here", path: path)
                == .failed(reason: "HTTP 404: no /ready?*** here", definitive: false))
        // Also the value alone, and where the text is cut short.
        let long = String(repeating: "x", count: 76) + "s3cret"
        #expect(
            Self.outcome(404, "bad token 's3cret'", path: path)
                == .failed(reason: "HTTP 404: bad token '***'", definitive: false))
        #expect(
            Self.outcome(404, long, path: path)
                == .failed(reason: "HTTP 404: " + long.dropLast(6) + "***", definitive: false))
        #expect(
            Self.outcome(302, path: path, location: "https://192.0.2.1/login?back=/ready&token=s3cret")
                == .failed(
                    reason: "HTTP 302 to https://192.0.2.1/login?***: redirects are not followed", definitive: false))
    }

    @Test(
        "The Host header has the port that is not the scheme's own (RFC 9110 section 7.2)",
        arguments: [
            ("127.0.0.1", 6443, true, "127.0.0.1:6443"), ("127.0.0.1", 443, true, "127.0.0.1"),
            ("127.0.0.1", 443, false, "127.0.0.1:443"), ("127.0.0.1", 80, false, "127.0.0.1"),
            ("[::1]", 8080, false, "[::1]:8080"), ("::1", 8080, false, "[::1]:8080"), ("::1", 80, false, "[::1]"),
            ("kubernetes", 6443, true, "kubernetes:6443"), ("kubernetes:1", 6443, true, "kubernetes:1"),
            ("[::1]:7", 6443, true, "[::1]:7"),
        ] as [(String, UInt16, Bool, String)])
    func host(host: String, port: UInt16, isSecure: Bool, header: String) {
        let check = HTTPCheck(
            target: SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: port), path: "/", host: host,
            tls: isSecure ? HTTPCheck.TLSOptions(verifies: true) : nil)
        #expect(check.hostHeader == header)
    }
}
