import CLinuxShim
import Deadlines
import Glibc
import Settings
import Wording

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

    /// Used on the event loop, and before it runs: never on two threads at once.
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

    /// Writes the line of a fact if lines of its level are written.
    func write(_ fact: HostFact, from least: LogLevel) {
        let line = LogLine(fact)
        if line.level >= least { write(line) }
    }

    /// Writes a line, with its fields by name, or counts it as lost.
    func write(_ line: LogLine) {
        writeRest()
        guard background?.hasRoom ?? (state.rest.isEmpty && isWritable) else {
            state.lost += 1
            return
        }
        var fields: [LogLine.Field] = isJournal ? [] : [("time", "\(WallTime.now())")]
        fields += [("level", .string(line.level.rawValue)), ("msg", .string(line.message))]
        fields += line.fields.sorted { $0.name < $1.name }
        if state.lost > 0 { fields.append(("lines_lost", .number(state.lost))) }
        state.lost = 0
        let prefix = isJournal ? "<\(line.level.journalPriority)>" : ""
        let bytes = Array((prefix + Self.render(fields, as: state.format) + "\n").utf8)
        if let background { return background.write(bytes) }
        state.rest = bytes[...]
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

extension LogLevel {
    /// The priority as syslog(3) numbers it.
    fileprivate var journalPriority: Int {
        switch self {
        case .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        }
    }
}
