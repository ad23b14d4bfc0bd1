package import SpeakerCore

/// `bgpvip why VIP`: what stands between a service and the routers, link by link.
package struct WhyChain: Encodable, Sendable, Hashable {
    /// One link of the chain.
    package struct Step: Encodable, Sendable, Hashable {
        /// How a link holds.
        package enum Standing: String, Encodable, Sendable, Hashable {
            case holds
            /// The chain ends here.
            case stops
            /// Does not hold, but is not the first, or does not keep the VIP from being advertised.
            case fails
            /// Not part of the chain.
            case unneeded
        }

        /// `check apiserver`, `verdict`, `node`, `interface lo`, `peer 10.0.0.1`.
        package var link: String
        package var standing: Standing
        /// How it is, in words.
        package var words: String
    }

    package var vip: String
    /// Peers that have been told the VIP, and peers configured.
    package var advertisedTo: Int
    package var peers: Int
    /// The daemon's own reason.
    package var reason: String
    package var steps: [Step]

    /// The chain of one of the status's VIPs.
    package init(of vip: VIPStatus, in status: Status) {
        self.vip = vip.prefix
        advertisedTo = vip.advertisedTo
        peers = vip.peers
        reason = vip.reason

        var before: [Step] = vip.checks.map { checkStep($0, status.checks) }
        before += [verdictStep(vip), nodeStep(vip, status)]
        if let drain = vip.drain {
            before.append(
                Step(link: "drain", standing: .fails, words: "\(drain.phase): \(drain.reason); \(drain.words)"))
        }
        before.append(interfaceStep(vip, status))
        // What is kept as the last resort is advertised although its checks fail.
        let surmounted = vip.lastResort ? vip.checks.count + 1 : 0
        if vip.advertisedTo == 0, let first = before[surmounted...].firstIndex(where: { $0.standing == .fails }) {
            before[first].standing = .stops
        }
        let isStopped = before.contains { $0.standing == .stops }
        steps = before + status.peers.map { peerStep($0, vip, isStopped: isStopped) }
        // Behind the peers: it keeps no VIP from being advertised, but what then arrives is refused.
        steps += vip.listeners.map { listener in
            Step(
                link: "service port \(listener.port)", standing: listener.isReached ? .holds : .fails,
                words: listener.words(vip: vip.prefix))
        }
        if vip.advertisedTo > 0 {
            steps.append(Step(link: "routers", standing: .unneeded, words: unseenOnRouters(of: vip.prefix)))
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

private func checkStep(_ name: String, _ checks: [CheckStatus]) -> WhyChain.Step {
    guard let check = checks.first(where: { $0.name == name }) else {
        return WhyChain.Step(link: "check \(name)", standing: .fails, words: "is not known to the daemon")
    }
    let failure =
        check.lastFailure.map { ": \($0)" } ?? check.acceptedRefusal.map { ", which answers: \($0)" } ?? ""
    return WhyChain.Step(
        link: "check \(name)", standing: check.verdict == "healthy" ? .holds : .fails,
        words: "\(check.target) is \(verdictText(check.verdict, check.verdictSeconds))\(failure)"
            + " (\(check.passed) passed, \(check.failed) failed)")
}

private func verdictStep(_ vip: VIPStatus) -> WhyChain.Step {
    WhyChain.Step(
        link: "verdict", standing: vip.verdict == "healthy" ? .holds : .fails,
        words: vip.checks.isEmpty
            ? "\(vip.verdict): it has no checks"
            : verdictText(vip.verdict, vip.verdictSeconds)
                + (vip.lastResort ? "; kept as the last resort, for when no node is healthy" : ""))
}

private func verdictText(_ verdict: String, _ seconds: Double) -> String {
    verdict == "unknown" ? "unknown: no result yet" : "\(verdict) for \(spanText(seconds))"
}

private func nodeStep(_ vip: VIPStatus, _ status: Status) -> WhyChain.Step {
    // A node that drains still advertises, with GRACEFUL_SHUTDOWN, until it has settled.
    let isInService = ["starting", "running"].contains(status.phase)
    let isSpared = !isInService && !vip.drains && status.departure?.exits == false
    return WhyChain.Step(
        link: "node", standing: isInService || isSpared ? .holds : .fails,
        words: status.phaseWords + (isSpared ? "; this VIP is left in service (drain: false)" : ""))
}

private func interfaceStep(_ vip: VIPStatus, _ status: Status) -> WhyChain.Step {
    if vip.boundByOthers {
        return WhyChain.Step(
            link: "interface", standing: vip.bindError == nil ? .holds : .fails,
            words: "is left to others (bind is false)" + (vip.bindError.map { "; \($0)" } ?? ""))
    }
    return WhyChain.Step(
        link: "interface \(status.interface)", standing: vip.bound ? .holds : .fails,
        words: vip.bound ? "has the address" : "does not have the address" + (vip.bindError.map { ": \($0)" } ?? ""))
}

private func peerStep(_ peer: PeerStatus, _ vip: VIPStatus, isStopped: Bool) -> WhyChain.Step {
    let session = "AS \(peer.asText) \(peer.state) for \(spanText(peer.stateSeconds))"
    if let route = peer.routes.first(where: { $0.prefix == vip.prefix }) {
        return WhyChain.Step(
            link: "peer \(peer.address)", standing: .holds,
            words: "\(session), was told: \(routeText(route))"
                + (peer.undelivered.map { "; its TCP has acknowledged nothing for \(spanText($0.seconds))" } ?? ""))
    }
    let obstacle = peer.obstacles?[vip.prefix]
    if obstacle == PeerStatus.notMeant {
        return WhyChain.Step(
            link: "peer \(peer.address)", standing: .unneeded, words: "\(session), \(PeerStatus.notMeant)")
    }
    let why =
        if let withdrawal = peer.undelivered, withdrawal.withdrawn.contains(vip.prefix) {
            ", withdrawn, but its TCP has not acknowledged that for \(spanText(withdrawal.seconds)): it may still send "
                + "traffic here"
                + (withdrawal.resetInSeconds.map { "; the session is reset in \(fractionText($0))" } ?? "")
        } else if peer.isEstablished {
            ", was not told" + (obstacle.map { ": \($0)" } ?? "")
        } else if let bfd = peer.bfd, bfd.holdsSession {
            ": waits until BFD is up" + (bfd.obstacle.map { "; \($0)" } ?? "")
        } else { (peer.lastErrorText ?? peer.lastAttempt).map { ": \($0)" } ?? "" }
    return WhyChain.Step(
        link: "peer \(peer.address)", standing: isStopped ? .fails : .stops, words: session + why)
}
