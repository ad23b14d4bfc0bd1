package import SpeakerCore

/// One event on one line: when, how bad, what, and the facts.
package func eventText(_ event: Event, _ style: TextStyle = .plain) -> String {
    "\(event.time)  " + style.coloured(padded(event.level, to: 7), .init(level: event.level)) + "  "
        + printable(event.words) + "\n"
}

extension Event {
    /// The message, and the facts as the log has them.
    var words: String {
        message
            + fields.sorted { $0.key < $1.key }.map { name, value in
                let value = printable(value)
                let isWord = !value.isEmpty && !value.contains { " \"=".contains($0) }
                return isWord ? " \(name)=\(value)" : " \(name)=\"\(value)\""
            }.joined()
    }
}
