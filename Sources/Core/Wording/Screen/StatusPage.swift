package import SpeakerCore

/// The page at `/` of the port for metrics: one screen for people, without scripts, that loads itself anew.
///
/// Anyone who reaches the port can read it. Every text on it is escaped, whoever it comes from.
package func statusPage(_ status: Status, _ events: [Event], of counts: PartCounts) -> String {
    let node = status.node ?? status.routerID
    let phase = status.phase == "running" ? "good" : "doubtful"
    let facts = [
        "bgpvip \(status.version), up \(spanText(status.uptime))", "AS \(status.localAS)",
        "router ID \(status.routerID)",
        "VIPs on \(status.interface)", status.time ?? "",
    ]
    let head = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="refresh" content="5">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
        <meta name="referrer" content="no-referrer">
        <link rel="icon" href="data:,">
        <title>\(html(node)) · bgpvip</title>
        <style>
        \(style)
        </style>
        </head>
        <body>
        <header>
        <h1>\(html(node))</h1>
        <p><b class="\(phase)">\(html(status.phaseWords))</b></p>
        <p class="facts">\(facts.map { "<span>\(html($0))</span>" }.joined(separator: " · "))</p>
        </header>

        """
    return head
        + section(
            "VIPs", ["VIP", "Verdict", "Since", "Bound", "Advertised to", "Reason"], status.vips, of: counts.vips,
            vipCells)
        + section(
            "Peers", ["Peer", "AS", "State", "Since", "BFD", "VIPs", "Last error"], status.peers, of: counts.peers,
            peerCells)
        + section(
            "Checks", ["Check", "Verdict", "Since", "Recent probes", "Last failure"], status.checks, of: counts.checks,
            checkCells)
        + section("Events", ["Time", "Level", "What"], events.reversed(), of: events.count, eventCells)
        + "</body>\n</html>\n"
}

/// A cell: its HTML, and the colour of what it says.
private typealias Cell = (html: String, tone: TextStyle.Tone?)

extension StatusScope {
    /// What the status page shows: so many rows of each table, however many VIPs there are.
    package static let ofPage = StatusScope(routes: .none, rows: 200)
}

/// A table of these elements, the first of `count`.
private func section<Element>(
    _ title: String, _ header: [String], _ elements: [Element], of count: Int, _ cells: (Element) -> [Cell]
) -> String {
    var text = "<section>\n<h2>\(title)</h2>\n"
    if elements.isEmpty { return text + "<p>none</p>\n</section>\n" }
    text += "<table>\n<thead><tr>" + header.map { "<th>\($0)</th>" }.joined() + "</tr></thead>\n<tbody>\n"
    for element in elements {
        text += "<tr>"
        for (name, cell) in zip(header, cells(element)) {
            let tone = cell.tone.map { " class=\"\($0)\"" } ?? ""
            text += "<td data-name=\"\(name)\"\(tone)>\(cell.html)</td>"
        }
        text += "</tr>\n"
    }
    text += "</tbody>\n</table>\n"
    if count > elements.count { text += "<p>and \(count - elements.count) more</p>\n" }
    return text + "</section>\n"
}

private func vipCells(_ vip: VIPStatus) -> [Cell] {
    [
        (html(vip.prefix), nil), (html(vip.verdict), TextStyle.Tone(verdict: vip.verdict)),
        (spanText(vip.verdictSeconds), nil), (vip.boundByOthers ? "others" : vip.bound ? "yes" : "no", nil),
        ("\(vip.advertisedTo) of \(vip.peers)", vip.advertisedTo == 0 ? .bad : .good), (html(vip.reason), nil),
    ]
}

private func peerCells(_ peer: PeerStatus) -> [Cell] {
    [
        (html(peer.address), nil), (html(peer.asText), nil),
        (html(peer.state), peer.isEstablished ? .good : .bad), (spanText(peer.stateSeconds), nil),
        (html(peer.bfdWord), nil), ("\(peer.advertised) of \(peer.total)", nil),
        (html(peer.lastErrorCell ?? "–"), nil),
    ]
}

private func checkCells(_ check: CheckStatus) -> [Cell] {
    let recent = check.recent ?? ""
    let failed = recent.count { $0 == "x" }
    let strip =
        "<span class=\"strip\" role=\"img\" aria-label=\"\(failed) of the last \(recent.count) probes failed\">"
        + recent.map { $0 == "x" ? "<i class=\"x\"></i>" : "<i></i>" }.joined() + "</span>"
    return [
        (html(check.name), nil), (html(check.verdict), TextStyle.Tone(verdict: check.verdict)),
        (spanText(check.verdictSeconds), nil), (strip, nil), (html(check.lastFailure ?? "–"), nil),
    ]
}

private func eventCells(_ event: Event) -> [Cell] {
    [(html(event.time), nil), (html(event.level), .init(level: event.level)), (html(event.words), nil)]
}

/// Text as HTML, on one line and without control characters.
private func html(_ text: String) -> String {
    printable(text).unicodeScalars.reduce(into: "") { result, scalar in
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "'": result += "&#39;"
        default: result.unicodeScalars.append(scalar)
        }
    }
}

private let style = """
    :root { color-scheme: light dark; --good: #1a7f37; --doubtful: #9a6700; --bad: #cf222e; --line: #8886; }
    @media (prefers-color-scheme: dark) { :root { --good: #3fb950; --doubtful: #d29922; --bad: #f85149; } }
    body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; padding: 1rem; max-width: 75rem; }
    h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; }
    h2 { font-size: 1.05rem; margin: 1.5rem 0 .3rem; }
    p { margin: .2rem 0; }
    .facts span { white-space: nowrap; }
    table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
    th { text-align: left; font-weight: 600; font-size: .8rem; opacity: .7; }
    th, td { padding: .3rem .9rem .3rem 0; vertical-align: top; border-bottom: 1px solid var(--line); }
    th, td { white-space: nowrap; }
    td:first-child { font-weight: 600; }
    td:last-child { width: 100%; white-space: normal; overflow-wrap: anywhere; }
    .good { color: var(--good); } .doubtful { color: var(--doubtful); } .bad { color: var(--bad); }
    .strip { display: inline-flex; align-items: flex-end; height: 1.1em; gap: 1px; max-width: 100%; }
    .strip i { width: 3px; height: 100%; background: var(--good); }
    .strip i.x { height: 45%; background: var(--bad); }
    @media (max-width: 56rem) {
      thead { display: none; }
      table, tbody, tr, td { display: block; }
      tr { border-bottom: 1px solid var(--line); padding: .4rem 0; }
      td { border: 0; padding: .05rem 0 .05rem 8.5rem; min-height: 1.4em; }
      td:first-child { white-space: normal; overflow-wrap: anywhere; padding-left: 0; }
      td:last-child { width: auto; }
      td:not(:first-child)::before { content: attr(data-name); float: left; margin-left: -8.5rem; opacity: .7; color: CanvasText;
        white-space: nowrap; }
    }
    """
