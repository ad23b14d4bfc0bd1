import Glibc
import KubernetesAPI
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// What comes of a request.
enum APIReport {
    case head(code: Int, retryAfter: Duration?, isJSON: Bool)
    case body(ByteBuffer)
    case end
    case failed(APIFailure)
}

/// A connection to the API that carries one request after the other. It opens itself when there is one to send, with the
/// files as they are then.
///
/// On the event loop; reports come on the loop, never from inside a call.
final class APIConnection {
    /// How much is read, and thus parsed, before the loop turns to others: at less than 50 MB/s still well under 2 ms.
    static let readSize = 16 * 1024

    private let files: AccessFiles
    private let threads: NIOThreadPool
    private let loop: any EventLoop
    private let userAgent: String
    private let report: (APIReport) -> Void
    private var handler: APIHandler?
    private var channel: (any Channel)?
    /// The number of the present connection: what an earlier one brings is of no interest.
    private var number = 0

    init(
        _ files: AccessFiles, threads: NIOThreadPool, on loop: any EventLoop, userAgent: String,
        report: @escaping (APIReport) -> Void
    ) {
        self.files = files
        self.threads = threads
        self.loop = loop
        self.userAgent = userAgent
        self.report = report
    }

    /// Sends a request; the one before it must have ended.
    func ask(_ request: APIRequest) {
        if let handler, handler.isUsable { handler.send(request) } else { open(for: request) }
    }

    /// Closes the connection. Nothing comes of a request that is under way.
    func close() {
        number += 1
        handler?.report = { _ in }
        handler = nil
        channel?.close(promise: nil)
        channel = nil
    }

    private func open(for request: APIRequest) {
        close()
        let number = number
        let read = threads.runIfActive(eventLoop: loop) { [files] in files.read() }
        read.assumeIsolated().whenComplete { [weak self] result in
            guard let self, self.number == number else { return }
            switch result {
            case .success(.success(let material)): dial(material, request)
            case .success(.failure(let failure)): report(.failed(failure))
            case .failure(let error): report(.failed(.access("the files cannot be read: \(error)")))
            }
        }
    }

    private func dial(_ material: AccessMaterial, _ request: APIRequest) {
        let number = number
        let handler = APIHandler(
            material.access, authorization: material.authorization, userAgent: userAgent, request)
        handler.report = { [weak self] in self?.take($0, from: number) }
        self.handler = handler
        let bound = NIOLoopBound(handler, eventLoop: loop)
        let name = material.access.serverName ?? material.access.host
        let isAddress = (try? SocketAddress(ipAddress: name, port: 0)) != nil
        let connected = ClientBootstrap(group: loop)
            .connectTimeout(.seconds(10))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            // A server that is cut off is noticed after half a minute, also by a watch that never sends.
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.tcpOption(NIOBSDSocket.Option(rawValue: TCP_KEEPIDLE)), value: 15)
            .channelOption(.tcpOption(NIOBSDSocket.Option(rawValue: TCP_KEEPINTVL)), value: 5)
            .channelOption(.tcpOption(NIOBSDSocket.Option(rawValue: TCP_KEEPCNT)), value: 3)
            .channelOption(.tcpOption(NIOBSDSocket.Option(rawValue: TCP_USER_TIMEOUT)), value: 30_000)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.readSize))
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(
                        NIOSSLClientHandler(context: material.tls, serverHostname: isAddress ? nil : name))
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(bound.value)
                }
            }
            .connect(to: material.address)
        connected.assumeIsolated().whenComplete { [weak self] result in
            guard let self, self.number == number else {
                if case .success(let channel) = result { channel.close(promise: nil) }
                return
            }
            switch result {
            case .success(let channel): self.channel = channel
            case .failure(let error):
                take(.failed(.transport(material.access.words(forConnecting: error))), from: number)
            }
        }
    }

    private func take(_ part: APIReport, from number: Int) {
        guard number == self.number else { return }
        if case .failed = part { close() }
        report(part)
    }
}

/// The HTTP side of a connection.
private final class APIHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    var report: (APIReport) -> Void = { _ in }
    private let access: APIAccess
    private let authorization: String?
    private let userAgent: String
    private var request: APIRequest?
    private var context: ChannelHandlerContext?
    /// True if the server closes the connection behind the present answer.
    private var isLast = false

    init(_ access: APIAccess, authorization: String?, userAgent: String, _ request: APIRequest) {
        self.access = access
        self.authorization = authorization
        self.userAgent = userAgent
        self.request = request
    }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        // TLS holds it back until its handshake is done.
        if let request { send(request) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// True if the connection is open and can carry one more request.
    var isUsable: Bool { context != nil && !isLast }

    func send(_ request: APIRequest) {
        guard let context else { return }
        self.request = request
        var headers = HTTPHeaders([
            ("Host", access.endpoint), ("User-Agent", userAgent), ("Accept", "application/json"),
        ])
        if let authorization { headers.add(name: "Authorization", value: authorization) }
        if let contentType = request.contentType {
            headers.add(name: "Content-Type", value: contentType)
            headers.add(name: "Content-Length", value: "\(request.body.count)")
        }
        let head = HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: request.method.rawValue),
            uri: access.basePath + request.target, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !request.body.isEmpty {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: request.body)))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            isLast = !head.isKeepAlive
            let seconds = head.headers.first(name: "Retry-After").flatMap { Int64($0) }
            report(
                .head(
                    code: Int(head.status.code), retryAfter: seconds.map { .seconds(min(max(0, $0), 3600)) },
                    isJSON: head.headers.first(name: "Content-Type")?.hasPrefix("application/json") == true))
        case .body(let bytes):
            report(.body(bytes))
        case .end:
            request = nil
            if isLast { context.close(promise: nil) }
            report(.end)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        if request != nil { fail("\(access.words) closed the connection", context) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What is no more than the end of the connection is reported when it ends.
        if isEndOfConnection(error) { return context.close(promise: nil) }
        if let parser = error as? HTTPParserError {
            return fail("\(access.words) does not speak HTTP/1.1 here (\(parser.debugDescription))", context)
        }
        fail(access.words(forTLS: error), context)
    }

    private func fail(_ reason: String, _ context: ChannelHandlerContext) {
        request = nil
        let report = report
        self.report = { _ in }
        context.close(promise: nil)
        report(.failed(.transport(reason)))
    }
}

@available(*, unavailable)
extension APIHandler: Sendable {}
@available(*, unavailable)
extension APIConnection: Sendable {}
