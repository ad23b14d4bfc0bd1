import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import TestSupport

/// An API server on loopback that does as it is told and remembers what it was asked.
final class TestAPI: Sendable {
    static let loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.any()

    struct Request: Sendable {
        /// From 1.
        var number: Int
        /// The connection it came over.
        var connection: any Channel
        /// Method and target.
        var line: String
        var headers: [String: String]
        var body: String
    }

    enum Reaction: Sendable {
        /// A complete answer.
        case answer(Int, String, headers: String = "Content-Type: application/json\r\n")
        /// A chunked answer that goes on, with these chunks for now.
        case stream([String])
        /// Bytes, and then the connection is closed.
        case raw(String)
        case hang
    }

    private let received = Mutex<[Request]>([])
    private let listener = Mutex<(any Channel)?>(nil)
    let port: UInt16

    var requests: [Request] { received.withLock { $0 } }

    /// Serves; `isPlain` without TLS. With `clients` it asks for a certificate of this authority.
    init(
        isPlain: Bool = false, clients: String? = nil, _ react: @escaping @Sendable (Request) -> Reaction
    ) async throws {
        let memory = Memories()
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: [
                .certificate(try NIOSSLCertificate(bytes: Array(TestCertificates.serverCertificate.utf8), format: .pem))
            ],
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(TestCertificates.serverKey.utf8), format: .pem)))
        if let clients {
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(clients.utf8)))
            configuration.certificateVerification = .noHostnameVerification
        }
        let tls = try NIOSSLContext(configuration: configuration)
        let channel = try await ServerBootstrap(group: Self.loop)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if !isPlain { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.addHandler(Servant(memory, isPlain, react))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = UInt16(channel.localAddress?.port ?? 0)
        listener.withLock { $0 = channel }
        memory.owner.withLock { [self] in $0 = self }
    }

    func stopListening() async throws { try await listener.withLock { $0 }?.close() }

    private final class Memories: Sendable {
        let owner = Mutex<TestAPI?>(nil)
    }

    private func note(
        _ line: String, _ headers: [String: String], _ body: String, over connection: any Channel
    ) -> Request {
        received.withLock {
            let request = Request(
                number: $0.count + 1, connection: connection, line: line, headers: headers, body: body)
            $0.append(request)
            return request
        }
    }

    private final class Servant: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let memories: Memories
        private let isPlain: Bool
        private let react: @Sendable (Request) -> Reaction
        private var received = ""

        init(_ memories: Memories, _ isPlain: Bool, _ react: @escaping @Sendable (Request) -> Reaction) {
            self.memories = memories
            self.isPlain = isPlain
            self.react = react
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received += String(buffer: unwrapInboundIn(data))
            // Without TLS it does not understand a word, and answers all the same.
            if isPlain { received = "GET / HTTP/1.1\r\n\r\n" }
            guard let end = received.firstRange(of: "\r\n\r\n") else { return }
            let lines = received[..<end.lowerBound].split(separator: "\r\n")
            let headers = lines.dropFirst().map { $0.split(separator: ":", maxSplits: 1).map(String.init) }
            let named = Dictionary(headers.map { ($0[0].lowercased(), String($0[1].dropFirst())) }) { $1 }
            let body = String(received[end.upperBound...])
            guard body.utf8.count >= Int(named["content-length"] ?? "0") ?? 0 else { return }
            received = ""
            let line = String((lines.first ?? "").dropLast(" HTTP/1.1".count))
            guard let request = memories.owner.withLock({ $0 })?.note(line, named, body, over: context.channel)
            else { return }
            switch react(request) {
            case .answer(let code, let body, let headers):
                send(context, "HTTP/1.1 \(code) X\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
            case .stream(let chunks):
                send(
                    context,
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + chunks.map(chunked).joined())
            case .raw(let text):
                send(context, text)
                context.close(promise: nil)
            case .hang: break
            }
        }

        private func send(_ context: ChannelHandlerContext, _ text: String) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

private func chunked(_ text: String) -> String { String(text.utf8.count, radix: 16) + "\r\n\(text)\r\n" }

/// A directory that is removed in the end, with the files that access needs.
final class AccessDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/bgpvip-api-XXXXXX".utf8CString)
        path = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? ""
        }
        write(TestCertificates.authority, to: "ca.crt")
        write("first\n", to: "token")
    }

    deinit {
        for name in ["ca.crt", "token", "client.crt", "client.key"] { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    @discardableResult func write(_ text: String, to name: String) -> String {
        let file = fopen("\(path)/\(name)", "w")
        fputs(text, file)
        fclose(file)
        return "\(path)/\(name)"
    }
}
