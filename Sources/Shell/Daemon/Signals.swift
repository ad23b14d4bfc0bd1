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
    /// The signals the daemon acts on.
    private static let handled = [SIGTERM, SIGINT, SIGHUP]

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
        return NIOPipeBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(SignalReader(onSignal: onSignal))
                }
            }
            .takingOwnershipOfDescriptor(input: descriptor)
            .map { _ in }
            .flatMapErrorThrowing { error in throw SignalsUnseen((error as? IOError)?.errnoCode ?? EIO) }
    }

    /// Sleeps, before there is a loop. False if a signal to end has come meanwhile.
    static func pause(milliseconds: Int) -> Bool {
        var set = signalSet()
        var time = timespec(tv_sec: milliseconds / 1_000, tv_nsec: milliseconds % 1_000 * 1_000_000)
        return ![SIGTERM, SIGINT].contains(sigtimedwait(&set, nil, &time))
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
