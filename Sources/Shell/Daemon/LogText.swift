import IPTypes
import Settings
import Wording

extension LineLog {
    /// The longest line in bytes, its end included. A longer one has its longest values shortened, so that it stays a
    /// line that programs can read.
    static let longestLine = 65_536

    /// One line without its end, as logfmt or as a JSON object.
    static func render(_ fields: [LogLine.Field], as format: LogFormat) -> String {
        var parts = fields.map { name, value in Part(name, value) }
        while true {
            let line = render(parts, as: format)
            guard line.utf8.count >= longestLine,
                let longest = parts.indices.max(by: { parts[$0].size < parts[$1].size }),
                parts[longest].shorten()
            else { return line }
        }
    }

    /// A field on its way into a line.
    private struct Part {
        let name: String
        var text: String
        /// True for what JSON has without quotes.
        let isLiteral: Bool
        /// Characters that were left out.
        private var omitted = 0

        init(_ name: String, _ value: LogValue) {
            self.name = name
            switch value {
            case .string(let string): (text, isLiteral) = (string, false)
            case .literal(let literal): (text, isLiteral) = (literal, true)
            }
        }

        var size: Int { text.utf8.count }

        /// The text, with a mark if it is not whole.
        var shown: String { omitted == 0 ? text : "\(text)… (\(omitted) more characters)" }

        /// Leaves out the second half; false if nothing would be gained.
        mutating func shorten() -> Bool {
            guard !isLiteral, size > 64 else { return false }
            let rest = text.unicodeScalars.count / 2
            omitted += text.unicodeScalars.count - rest
            text = String(String.UnicodeScalarView(text.unicodeScalars.prefix(rest)))
            return true
        }
    }

    private static func render(_ parts: [Part], as format: LogFormat) -> String {
        switch format {
        case .logfmt:
            parts.map { "\($0.name)=\(needsQuotes($0.shown) ? quoted($0.shown) : $0.shown)" }.joined(separator: " ")
        case .json:
            "{" + parts.map { "\(quoted($0.name)):\($0.isLiteral ? $0.text : quoted($0.shown))" }.joined(separator: ",")
                + "}"
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
}
