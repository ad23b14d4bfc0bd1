import CLinuxShim
import Glibc
import Health
import IPTypes
import NIOCore
import NIOPosix

/// What the kernel says of the socket on which a service of this host listens (inet_diag, see sock_diag(7)).
///
/// It needs no privilege and the service notices nothing. Of a service elsewhere, in another network namespace or behind
/// address translation it knows nothing, and so it only ever says when to ask, never what came of it.
final class ListeningSocket {
    private let target: SocketTarget
    private let loop: any EventLoop
    /// For questions; opened at the first one. Negative if the kernel gives us none.
    private var descriptor: CInt?
    private var subscription: Subscription?
    /// A listening socket of this port was closed; there may be others.
    var onClose: () -> Void = {}

    init(of target: SocketTarget, on loop: any EventLoop) {
        self.target = target
        self.loop = loop
    }

    deinit {
        stopWatching()
        if let descriptor, descriptor >= 0 { close(descriptor) }
    }

    /// One subscription; its channel comes a little later.
    private final class Subscription {
        var channel: (any Channel)?
    }

    /// True from the subscription on, until it is given up.
    var isWatched: Bool { subscription != nil }

    /// Connections that waited to be accepted when `isOpen` was last asked.
    private(set) var waiting: UInt32 = 0

    /// True if the kernel shows the listening socket that a new connection would find.
    var isOpen: Bool {
        waiting = 0
        guard let found = find(lookup()), found.state == SocketAnswer.listenState else { return false }
        // Of a listening socket, idiag_rqueue is the length of its accept queue.
        waiting = found.readQueue
        return true
    }

    /// True if the kernel shows the service's end of a connection from this address of ours, and it is not accepted yet: the
    /// socket belongs to no file yet. A service that has closed its end has accepted.
    func isQueued(from client: SocketAddress) -> Bool {
        guard let port = client.port, let address = client.ipAddress.flatMap({ IPAddress($0) }),
            address.isIPv4 == target.address.isIPv4, let found = find(lookup(from: (address, UInt16(port))))
        else { return false }
        return found.state == SocketAnswer.establishedState && found.inode == 0
    }

    /// What the kernel shows of the socket that is asked for; nil if there is none.
    private func find(_ request: [UInt8]) -> SocketAnswer? {
        if descriptor == nil { descriptor = openDiagnosis(groups: 0, filter: nil) }
        guard let descriptor, descriptor >= 0,
            send(descriptor, request, request.count, 0) == request.count
        else { return nil }
        var answer = [UInt8](repeating: 0, count: 1024)
        // The kernel has answered inside send(): with the socket, or with the error that there is none.
        let count = recv(descriptor, &answer, answer.count, 0)
        return SocketAnswer(parsing: answer.prefix(max(0, count)))
    }

    /// Subscribes to the news that TCP sockets are gone. The kernel makes them for every TCP socket of the host, at some
    /// microseconds each, and drops all but this port's listening ones: for as long as nothing else tells of a crash.
    func startWatching() {
        guard !isWatched else { return }
        let port = UInt32(target.port)
        let filter = [
            // The source port is the service's, and there is no destination port.
            sock_filter(code: UInt16(BPF_LD | BPF_H | BPF_ABS), jt: 0, jf: 0, k: UInt32(SocketAnswer.headerLength + 4)),
            sock_filter(code: UInt16(BPF_JMP | BPF_JEQ | BPF_K), jt: 0, jf: 3, k: port),
            sock_filter(code: UInt16(BPF_LD | BPF_H | BPF_ABS), jt: 0, jf: 0, k: UInt32(SocketAnswer.headerLength + 6)),
            sock_filter(code: UInt16(BPF_JMP | BPF_JEQ | BPF_K), jt: 0, jf: 1, k: 0),
            sock_filter(code: UInt16(BPF_RET | BPF_K), jt: 0, jf: 0, k: .max),
            sock_filter(code: UInt16(BPF_RET | BPF_K), jt: 0, jf: 0, k: 0),
        ]
        let news = openDiagnosis(groups: Self.destroyGroups, filter: filter)
        guard news >= 0 else { return }
        let subscription = Subscription()
        self.subscription = subscription
        let handler = NIOLoopBound(
            NewsHandler(
                onNews: { [weak self] in self?.onClose() },
                // After an error of the socket it is not watched any more, until a probe asks for it again.
                onEnd: { [weak self] in if self?.subscription === subscription { self?.subscription = nil } }),
            eventLoop: loop)
        // As a socket: NIO's channel of a pipe describes itself by reflection, at a tenth of the cost of a start.
        ClientBootstrap(group: loop)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 2048))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(handler.value)
                }
            }
            .withConnectedSocket(news)
            .assumeIsolated()
            .whenComplete { [weak self] result in
                switch result {
                case .success(let channel) where self?.subscription === subscription: subscription.channel = channel
                case .success(let channel): channel.close(promise: nil)
                case .failure: if self?.subscription === subscription { self?.subscription = nil }
                }
            }
    }

    func stopWatching() {
        subscription?.channel?.close(promise: nil)
        subscription = nil
    }

    /// Asks for the socket that a connection to the target would reach, or that a client's has reached: a header and `struct
    /// inet_diag_req_v2`.
    private func lookup(from client: (address: IPAddress, port: UInt16)? = nil) -> [UInt8] {
        func padded(_ address: IPAddress?) -> [UInt8] {
            let bytes = address?.bytes ?? []
            return bytes + [UInt8](repeating: 0, count: 16 - bytes.count)
        }
        var bytes: [UInt8] = []
        func append(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
        }
        append(UInt32(SocketAnswer.headerLength + 56))
        append(SocketAnswer.byFamily)
        append(UInt16(NLM_F_REQUEST))
        append(UInt64(0))
        append(UInt8(target.address.isIPv4 ? AF_INET : AF_INET6))
        append(UInt8(IPPROTO_TCP))
        append(UInt16(0))
        append(UInt32.max)
        append(target.port.bigEndian)
        append((client?.port ?? 0).bigEndian)
        bytes += padded(target.address) + padded(client?.address)
        // Any interface.
        append(UInt32(0))
        // No cookie: whichever socket it is.
        append(UInt64.max)
        return bytes
    }

    /// SKNLGRP_INET_TCP_DESTROY and SKNLGRP_INET6_TCP_DESTROY of linux/sock_diag.h.
    private static let destroyGroups: UInt32 = 1 << 0 | 1 << 2

    /// A descriptor, or a negative number.
    private func openDiagnosis(groups: UInt32, filter: [sock_filter]?) -> CInt {
        let kind = CInt(SOCK_RAW.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_NETLINK, kind, NETLINK_SOCK_DIAG)
        guard descriptor >= 0 else { return -1 }
        if var filter {
            let attached = filter.withUnsafeMutableBufferPointer { instructions in
                var program = sock_fprog(len: UInt16(instructions.count), filter: instructions.baseAddress)
                return setsockopt(
                    descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, socklen_t(MemoryLayout<sock_fprog>.size))
            }
            guard attached == 0 else {
                close(descriptor)
                return -1
            }
        }
        var own = sockaddr_nl()
        own.nl_family = sa_family_t(AF_NETLINK)
        own.nl_groups = groups
        let bound = withUnsafePointer(to: &own) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
            }
        }
        guard bound == 0 else {
            close(descriptor)
            return -1
        }
        return descriptor
    }
}

@available(*, unavailable)
extension ListeningSocket: Sendable {}

/// Each datagram that the filter lets through is the news that a listening socket is gone.
private final class NewsHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let onNews: () -> Void
    private let onEnd: () -> Void

    init(onNews: @escaping () -> Void, onEnd: @escaping () -> Void) {
        self.onNews = onNews
        self.onEnd = onEnd
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        onNews()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // News that overflowed the socket are news all the same.
        onNews()
    }

    func channelInactive(context: ChannelHandlerContext) {
        onEnd()
    }
}

@available(*, unavailable)
extension NewsHandler: Sendable {}
