package import SpeakerCore

/// `bgpvip why VIP`: what stands between a service and the routers, link by link.
package struct WhyChain: Encodable, Sendable, Hashable {
    /// One link of the chain.
    package struct Step: Encodable, Sendable, Hashable {
        /// The link: `check apiserver`, `verdict`, `node`, `interface lo`, `peer 10.0.0.1`.
        package var link: String
        /// `holds`; `stops` (the first that does not); `fails` (another that does not); `unneeded`.
        package var standing: Why.Standing
        /// Its state, for people.
        package var words: String
    }

    /// The VIP with its length.
    package var vip: String
    /// How many peers it is advertised to.
    package var advertisedTo: Int
    /// How many peers it is meant for.
    package var peers: Int
    /// The daemon's own reason.
    package var reason: String
    /// The chain, from the checks to the peers.
    package var steps: [Step]

    /// The chain of one of the status's VIPs.
    package init(of vip: VIPStatus, in status: Status) {
        self.vip = vip.prefix
        advertisedTo = vip.advertisedTo
        peers = vip.peers
        reason = vip.reason

        steps = Why(of: vip, in: status).steps.map { step in
            let said = step.link.inWords(vip, status)
            return Step(link: said.name, standing: step.standing, words: said.words)
        }
    }

    /// The chain as text.
    package var text: String {
        let width = steps.map(\.link.count).max() ?? 0
        let lines =
            ["\(vip) is advertised to \(advertisedTo) of \(counted(peers, "peer")): \(reason)"]
            + steps.map { step in
                let mark =
                    switch step.standing {
                    case .holds: "ok  "
                    case .stops: "STOP"
                    case .fails: "no  "
                    case .unneeded: "-   "
                    }
                return "  \(mark)  \(padded(step.link, to: width))  \(step.words)"
            }
        return lines.map { printable($0) + "\n" }.joined()
    }
}

extension Why.Link {
    /// The link's name, and how it is.
    fileprivate func inWords(_ vip: VIPStatus, _ status: Status) -> (name: String, words: String) {
        switch self {
        case .check(let name):
            ("check \(name)", checkWords(status.checks.first { $0.name == name }))
        case .verdict:
            ("verdict", verdictWords(vip))
        case .node:
            ("node", status.phaseWords + (status.spares(vip) ? "; this VIP is left in service (drain: false)" : ""))
        case .drain:
            ("drain", vip.drain.map { "\($0.phase): \($0.reason); \($0.words)" } ?? "")
        case .interface:
            (vip.boundByOthers ? "interface" : "interface \(status.interface)", interfaceWords(vip))
        case .peer(let address):
            ("peer \(address)", status.peers.first { $0.address == address }.map { peerWords($0, vip) } ?? "")
        case .servicePort(let port):
            (
                "service port \(port)",
                vip.listeners.first { $0.port == port }.map { $0.words(vip: vip.prefix) } ?? ""
            )
        case .routers:
            ("routers", unseenOnRouters(of: vip.prefix))
        }
    }
}

private func checkWords(_ check: CheckStatus?) -> String {
    guard let check else { return "is not known to the daemon" }
    let failure =
        check.lastFailure.map { ": \($0)" } ?? check.acceptedRefusal.map { ", which answers: \($0)" } ?? ""
    return "\(check.target) is \(verdictText(check.verdict, check.verdictSeconds))\(failure)"
        + " (\(check.passed) passed, \(check.failed) failed)"
}

private func verdictWords(_ vip: VIPStatus) -> String {
    vip.checks.isEmpty
        ? "\(vip.verdict): it has no checks"
        : verdictText(vip.verdict, vip.verdictSeconds)
            + (vip.lastResort ? "; kept as the last resort, for when no node is healthy" : "")
}

private func verdictText(_ verdict: String, _ seconds: Double) -> String {
    verdict == "unknown" ? "unknown: no result yet" : "\(verdict) for \(spanText(seconds))"
}

private func interfaceWords(_ vip: VIPStatus) -> String {
    if vip.boundByOthers {
        return "is left to others (bind is false)" + (vip.bindError.map { "; \($0)" } ?? "")
    }
    return vip.bound ? "has the address" : "does not have the address" + (vip.bindError.map { ": \($0)" } ?? "")
}

private func peerWords(_ peer: PeerStatus, _ vip: VIPStatus) -> String {
    let session = "AS \(peer.asText) \(peer.state) for \(spanText(peer.stateSeconds))"
    if let route = peer.routes.first(where: { $0.prefix == vip.prefix }) {
        return "\(session), advertised: \(routeText(route))"
            + (peer.undelivered.map { "; its TCP has acknowledged nothing for \(spanText($0.seconds))" } ?? "")
    }
    let obstacle = peer.obstacles?[vip.prefix]
    if obstacle == PeerStatus.notMeant { return "\(session), \(PeerStatus.notMeant)" }
    let why =
        if let withdrawal = peer.undelivered, withdrawal.withdrawn.contains(vip.prefix), withdrawal.seconds < 1 {
            ", withdrawn; its TCP has yet to acknowledge that"
        } else if let withdrawal = peer.undelivered, withdrawal.withdrawn.contains(vip.prefix) {
            ", withdrawn, but its TCP has not acknowledged that for \(spanText(withdrawal.seconds)): it may still send "
                + "traffic here"
                + (withdrawal.resetInSeconds.map { "; the session is reset in \(fractionText($0))" } ?? "")
        } else if peer.isEstablished {
            ", not advertised" + (obstacle.map { ": \($0)" } ?? "")
        } else if let bfd = peer.bfd, bfd.holdsSession {
            ": waits until BFD is up" + (bfd.obstacle.map { "; \($0)" } ?? "")
        } else { (peer.lastErrorText ?? peer.lastAttempt).map { ": \($0)" } ?? "" }
    return session + why
}
