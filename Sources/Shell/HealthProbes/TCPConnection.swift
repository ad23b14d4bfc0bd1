import Health
import NIOCore

/// A connection that passes by coming up and is then watched for its end.
final class TCPConnection: ChannelInboundHandler, ServiceConnection {
    typealias InboundIn = ByteBuffer

    /// Bytes that a service may send unasked before the connection is closed as too chatty to be watched.
    private static let mostBytes = 64 * 1024

    let name: String
    var report: (ConnectionEvent) -> Void = { _ in }
    var channel: (any Channel)?
    private var received = 0

    init(to name: String) {
        self.name = name
    }

    var progress: String { "connecting to \(name)" }

    var earlyOutcome: Outcome? { nil }

    func ask() {}

    func channelActive(context: ChannelHandlerContext) {
        report(.answered(.passed, .watch))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += unwrapInboundIn(data).readableBytes
        if received > Self.mostBytes { abandon() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        report(.lost)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension TCPConnection: Sendable {}
