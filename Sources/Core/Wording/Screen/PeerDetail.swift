package import SpeakerCore

/// `bgpvip peers ADDRESS`: all that is known of one peer.
package func peerDetail(_ peer: PeerStatus, localAS: UInt32, bfdScheduling: String? = nil) -> String {
    var facts: [(label: String, value: String)] = [
        ("state", "\(peer.state) for \(spanText(peer.stateSeconds))"),
        ("peer AS", peer.asText == peer.configuredAS ? peer.asText : "\(peer.asText), configured \(peer.configuredAS)"),
        ("peer identifier", peer.peerIdentifier ?? "-"),
        ("peer host name", peer.peerHostName ?? "-"),
        ("local AS", "\(localAS)"),
        ("local address", peer.localAddress ?? "-"),
        ("transport", transport(peer)),
        ("hold time", peer.holdTime.map { "\($0)s" } ?? "-"),
        ("keepalive every", peer.keepaliveSeconds.map(fractionText) ?? "-"),
    ]
    facts += bfdFacts(peer.bfd, scheduling: bfdScheduling)
    facts += [
        ("families", list(peer.families)),
        ("capabilities sent", list(peer.capabilitiesSent) + (peer.capabilitiesNote.map { " (\($0))" } ?? "")),
        ("capabilities received", list(peer.capabilitiesReceived)),
        ("messages sent", counts(peer.messagesSent)),
        ("messages received", counts(peer.messagesReceived)),
        ("prefixes discarded", "\(peer.prefixesDiscarded)"),
        ("flaps", "\(peer.flaps)"),
        ("planned ends", "\(peer.plannedEnds)"),
        ("last error", peer.lastErrorText ?? "none"),
    ]
    facts += peer.lastAttempt.map { [("last attempt", $0)] } ?? []
    facts += [
        ("next attempt", peer.nextAttemptSeconds.map { "in \(fractionText($0))" } ?? "-"),
        ("last NOTIFICATION sent", peer.lastNotificationSent ?? "none"),
        ("last NOTIFICATION received", peer.lastNotificationReceived ?? "none"),
        ("VIPs advertised", "\(peer.advertised) of \(peer.total)"),
    ]
    if let undelivered = peer.undelivered {
        let withdrawn = undelivered.withdrawn.isEmpty ? "" : ", withdrawn: \(list(undelivered.withdrawn))"
        facts.append(("not acknowledged", "for \(fractionText(undelivered.seconds))\(withdrawn)"))
    }
    let width = facts.map(\.label.count).max() ?? 0
    let lines =
        ["peer \(peer.address) port \(peer.port)"]
        + facts.map { "  \(padded($0.label, to: width))  \($0.value)" }
        + peer.routes.map { "    \($0.prefix)  \(routeText($0))" }
    return lines.map { printable($0) + "\n" }.joined()
}

/// Next hop and attributes of a route in one line.
func routeText(_ route: RouteStatus) -> String {
    (["next hop \(route.nextHop)"] + route.attributes).joined(separator: ", ")
}

private func transport(_ peer: PeerStatus) -> String {
    // Without a session there is only what is asked for.
    let signed = peer.state == "Established" ? "TCP MD5" : "TCP MD5 wanted"
    return list([
        peer.distance, peer.usesMD5 ? signed : "no authentication",
        peer.isPassive ? "waits for the peer to dial" : "dials",
    ])
}

private func counts(_ counts: MessageCounts) -> String {
    list(counts.byType.map { "\($0.name) \($0.count)" })
}

private func list(_ words: [String]) -> String {
    words.isEmpty ? "-" : words.joined(separator: ", ")
}

/// Seconds with at most one decimal: `3s`, `0.5s`.
func fractionText(_ seconds: Double) -> String {
    guard seconds.isFinite else { return "-" }
    let tenths = Int(min(max(seconds * 10, 0), 1e12).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)s" : "\(tenths / 10).\(tenths % 10)s"
}
