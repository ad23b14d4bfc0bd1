package import Deadlines

/// One thing that happened, as `bgpvip events` shows it.
package struct Event: Codable, Sendable, Hashable {
    /// Counts up from 1 in each run of the daemon.
    package var number: Int
    /// When it happened.
    package var time: String
    /// What happened, as a stable code.
    package var code: String
    /// Its level in the log: `debug`, `info`, `notice`, `warning` or `error`.
    package var level: String
    /// The message of the log.
    package var message: String
    /// The fields of the log, such as `peer` and `reason`, each as text.
    package var fields: [String: String]

    package init(number: Int, time: String, code: String, level: String, message: String, fields: [String: String]) {
        self.number = number
        self.time = time
        self.code = code
        self.level = level
        self.message = message
        self.fields = fields
    }
}

/// Some events of one run of the daemon, the oldest first.
package struct EventPage: Codable, Sendable, Hashable {
    /// Tells this run of the daemon from the next, whose numbers begin anew.
    package var startedAt: String
    package var events: [Event]

    package init(startedAt: String, events: [Event]) {
        self.startedAt = startedAt
        self.events = events
    }
}

/// The last events of this run. Takes a bounded amount of memory, however many there are and whatever a router sends.
package struct EventLog: Sendable {
    /// How many events are kept.
    package static let capacity = 1000
    /// How many events one answer has at most, so that writing it does not hold up the event loop.
    package static let pageSize = 100
    /// The longest text of a field, in characters; what is longer is cut.
    package static let longestText = 500

    /// Event `number` is at `(number - 1) % capacity`.
    private var entries: [(at: Instant, event: Event)] = []
    private var last = 0

    package init() {}

    /// Adds what has happened at this moment, and lets go of the oldest event if there are too many.
    package mutating func append(
        _ code: EventCode, level: String, message: String, fields: [(name: String, value: String)], at now: Instant,
        _ time: WallTime
    ) {
        last += 1
        let event = Event(
            number: last, time: "\(time)", code: code.rawValue, level: level, message: message,
            fields: Dictionary(fields.map { ($0.name, Self.cut($0.value)) }) { first, _ in first })
        if entries.count < Self.capacity {
            entries.append((now, event))
        } else {
            entries[(last - 1) % Self.capacity] = (now, event)
        }
    }

    /// The oldest events with a higher number than `number` that happened not before `start`: a page of them at most.
    package func events(after number: Int, since start: Instant? = nil) -> [Event] {
        let oldest = last - entries.count
        var page: [Event] = []
        for number in max(number, oldest)..<max(number, last) where page.count < Self.pageSize {
            let entry = entries[number % Self.capacity]
            if start.map({ $0 <= entry.at }) ?? true { page.append(entry.event) }
        }
        return page
    }

    /// The last events, so many at most, the oldest first.
    package func latest(_ count: Int) -> [Event] { events(after: last - min(count, entries.count, Self.pageSize)) }

    private static func cut(_ text: String) -> String {
        text.unicodeScalars.count <= longestText
            ? text : String(String.UnicodeScalarView(text.unicodeScalars.prefix(longestText))) + "…"
    }
}
