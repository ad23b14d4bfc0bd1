import CLinuxShim
import Deadlines
import Glibc
import Logging
import Settings

/// Writes one line an event to standard error, as logfmt or JSON, and never blocks the loop.
///
/// A log pipe that is not read must not stop keepalives: a line that cannot be written at once is dropped and counted, and
/// the count goes out with the next line that can. Of a pipe and a socket `poll` says what can be; anything else is written
/// to by a thread.
///
/// If systemd's journal reads the descriptor, a line begins with its priority (`<3>`, sd-daemon(3)) instead of the time,
/// which the journal knows itself.
final class LineLog: Sendable {
    private let descriptor: Int32
    private let background: BackgroundWriter?
    /// True if systemd's journal reads the descriptor.
    private let isJournal: Bool
    private let state: State

    /// Only the event loop logs, so plain state would do, but the logging library asks for Sendable.
    private final class State: @unchecked Sendable {
        var format: LogFormat
        /// Lines dropped since the last one written.
        var lost = 0
        /// What is left of the last line: a pipe may have taken a part of it only.
        var rest: ArraySlice<UInt8> = []

        init(_ format: LogFormat) {
            self.format = format
        }
    }

    /// - Parameter journalStream: the value of `JOURNAL_STREAM`: device and inode of the socket that leads to the journal
    ///   (systemd.exec(5)). A descriptor that was redirected since has others.
    init(format: LogFormat, descriptor: Int32 = STDERR_FILENO, journalStream: String? = nil) {
        state = State(format)
        self.descriptor = descriptor
        var info = stat()
        let isKnown = fstat(descriptor, &info) == 0
        let kind = info.st_mode & S_IFMT
        isJournal = isKnown && journalStream == "\(info.st_dev):\(info.st_ino)"
        background =
            isKnown && kind != S_IFIFO && kind != S_IFSOCK ? BackgroundWriter(descriptor: descriptor) : nil
    }

    /// That of the process: to standard error.
    static func ofProcess(_ format: LogFormat) -> LineLog {
        LineLog(format: format, journalStream: getenv("JOURNAL_STREAM").map { String(cString: $0) })
    }

    /// How lines are written from now on.
    var format: LogFormat {
        get { state.format }
        set { state.format = newValue }
    }

    /// Gives what is not written yet a moment to be, before the process ends.
    func finish() {
        background?.drain()
    }

    /// Writes a line, or counts it as lost.
    func write(level: Logger.Level, message: String, metadata: [(String, Logger.MetadataValue)]) {
        writeRest()
        guard background?.hasRoom ?? (state.rest.isEmpty && isWritable) else {
            state.lost += 1
            return
        }
        var fields: [(String, Logger.MetadataValue)] = isJournal ? [] : [("time", "\(WallTime.now())")]
        fields += [("level", "\(level)"), ("msg", .string(message))] + metadata
        if state.lost > 0 { fields.append(("lines_lost", .number(state.lost))) }
        state.lost = 0
        let prefix = isJournal ? "<\(level.journalPriority)>" : ""
        let line = Array((prefix + Self.render(fields, as: state.format) + "\n").utf8)
        if let background { return background.write(line) }
        state.rest = line[...]
        writeRest()
    }

    /// Writes as much of the rest as the reader has room for. A line that was begun is never broken off.
    private func writeRest() {
        while !state.rest.isEmpty, isWritable {
            let chunk = state.rest.prefix(Int(PIPE_BUF))
            let written = chunk.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EAGAIN || errno == EINTR { return }
            if written < 0 {
                state.lost += 1
                state.rest = []
            } else {
                state.rest = state.rest.dropFirst(written)
            }
        }
    }

    /// True if a write of up to PIPE_BUF bytes does not block: a pipe is writable while it has room for as many.
    private var isWritable: Bool {
        var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return Glibc.poll(&poll, 1, 0) == 1 && poll.revents & Int16(POLLOUT) != 0
    }
}

/// The logging library's view of `LineLog`.
struct LineLogHandler: LogHandler {
    let log: LineLog
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let extra = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        log.write(level: event.level, message: "\(event.message)", metadata: extra)
    }
}

extension Logger.Level {
    /// The priority as syslog(3) numbers it.
    fileprivate var journalPriority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    /// The library's level for ours.
    init(_ level: LogLevel) {
        switch level {
        case .debug: self = .debug
        case .info: self = .info
        case .notice: self = .notice
        case .warning: self = .warning
        case .error: self = .error
        }
    }
}
