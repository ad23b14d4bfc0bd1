import CLinuxShim
import Glibc
import IPTypes
import Logging
import Settings

/// Writes one line an event to standard error, as logfmt or JSON, and never blocks the loop.
///
/// A log pipe nobody reads must not stop keepalives: a line that cannot be written at once is dropped and counted, and
/// the count goes out with the next line that can.
final class LineLog: Sendable {
    private let format: LogFormat
    private let descriptor: Int32
    private let lost = LostLines()

    /// Lines dropped since the last one written. Only the event loop logs, so plain state would do, but the logging
    /// library asks for Sendable.
    private final class LostLines: @unchecked Sendable {
        var count = 0
    }

    init(format: LogFormat, descriptor: Int32 = STDERR_FILENO) {
        self.format = format
        self.descriptor = descriptor
    }

    /// Writes a line, or counts it as lost.
    func write(level: Logger.Level, message: String, metadata: [(String, String)]) {
        var fields = [("time", Self.timestamp()), ("level", "\(level)"), ("msg", message)] + metadata
        if lost.count > 0 { fields.append(("lines_lost", "\(lost.count)")) }
        let line = Self.render(fields, as: format)
        var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        // A pipe is writable while it has room for PIPE_BUF bytes, so a write of at most that cannot block.
        guard Glibc.poll(&poll, 1, 0) == 1, poll.revents & Int16(POLLOUT) != 0 else {
            lost.count += 1
            return
        }
        let bytes = Array(line.utf8.prefix(Int(PIPE_BUF) - 1)) + [UInt8(ascii: "\n")]
        let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if written < 0 { lost.count += 1 } else { lost.count = 0 }
    }

    /// One line without its end.
    static func render(_ fields: [(String, String)], as format: LogFormat) -> String {
        switch format {
        case .logfmt:
            fields.map { name, value in "\(name)=\(needsQuotes(value) ? quoted(value) : value)" }
                .joined(separator: " ")
        case .json:
            "{" + fields.map { name, value in "\(quoted(name)):\(quoted(value))" }.joined(separator: ",") + "}"
        }
    }

    private static func needsQuotes(_ value: String) -> Bool {
        value.isEmpty || value.unicodeScalars.contains { " \"=\\".unicodeScalars.contains($0) || !$0.isPrintable }
    }

    /// A JSON string, which logfmt readers take as well.
    private static func quoted(_ value: String) -> String {
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            case _ where scalar.isPrintable: text.unicodeScalars.append(scalar)
            default:
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            }
        }
        return text + "\""
    }

    /// The wall clock as RFC 3339 in UTC with milliseconds.
    private static func timestamp() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        gmtime_r(&now.tv_sec, &parts)
        func padded(_ number: some BinaryInteger, _ width: Int = 2) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(parts.tm_year + 1900)-\(padded(parts.tm_mon + 1))-\(padded(parts.tm_mday))T"
            + "\(padded(parts.tm_hour)):\(padded(parts.tm_min)):\(padded(parts.tm_sec))"
            + ".\(padded(now.tv_nsec / 1_000_000, 3))Z"
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
        let extra = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
        log.write(level: event.level, message: "\(event.message)", metadata: extra)
    }
}

extension Logger.Level {
    /// The library's level for ours.
    init(_ level: LogLevel) {
        switch level {
        case .debug: self = .debug
        case .info: self = .info
        case .warning: self = .warning
        case .error: self = .error
        }
    }
}
