import Deadlines
import NIOCore
import Settings
import SpeakerCore
import ShellSystem
import Wording

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
    /// Lines of a lower level are not logged.
    var logLevel: LogLevel
    /// Writes a line of the log, whatever its level.
    let write: (LogLine) -> Void
    /// True once everything is known that can keep the node out of service.
    var isServing = false
    /// False once the process's work has ended.
    var isRunning = true
    private let calls: Calls

    init(loop: any EventLoop, logLevel: LogLevel, write: @escaping (LogLine) -> Void, calls: Calls) {
        self.loop = loop
        self.logLevel = logLevel
        self.write = write
        self.calls = calls
    }

    /// True if what happens is logged, beside what is decided.
    var isTracing: Bool { logLevel == .debug }
    /// The monotonic clock, on which the loop's deadlines are.
    var now: Instant { Instant(nanoseconds: loop.now.uptimeNanoseconds) }
    /// A copy.
    var speaker: Speaker { calls.speaker() }

    /// Logs a line if its level is logged.
    func log(_ line: LogLine) {
        if line.level >= logLevel { write(line) }
    }

    /// Logs what was noticed.
    func log(_ fact: HostFact) { log(LogLine(fact)) }

    /// Logs what happens, at the level debug. Otherwise nothing is made for it.
    func trace(_ trace: @autoclosure () -> Trace) {
        if isTracing, let line = LogLine(trace()) { write(line) }
    }

    /// See `Calls`.
    func take(_ input: Input) { calls.take(input) }
    /// See `Calls`.
    func fail(_ error: any Error) { calls.fail(error) }
    /// See `Calls`.
    func flush() { calls.flush() }
}
