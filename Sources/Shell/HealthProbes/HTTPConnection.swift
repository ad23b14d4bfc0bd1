import Health
import NIOCore
import NIOHTTP1
import NIOSSL

/// A connection that carries one HTTP/1.1 request after the other, over TLS if so configured.
final class HTTPConnection: ChannelInboundHandler, ServiceConnection {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private enum Phase {
        case connecting
        case securing
        case waiting
        /// The head has come; `isLast` if the service announced that it closes the connection behind the answer.
        case reading(HTTPAnswer, isLast: Bool)
        /// Answered, and open for the next request.
        case idle
        case over
    }

    let name: String
    var report: (ConnectionEvent) -> Void = { _ in }
    var channel: (any Channel)?
    private let check: HTTPCheck
    private let tls: TLSClient?
    private let files: CheckFiles
    private var authorization: String?
    private var phase = Phase.connecting
    /// True from the second request on.
    private var isReused = false

    init(_ check: HTTPCheck, tls: TLSClient?, files: CheckFiles, to name: String) {
        self.check = check
        self.tls = tls
        self.files = files
        self.name = name
    }

    var progress: String {
        let connected = tls == nil ? "connected" : "connected, TLS done"
        return switch phase {
        case .connecting: "connecting to \(name)"
        case .securing: "connected, waiting for the TLS handshake"
        case .waiting: "\(connected), waiting for the response"
        case .reading: "\(connected), waiting for the rest of the response"
        case .idle, .over: connected
        }
    }

    var earlyOutcome: Outcome? {
        if case .reading(let answer, _) = phase, answer.isDecided { answer.outcome } else { nil }
    }

    func channelActive(context: ChannelHandlerContext) {
        do {
            let pipeline = context.pipeline.syncOperations
            if let token = files.token { authorization = "Bearer \(try token.get())" }
            if let tls {
                guard let context = files.context else {
                    throw CheckUnusable(reason: "the check's files have not been read")
                }
                try pipeline.addHandler(tls.makeHandler(context), position: .before(self))
            }
            try pipeline.addHTTPClientHandlers(position: .before(self))
        } catch {
            return fail(words(for: error))
        }
        phase = tls == nil ? .waiting : .securing
        // TLS holds the request back until its handshake is done.
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolated().whenSuccess { [self] in
            if case .securing = phase { phase = .waiting }
        }
        send(context, promise: sent)
    }

    func ask() {
        phase = .waiting
        isReused = true
        guard let channel, let context = try? channel.pipeline.syncOperations.context(handler: self) else {
            return close(.closedEarly(reason: "\(name) closed the connection without an answer"))
        }
        send(context, promise: nil)
    }

    private func send(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        var headers = HTTPHeaders([
            ("Host", check.hostHeader), ("User-Agent", "bgpvip/0.1"), ("Accept", "*/*"), ("Connection", "keep-alive"),
        ])
        if let authorization { headers.add(name: "Authorization", value: authorization) }
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: check.path, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), phase) {
        case (.head(let head), .waiting) where isReused && head.status == .requestTimeout:
            // It waited for us too long and our request has crossed its goodbye (RFC 9110 section 15.5.9).
            close(.closedEarly(reason: "\(name) waited too long for the request"))
        case (.head(let head), .waiting), (.head(let head), .securing):
            let answer = HTTPAnswer(
                status: Int(head.status.code), location: head.headers.first(name: "Location"), to: check,
                token: try? files.token?.get())
            // The parser counts a body without a length, which ends with the connection, as such an announcement.
            phase = .reading(answer, isLast: !head.isKeepAlive)
        case (.body(let bytes), .reading(var answer, let isLast)):
            // Taken out of the phase, so that the body is not copied for each part.
            phase = .waiting
            answer.append(bytes.readableBytesView)
            phase = .reading(answer, isLast: isLast)
            // The rest of an endless body is not waited for.
            if answer.isFull { close(.answered(answer.outcome, .close)) }
        case (.end, .reading(let answer, let isLast)):
            let outcome = answer.outcome
            // After a failure the next probe starts afresh: with the certificates, keys and token that are then valid.
            guard outcome == .passed, !isLast else { return close(.answered(outcome, .close)) }
            phase = .idle
            report(.answered(outcome, .askAgain))
        default:
            break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        switch phase {
        case .connecting, .over: break
        case .securing: close(.closedEarly(reason: "\(name) closed the connection during the TLS handshake"))
        case .waiting: close(.closedEarly(reason: "\(name) closed the connection without an answer"))
        case .reading(let answer, _) where answer.isDecided && answer.outcome != .passed:
            close(.answered(answer.outcome, .close))
        case .reading: close(.closedEarly(reason: "\(name) closed the connection in the middle of the answer"))
        case .idle: close(.lost)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What is no more than the end of the connection is judged when it ends.
        if isEndOfConnection(error) { return }
        switch phase {
        case .idle:
            // It says something that was not asked for, such as 408 Request Timeout: it is about to close.
            close(.lost)
        case .connecting, .securing, .waiting, .reading:
            let handler = try? context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
            let reason = tls?.words(
                forHandshakeError: error, with: name, showing: handler?.peerCertificate, fault: files.fault)
            fail(reason ?? words(for: error))
        case .over:
            break
        }
    }

    private func fail(_ reason: String) {
        close(.answered(.failed(reason: reason, definitive: false), .close))
    }

    private func close(_ event: ConnectionEvent) {
        phase = .over
        let report = self.report
        abandon()
        report(event)
    }
}

@available(*, unavailable)
extension HTTPConnection: Sendable {}
