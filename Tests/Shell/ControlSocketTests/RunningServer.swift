import Glibc
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import ControlSocket

/// A directory that is gone when the test is over.
final class TemporaryDirectory {
    let path: String

    init() throws {
        var template = Array((P_tmpdir + "/bgpvip-XXXXXX").utf8CString)
        path = try #require(mkdtemp(&template).map { String(cString: $0) })
    }

    deinit {
        for name in ["run/bgpvip.sock", "run", "bgpvip.sock"] { remove("\(path)/\(name)") }
        rmdir(path)
    }
}

/// Requests as they reached the daemon, and what it has yet to answer.
final class Asked: Sendable {
    typealias Reply = @Sendable (ControlResponse) -> Void

    private let state = Mutex<(requests: [ControlRequest], replies: [Reply])>(([], []))

    var requests: [ControlRequest] { state.withLock { $0.requests } }
    var replies: [Reply] { state.withLock { $0.replies } }

    func note(_ request: ControlRequest, _ reply: @escaping Reply) {
        state.withLock {
            $0.requests.append(request)
            $0.replies.append(reply)
        }
    }
}

/// A server in this process, on its own loop.
final class RunningServer {
    let path: String
    let server: ControlServer
    let asked = Asked()
    private let directory: TemporaryDirectory

    static let loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()

    init(
        in directory: TemporaryDirectory? = nil, limits: ControlLimits = ControlLimits(),
        maySteer: Set<UInt32> = [geteuid()], isTCP: Bool = false,
        answer: @escaping @Sendable (ControlRequest) -> ControlResponse? = { .text(200, "\($0)") },
        andThen: @escaping @Sendable (@escaping Asked.Reply) -> Void = { _ in }
    ) throws {
        self.directory = try directory ?? TemporaryDirectory()
        path = self.directory.path + "/bgpvip.sock"
        let asked = asked
        let take: ControlAnswer = { request, reply in
            asked.note(request, reply)
            if let response = answer(request) { reply(response) }
            andThen(reply)
        }
        let start =
            isTCP
            ? ControlServer.startTCP(address: "127.0.0.1", port: 0, on: Self.loop, limits: limits, answer: take)
            : ControlServer.start(path: path, on: Self.loop, limits: limits, maySteer: maySteer, answer: take)
        server = try start.wait()
    }

    deinit {
        try? server.stop().wait()
    }

    /// Sends bytes on a new connection and returns all that comes back.
    func exchange(_ request: String) throws -> String {
        let connection = try connect()
        connection.send(Array(request.utf8))
        return connection.readAll()
    }

    /// The status line and the body of the response to a request without headers.
    func ask(_ method: String, _ target: String) throws -> [String] {
        let response = try exchange("\(method) \(target) HTTP/1.1\r\nHost: x\r\n\r\n")
        let parsed = try HTTPResponseText(Array(response.utf8))
        return ["\(parsed.code)", String(decoding: parsed.body, as: UTF8.self)]
    }

    func connect() throws -> RawConnection {
        try #require(server.localAddress?.withSockAddr { RawConnection($0, socklen_t($1)) })
    }
}

/// A blocking client that sends whatever a test wants.
final class RawConnection {
    private let descriptor: CInt

    init?(_ address: UnsafePointer<sockaddr>, _ length: socklen_t) {
        descriptor = socket(CInt(address.pointee.sa_family), CInt(SOCK_STREAM.rawValue), 0)
        // A broken server must fail the test, not hang it.
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard Glibc.connect(descriptor, address, length) == 0 else { return nil }
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) {
        _ = Glibc.send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL))
    }

    /// All bytes until the server closes.
    func readAll() -> String {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count <= 0 { return String(decoding: all, as: UTF8.self) }
            all += buffer.prefix(count)
        }
    }
}
