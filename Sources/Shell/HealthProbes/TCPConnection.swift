import Health
import NIOCore

/// A connection that passes when the service has accepted it, and is then watched for its end.
///
/// The kernel completes a connection before the service accepts it, and does so for hundreds that are never accepted.
/// Where it does not tell, because the service is elsewhere, a connection passes by coming up.
final class TCPConnection: ChannelInboundHandler, ServiceConnection {
    typealias InboundIn = ByteBuffer

    /// Bytes that a service may send unasked before the connection is closed as too chatty to be watched.
    private static let mostBytes = 64 * 1024

    let name: String
    var report: (ConnectionEvent) -> Void = { _ in }
    var channel: (any Channel)?
    private var received = 0
    /// Whether the kernel knows that the connection from this address of ours is not accepted yet.
    private let isQueued: (SocketAddress) -> Bool
    private var isUp = false
    private var hasPassed = false

    /// The first and the longest pause between two looks whether the service has accepted.
    private static let firstPause = TimeAmount.milliseconds(1)
    private static let longestPause = TimeAmount.milliseconds(50)

    init(to name: String, isQueued: @escaping (SocketAddress) -> Bool = { _ in false }) {
        self.name = name
        self.isQueued = isQueued
    }

    var progress: String {
        isUp ? "\(name) does not accept the connection, which is in its queue" : "connecting to \(name)"
    }

    var earlyOutcome: Outcome? { nil }

    func ask() {}

    func channelActive(context: ChannelHandlerContext) {
        isUp = true
        passWhenAccepted(channel: context.channel, lookAgainAfter: Self.firstPause)
    }

    private func passWhenAccepted(channel: any Channel, lookAgainAfter pause: TimeAmount) {
        guard isUp else { return }
        guard let local = channel.localAddress, isQueued(local) else {
            hasPassed = true
            return report(.answered(.passed, .watch))
        }
        channel.eventLoop.assumeIsolated().scheduleTask(in: pause) { [weak self] in
            self?.passWhenAccepted(channel: channel, lookAgainAfter: min(pause * 2, Self.longestPause))
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += unwrapInboundIn(data).readableBytes
        if received > Self.mostBytes { abandon() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        isUp = false
        report(hasPassed ? .lost : .closedEarly(reason: "\(name) closed the connection before it accepted it"))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension TCPConnection: Sendable {}
