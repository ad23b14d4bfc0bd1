import CLinuxShim
import Glibc
import NIOCore
import NIOPosix

/// The kernel gives us no way to see signals.
private struct SignalsUnseen: Error, CustomStringConvertible {
    let description: String

    init(_ code: CInt) {
        description = "signals cannot be seen: \(String(cString: strerror(code)))"
    }
}

/// Signals as bytes of a signalfd, read by the event loop: no handler, no other thread, and process 1 of a container
/// gets them too.
enum Signals {
    /// What a signal asks of the daemon.
    enum Request {
        /// To withdraw, unbind and exit; urgent: without settling and lingering.
        case leave(isUrgent: Bool)
        /// To read the settings anew.
        case reload
        /// To write the status to the log.
        case status
        /// To leave the processor to others: the kernel's answer to a budget that is spent.
        case giveWay
        /// Nothing that can be done while running.
        case nothing

        init(_ number: Int32) {
            switch number {
            // SIGPWR is how LXC, and SIGRTMIN+3 how a container manager that expects systemd asks process 1 to stop.
            case SIGTERM, SIGPWR, Signals.halt: self = .leave(isUrgent: false)
            case SIGINT, SIGQUIT: self = .leave(isUrgent: true)
            case SIGHUP: self = .reload
            case SIGUSR1: self = .status
            case SIGXCPU: self = .giveWay
            default: self = .nothing
            }
        }
    }

    /// SIGRTMIN+3 (SIGRTMIN is 34: the C library keeps two for itself).
    private static let halt: Int32 = 37

    /// All that would end or stop the process and that an operator may send, or a limit of the unit cause. Not among them is
    /// what a fault in the process itself raises (SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV), because a crash must end it and
    /// say where, and SIGABRT, with which systemd's watchdog ends a process that hangs. SIGSYS is: what a system call filter
    /// raises cannot be held back, and ends the process all the same.
    static let handled =
        [
            SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM, SIGSTKFLT, SIGTSTP, SIGTTIN, SIGTTOU, SIGXCPU,
            SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSYS,
        ] + (34...64)

    /// `SIGTERM`, or `signal 12`.
    static func name(of number: Int32) -> String {
        switch number {
        case SIGHUP: "SIGHUP"
        case SIGINT: "SIGINT"
        case SIGQUIT: "SIGQUIT"
        case SIGTERM: "SIGTERM"
        case SIGPWR: "SIGPWR"
        case halt: "SIGRTMIN+3"
        default: "signal \(number)"
        }
    }

    /// Holds the signals back for the signalfd, and ignores SIGPIPE. Call before any thread exists.
    static func block() {
        var set = signalSet()
        pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Calls `onSignal` on the loop with the number of each signal that arrives.
    static func watch(on loop: any EventLoop, onSignal: @escaping @Sendable (Int32) -> Void) throws -> EventLoopFuture<
        Void
    > {
        var set = signalSet()
        let descriptor = signalfd(-1, &set, Int32(SFD_NONBLOCK) | Int32(SFD_CLOEXEC))
        guard descriptor >= 0 else { throw SignalsUnseen(errno) }
        // As a socket: NIO's channel of a pipe describes itself by reflection, at a tenth of the cost of a start.
        return ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(SignalReader(onSignal: onSignal))
                }
            }
            .withConnectedSocket(descriptor)
            .map { _ in }
            .flatMapErrorThrowing { error in throw SignalsUnseen((error as? IOError)?.errnoCode ?? EIO) }
    }

    private static func signalSet() -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in handled { sigaddset(&set, number) }
        return set
    }

    /// Cuts the stream of `signalfd_siginfo` records (128 bytes, the signal number first).
    private final class SignalReader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let onSignal: @Sendable (Int32) -> Void
        private var buffer = ByteBuffer()

        init(onSignal: @escaping @Sendable (Int32) -> Void) {
            self.onSignal = onSignal
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var incoming = unwrapInboundIn(data)
            buffer.writeBuffer(&incoming)
            while var record = buffer.readSlice(length: MemoryLayout<signalfd_siginfo>.size) {
                if let number = record.readInteger(endianness: .host, as: UInt32.self) {
                    onSignal(Int32(truncatingIfNeeded: number))
                }
            }
            buffer.discardReadBytes()
        }
    }
}
