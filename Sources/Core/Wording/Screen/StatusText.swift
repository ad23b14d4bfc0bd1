package import SpeakerCore

/// `bgpvip status`: the node, its peers, VIPs and checks on one screen.
package func statusText(_ status: Status, _ style: TextStyle = .plain) -> String {
    let node = status.node.map { " on \($0)" } ?? ""
    let lines = [
        "bgpvip \(status.version)\(node), up \(spanText(status.uptime)): \(status.phaseWords)",
        "local AS \(status.localAS), router ID \(status.routerID), VIPs on \(status.interface)",
    ]
    return lines.map { style.wrapped(printable($0), indent: 0) }.joined() + "\n"
        + [peerRows(status, style), vipRows(status, style), checkRows(status, style)].joined(separator: "\n")
}

/// One row a check.
private func checkRows(_ status: Status, _ style: TextStyle) -> String {
    if status.checks.isEmpty { return "no checks are configured\n" }
    var table = TextTable(["CHECK", "VERDICT", "SINCE", "PASSED", "FAILED"], sentence: "LAST-FAILURE", style)
    for check in status.checks {
        table.append(
            [check.name, check.verdict, spanText(check.verdictSeconds), "\(check.passed)", "\(check.failed)"],
            [1: .init(verdict: check.verdict)], sentence: check.lastFailure)
    }
    return table.text
}
