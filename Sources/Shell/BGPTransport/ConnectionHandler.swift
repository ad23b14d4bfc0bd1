import BGPFSM
import NIOCore

/// Brings what the channel says to the connection.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let connection: PeerConnection

    init(_ connection: PeerConnection) {
        self.connection = connection
    }

    func channelActive(context: ChannelHandlerContext) {
        connection.becameActive(context.channel)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isInUse(context) else { return }
        connection.received(unwrapInboundIn(data))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isInUse(context) { connection.end(TransportFailure(open: error)) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if isInUse(context) { connection.end(.closedByPeer) }
        context.fireChannelInactive()
    }

    /// Of several dials that are answered only the first is the connection.
    private func isInUse(_ context: ChannelHandlerContext) -> Bool {
        connection.channel === context.channel
    }
}

@available(*, unavailable)
extension ConnectionHandler: Sendable {}
