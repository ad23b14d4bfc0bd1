import Deadlines
package import Settings

/// A line of the log: what has happened, in words for a person, and the data in fields.
///
/// Outside of this room one is made of a fact only (`Report`, `HostFact`, `Trace`, `Status`), so that all words of the log are
/// here.
package struct LogLine: Sendable, Equatable {
    /// A field; its name is the same for the same thing in all lines.
    package typealias Field = (name: String, value: LogValue)

    package var level: LogLevel
    package var message: String
    package var fields: [Field]

    init(_ level: LogLevel, _ message: String, _ fields: [Field] = []) {
        self.level = level
        self.message = message
        self.fields = fields
    }

    package static func == (left: LogLine, right: LogLine) -> Bool {
        left.level == right.level && left.message == right.message
            && left.fields.elementsEqual(right.fields) { $0.name == $1.name && $0.value == $1.value }
    }
}

/// The data in one field of a log line.
package enum LogValue: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringInterpolation {
    case string(String)
    /// A number or a truth value: JSON has it without quotes.
    case literal(String)

    package init(stringLiteral text: String) { self = .string(text) }

    package var description: String {
        switch self {
        case .string(let text), .literal(let text): text
        }
    }

    /// A whole number.
    package static func number(_ number: some BinaryInteger) -> LogValue { .literal(String(number)) }

    /// A span of time in milliseconds, with as many decimals as it has, three at most.
    package static func milliseconds(_ duration: Duration) -> LogValue {
        let microseconds = duration.nanoseconds / 1_000
        let (whole, part) = (microseconds.magnitude / 1_000, microseconds.magnitude % 1_000)
        var text = (microseconds < 0 ? "-" : "") + "\(whole)"
        if part > 0 {
            var digits = String(String(part + 1_000).dropFirst())
            while digits.last == "0" { digits.removeLast() }
            text += "." + digits
        }
        return .literal(text)
    }

    /// Yes or no.
    package static func truth(_ value: Bool) -> LogValue { .literal(value ? "true" : "false") }
}
