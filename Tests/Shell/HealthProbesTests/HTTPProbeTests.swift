import Health
import NIOCore
import Testing

@testable import HealthProbes

@Suite("HTTP probes", .timeLimit(.minutes(1)))
struct HTTPProbeTests {
    @Test("A probe sends one GET with the configured host and path, and an expected status passes")
    func request() async throws {
        let service = try await TestService { _ in .answer() }
        var probing = try await Probing(service.http(path: "/readyz?verbose", host: "kubernetes"))
        await probing.probe(gives: .passed)
        let request =
            "GET /readyz?verbose HTTP/1.1\r\nHost: kubernetes:\(service.target.port)\r\nUser-Agent: bgpvip/0.1\r\nAccept: */*\r\n"
            + "Connection: keep-alive\r\n\r\n"
        #expect(service.requests == [request])
    }

    @Test("Probes share one connection")
    func reuse() async throws {
        let service = try await TestService { _ in .answer() }
        var probing = try await Probing(service.http())
        for _ in 1...3 { await probing.probe(gives: .passed) }
        #expect(service.requests.count == 3)
        #expect(service.connections == 1)
    }

    @Test("A connection that is too old is not asked again, without an alarm")
    func retirement() async throws {
        let service = try await TestService { _ in .answer() }
        // By this interval every connection is too old.
        var probing = try await Probing(service.http(), interval: .seconds(-10))
        for _ in 1...3 { await probing.probe(gives: .passed) }
        #expect(service.connections == 3)
    }

    @Test("So a service that serves old connections alone is found within interval × fall + timeout + 1 s")
    func age() {
        #expect(SocketProbe.mostAge(interval: .seconds(1)) == .milliseconds(1100))
        #expect(SocketProbe.mostAge(interval: .milliseconds(100)) == .milliseconds(1010))
    }

    @Test(
        "Another status fails with the beginning of the body, printable and on one line",
        arguments: [
            (Reaction.answer("500 Oops", ""), "HTTP 500"),
            (.answer("503 Busy", "too\nmany\u{7} users"), "HTTP 503: too many users"),
            (.answer("404 X", String(repeating: "é", count: 100)), "HTTP 404: " + String(repeating: "é", count: 80)),
            (
                .answer(
                    "500 X", "[+]ping ok\n[+]log ok\n[-]etcd failed: reason withheld\n[+]x ok\nhealthz check failed"),
                "HTTP 500: [-]etcd failed: reason withheld"
            ),
            (
                .answer("302 Found", "moved", headers: "Location: https://elsewhere/\r\n"),
                "HTTP 302 to https://elsewhere/: redirects are not followed"
            ),
        ])
    func otherStatus(reaction: Reaction, reason: String) async throws {
        let service = try await TestService { _ in reaction }
        var probing = try await Probing(service.http())
        await probing.probe(gives: .failed(reason))
        #expect(service.requests.count == 1)
    }

    @Test("Why anonymous requests are refused is read also if it comes in parts, late or never whole")
    func anonymousRefusal() async throws {
        let status = #"{"kind":"Status","message":"Unauthorized","code":401}"#
        let parts = "HTTP/1.1 401 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n\(status.prefix(5))\r\n"
        let rest = String(status.dropFirst(5))
        let answers = [
            Reaction.text("401 X", status), parts + "\(String(rest.utf8.count, radix: 16))\r\n\(rest)\r\n0\r\n\r\n",
            // The length promises more than ever comes.
            "HTTP/1.1 401 X\r\nContent-Length: 500\r\n\r\n\(status)",
        ]
        let service = try await TestService { .send(answers[$0 - 1]) }
        let expected = Outcome.anonymousRefused(
            reason: "HTTP 401: the server refuses anonymous requests: Unauthorized; give a bearer token "
                + "(--check-token-file), with an https URL also a client certificate (--check-cert-file, --check-key-file), "
                + "or let the status count as healthy (--check-status 200,401)",
            isUnauthenticated: true)
        var probing = try await Probing(service.http(), timeout: .seconds(2))
        for _ in answers { await probing.probe(gives: .outcome(expected)) }
        let closing = try await TestService { _ in .sendAndClose(answers[2]) }
        probing = try await Probing(closing.http(), timeout: .seconds(20))
        await probing.probe(gives: .outcome(expected))
    }

    @Test("Any status of the list passes")
    func statusList() async throws {
        let service = try await TestService { $0 == 1 ? .send("HTTP/1.1 204 X\r\n\r\n") : .answer("401 X") }
        var probing = try await Probing(service.http(expectedStatus: [204, 401]))
        await probing.probe(gives: .passed)
        await probing.probe(gives: .passed)
        #expect(service.connections == 1)
    }

    @Test("The body must contain the text, which may be spread over two parts")
    func body() async throws {
        let chunked =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nal\r\n4\r\nl is\r\n5\r\n well\r\n0\r\n\r\n"
        let service = try await TestService { $0 == 1 ? .send(chunked) : .answer("200 OK", "all is lost") }
        var probing = try await Probing(service.http(bodyContains: "all is well"))
        await probing.probe(gives: .passed)
        let reason = "HTTP 200, but the body does not contain \"all is well\": all is lost"
        await probing.probe(gives: .failed(reason))
    }

    @Test("Only the first 64 KiB of the body count, and the rest is not waited for")
    func endlessBody() async throws {
        let filler = String(repeating: "x", count: 64 * 1024 - 4)
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"
        let service = try await TestService { .send(head + filler + ($0 == 1 ? "good" : "xgood")) }
        var probing = try await Probing(service.http(bodyContains: "good"))
        await probing.probe(gives: .passed)
        let reason = "HTTP 200, but the body does not contain \"good\": " + String(repeating: "x", count: 80)
        await probing.probe(gives: .failed(reason))
        #expect(service.connections == 2)
    }

    @Test("What is not HTTP fails in words")
    func notHTTP() async throws {
        // The last one is what a server of HTTP/2 says first: an empty SETTINGS frame (RFC 9113 section 6.5).
        for answer in ["SSH-2.0-OpenSSH_9.2\r\n", "HTTP/2.0 200 OK\r\n\r\n", "\0\0\0\u{4}\0\0\0\0\0"] {
            let service = try await TestService { _ in .send(answer) }
            var probing = try await Probing(service.http())
            await probing.probe(
                gives: .failed(
                    "the service does not speak HTTP/1.1, perhaps only HTTP/2: let it accept HTTP/1.1, or check it by "
                        + "tcp: or exec:"))
        }
        let service = try await TestService { _ in .send("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n") }
        var probing = try await Probing(service.http())
        await probing.probe(
            gives: .failed("the answer is not valid HTTP/1.1: invalid character in content-length header"))
    }

    @Test("A service that says nothing fails at the timeout, and the next probe uses a fresh connection")
    func hang() async throws {
        let service = try await TestService { $0 == 2 ? .hang : .answer() }
        var probing = try await Probing(service.http(), timeout: .seconds(2))
        await probing.probe(gives: .passed)
        await probing.probe(gives: .failed("no answer within 2000 ms (connected, waiting for the response)"))
        await probing.probe(gives: .passed)
        #expect(service.connections == 2)
    }

    @Test("An answer that comes after the timeout is reported, whatever it is")
    func lateAnswer() async throws {
        let service = try await TestService { _ in .hang }
        var probing = try await Probing(service.http(), timeout: .seconds(2))
        let reason = "no answer within 2000 ms (connected, waiting for the response)"
        await probing.probe(gives: .failed(reason))
        service.say(Reaction.text("500 X", "[+]ping ok\n[-]etcd failed: reason withheld\n"), on: 0)
        await probing.reports(
            .lateAnswer(.failed(reason: "HTTP 500: [-]etcd failed: reason withheld", definitive: false)))
        await probing.probe(gives: .failed(reason))
        service.say(Reaction.text("200 OK", "ok"), on: 1)
        await probing.reports(.lateAnswer(.passed))
    }

    @Test("A service that stops in the middle of the answer fails at the timeout")
    func hangInBody() async throws {
        let service = try await TestService { _ in .send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab") }
        var probing = try await Probing(service.http(), timeout: .seconds(2))
        let reason = "no answer within 2000 ms (connected, waiting for the rest of the response)"
        await probing.probe(gives: .failed(reason))
    }

    @Test("The bearer token is read anew for each connection")
    func bearerToken() async throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write("token", "first-token\n")
        // What the service repeats of the token is not shown.
        let service = try await TestService { $0 == 2 ? .answer("500 X", "not Bearer first-token") : .answer() }
        var probing = try await Probing(service.http(bearerTokenFile: file))
        await probing.probe(gives: .passed)
        _ = try directory.write("token", "second")
        await probing.probe(gives: .failed("HTTP 500: not Bearer ***"))
        await probing.probe(gives: .passed)
        let tokens = service.requests.map { $0.contains("Authorization: Bearer first-token\r\n") ? 1 : 2 }
        #expect(tokens == [1, 1, 2])
    }

    @Test("A bearer token file that cannot be used fails the probe and is named")
    func badBearerToken() async throws {
        let directory = try TemporaryDirectory()
        let service = try await TestService { _ in .answer() }
        let missing = directory.path + "/absent"
        var probing = try await Probing(service.http(bearerTokenFile: missing))
        let reason = "cannot read the bearer token file \(missing): No such file or directory"
        await probing.probe(gives: .failed(reason))
        let two = try directory.write("two", "one\ntwo\n")
        probing = try await Probing(service.http(bearerTokenFile: two))
        await probing.probe(gives: .failed("the bearer token file \(two) must hold one token and nothing else"))
        #expect(service.requests == [])
    }
}
