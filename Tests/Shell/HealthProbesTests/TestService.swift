import Glibc
import Health
import IPTypes
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// What the service does with one request.
enum Reaction: Sendable {
    case send(String)
    /// Closes the connection behind the text, with a goodbye if it speaks TLS.
    case sendAndClose(String)
    case hang
    /// Closes the connection as the kernel does for a process that died.
    case close
    /// Stops listening first, as the kernel does for a process that died.
    case die

    /// A complete answer.
    static func answer(_ status: String = "200 OK", _ body: String = "ok", headers: String = "") -> Reaction {
        .send(text(status, body, headers: headers))
    }

    static func text(_ status: String, _ body: String, headers: String = "") -> String {
        "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
    }
}

/// A service on loopback that does as it is told and remembers what it saw.
final class TestService: Sendable {
    /// The loop of services and probers alike.
    static let loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.any()

    let target: SocketTarget
    private let listener: any Channel
    private let memory: Memory

    private final class Memory: Sendable {
        let connections = Mutex<[any Channel]>([])
        let requests = Mutex<[String]>([])
        let received = Mutex<String>("")
        let listener = Mutex<(any Channel)?>(nil)
        let accepted: AsyncStream<Void>.Continuation
        let ended: AsyncStream<Void>.Continuation
        init(accepted: AsyncStream<Void>.Continuation, ended: AsyncStream<Void>.Continuation) {
            self.accepted = accepted
            self.ended = ended
        }
    }

    /// One element for each connection that was accepted: a client is connected before that.
    let acceptedConnections: AsyncStream<Void>
    /// One element for each connection that has ended.
    let endedConnections: AsyncStream<Void>

    /// Serves, in TLS if a context is given; `react` is asked with the number of the request, from 1.
    ///
    /// One that is hidden is bound to the loopback device, where the kernel finds it for a connection but not when it is
    /// asked for the socket: like a service behind address translation. On the port of another they share it.
    init(
        tls: NIOSSLContext? = nil, greeting: String? = nil, isHidden: Bool = false, onPortOf other: TestService? = nil,
        _ react: @escaping @Sendable (Int) -> Reaction
    ) async throws {
        let accepted = AsyncStream.makeStream(of: Void.self)
        let ended = AsyncStream.makeStream(of: Void.self)
        let memory = Memory(accepted: accepted.continuation, ended: ended.continuation)
        // "lo" and zeros; without a name it is bound to none.
        let device = isHidden ? Int(littleEndian: 0x6F6C) : 0
        listener = try await ServerBootstrap(group: Self.loop)
            .serverChannelOption(ChannelOptions.socket(SocketOptionLevel(SOL_SOCKET), SO_REUSEPORT), value: 1)
            .serverChannelOption(ChannelOptions.socket(SocketOptionLevel(SOL_SOCKET), SO_BINDTODEVICE), value: device)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    memory.connections.withLock { $0.append(channel) }
                    memory.accepted.yield()
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(Floor())
                    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                    try pipeline.addHandler(Servant(memory, greeting, react))
                }
            }
            .bind(host: "127.0.0.1", port: Int(other?.target.port ?? 0)).get()
        memory.listener.withLock { [listener] in $0 = listener }
        self.memory = memory
        acceptedConnections = accepted.stream
        endedConnections = ended.stream
        let port = UInt16(listener.localAddress?.port ?? 0)
        target = SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: port)
    }

    /// How many connections were accepted.
    var connections: Int { memory.connections.withLock { $0.count } }
    /// The heads of the requests.
    var requests: [String] { memory.requests.withLock { $0 } }
    /// Everything that came in, as text.
    var received: String { memory.received.withLock { $0 } }
    /// As reasons name it.
    var name: String { "127.0.0.1:\(target.port)" }

    /// Sends text on the connection of that number, from 0.
    func say(_ text: String, on number: Int) {
        guard let channel = memory.connections.withLock({ number < $0.count ? $0[number] : nil }) else { return }
        channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
    }

    func stopListening() async throws { try await listener.close() }

    /// Ends the latest connection without any goodbye: with FIN, or with RST.
    func cutConnection(reset: Bool = false) async throws {
        guard let channel = memory.connections.withLock({ $0.last }) else { return }
        try await channel.eventLoop.submit {
            if reset {
                try channel.syncOptions?.setOption(
                    ChannelOptions.socket(SocketOptionLevel(SOL_SOCKET), SO_LINGER), value: 1)
            }
            try Floor.close(channel)
        }.get()
    }

    /// The first handler of each pipeline: closing from here bypasses TLS.
    private final class Floor: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        static func close(_ channel: any Channel) throws {
            try channel.pipeline.syncOperations.context(handlerType: Floor.self).close(promise: nil)
        }
    }

    private final class Servant: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        let memory: Memory
        let greeting: String?
        let react: @Sendable (Int) -> Reaction
        var received = ""

        init(_ memory: Memory, _ greeting: String?, _ react: @escaping @Sendable (Int) -> Reaction) {
            self.memory = memory
            self.greeting = greeting
            self.react = react
        }

        func channelActive(context: ChannelHandlerContext) {
            if let greeting { send(context, greeting) }
        }

        func channelInactive(context: ChannelHandlerContext) {
            memory.ended.yield()
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let text = String(buffer: unwrapInboundIn(data))
            received += text
            memory.received.withLock { $0 += text }
            guard received.hasSuffix("\r\n\r\n") else { return }
            let number = memory.requests.withLock {
                $0.append(received)
                return $0.count
            }
            received = ""
            switch react(number) {
            case .send(let text):
                send(context, text)
            case .sendAndClose(let text):
                send(context, text)
                context.close(promise: nil)
            case .hang:
                break
            case .close:
                try? Floor.close(context.channel)
            case .die:
                memory.listener.withLock { $0 }?.close(promise: nil)
                try? Floor.close(context.channel)
            }
        }

        private func send(_ context: ChannelHandlerContext, _ text: String) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
