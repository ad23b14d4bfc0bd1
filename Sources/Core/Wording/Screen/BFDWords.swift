import SpeakerCore

extension PeerStatus {
    /// BFD in one word, for a table.
    var bfdWord: String {
        guard let bfd else { return "off" }
        if bfd.holdsSession { return "waiting" }
        return switch bfd.state {
        case "AdminDown": "admin-down"
        default: bfd.state.lowercased()
        }
    }

    /// Why the BGP session is held back, without the advice, for a table; nil if BFD does not hold it back.
    var bfdHoldText: String? {
        guard let bfd, bfd.holdsSession else { return nil }
        let cause = bfd.obstacle?.split(separator: ":", maxSplits: 1).first
        return "waits until BFD is up" + (cause.map { ": \($0)" } ?? "")
    }
}

/// The rows about BFD of one peer's details.
func bfdFacts(_ bfd: BFDStatus?, scheduling: String?) -> [(label: String, value: String)] {
    guard let bfd else { return [("BFD", "off")] }
    var kind = bfd.isMultihop ? ", multihop" : ""
    if bfd.isStrict { kind += bfd.holdsSession ? ", strict: the BGP session waits for it" : ", strict" }
    var facts: [(label: String, value: String)] = [
        ("BFD", "\(bfd.state) for \(spanText(bfd.stateSeconds))\(kind)"),
        (
            "BFD at the peer",
            bfd.remoteState.map { "\($0) (\(bfd.remoteDiagnostic ?? "no diagnostic"))" } ?? "not heard"
        ),
        ("BFD discriminators", "\(bfd.localDiscriminator) here, \(bfd.remoteDiscriminator) there"),
        ("BFD intervals", intervals(bfd)),
        ("BFD detection time", bfd.detectionSeconds.map { millisecondText($0) } ?? "-"),
        ("BFD diagnostic", bfd.localDiagnostic),
        ("BFD packets", "\(bfd.packetsSent) sent, \(bfd.packetsReceived) received"),
        ("BFD failures", "\(bfd.failures), came up \(bfd.timesUp == 1 ? "once" : "\(bfd.timesUp) times")"),
        ("BFD last down", lastDown(bfd)),
    ]
    if let obstacle = bfd.obstacle { facts.append(("BFD is not up", obstacle)) }
    if let scheduling { facts.append(("BFD runs with", scheduling)) }
    return facts
}

private func intervals(_ bfd: BFDStatus) -> String {
    "sends every \(bfd.transmitSeconds.map { millisecondText($0) } ?? "-") × \(bfd.multiplier), hears every "
        + (bfd.receiveSeconds.map { "\(millisecondText($0)) × \(bfd.remoteMultiplier)" } ?? "-")
}

private func lastDown(_ bfd: BFDStatus) -> String {
    bfd.lastDown.map { reason in
        reason + (bfd.lastDownSecondsAgo.map { " (\(spanText($0)) ago)" } ?? "")
    } ?? "never"
}

/// Seconds as whole milliseconds.
private func millisecondText(_ seconds: Double) -> String {
    seconds.isFinite ? "\(Int(min(max(seconds * 1000, 0), 1e12).rounded()))ms" : "-"
}
