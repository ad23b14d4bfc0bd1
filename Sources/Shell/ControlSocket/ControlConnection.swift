import NIOCore
import NIOHTTP1

/// One connection: takes one request, gives one response, closes. Every phase has a deadline, so that no client can hold
/// a connection longer than a few times the patience, however slowly it sends or reads.
final class ControlConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Phase {
        case reading(HTTPRequestHead?)
        case answering
        case responding
    }

    private let audience: Audience
    private let mayChangeState: Bool
    private let limits: ControlLimits
    /// What to say instead of reading a request.
    private let refusal: ControlResponse?
    private let answer: ControlAnswer
    private var phase = Phase.reading(nil)
    private var deadline: Scheduled<Void>?
    private var context: ChannelHandlerContext?

    init(
        audience: Audience, mayChangeState: Bool, limits: ControlLimits, refusal: ControlResponse?,
        answer: @escaping ControlAnswer
    ) {
        self.audience = audience
        self.mayChangeState = mayChangeState
        self.limits = limits
        self.refusal = refusal
        self.answer = answer
    }

    /// True while the client has asked and we have not answered.
    var isAwaitingAnswer: Bool {
        if case .answering = phase { true } else { false }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        deadline?.cancel()
    }

    func channelActive(context: ChannelHandlerContext) {
        if let refusal { return respond(refusal) }
        allow(limits.patience) { $0.respond(.text(408, "no complete request came in time")) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), phase) {
        case (.head(let head), .reading): phase = .reading(head)
        case (.end, .reading(.some(let head))): take(head)
        // Bodies say nothing here; what follows the first request is not answered.
        case (.body, _), (.head, _), (.end, _): break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard case .reading = phase else { return context.close(promise: nil) }
        switch error {
        case is RequestTooLarge:
            respond(.text(431, "a request may have at most \(limits.requestBytes) bytes"))
        case is HTTPParserError:
            respond(.text(400, "this is not an HTTP request"))
        default:
            context.close(promise: nil)
        }
    }

    private func take(_ head: HTTPRequestHead) {
        switch Route(head.method.rawValue, head.uri, for: audience) {
        case .refused(let response):
            respond(response)
        case .request(let request, _) where request.changesState && !mayChangeState:
            respond(.text(403, "only root and the user bgpvip runs as may change its state"))
        case .request(let request, let waitSeconds):
            phase = .answering
            allow(limits.patience + .seconds(Int64(waitSeconds))) {
                $0.respond(.text(504, waitSeconds > 0 ? "not drained yet; it goes on" : "no answer in time"))
            }
            ask(request)
        }
    }

    private func ask(_ request: ControlRequest) {
        guard let loop = context?.eventLoop else { return }
        let connection = NIOLoopBound(self, eventLoop: loop)
        answer(request) { response in
            if loop.inEventLoop {
                connection.value.respond(response)
            } else {
                loop.execute { connection.value.respond(response) }
            }
        }
    }

    /// Sends the response and closes. Does nothing if there was a response before, or if the client is gone.
    private func respond(_ response: ControlResponse) {
        guard let context else { return }
        if case .responding = phase { return }
        phase = .responding
        allow(limits.patience) { $0.context?.close(promise: nil) }

        let body = ByteBuffer(string: response.body)
        let headers: HTTPHeaders = [
            "Content-Type": response.contentType, "Content-Length": String(body.readableBytes), "Connection": "close",
        ]
        let status = HTTPResponseStatus(statusCode: response.code)
        context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in
            self.context?.close(promise: nil)
        }
    }

    /// Gives the connection this much time for its next phase.
    private func allow(_ time: TimeAmount, orElse act: @escaping (ControlConnection) -> Void) {
        deadline?.cancel()
        deadline = context?.eventLoop.assumeIsolated().scheduleTask(in: time) { [weak self] in
            if let self { act(self) }
        }
    }
}
