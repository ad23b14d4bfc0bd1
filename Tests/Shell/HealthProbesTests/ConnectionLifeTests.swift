import Health
import NIOCore
import Testing

@testable import HealthProbes

/// Each test runs over plain HTTP and over TLS.
@Suite("The kept connection", .timeLimit(.minutes(1)))
struct ConnectionLifeTests {
    private func service(
        secure: Bool, _ react: @escaping @Sendable (Int) -> Reaction
    ) async throws -> (TestService, HTTPCheck.TLSOptions?) {
        let service = try await TestService(tls: secure ? try .server() : nil, react)
        return (service, secure ? HTTPCheck.TLSOptions(verifies: false) : nil)
    }

    @Test("Nobody listens: a definitive failure")
    func refused() async throws {
        let service = try await TestService { _ in .answer() }
        try await service.stopListening()
        for kind in [service.http(), .tcp(service.target)] {
            var probing = try await Probing(kind)
            await probing.probe(gives: .refused(service.name))
        }
    }

    @Test("The service closes or resets it between probes: reported at once", arguments: [true, false], [true, false])
    func lost(secure: Bool, reset: Bool) async throws {
        let (service, tls) = try await service(secure: secure) { _ in .answer() }
        var probing = try await Probing(service.http(tls: tls))
        await probing.probe(gives: .passed)
        try await service.cutConnection(reset: reset)
        await probing.reports(.connectionLost)
        await probing.probe(gives: .passed)
        #expect(service.connections == 2)
    }

    @Test("Where none is kept, it is closed behind the answer, and the end of the service is no event")
    func unkept() async throws {
        let service = try await TestService { _ in .answer() }
        guard case .http(var http) = service.http() else { return }
        http.keepsConnection = false
        var probing = try await Probing(.http(http))
        var ended = service.endedConnections.makeAsyncIterator()
        for _ in 1...2 {
            await probing.probe(gives: .passed)
            _ = await ended.next(isolation: nil)
        }
        #expect(service.connections == 2)
        try await service.stopListening()
        await probing.probe(gives: .refused(service.name))
    }

    @Test("An unasked word on it, such as 408 Request Timeout, is the same as its end", arguments: [true, false])
    func unaskedAnswer(secure: Bool) async throws {
        let (service, tls) = try await service(secure: secure) { _ in
            .sendAndClose(Reaction.text("200 OK", "ok") + Reaction.text("408 Request Timeout", ""))
        }
        var probing = try await Probing(service.http(tls: tls))
        await probing.probe(gives: .passed)
        await probing.reports(.connectionLost)
    }

    @Test("A close that the answer announced is no loss", arguments: [true, false])
    func announcedClose(secure: Bool) async throws {
        let answers = [
            Reaction.text("200 OK", "ok", headers: "Connection: close\r\n"),
            "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\n\r\nok",
            Reaction.text("200 OK", "ok"),
        ]
        let (service, tls) = try await service(secure: secure) { number in
            number == answers.count ? .send(answers[number - 1]) : .sendAndClose(answers[number - 1])
        }
        var probing = try await Probing(service.http(tls: tls))
        for _ in answers { await probing.probe(gives: .passed) }
        #expect(service.connections == 4)
        // Nothing else was reported: the next event is the loss of the last connection, which is kept.
        try await service.cutConnection()
        await probing.reports(.connectionLost)
    }

    @Test("A close that crosses the request is no failure: the request is repeated", arguments: [true, false])
    func crossedClose(secure: Bool) async throws {
        let (service, tls) = try await service(secure: secure) { $0 == 2 ? .close : .answer() }
        var probing = try await Probing(service.http(tls: tls))
        await probing.probe(gives: .passed)
        await probing.probe(gives: .passed)
        #expect(service.requests.count == 3)
        #expect(service.connections == 2)
    }

    @Test("A fresh connection that is closed without an answer is a failure", arguments: [true, false])
    func closedWithoutAnswer(secure: Bool) async throws {
        let (service, tls) = try await service(secure: secure) { _ in .close }
        var probing = try await Probing(service.http(tls: tls))
        await probing.probe(gives: .failed("\(service.name) closed the connection without an answer"))
        // One connection with a request, one to see that connections are still accepted.
        var ended = service.endedConnections.makeAsyncIterator()
        for _ in 1...2 { _ = await ended.next(isolation: nil) }
        #expect(service.requests.count == 1)
        #expect(service.connections == 2)
    }

    @Test("A connection that is closed in the middle of the answer is a failure", arguments: [true, false])
    func closedInAnswer(secure: Bool) async throws {
        let (service, tls) = try await service(secure: secure) { _ in
            .sendAndClose("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")
        }
        var probing = try await Probing(service.http(tls: tls))
        await probing.probe(gives: .failed("\(service.name) closed the connection in the middle of the answer"))
    }

    @Test("A service that dies instead of answering is a definitive failure", arguments: [true, false], [1, 2])
    func dies(secure: Bool, number: Int) async throws {
        let (service, tls) = try await service(secure: secure) { $0 == number ? .die : .answer() }
        var probing = try await Probing(service.http(tls: tls))
        if number == 2 { await probing.probe(gives: .passed) }
        await probing.probe(gives: .refused(service.name))
    }

    @Test(
        "408 Request Timeout that crosses the request is no failure: the request is repeated", arguments: [true, false])
    func crossedTimeout(secure: Bool) async throws {
        let (service, tls) = try await service(secure: secure) {
            $0 == 2 ? .sendAndClose(Reaction.text("408 Request Timeout", "")) : .answer()
        }
        var probing = try await Probing(service.http(tls: tls))
        await probing.probe(gives: .passed)
        await probing.probe(gives: .passed)
        #expect(service.requests.count == 3)
        #expect(service.connections == 2)
    }

    @Test("408 Request Timeout as the answer to the first request is a failure")
    func timeoutAsAnswer() async throws {
        let service = try await TestService { _ in .sendAndClose(Reaction.text("408 Request Timeout", "")) }
        var probing = try await Probing(service.http())
        await probing.probe(gives: .failed("HTTP 408"))
    }

    @Test(
        "TCP where the kernel does not tell: the connection stays open and its end is reported",
        arguments: [true, false])
    func tcp(reset: Bool) async throws {
        let service = try await TestService(greeting: "220 ready\r\n", isHidden: true) { _ in .hang }
        var probing = try await Probing(.tcp(service.target))
        await probing.probe(gives: .passed)
        await probing.probe(gives: .passed)
        // The first connection was replaced by the second, without an alarm.
        var accepted = service.acceptedConnections.makeAsyncIterator()
        for _ in 1...2 { _ = await accepted.next(isolation: nil) }
        var ended = service.endedConnections.makeAsyncIterator()
        _ = await ended.next(isolation: nil)
        #expect(service.connections == 2)
        try await service.cutConnection(reset: reset)
        await probing.reports(.connectionLost)
    }

    @Test("After stop() connections are closed and nothing is reported")
    func stop() async throws {
        let service = try await TestService { $0 == 2 ? .hang : .answer() }
        var probing = try await Probing(service.http())
        await probing.probe(gives: .passed)
        probing.probe()
        try await probing.stop()
        probing.probe()
        var ended = service.endedConnections.makeAsyncIterator()
        _ = await ended.next(isolation: nil)
        #expect(service.connections == 1)
    }

    @Test("A second probe while one runs is ignored")
    func oneAtATime() async throws {
        let service = try await TestService { _ in .answer() }
        var probing = try await Probing(service.http())
        probing.probe()
        probing.probe()
        await probing.reports(.passed)
        await probing.probe(gives: .passed)
        #expect(service.requests.count == 2)
        #expect(service.connections == 1)
    }
}
