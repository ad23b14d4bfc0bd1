package import SpeakerCore

/// `bgpvip vips`: one row a VIP.
package func vipsTable(_ status: Status, _ style: TextStyle = .plain) -> String {
    (status.phaseSentence.map { $0 + "\n" } ?? "") + vipRows(status, style)
}

/// The VIPs without the phase of the node.
func vipRows(_ status: Status, _ style: TextStyle) -> String {
    if status.vips.isEmpty { return "no VIPs are configured\n" }
    var table = TextTable(["VIP", "BOUND", "VERDICT", "SINCE", "ADVERTISED-TO"], sentence: "REASON", style)
    for vip in status.vips {
        table.append(
            [
                vip.prefix, vip.boundByOthers && vip.bindError == nil ? "others" : vip.bound ? "yes" : "no",
                vip.verdict,
                spanText(vip.verdictSeconds),
                "\(vip.advertisedTo)/\(vip.peers)",
            ],
            [2: .init(verdict: vip.verdict), 4: vip.advertisedTo == 0 ? .bad : nil],
            sentence: vip.reason + (vip.boundByOthers ? "" : vip.bindError.map { "; cannot be bound: \($0)" } ?? ""))
    }
    return table.text
}

/// What `bgpvip drain VIP` and `bgpvip undrain VIP` answer.
package func vipDrainText(_ vip: VIPStatus) -> String {
    guard let drain = vip.drain else { return printable("\(vip.prefix) is in service: \(vip.reason)") + "\n" }
    return printable("\(vip.prefix) is \(drain.phase): \(drain.reason); \(drain.words)") + "\n"
}

/// What `bgpvip drain` and `bgpvip undrain` answer: the phase, and how much is still advertised.
package func phaseText(_ status: Status) -> String {
    let advertised = status.vips.count { $0.advertisedTo > 0 }
    let phase = status.phaseSentence ?? "this node is in service"
    return "\(phase); \(advertised) of \(counted(status.vips.count, "VIP")) advertised\n"
}
