package import BGPFSM
import Glibc
package import IPTypes
package import NIOCore
import NIOPosix

/// A listening socket for peers that dial us. It decides nothing: every connection is offered to its owner.
///
/// One that is tied to an interface takes all connections that arrive there, before one that is not. That is how peers
/// with link-local addresses have passwords: the kernel's keys know no interface, and the same address may be another
/// peer on each link.
///
/// Used on one event loop only; that confinement is what `@unchecked Sendable` stands for.
package final class PeerListener: @unchecked Sendable {
    /// The port listened on; the kernel's choice if 0 was asked for.
    package let port: UInt16
    /// The number of the interface that it is tied to; nil for all. An interface that is made anew has another.
    package let interfaceIndex: UInt32?
    private let isIPv4: Bool
    private let keyed: KeyedAddresses
    private let loop: any EventLoop
    private let channel: EventLoopFuture<any Channel>
    /// Our own descriptor of the socket, for the keys: the channel's may be closed and reused behind our back.
    private let descriptor: SocketDescriptor
    private var isOpen = true

    private init(
        port: UInt16, interfaceIndex: UInt32?, isIPv4: Bool, keyed: KeyedAddresses, loop: any EventLoop,
        channel: EventLoopFuture<any Channel>, descriptor: SocketDescriptor
    ) {
        self.port = port
        self.interfaceIndex = interfaceIndex
        self.isIPv4 = isIPv4
        self.keyed = keyed
        self.loop = loop
        self.channel = channel
        self.descriptor = descriptor
    }

    /// Listens on a local address; 0.0.0.0 or :: is any of that family, and both can be listened on side by side.
    ///
    /// The MD5 keys are in place before the first SYN can arrive. `onAccept` is called for every connection, on the
    /// loop and never from inside a call of ours; it has to call `adopt` or `reject` before it returns.
    /// - Parameters:
    ///   - interface: ties it to an interface, beside one that is open already and leaves room.
    ///   - keys: the TCP MD5 keys by peer, 1...80 bytes each.
    ///   - linkLocalKey: the key of all link-local peers that are not among those.
    ///   - leavesRoom: allows others of this user to be opened on the same port, each tied to an interface.
    package static func listen(
        on address: ScopedAddress, port: UInt16, interface: String? = nil, keys: [IPAddress: [UInt8]] = [:],
        linkLocalKey: [UInt8]? = nil, leavesRoom: Bool = false, on loop: any EventLoop,
        onAccept: @escaping @Sendable (PeerConnection) -> Void
    ) throws(ListenFailure) -> PeerListener {
        do throws(TransportFailure) {
            let name = try SocketAddress(address, port: port)
            let isIPv4 = address.address.isIPv4
            let keyed = KeyedAddresses(
                Set(keys.keys.filter { $0.isIPv4 == isIPv4 }), linkLocal: linkLocalKey != nil && !isIPv4)
            let socket = try openSocket(isIPv4: isIPv4) { socket throws(TransportFailure) in
                if let interface {
                    try socket.bind(toInterface: interface)
                    try socket.set(SOL_SOCKET, SO_REUSEPORT, CInt(1), "SO_REUSEPORT")
                }
                for (peer, key) in keys where peer.isIPv4 == isIPv4 {
                    try socket.setMD5Key(key, for: SocketAddress(ScopedAddress(peer), port: 0))
                }
                if let linkLocalKey, !isIPv4 { try socket.setLinkLocalKey(linkLocalKey) }
                try socket.bind(to: name)
            }
            if leavesRoom { socket.leaveRoom() }
            let own = SocketDescriptor(number: fcntl(socket.number, F_DUPFD_CLOEXEC, 0))
            guard own.number >= 0 else {
                let code = errno
                Glibc.close(socket.number)
                throw TransportFailure(errno: code, operation: "dup")
            }
            return PeerListener(
                port: own.localPort ?? port, interfaceIndex: interface.map { if_nametoindex($0) }, isIPv4: isIPv4,
                keyed: keyed, loop: loop, channel: accept(on: socket, keyed, loop, onAccept), descriptor: own)
        } catch {
            throw ListenFailure(address: address, port: port, cause: error)
        }
    }

    /// Sets the key for one peer, 1...80 bytes, or takes it away with nil. Holds for connections that come from now on.
    /// Does nothing for a peer of the other family.
    package func setMD5Key(_ key: [UInt8]?, for peer: IPAddress) throws(TransportFailure) {
        loop.assertInEventLoop()
        guard isOpen, peer.isIPv4 == isIPv4 else { return }
        try descriptor.setMD5Key(key, for: SocketAddress(ScopedAddress(peer), port: 0))
        keyed.note(peer, hasKey: key != nil)
    }

    /// The same for all link-local peers that have no key of their own.
    package func setLinkLocalKey(_ key: [UInt8]?) throws(TransportFailure) {
        loop.assertInEventLoop()
        guard isOpen, !isIPv4 else { return }
        try descriptor.setLinkLocalKey(key)
        keyed.noteLinkLocal(hasKey: key != nil)
    }

    /// Allows others of this user to be opened on the same port, each tied to an interface.
    package func leaveRoom() {
        loop.assertInEventLoop()
        if isOpen { descriptor.leaveRoom() }
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
    /// A listening socket with all options; `prepare` sets the keys and binds it.
    private static func openSocket(
        isIPv4: Bool, prepare: (SocketDescriptor) throws(TransportFailure) -> Void
    ) throws(TransportFailure) -> SocketDescriptor {
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        let number = socket(isIPv4 ? AF_INET : AF_INET6, type, 0)
        guard number >= 0 else { throw TransportFailure(errno: errno, operation: "socket") }
        let descriptor = SocketDescriptor(number: number)
        do throws(TransportFailure) {
            try descriptor.set(SOL_SOCKET, SO_REUSEADDR, CInt(1), "SO_REUSEADDR")
            if !isIPv4 { try descriptor.set(ipv6, IPV6_V6ONLY, CInt(1), "IPV6_V6ONLY") }
            try descriptor.setTrafficClass(isIPv4: isIPv4)
            // The SYN-ACK leaves before the peer that it is for is known: 255 satisfies those with TTL security.
            try descriptor.setHopLimit(255, isIPv4: isIPv4)
            // Connections have it from here; what arrives before they are adopted counts too.
            try descriptor.keepUrgentOctets()
            try prepare(descriptor)
            guard Glibc.listen(number, 128) == 0 else { throw TransportFailure(errno: errno, operation: "listen") }
            return descriptor
        } catch {
            Glibc.close(number)
            throw error
        }
    }

    private static func accept(
        on socket: SocketDescriptor, _ keyed: KeyedAddresses, _ loop: any EventLoop,
        _ onAccept: @escaping @Sendable (PeerConnection) -> Void
    ) -> EventLoopFuture<any Channel> {
        ServerBootstrap(group: loop)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(AcceptPause()) }
            }
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    // Without an address it has been reset already, and NIO will find out by itself.
                    guard let remote = channel.remoteAddress?.scoped else { return }
                    try PeerConnection.offer(
                        channel, from: remote, isSigned: keyed.contains(remote.address), onOffer: onAccept)
                }
            }
            .withBoundSocket(socket.number)
    }
}

/// The peers whose connections the kernel accepts only with a valid signature. Used on the listener's loop only; that
/// confinement is what `@unchecked Sendable` stands for.
private final class KeyedAddresses: @unchecked Sendable {
    private var addresses: Set<IPAddress>
    private var linkLocal: Bool

    init(_ addresses: Set<IPAddress>, linkLocal: Bool) {
        self.addresses = addresses
        self.linkLocal = linkLocal
    }

    func note(_ address: IPAddress, hasKey: Bool) {
        if hasKey { addresses.insert(address) } else { addresses.remove(address) }
    }

    func noteLinkLocal(hasKey: Bool) {
        linkLocal = hasKey
    }

    func contains(_ address: IPAddress) -> Bool {
        addresses.contains(address) || (linkLocal && !address.isIPv4 && address.isLinkLocal)
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
