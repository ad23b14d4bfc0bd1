import NIOCore

/// When accepting fails for want of descriptors or memory, the waiting connection stays readable and the loop would
/// spin; so nothing is accepted for a moment. The BGP listener has the same in its own room.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is IOError else { return }
        let channel = context.channel
        channel.setOption(.autoRead, value: false).whenFailure { _ in }
        channel.eventLoop.scheduleTask(in: .milliseconds(200)) {
            channel.setOption(.autoRead, value: true).whenFailure { _ in }
        }
    }
}

@available(*, unavailable)
extension AcceptPause: Sendable {}
