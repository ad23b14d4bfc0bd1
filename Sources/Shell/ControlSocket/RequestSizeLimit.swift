import NIOCore

/// The client sent more than a request may have.
struct RequestTooLarge: Error {}

/// Lets only so many bytes of a connection through to the HTTP parser.
final class RequestSizeLimit: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private var left: Int

    init(bytes: Int) {
        left = bytes
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let count = unwrapInboundIn(data).readableBytes
        guard count <= left else {
            left = 0
            return context.fireErrorCaught(RequestTooLarge())
        }
        left -= count
        context.fireChannelRead(data)
    }
}
