import CLinuxShim
import Glibc
import Health
import NIOCore
import NIOPosix

/// One connection to the service. On the event loop.
protocol ServiceConnection: ChannelHandler {
    /// The address and port, for reasons.
    var name: String { get }
    /// Where events go; empty once the connection is of no more interest.
    var report: (ConnectionEvent) -> Void { get set }
    var channel: (any Channel)? { get set }
    /// How far the probe got, in words.
    var progress: String { get }
    /// What is known of the answer before it is complete; nil if that decides nothing.
    var earlyOutcome: Outcome? { get }
    /// Asks again on the open connection.
    func ask()
}

/// What happens on a connection to the service.
enum ConnectionEvent {
    /// What may follow an answer.
    enum Afterwards {
        /// The connection can carry the next probe.
        case askAgain
        /// The connection only tells when the service goes away.
        case watch
        /// The connection is of no more use.
        case close
    }

    /// The probe has its outcome.
    case answered(Outcome, Afterwards)
    /// The service closed the connection before it had answered.
    case closedEarly(reason: String)
    /// The service closed the connection that was kept open.
    case lost
}

extension ServiceConnection {
    /// Connects, with this handler alone in the pipeline.
    func dial(_ address: SocketAddress, timeout: Duration, on loop: any EventLoop) {
        let handler = NIOLoopBound(self, eventLoop: loop)
        let bootstrap = ClientBootstrap(group: loop)
            // The prober's own timeout comes first; this one only must not come before it.
            .connectTimeout(TimeAmount(timeout) + .seconds(1))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    handler.value.channel = channel
                    try channel.pipeline.syncOperations.addHandler(handler.value)
                }
            }
        let connected: EventLoopFuture<any Channel> =
            switch connectedAtOnce(to: address) {
            case .success(let socket): bootstrap.withConnectedSocket(socket)
            case .failure(let error): loop.makeFailedFuture(error)
            case nil: bootstrap.connect(to: address)
            }
        connected.assumeIsolated().whenFailure { [self] in connectFailed($0) }
    }

    /// Closes the connection without any further event.
    func abandon() {
        report = { _ in }
        channel?.close(promise: nil)
    }

    private func connectFailed(_ error: any Error) {
        switch (error as? IOError)?.errnoCode {
        case ECONNREFUSED:
            let reason = "connection refused by \(name)"
            report(.answered(.failed(reason: reason, definitive: true), .close))
        case ECONNRESET, EPIPE, ENOTCONN:
            report(.closedEarly(reason: "\(name) closed the connection at once"))
        default:
            let reason = "cannot connect to \(name): \(words(for: error))"
            report(.answered(.failed(reason: reason, definitive: false), .close))
        }
    }
}

/// A connection over loopback, which the kernel accepts or refuses inside connect(2): in a fraction of the time that a
/// channel takes to learn of it. Nil if the address is another, or the kernel has not decided.
private func connectedAtOnce(to address: SocketAddress) -> Result<CInt, IOError>? {
    guard let host = address.ipAddress, host.hasPrefix("127.") || host == "::1" else { return nil }
    let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
    let descriptor = socket(address.protocol == .inet ? AF_INET : AF_INET6, kind, 0)
    guard descriptor >= 0 else { return nil }
    let result = address.withSockAddr { connect(descriptor, $0, socklen_t($1)) }
    var code: CInt = result == 0 ? 0 : errno
    if code == EINPROGRESS {
        var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        var length = socklen_t(MemoryLayout<CInt>.size)
        if poll(&state, 1, 0) == 1 { getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) }
    }
    if code == 0 { return .success(descriptor) }
    close(descriptor)
    return code == EINPROGRESS ? nil : .failure(IOError(errnoCode: code, reason: "connect"))
}
