import CLinuxShim
import Glibc
import NIOCore
import NIOPosix
import ShellSystem

/// Says when one file may have come, gone or changed: inotify on its directory, so that nothing is polled.
///
/// Any event in the directory counts, because a file can also change by a link beside it (that is how Kubernetes
/// replaces what it mounts). Where inotify has nothing to hold on to, because the directory is not there or the kernel
/// refuses, a look is due each second instead, until it works again.
final class FileWatch: Sendable {
    private let directory: String
    private let thread: any WorkThread
    private let loop: any EventLoop
    private let pause: TimeAmount
    private let lookIsDue: @Sendable () -> Void
    private let cannotWatch: @Sendable (String) -> Void
    /// Only touched on the loop.
    private let state: NIOLoopBoundBox<State>

    private enum State {
        /// The descriptor or its channel is being made.
        case opening
        case watching(any Channel)
        case looking(Scheduled<Void>)
        case stopped
    }

    /// On the loop, as are the calls back.
    /// - Parameters:
    ///   - path: absolute.
    ///   - thread: where the kernel is asked to watch, which waits for a file system that hangs. Who looks there afterwards
    ///     misses nothing.
    ///   - lookIsDue: the file may be another than at the last look.
    ///   - cannotWatch: looks are due each second for this reason; not said of a directory that is not there.
    init(
        _ path: String, by thread: any WorkThread, on loop: any EventLoop, pause: TimeAmount = .seconds(1),
        lookIsDue: @escaping @Sendable () -> Void, cannotWatch: @escaping @Sendable (String) -> Void
    ) {
        let parent = path.lastIndex(of: "/").map { path[..<$0] } ?? ""
        directory = parent.isEmpty ? "/" : String(parent)
        self.thread = thread
        self.loop = loop
        self.pause = pause
        self.lookIsDue = lookIsDue
        self.cannotWatch = cannotWatch
        state = .makeBoxSendingValue(.opening, eventLoop: loop)
        watch()
    }

    func stop() {
        let last = state.value
        state.value = .stopped
        switch last {
        case .watching(let channel): channel.close(promise: nil)
        case .looking(let task): task.cancel()
        case .opening, .stopped: break
        }
    }

    private static let events =
        IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF
        | IN_MOVE_SELF | IN_ONLYDIR

    private func watch() {
        state.value = .opening
        thread.submit { [self] in
            let descriptor = Self.open(directory)
            loop.execute { self.adopt(descriptor) }
        }
    }

    private struct CannotOpen: Error {
        var code: CInt
    }

    /// A descriptor that tells of all that happens in the directory. May block.
    private static func open(_ directory: String) -> Result<CInt, CannotOpen> {
        let descriptor = inotify_init1(CInt(IN_NONBLOCK) | CInt(IN_CLOEXEC))
        guard descriptor >= 0 else { return .failure(CannotOpen(code: errno)) }
        guard inotify_add_watch(descriptor, directory, UInt32(truncatingIfNeeded: events)) >= 0 else {
            let code = errno
            close(descriptor)
            return .failure(CannotOpen(code: code))
        }
        return .success(descriptor)
    }

    private func adopt(_ opened: Result<CInt, CannotOpen>) {
        switch (opened, state.value) {
        case (.failure(let error), _): lookLater(because: error.code)
        case (.success(let descriptor), .stopped): close(descriptor)
        case (.success(let descriptor), _): read(descriptor)
        }
    }

    private func read(_ descriptor: CInt) {
        // As a socket: NIO's channel of a pipe describes itself by reflection, at a tenth of the cost of a start.
        ClientBootstrap(group: loop)
            // Room for an event with the longest name; the kernel refuses to cut one.
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 4096))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        DirectoryEvents(onEvent: self.lookIsDue, onEnd: { self.ended() }))
                }
            }
            .withConnectedSocket(descriptor)
            .whenComplete { result in
                switch result {
                case .success(let channel): self.opened(channel)
                case .failure(let error): self.lookLater(because: (error as? IOError)?.errnoCode ?? EIO)
                }
            }
    }

    private func opened(_ channel: any Channel) {
        if case .opening = state.value, channel.isActive {
            state.value = .watching(channel)
        } else {
            channel.close(promise: nil)
        }
    }

    /// The directory is gone or has been moved, or the descriptor failed: what is at its path now?
    private func ended() {
        if case .stopped = state.value { return }
        watch()
        lookIsDue()
    }

    private func lookLater(because code: CInt) {
        if case .stopped = state.value { return }
        if code != ENOENT, code != ENOTDIR {
            cannotWatch(strerror(code).map { String(cString: $0) } ?? "error \(code)")
        }
        let task = loop.scheduleTask(in: pause) {
            if case .stopped = self.state.value { return }
            self.watch()
            self.lookIsDue()
        }
        state.value = .looking(task)
    }
}

/// Batches of `inotify_event` records: a header of 16 bytes, then a name.
private final class DirectoryEvents: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let onEvent: () -> Void
    private let onEnd: () -> Void
    private var hasEnded = false

    init(onEvent: @escaping () -> Void, onEnd: @escaping () -> Void) {
        self.onEvent = onEvent
        self.onEnd = onEnd
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var batch = unwrapInboundIn(data)
        // wd, mask, cookie, length of the name.
        while let header = batch.readMultipleIntegers(endianness: .host, as: (Int32, UInt32, UInt32, UInt32).self) {
            batch.moveReaderIndex(forwardBy: min(Int(header.3), batch.readableBytes))
            if header.1 & UInt32(IN_IGNORED | IN_MOVE_SELF | IN_UNMOUNT) != 0 { hasEnded = true }
        }
    }

    /// One look for all that came together.
    func channelReadComplete(context: ChannelHandlerContext) {
        if hasEnded {
            context.close(promise: nil)
        } else {
            onEvent()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        onEnd()
    }
}
