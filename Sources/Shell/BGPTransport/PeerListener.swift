package import BGPFSM
import Glibc
package import IPTypes
package import NIOCore
import NIOPosix

/// A listening socket for peers that dial us. It decides nothing: every connection is offered to its owner.
///
/// Used on one event loop only; that confinement is what `@unchecked Sendable` stands for.
package final class PeerListener: @unchecked Sendable {
    /// The port listened on; the kernel's choice if 0 was asked for.
    package let port: UInt16
    private let loop: any EventLoop
    private let channel: EventLoopFuture<any Channel>
    /// Our own descriptor of the socket, for the keys: the channel's may be closed and reused behind our back.
    private let descriptor: SocketDescriptor
    private var isOpen = true

    private init(port: UInt16, loop: any EventLoop, channel: EventLoopFuture<any Channel>, descriptor: SocketDescriptor)
    {
        self.port = port
        self.loop = loop
        self.channel = channel
        self.descriptor = descriptor
    }

    /// Listens on a local address; 0.0.0.0 or :: is any of that family, and both can be listened on side by side.
    ///
    /// The MD5 keys are in place before the first SYN can arrive. `onAccept` is called for every connection, on the
    /// loop and never from inside a call of ours; it has to call `adopt` or `reject` before it returns.
    package static func listen(
        on address: ScopedAddress, port: UInt16, keys: [IPAddress: [UInt8]] = [:], on loop: any EventLoop,
        onAccept: @escaping @Sendable (PeerConnection) -> Void
    ) throws(ListenFailure) -> PeerListener {
        do throws(TransportFailure) {
            let name = try SocketAddress(address, port: port)
            let socket = try openSocket(name, isIPv4: address.address.isIPv4, keys: keys)
            let own = SocketDescriptor(number: fcntl(socket.number, F_DUPFD_CLOEXEC, 0))
            guard own.number >= 0 else {
                let code = errno
                Glibc.close(socket.number)
                throw TransportFailure(errno: code, operation: "dup")
            }
            return PeerListener(
                port: own.localPort ?? port, loop: loop, channel: accept(on: socket, loop, onAccept), descriptor: own)
        } catch {
            throw ListenFailure(address: address, port: port, cause: error)
        }
    }

    /// Sets the key for one peer, 1...80 bytes, or takes it away with nil. Holds for connections that come from now on.
    package func setMD5Key(_ key: [UInt8]?, for peer: IPAddress) throws(TransportFailure) {
        loop.assertInEventLoop()
        guard isOpen else { return }
        try descriptor.setMD5Key(key, for: SocketAddress(ScopedAddress(peer), port: 0))
    }

    /// Stops listening. Connections that were accepted live on.
    package func close() {
        loop.assertInEventLoop()
        guard isOpen else { return }
        isOpen = false
        closeSockets()
    }

    deinit {
        if isOpen { closeSockets() }
    }

    private func closeSockets() {
        Glibc.close(descriptor.number)
        channel.whenSuccess { $0.close(promise: nil) }
    }
}

extension PeerListener {
    /// A bound and listening socket with all options and keys.
    private static func openSocket(
        _ name: SocketAddress, isIPv4: Bool, keys: [IPAddress: [UInt8]]
    ) throws(TransportFailure) -> SocketDescriptor {
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        let number = socket(isIPv4 ? AF_INET : AF_INET6, type, 0)
        guard number >= 0 else { throw TransportFailure(errno: errno, operation: "socket") }
        let descriptor = SocketDescriptor(number: number)
        do throws(TransportFailure) {
            try descriptor.set(SOL_SOCKET, SO_REUSEADDR, CInt(1), "SO_REUSEADDR")
            if !isIPv4 { try descriptor.set(ipv6, IPV6_V6ONLY, CInt(1), "IPV6_V6ONLY") }
            try descriptor.setTrafficClass(isIPv4: isIPv4)
            // The SYN-ACK leaves before anybody knows which peer it is for: 255 satisfies those with TTL security.
            try descriptor.setHopLimit(255, isIPv4: isIPv4)
            for (peer, key) in keys where peer.isIPv4 == isIPv4 {
                try descriptor.setMD5Key(key, for: SocketAddress(ScopedAddress(peer), port: 0))
            }
            try descriptor.bind(to: name)
            guard Glibc.listen(number, 128) == 0 else { throw TransportFailure(errno: errno, operation: "listen") }
            return descriptor
        } catch {
            Glibc.close(number)
            throw error
        }
    }

    private static func accept(
        on socket: SocketDescriptor, _ loop: any EventLoop, _ onAccept: @escaping @Sendable (PeerConnection) -> Void
    ) -> EventLoopFuture<any Channel> {
        ServerBootstrap(group: loop)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(AcceptPause()) }
            }
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    // Without an address it has been reset already, and NIO will find out by itself.
                    guard let remote = channel.remoteAddress?.scoped else { return }
                    try PeerConnection.offer(channel, from: remote, onOffer: onAccept)
                }
            }
            .withBoundSocket(socket.number)
    }
}

/// When accepting fails for want of descriptors or memory, the waiting connection stays readable and the loop would
/// spin; so nothing is accepted for a moment.
private final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is IOError else { return }
        let channel = context.channel
        channel.setOption(.autoRead, value: false).whenFailure { _ in }
        channel.eventLoop.scheduleTask(in: .seconds(1)) {
            channel.setOption(.autoRead, value: true).whenFailure { _ in }
        }
    }
}

@available(*, unavailable)
extension AcceptPause: Sendable {}
