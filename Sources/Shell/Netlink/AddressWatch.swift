internal import CLinuxShim
internal import Glibc
internal import NIOCore
internal import NIOPosix

/// A subscription to the kernel's announcements, renewed when the kernel had to drop some (ENOBUFS) because we did not
/// read in time.
final class AddressWatch: Sendable {
    private let loop: any EventLoop
    private let retryInterval: TimeAmount
    private let subscribe: @Sendable () throws(NetlinkError) -> CInt
    private let onChange: @Sendable (AddressChange) -> Void
    /// Only touched on the loop.
    private let state: NIOLoopBoundBox<State>

    private enum State {
        /// The channel is being made, for the first time or again.
        case opening(again: Bool)
        case open(any Channel)
        case waitingToReopen(Scheduled<Void>)
        case stopped
    }

    /// Subscribed when this returns. `subscribe` makes a descriptor to read announcements from; that is a socket in
    /// the network namespace of the thread that calls it.
    init(
        on loop: any EventLoop, retryInterval: TimeAmount = .seconds(1),
        subscribe: @escaping @Sendable () throws(NetlinkError) -> CInt = AddressWatch.openSubscribedSocket,
        onChange: @escaping @Sendable (AddressChange) -> Void
    ) throws(NetlinkError) {
        self.loop = loop
        self.retryInterval = retryInterval
        self.subscribe = subscribe
        self.onChange = onChange
        state = .makeBoxSendingValue(.opening(again: false), eventLoop: loop)
        let descriptor = try subscribe()
        if loop.inEventLoop {
            adopt(descriptor)
        } else {
            loop.execute { self.adopt(descriptor) }
        }
    }

    func stop() {
        if loop.inEventLoop {
            stopOnLoop()
        } else {
            loop.execute { self.stopOnLoop() }
        }
    }

    @Sendable static func openSubscribedSocket() throws(NetlinkError) -> CInt {
        try openNetlinkSocket(
            flags: CInt(SOCK_NONBLOCK.rawValue),
            groups: UInt32(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR))
    }

    /// The same for routes. The kernel says nothing of the IPv4 routes that go with a link, only of the link.
    @Sendable static func openSocketForRoutes() throws(NetlinkError) -> CInt {
        try openNetlinkSocket(
            flags: CInt(SOCK_NONBLOCK.rawValue), groups: UInt32(RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE))
    }

    /// Largest announcement we take. The kernel's are around a kilobyte; a cut one would be noticed.
    private static let receiveCapacity = 16_384

    /// Hands the descriptor to NIO, which closes a socket also when it cannot watch it.
    private func adopt(_ descriptor: CInt) {
        if case .stopped = state.value {
            close(descriptor)
            return
        }
        // As a socket: NIO's channel of a pipe describes itself by reflection, at a tenth of the cost of a start.
        ClientBootstrap(group: loop)
            .channelOption(
                .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.receiveCapacity)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        AnnouncementHandler(onChange: self.onChange, onEnd: { self.reopen() }))
                }
            }
            .withConnectedSocket(descriptor)
            .whenComplete { result in
                switch result {
                case .success(let channel): self.opened(channel)
                case .failure(let error):
                    let code = (error as? IOError)?.errnoCode ?? EIO
                    self.reopenLater(.systemCall(operation: "watching the addresses", code: code))
                }
            }
    }

    private func opened(_ channel: any Channel) {
        switch state.value {
        case .opening(let again):
            state.value = .open(channel)
            if again { onChange(.resynchronise) }
        case .stopped, .open, .waitingToReopen:
            channel.close(promise: nil)
        }
    }

    /// Subscribes anew before it tells: what changes while the consumer reads everything again is reported.
    private func reopen() {
        if case .stopped = state.value { return }
        do throws(NetlinkError) {
            let descriptor = try subscribe()
            state.value = .opening(again: true)
            adopt(descriptor)
        } catch {
            reopenLater(error)
        }
    }

    private func reopenLater(_ error: NetlinkError) {
        if case .stopped = state.value { return }
        state.value = .waitingToReopen(loop.scheduleTask(in: retryInterval) { self.reopen() })
        onChange(.interrupted(error))
    }

    private func stopOnLoop() {
        let last = state.value
        // First, because the end of the channel asks whether to reopen it.
        state.value = .stopped
        switch last {
        case .open(let channel): channel.close(promise: nil)
        case .waitingToReopen(let task): task.cancel()
        case .opening, .stopped: break
        }
    }
}

/// Datagrams of the kernel to changes.
private final class AnnouncementHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let onChange: (AddressChange) -> Void
    private let onEnd: () -> Void

    init(onChange: @escaping (AddressChange) -> Void, onEnd: @escaping () -> Void) {
        self.onChange = onChange
        self.onEnd = onEnd
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        AddressChange.parse(Array(unwrapInboundIn(data).readableBytesView)).forEach(onChange)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // ENOBUFS as a rule; whatever it is, only a new subscription mends it.
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        onEnd()
    }
}
