import Health
import IPTypes
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// What the service does with one request.
enum Reaction: Sendable {
    /// Answers and keeps the connection.
    case answer(HTTPResponseStatus = .ok, body: String = "ok", headers: [(String, String)] = [])
    /// Answers, announces that it closes the connection, and does.
    case answerAndClose
    /// Answers without a length and ends the body by closing the connection.
    case answerUntilClose(body: String)
    /// Sends these bytes as they are.
    case raw(String)
    /// Says nothing.
    case hang
    /// Closes the connection instead of answering.
    case close
    /// Stops accepting connections and closes this one instead of answering, as a dying process does.
    case die
}

/// A service on loopback that does as it is told and remembers what it saw.
final class TestService: Sendable {
    struct Seen {
        var connections: [any Channel] = []
        var requests: [HTTPRequestHead] = []
    }

    static let loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.any()
    let port: UInt16
    private let listener: any Channel
    private let seen: Mutex<Seen>

    /// Serves HTTP, in TLS if a context is given; `react` is asked with the number of the request, from 1.
    init(
        tls: NIOSSLContext? = nil, react: @escaping @Sendable (Int) -> Reaction = { _ in .answer() }
    ) async throws {
        let memory = Memory()
        listener = try await ServerBootstrap(group: Self.loop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    memory.seen.withLock { $0.connections.append(channel) }
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                    try pipeline.configureHTTPServerPipeline(withErrorHandling: false)
                    try pipeline.addHandler(Servant(memory: memory, react: react))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        memory.listener.withLock { $0 = listener }
        port = UInt16(listener.localAddress?.port ?? 0)
        self.memory = memory
        seen = Mutex(Seen())
    }

    /// Accepts connections and leaves them to `serve`.
    init(raw serve: @escaping @Sendable (any Channel) -> Void) async throws {
        let memory = Memory()
        listener = try await ServerBootstrap(group: Self.loop)
            .childChannelInitializer { channel in
                memory.seen.withLock { $0.connections.append(channel) }
                serve(channel)
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = UInt16(listener.localAddress?.port ?? 0)
        self.memory = memory
        seen = Mutex(Seen())
    }

    private let memory: Memory

    var connections: Int { memory.seen.withLock { $0.connections.count } }
    var requests: [HTTPRequestHead] { memory.seen.withLock { $0.requests } }
    var target: SocketTarget { SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: port) }
    /// As reasons name it.
    var name: String { "127.0.0.1:\(port)" }

    func stopListening() async throws { try await listener.close() }

    /// Closes the latest connection: with FIN, or with RST.
    func closeConnection(reset: Bool = false) async throws {
        guard let channel = memory.seen.withLock({ $0.connections.last }) else { return }
        if reset {
            try await channel.setOption(.socketOption(.so_linger), value: linger(l_onoff: 1, l_linger: 0)).get()
        }
        // Past the TLS handler, as the kernel does it for a process that died.
        try await channel.eventLoop.submit { channel._channelCore.close0(error: ChannelError.eof, mode: .all, promise: nil) }.get()
    }

    final class Memory: Sendable {
        let seen = Mutex(Seen())
        let listener = Mutex<(any Channel)?>(nil)
    }

    private final class Servant: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart
        let memory: Memory
        let react: @Sendable (Int) -> Reaction

        init(memory: Memory, react: @escaping @Sendable (Int) -> Reaction) {
            self.memory = memory
            self.react = react
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .head(let head) = unwrapInboundIn(data) else { return }
            let number = memory.seen.withLock {
                $0.requests.append(head)
                return $0.requests.count
            }
            switch react(number) {
            case .answer(let status, let body, let headers):
                respond(context, status, body, [("Content-Length", "\(body.utf8.count)")] + headers)
            case .answerAndClose:
                respond(context, .ok, "ok", [("Content-Length", "2"), ("Connection", "close")])
                context.close(promise: nil)
            case .answerUntilClose(let body):
                context.pipeline.syncOperations.context(name: "")
                raw(context, "HTTP/1.1 200 OK\r\n\r\n\(body)")
                context.close(promise: nil)
            case .raw(let text):
                raw(context, text)
            case .hang:
                break
            case .close:
                context.close(promise: nil)
            case .die:
                memory.listener.withLock { $0 }?.close(promise: nil)
                context.close(promise: nil)
            }
        }

        private func respond(
            _ context: ChannelHandlerContext, _ status: HTTPResponseStatus, _ body: String,
            _ headers: [(String, String)]
        ) {
            let head = HTTPResponseHead(version: .http1_1, status: status, headers: HTTPHeaders(headers))
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }

        private func raw(_ context: ChannelHandlerContext, _ text: String) {
            context.channel.pipeline.syncOperations
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
