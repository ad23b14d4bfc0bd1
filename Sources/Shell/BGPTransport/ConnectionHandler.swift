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
        connection.becameActive()
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection.received(unwrapInboundIn(data))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        connection.end(TransportFailure(open: error))
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection.end(.closedByPeer)
        context.fireChannelInactive()
    }
}

@available(*, unavailable)
extension ConnectionHandler: Sendable {}
