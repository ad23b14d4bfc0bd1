import Deadlines
import Logging
import NIOCore
import SpeakerCore
import ShellSystem

/// What all owners of resources share with the host: the loop, the log, and the way back.
final class HostLink: LoopConfined {
    /// What owners ask of the host.
    struct Calls {
        /// Gives the Speaker an input. It is handled before this returns, unless this is called while effects are performed.
        var take: (Input) -> Void
        /// The daemon cannot run without this, and its start has not come to an end.
        var fail: (any Error) -> Void
        /// Hands everything that was sent to peers to the kernel.
        var flush: () -> Void
        var speaker: () -> Speaker
    }

    let loop: any EventLoop
    var logger: Logger
    /// True once everything is known that can keep the node out of service.
    var isServing = false
    /// False once the process's work has ended.
    var isRunning = true
    private let calls: Calls

    init(loop: any EventLoop, logger: Logger, calls: Calls) {
        self.loop = loop
        self.logger = logger
        self.calls = calls
    }

    /// True if what happens is logged, beside what is decided.
    var isTracing: Bool { logger.logLevel <= .debug }
    /// The monotonic clock, on which the loop's deadlines are.
    var now: Instant { Instant(nanoseconds: loop.now.uptimeNanoseconds) }
    /// A copy.
    var speaker: Speaker { calls.speaker() }

    /// See `Calls`.
    func take(_ input: Input) { calls.take(input) }
    /// See `Calls`.
    func fail(_ error: any Error) { calls.fail(error) }
    /// See `Calls`.
    func flush() { calls.flush() }
}
