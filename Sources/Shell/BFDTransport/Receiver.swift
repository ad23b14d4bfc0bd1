package import BFD
import Glibc
package import IPTypes
package import NIOCore
import NIOPosix

/// What a receiver tells.
package enum BFDReceiverEvent: Sendable, Hashable {
    /// A packet that can be read.
    case received(BFDArrival)
    /// Bytes that are no packet, or not a legal one.
    case discarded(BFDDiscard, from: ScopedAddress)
    /// The socket broke; nothing is received any more.
    case ended(reason: String)
}

/// The socket on which packets for all sessions of one kind and family arrive. It decides nothing and has no timer.
///
/// Used on one event loop only; that confinement is what `@unchecked Sendable` stands for.
package final class BFDReceiver: @unchecked Sendable {
    /// Where single-hop packets go (RFC 5881 section 4).
    package static let singleHopPort: UInt16 = 3784
    /// Where multihop packets go (RFC 5883 section 5).
    package static let multihopPort: UInt16 = 4784

    /// The port that packets are received on.
    let port: UInt16
    private let loop: any EventLoop
    private let isMultihop: Bool
    private let onEvent: @Sendable (BFDReceiverEvent) -> Void
    private let socket: UDPSocket
    private var channel: (any Channel)?
    /// False once nothing is received any more.
    package private(set) var isOpen = true

    private init(
        socket: UDPSocket, port: UInt16, loop: any EventLoop, isMultihop: Bool,
        onEvent: @escaping @Sendable (BFDReceiverEvent) -> Void
    ) {
        self.socket = socket
        self.port = port
        self.loop = loop
        self.isMultihop = isMultihop
        self.onEvent = onEvent
    }

    /// Opens the socket on the port for its kind. 0.0.0.0 or :: is any address of that family; both can be open side by
    /// side. On single hop, what has passed a router never arrives (RFC 5881 section 5).
    ///
    /// `peers` are those that packets are taken from. `onEvent` is called on the loop, never from inside a call of ours.
    package static func open(
        on address: IPAddress, isMultihop: Bool, from peers: [ScopedAddress], loop: any EventLoop,
        onEvent: @escaping @Sendable (BFDReceiverEvent) -> Void
    ) throws(BFDSocketFailure) -> BFDReceiver {
        try open(
            on: address, port: isMultihop ? multihopPort : singleHopPort, isMultihop: isMultihop, from: peers,
            loop: loop, onEvent: onEvent)
    }

    /// The same on any port; 0 is the kernel's choice.
    static func open(
        on address: IPAddress, port: UInt16, isMultihop: Bool, from peers: [ScopedAddress] = [], loop: any EventLoop,
        onEvent: @escaping @Sendable (BFDReceiverEvent) -> Void
    ) throws(BFDSocketFailure) -> BFDReceiver {
        let socket = try UDPSocket(isIPv4: address.isIPv4, purpose: "cannot receive BFD on \(address) port \(port)")
        do throws(BFDSocketFailure) {
            // Without SO_REUSEADDR: two daemons that share the port would steal each other's packets without a word.
            if !address.isIPv4 { try socket.set(CInt(IPPROTO_IPV6), IPV6_V6ONLY, CInt(1), "IPV6_V6ONLY") }
            // Before it is bound, so that nothing slips in.
            try socket.drop(
                allBut: SourceFilter(isIPv4: socket.isIPv4, isSingleHop: !isMultihop, peers: peers))
            try socket.bind(to: SocketName(address, port: port))
        } catch {
            socket.close()
            throw error
        }
        let receiver = BFDReceiver(
            socket: socket, port: socket.localPort ?? port, loop: loop, isMultihop: isMultihop, onEvent: onEvent)
        receiver.read()
        return receiver
    }

    /// Takes packets from these peers from now on, and from no others.
    package func receive(from peers: [ScopedAddress]) throws(BFDSocketFailure) {
        loop.assertInEventLoop()
        guard isOpen else { return }
        try socket.drop(allBut: SourceFilter(isIPv4: socket.isIPv4, isSingleHop: !isMultihop, peers: peers))
    }

    private func read() {
        DatagramBootstrap(group: loop)
            // More than any legal packet has.
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 256))
            // After a stall of the loop, all that waits is read before a deadline can say that nothing came.
            .channelOption(.maxMessagesPerRead, value: 128)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    self.channel = channel
                    try channel.pipeline.syncOperations.addHandler(ReceiverHandler(self))
                }
            }
            .withBoundSocket(socket.number)
            .whenFailure { error in self.loop.execute { self.end(socketWords(error)) } }
    }

    /// True if packets wait to be read.
    package var hasWaiting: Bool {
        guard isOpen else { return false }
        var state = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
        return poll(&state, 1, 0) > 0 && state.revents & Int16(POLLIN) != 0
    }

    /// Closes the socket. No event follows.
    package func close() {
        loop.assertInEventLoop()
        isOpen = false
        channel?.close(promise: nil)
    }

    fileprivate func received(_ envelope: AddressedEnvelope<ByteBuffer>) {
        guard let source = envelope.remoteAddress.scoped else { return }
        do throws(BFDDiscard) {
            let packet = try BFDPacket(decoding: envelope.data.readableBytesSpan)
            onEvent(.received(BFDArrival(packet: packet, source: source, isMultihop: isMultihop)))
        } catch {
            onEvent(.discarded(error, from: source))
        }
    }

    fileprivate func end(_ reason: String) {
        guard isOpen else { return }
        isOpen = false
        onEvent(.ended(reason: reason))
    }
}

/// What the system said of a socket, without the name of the call that NIO made.
private func socketWords(_ error: any Error) -> String {
    (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "the socket was closed"
}

/// Brings what the channel says to the receiver.
private final class ReceiverHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private let receiver: BFDReceiver
    private var lastError: (any Error)?

    init(_ receiver: BFDReceiver) {
        self.receiver = receiver
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        receiver.received(unwrapInboundIn(data))
    }

    /// Most errors pass; one that does not is followed by `channelInactive`.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        lastError = error
    }

    func channelInactive(context: ChannelHandlerContext) {
        receiver.end(lastError.map(socketWords) ?? "the socket was closed")
    }
}

@available(*, unavailable)
extension ReceiverHandler: Sendable {}
