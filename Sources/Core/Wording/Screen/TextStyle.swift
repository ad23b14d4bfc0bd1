/// Where text goes: how wide it may be, and whether colours are understood there.
package struct TextStyle: Sendable {
    /// Columns of the terminal; nil for what is not one, such as a file or a pipe.
    package var width: Int?
    package var isColoured: Bool

    package init(width: Int?, isColoured: Bool) {
        self.width = width
        self.isColoured = isColoured
    }

    /// For files and pipes.
    package static let plain = TextStyle(width: nil, isColoured: false)

    /// What a colour says.
    enum Tone {
        case good, doubtful, bad

        init(verdict: String) {
            self = verdict == "healthy" ? .good : verdict == "unhealthy" ? .bad : .doubtful
        }

        /// Nil for what is not worth a colour.
        init?(level: String) {
            switch level {
            case "error": self = .bad
            case "warning": self = .doubtful
            default: return nil
            }
        }

        /// Its number in a terminal (ECMA-48).
        fileprivate var number: Int {
            switch self {
            case .good: 32
            case .doubtful: 33
            case .bad: 31
            }
        }
    }

    /// Text in the colour of `tone`, or as it is.
    func coloured(_ text: String, _ tone: Tone?) -> String {
        guard isColoured, let tone else { return text }
        return "\u{1B}[\(tone.number)m\(text)\u{1B}[0m"
    }

    /// Text in lines that are no longer than the terminal is wide, broken at blanks and indented.
    func wrapped(_ text: String, indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        guard let width else { return margin + text + "\n" }
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let line = lines.last, line.count + word.count + 1 + indent <= width {
                lines[lines.count - 1] = line + " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines.map { margin + $0 + "\n" }.joined()
    }
}
