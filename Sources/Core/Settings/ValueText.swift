import BGPWire
import IPTypes

/// Parsers of single values. Each takes text whose blanks are trimmed and complains without saying where it came from.
package enum ValueText {
    /// `true` or `false`, in all the ways Go's `strconv.ParseBool` takes, which kube-vip uses, and YAML 1.1's words.
    static func boolean(_ text: String) throws(Complaint) -> Bool {
        switch text {
        case "1", "t", "T", "TRUE", "true", "True", "YES", "yes", "Yes", "ON", "on", "On": true
        case "0", "f", "F", "FALSE", "false", "False", "NO", "no", "No", "OFF", "off", "Off": false
        default: throw Complaint("\(quoted(text)) is neither true nor false")
        }
    }

    /// A plain decimal number within `range`.
    static func number<Number: FixedWidthInteger>(
        _ text: String, in range: ClosedRange<Number>
    ) throws(Complaint) -> Number {
        guard let number = Number(decimalDigits: text), range.contains(number) else {
            throw Complaint("\(quoted(text)) is not a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A time: `500ms`, `1s`, `1.5s`, `2m`, `24h`; a bare number is seconds. Resolution is a millisecond.
    static func duration(_ text: String, in range: ClosedRange<Duration>) throws(Complaint) -> Duration {
        let units: [(suffix: String, milliseconds: Int64)] = [
            ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("", 1000),
        ]
        for unit in units where text.hasSuffix(unit.suffix) {
            guard let milliseconds = scaled(text.dropLast(unit.suffix.count), by: unit.milliseconds) else { break }
            let duration = Duration.milliseconds(milliseconds)
            guard range.contains(duration) else {
                throw Complaint(
                    "\(text) is not from \(spelled(range.lowerBound)) to \(spelled(range.upperBound))")
            }
            return duration
        }
        throw Complaint("\(quoted(text)) is not a time", "write for example 500ms, 1.5s or 30s")
    }

    /// A span of time on the command line, of a millisecond or more; nil if the text is none.
    package static func span(_ text: String) -> Duration? {
        try? duration(text, in: .milliseconds(1) ... .seconds(1_000_000_000))
    }

    /// `text` × `factor`, if that is whole and fits.
    private static func scaled(_ text: Substring, by factor: Int64) -> Int64? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, first.utf8.count <= 9, first.utf8.allSatisfy({ (48...57).contains($0) }),
            var value = Int64(first)
        else { return nil }
        value *= factor
        guard parts.count == 2 else { return value }
        guard let fraction = Int64(parts[1]), (1...6).contains(parts[1].utf8.count), parts[1].utf8.first != 43 else {
            return nil
        }
        let divisor = parts[1].utf8.reduce(Int64(1)) { product, _ in product * 10 }
        guard fraction >= 0, fraction * factor % divisor == 0 else { return nil }
        return value + fraction * factor / divisor
    }

    /// A duration the way we write it: `1s`, `1.5s`, `200ms`.
    static func spelled(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let milliseconds = attoseconds / 1_000_000_000_000_000
        if milliseconds == 0 { return "\(seconds)s" }
        if seconds == 0 { return "\(milliseconds)ms" }
        let digits = String(1000 + milliseconds).dropFirst()
        return "\(seconds).\(digits.reversed().drop { $0 == "0" }.reversed().map(String.init).joined())s"
    }

    /// The name of a network interface, as Linux takes it (`dev_valid_name`).
    static func interfaceName(_ text: String) throws(Complaint) -> String {
        let isValid =
            (1...15).contains(text.utf8.count) && text != "." && text != ".."
            && !text.utf8.contains { $0 <= 32 || $0 == 47 || $0 == 58 || $0 == 127 }
        guard isValid else { throw Complaint("\(quoted(text)) is not the name of an interface") }
        return try shown(text)
    }

    /// An absolute path.
    static func path(_ text: String) throws(Complaint) -> String {
        guard text.hasPrefix("/"), text.utf8.count < 4096 else {
            throw Complaint("\(quoted(text)) is not an absolute path")
        }
        return try shown(text)
    }

    /// Text that is shown to people as it is.
    static func shown(_ text: String) throws(Complaint) -> String {
        guard let scalar = text.unicodeScalars.first(where: { !$0.isPrintable }) else { return text }
        let digits = String(scalar.value, radix: 16, uppercase: true)
        let number = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        throw Complaint("\(quoted(text)) contains U+\(number), which cannot be shown")
    }

    /// The path of a Unix socket, which the kernel limits to 107 bytes; nil for `none`.
    static func socketPath(_ text: String) throws(Complaint) -> String? {
        if text == "none" { return nil }
        let path = try path(text)
        guard path.utf8.count <= 107 else {
            throw Complaint("the path is longer than the 107 bytes a socket's may have")
        }
        return path
    }

    /// An address without zone or length.
    static func address(_ text: String) throws(Complaint) -> IPAddress {
        guard let address = IPAddress(unbracketed(text)) else {
            throw Complaint("\(quoted(text)) is not an IP address")
        }
        return address
    }

    /// `text` without the brackets around an IPv6 address.
    static func unbracketed(_ text: String) -> String {
        text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
    }

    /// A BGP identifier, written like an IPv4 address.
    static func identifier(_ text: String) throws(Complaint) -> BGPIdentifier {
        guard case .v4(let address)? = IPAddress(text), address.value != 0 else {
            throw Complaint(
                "\(quoted(text)) is not a BGP identifier", "write it like an IPv4 address other than 0.0.0.0")
        }
        return BGPIdentifier(address.value)
    }

    /// A port that can be connected to or listened on.
    static func port(_ text: String) throws(Complaint) -> UInt16 {
        try number(text, in: 1...65535)
    }

    /// Splits `10.0.0.1:80`, `[::1]:80`, `:80`, `[::1]` or `10.0.0.1` into host and port as they stand.
    static func hostAndPort(_ text: String) throws(Complaint) -> (host: String, port: String?) {
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else { throw Complaint("the \"[\" is never closed") }
            let host = String(text[text.index(after: text.startIndex)..<close])
            let rest = text[text.index(after: close)...]
            if rest.isEmpty { return (host, nil) }
            guard rest.hasPrefix(":") else {
                throw Complaint(
                    "a \":\" and a port must follow \"]\"", offset: text.distance(from: text.startIndex, to: close) + 1)
            }
            return (host, String(rest.dropFirst()))
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        switch parts.count {
        case 1: return (text, nil)
        case 2: return (String(parts[0]), String(parts[1]))
        default:
            throw Complaint("\(quoted(text)) has too many colons", "put an IPv6 address in brackets: [2001:db8::1]:80")
        }
    }

    /// `text` in quotation marks, shortened and without control characters, for messages.
    static func quoted(_ text: some StringProtocol) -> String {
        let printable = text.prefix(60).unicodeScalars.map { $0.isPrintable ? String($0) : "?" }
        return "\"\(printable.joined())\(text.count > 60 ? "…" : "")\""
    }
}

extension String {
    /// With an escape for each character that cannot be shown.
    var onOneLine: String {
        unicodeScalars.map { $0.isPrintable ? String($0) : "\\u{\(String($0.value, radix: 16))}" }.joined()
    }
}
