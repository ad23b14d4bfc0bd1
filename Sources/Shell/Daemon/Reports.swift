import Deadlines
import Glibc
import Settings
import SpeakerCore
import Wording

/// What waits to be logged. The words are made then, so that nothing waits for them.
enum LogEntry {
    case report(Report)
    case trace(Trace)
}

/// What was reported: for the log, and for `bgpvip events`.
struct Reports {
    /// What is not logged yet, in order.
    private var waiting: [LogEntry] = []
    private(set) var events = EventLog()
    /// From the input that made a route change to the UPDATE with the kernel.
    var wireTimes = DurationHistogram.forDecisions

    mutating func append(_ entry: LogEntry) { waiting.append(entry) }

    /// Hands what was reported since the last time to the log, and keeps it as events.
    mutating func log(at now: Instant, _ log: (LogLine) -> Void) {
        for entry in waiting {
            switch entry {
            case .report(let report):
                let line = LogLine(report)
                log(line)
                events.append(
                    report.code, level: line.level.rawValue, message: line.message,
                    fields: line.fields.map { ($0.name, "\($0.value)") }, at: now, .now())
            case .trace(let trace): if let line = LogLine(trace) { log(line) }
            }
        }
        waiting.removeAll(keepingCapacity: true)
    }
}

extension WallTime {
    /// What the machine's clock shows.
    static func now() -> WallTime {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return WallTime(milliseconds: Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000)
    }
}
