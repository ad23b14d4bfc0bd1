import Glibc
import Health
import IPTypes
import NIOCore
import Testing

@testable import HealthProbes

/// Where no connection is kept open, the kernel tells of the crash.
@Suite("The listening socket", .timeLimit(.minutes(1)))
struct ListeningSocketTests {
    private static let closing = Reaction.text("200 OK", "ok", headers: "Connection: close\r\n")

    @Test("Of a service that closes after each answer: its end is reported at once", arguments: [true, false])
    func announcedClose(secure: Bool) async throws {
        let service = try await TestService(tls: secure ? .server() : nil) { _ in .sendAndClose(Self.closing) }
        var probing = try await Probing(service.http(tls: secure ? HTTPCheck.TLSOptions(verifies: false) : nil))
        await probing.probe(gives: .passed)
        await probing.probe(gives: .passed)
        try await service.stopListening()
        await probing.reports(.stoppedListening)
        await probing.probe(gives: .refused(service.name))
    }

    @Test("Of a service that closes idle connections: after the close its end is reported too")
    func unannouncedClose() async throws {
        let service = try await TestService { _ in .answer() }
        var probing = try await Probing(service.http())
        await probing.probe(gives: .passed)
        try await service.cutConnection()
        await probing.reports(.connectionLost)
        try await service.stopListening()
        await probing.reports(.stoppedListening)
    }

    @Test("Of a service that failed without being refused: its end is reported")
    func afterFailure() async throws {
        let service = try await TestService { _ in .answer("500 X") }
        var probing = try await Probing(service.http())
        await probing.probe(gives: .failed("HTTP 500: ok"))
        try await service.stopListening()
        await probing.reports(.stoppedListening)
    }

    @Test("Of a service that hangs: its end is reported after the timeout")
    func afterTimeout() async throws {
        let service = try await TestService { _ in .hang }
        var probing = try await Probing(service.http(), timeout: .milliseconds(200))
        await probing.probe(gives: .failed("no answer within 200 ms (connected, waiting for the response)"))
        try await service.stopListening()
        await probing.reports(.stoppedListening)
    }

    /// A socket of its own that listens on a free port of 127.0.0.1, and on which nobody accepts.
    private static func listen() throws -> (server: CInt, address: sockaddr_in) {
        let server = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try #require(bind(server, $0, length) == 0 && Glibc.listen(server, 5) == 0)
                try #require(getsockname(server, $0, &length) == 0)
            }
        }
        return (server, address)
    }

    private static func target(_ address: sockaddr_in) -> SocketTarget {
        SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: UInt16(bigEndian: address.sin_port))
    }

    @Test("A TCP service that accepts nothing fails, although the kernel completes its connections; accepting passes")
    func acceptsNothing() async throws {
        let (server, address) = try Self.listen()
        defer { close(server) }
        let target = Self.target(address)
        var probing = try await Probing(.tcp(target), timeout: .milliseconds(300))
        await probing.probe(
            gives: .failed(
                "no answer within 300 ms (127.0.0.1:\(target.port) does not accept the connection, which is in its queue)"
            ))
        let first = accept(server, nil, nil)
        probing.probe()
        // Waits until the connection of the second probe is there.
        let second = accept(server, nil, nil)
        await probing.reports(.passed)
        close(first)
        close(second)
    }

    @Test("Connections that wait to be accepted are counted")
    func acceptQueue() async throws {
        let (server, address) = try Self.listen()
        let client = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        defer {
            close(client)
            close(server)
        }
        let listener = ListeningSocket(of: Self.target(address), on: TestService.loop)
        #expect(listener.isOpen)
        #expect(listener.waiting == 0)
        withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                #expect(connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0)
            }
        }
        #expect(listener.isOpen)
        #expect(listener.waiting == 1)
    }

    @Test("A connection and its listener lost together are one report, of the listener")
    func together() async throws {
        let service = try await TestService { _ in .answer() }
        var probing = try await Probing(service.http())
        await probing.probe(gives: .passed)
        try await service.stopListening()
        try await service.cutConnection()
        await probing.reports(.stoppedListening)
        await probing.probe(gives: .refused(service.name))
    }

    @Test("A service that answers on the kept connection and listens no more is refused at the next probe")
    func halfDead() async throws {
        let service = try await TestService { _ in .answer() }
        var probing = try await Probing(service.http())
        await probing.probe(gives: .passed)
        try await service.stopListening()
        await probing.probe(gives: .refused(service.name))
        #expect(service.requests.count == 1)
    }

    @Test("A listener that goes while a probe waits for its answer: the probe ends at once")
    func duringProbe() async throws {
        let service = try await TestService { $0 == 1 ? .sendAndClose(Self.closing) : .hang }
        var probing = try await Probing(service.http())
        await probing.probe(gives: .passed)
        probing.probe()
        try await service.stopListening()
        await probing.reports(.refused(service.name))
    }

    @Test("TCP: the connection is closed at once, so that it holds up nobody, and the listener's end is reported")
    func tcp() async throws {
        let service = try await TestService { _ in .hang }
        var probing = try await Probing(.tcp(service.target))
        await probing.probe(gives: .passed)
        var ended = service.endedConnections.makeAsyncIterator()
        _ = await ended.next(isolation: nil)
        await probing.probe(gives: .passed)
        _ = await ended.next(isolation: nil)
        try await service.stopListening()
        await probing.reports(.stoppedListening)
        await probing.probe(gives: .refused(service.name))
    }

    @Test("As long as another process listens on the port, the end of one is no news")
    func sharedPort() async throws {
        let first = try await TestService { _ in .sendAndClose(Self.closing) }
        let second = try await TestService(onPortOf: first) { _ in .sendAndClose(Self.closing) }
        var probing = try await Probing(first.http())
        await probing.probe(gives: .passed)
        try await first.stopListening()
        for _ in 1...10 { await probing.probe(gives: .passed) }
        try await second.stopListening()
        await probing.reports(.stoppedListening)
    }

    @Test("Where the kernel shows no listener although there is one, the kept connection is asked as ever")
    func hidden() async throws {
        let service = try await TestService(isHidden: true) { _ in .answer() }
        var probing = try await Probing(service.http())
        await probing.probe(gives: .passed)
        await probing.probe(gives: .passed)
        #expect(service.connections == 1)
        try await service.cutConnection()
        await probing.reports(.connectionLost)
    }
}
