import Glibc
import NIOCore
import NIOPosix
import SampleStatus
import SpeakerCore
import Testing

@testable import ControlSocket

@Suite struct ControlServerTests {
    @Test func `a request gets one whole response and the connection closes`() throws {
        let server = try RunningServer { _ in .status(.sample) }
        let body = ControlResponse.status(.sample).body
        #expect(
            try server.exchange("GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
                == "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n" + body)
        #expect(server.asked.requests == [.status()])
    }

    @Test func `every path reaches the daemon as its request`() throws {
        let server = try RunningServer { _ in .text(200, "ok") }
        for target in ["/v1/status", "/metrics", "/livez", "/readyz"] {
            #expect(try server.ask("GET", target) == ["200", "ok\n"])
        }
        #expect(try server.ask("POST", "/v1/drain?wait=5&reason=new%20kernel") == ["200", "ok\n"])
        #expect(try server.ask("POST", "/v1/drain") == ["200", "ok\n"])
        #expect(try server.ask("POST", "/v1/undrain") == ["200", "ok\n"])
        #expect(
            server.asked.requests == [
                .status(), .metrics, .livez, .readyz, .drain(reason: "new kernel", wait: true),
                .drain(reason: nil, wait: false), .undrain(),
            ])
    }

    @Test func `an unknown path and a wrong method never reach the daemon`() throws {
        let server = try RunningServer()
        #expect(try server.ask("GET", "/v2/status") == ["404", "there is nothing at this path\n"])
        #expect(try server.ask("GET", "/v1/drain") == ["405", "this path takes POST only\n"])
        #expect(try server.ask("POST", "/v1/status") == ["405", "this path takes GET only\n"])
        #expect(server.asked.requests == [])
    }

    @Test func `a user who may read but not steer is told so`() throws {
        let server = try RunningServer(maySteer: [geteuid() + 1]) { _ in .text(200, "ok") }
        let refusal = ["403", "only root and the user bgpvip runs as may change its state\n"]
        #expect(try server.ask("POST", "/v1/drain") == refusal)
        #expect(try server.ask("POST", "/v1/undrain") == refusal)
        #expect(try server.ask("GET", "/v1/status") == ["200", "ok\n"])
        #expect(server.asked.requests == [.status()])
    }

    @Test func `a request that comes byte by byte is understood`() throws {
        let server = try RunningServer { _ in .text(200, "ok") }
        let connection = try server.connect()
        for byte in "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n".utf8 { connection.send([byte]) }
        #expect(connection.readAll().hasSuffix("\r\n\r\nok\n"))
    }

    @Test func `a head beyond the limit is refused`() throws {
        let server = try RunningServer()
        let head = "GET /livez HTTP/1.1\r\nX: " + String(repeating: "a", count: 20_000)
        let response = try HTTPResponseText(Array(try server.exchange(head).utf8))
        #expect(response.code == 431)
        #expect(String(decoding: response.body, as: UTF8.self) == "a request may have at most 16384 bytes\n")
        #expect(server.asked.requests == [])
    }

    @Test func `a body beyond the limit is refused`() throws {
        let server = try RunningServer()
        let request =
            "POST /v1/drain HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n"
            + String(repeating: "a", count: 20_000)
        #expect(try HTTPResponseText(Array(try server.exchange(request).utf8)).code == 431)
        #expect(server.asked.requests == [])
    }

    @Test func `bytes that are not HTTP are refused`() throws {
        let server = try RunningServer()
        let response = try HTTPResponseText(Array(try server.exchange("\u{0}\u{1}hello\r\n\r\n").utf8))
        #expect(response.code == 400)
        #expect(String(decoding: response.body, as: UTF8.self) == "this is not an HTTP request\n")
    }

    @Test func `a second request on the same connection is not answered`() throws {
        let server = try RunningServer { _ in .text(200, "ok") }
        let request = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
        let responses = try server.exchange(request + request)
        #expect(responses.split(separator: "HTTP/1.1 ").count == 1)
        #expect(server.asked.requests == [.livez])
    }

    @Test func `a silent connection is closed when its time is up`() throws {
        let server = try RunningServer(limits: ControlLimits(patience: .milliseconds(20)))
        let response = try HTTPResponseText(Array(try server.connect().readAll().utf8))
        #expect(response.code == 408)
        #expect(String(decoding: response.body, as: UTF8.self) == "no complete request came in time\n")
    }

    @Test func `an answer that does not come is replaced by words, and ignored when it comes`() throws {
        let server = try RunningServer(limits: ControlLimits(patience: .milliseconds(20))) { request in
            request == .livez ? .livez : nil
        }
        #expect(try server.ask("GET", "/v1/status") == ["504", "no answer in time\n"])
        for reply in server.asked.replies { reply(.text(200, "late")) }
        #expect(try server.ask("GET", "/livez") == ["200", "ok\n"])
    }

    @Test func `an answer may come later, from another thread, and only the first counts`() throws {
        let server = try RunningServer(
            answer: { _ in nil },
            andThen: { reply in
                NIOSingletons.posixBlockingThreadPool.submit { _ in
                    for words in ["first", "second"] { reply(.text(200, words)) }
                }
            })
        #expect(try server.ask("POST", "/v1/drain?wait=1") == ["200", "first\n"])
    }

    @Test func `a body larger than the socket's buffer arrives whole, and no second answer after it`() throws {
        let body = String(repeating: "0123456789abcdef", count: 1 << 17)
        let server = try RunningServer(
            answer: { _ in .text(200, body) }, andThen: { reply in reply(.text(200, "second")) })
        #expect(try server.exchange("GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n").hasSuffix("\r\n\r\n\(body)\n"))
    }

    @Test func `a client that goes away before its answer harms nobody`() throws {
        let server = try RunningServer { request in request == .livez ? .livez : nil }
        try server.connect().send(Array("GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
        #expect(try server.ask("GET", "/livez") == ["200", "ok\n"])
        for reply in server.asked.replies { reply(.text(200, "nobody hears this")) }
        #expect(try server.ask("GET", "/livez") == ["200", "ok\n"])
    }

    @Test func `one connection too many takes the place of the oldest that asks for nothing`() throws {
        let server = try RunningServer(limits: ControlLimits(connections: 2)) { _ in .livez }
        let first = try server.connect()
        let second = try server.connect()
        #expect(try server.ask("GET", "/livez") == ["200", "ok\n"])
        #expect(first.readAll() == "")
        second.send(Array("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
        #expect(second.readAll().hasSuffix("ok\n"))
    }

    @Test func `one connection too many is told so if all others wait for an answer`() throws {
        let server = try RunningServer(limits: ControlLimits(connections: 2)) { $0 == .livez ? .livez : nil }
        let waiting = try (0..<2).map { _ in try server.connect() }
        for connection in waiting { connection.send(Array("GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n".utf8)) }
        while server.asked.replies.count < 2 {}
        #expect(try server.ask("GET", "/livez") == ["503", "too many connections; try again\n"])
        for reply in server.asked.replies { reply(.text(200, "late")) }
        for connection in waiting { #expect(connection.readAll().hasSuffix("late\n")) }
    }

    @Test func `stop closes the connections`() throws {
        let server = try RunningServer()
        let connection = try server.connect()
        connection.send(Array("GET".utf8))
        try server.server.stop().wait()
        #expect(connection.readAll() == "")
        try server.server.stop().wait()
    }

    @Test func `random bytes never stop the server`() throws {
        let server = try RunningServer(limits: ControlLimits(connections: 200)) { _ in .livez }
        var random = SystemRandomNumberGenerator()
        for _ in 0..<100 {
            let start: [UInt8] = Bool.random() ? Array("POST /v1/drain?".utf8) : []
            let noise = (0..<Int.random(in: 0...200, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            try server.connect().send(start + noise)
        }
        #expect(try server.ask("GET", "/livez") == ["200", "ok\n"])
    }
}

@Suite struct MonitoringEndpointTests {
    @Test func `the TCP endpoint serves what monitoring needs and nothing else`() throws {
        let server = try RunningServer(isTCP: true) { _ in .text(200, "ok") }
        for target in ["/", "/metrics", "/livez", "/readyz"] {
            #expect(try server.ask("GET", target) == ["200", "ok\n"])
        }
        for (method, target) in [("GET", "/v1/status"), ("POST", "/v1/drain"), ("POST", "/v1/undrain")] {
            #expect(try server.ask(method, target) == ["404", "there is nothing at this path\n"])
        }
        #expect(try server.ask("POST", "/metrics") == ["405", "this path takes GET only\n"])
        #expect(server.asked.requests == [.page, .metrics, .livez, .readyz])
    }

    @Test(arguments: ["", "GET /me", "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"])
    func `five hundred connections that are idle, slow or do not read do not keep the probe out`(words: String) throws {
        let body = String(repeating: "0123456789abcdef", count: 1 << 16)
        let server = try RunningServer(isTCP: true) { $0 == .livez ? .livez : .text(200, body) }
        let connections = try (0..<500).map { _ in
            let connection = try server.connect()
            connection.send(Array(words.utf8))
            return connection
        }
        #expect(try server.ask("GET", "/livez") == ["200", "ok\n"])
        withExtendedLifetime(connections) {}
    }

    @Test func `an address that is no literal is an error`() {
        #expect(throws: (any Error).self) {
            try ControlServer.startTCP(address: "localhost", port: 0, on: RunningServer.loop) { _, _ in }.wait()
        }
    }
}
