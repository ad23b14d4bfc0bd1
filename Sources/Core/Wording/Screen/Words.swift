import IPTypes
import SpeakerCore

/// A span of time as short as an operator wants to read it: `3d4h`, `4h10m`, `12m`, `41s`.
func spanText(_ seconds: Double) -> String {
    // Numbers from outside: NaN and what no daemon lives to see must not trap.
    let whole = seconds.isFinite ? Int(min(max(seconds, 0), 1e12)) : 0
    let (days, hours, minutes) = (whole / 86400, whole / 3600 % 24, whole / 60 % 60)
    if days > 0 { return "\(days)d\(hours)h" }
    if hours > 0 { return "\(hours)h\(minutes)m" }
    return minutes > 0 ? "\(minutes)m" : "\(whole)s"
}

/// Text on one line that cannot steer a terminal: control characters, also those hidden in what a router sent us,
/// become question marks; newlines become blanks.
package func printable(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\n", "\t": result += " "
        case _ where scalar.isPrintable: result.unicodeScalars.append(scalar)
        default: result += "?"
        }
    }
    while result.hasSuffix(" ") { result.removeLast() }
    return result
}

/// Text filled up with blanks.
func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}

/// `1 peer`, `2 peers`.
func counted(_ count: Int, _ noun: String) -> String {
    count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
}

extension PeerStatus {
    /// True while the session can carry routes.
    package var isEstablished: Bool { state == "Established" }

    /// The peer's AS: the one it named, while there is a session, else as configured.
    var asText: String { peerAS.map(String.init) ?? configuredAS }

    /// The column LAST-ERROR: why there is no session; beside one that is Established, what was before it.
    var lastErrorCell: String? {
        if let bfdHoldText { return bfdHoldText }
        return isEstablished ? lastErrorText.map { "before: \($0)" } : lastErrorText ?? lastAttempt
    }

    /// Why there is no session, or why there was none, with its age.
    var lastErrorText: String? {
        lastError.map { error in
            error + (lastErrorSecondsAgo.map { " (\(spanText($0)) ago)" } ?? "")
        }
    }
}

extension Status {
    /// What everybody should know first, if the node is not simply in service.
    var phaseSentence: String? {
        if waitsFor != nil { return printable(phaseWords) }
        if phase == "running" { return nil }
        return printable("this node is \(phaseWords)")
    }

    /// The phase, its reason, and what comes next.
    var phaseWords: String {
        if let waitsFor { return LogLine(.networkAwaited(reason: waitsFor)).message }
        return phase + (phaseReason.map { ": \($0)" } ?? "") + (departure.map { "; \($0.words)" } ?? "")
    }
}

extension MessageCounts {
    /// The counts with the names of the message types, in the order of their numbers.
    var byType: [(name: String, count: Int)] {
        [
            ("open", open), ("update", update), ("notification", notification), ("keepalive", keepalive),
            ("route-refresh", routeRefresh),
        ]
    }
}
