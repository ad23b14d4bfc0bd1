import BGPFSM
import BGPWire
import IPTypes
import Settings
import SpeakerCore

extension Facts {
    /// What the daemon says of itself.
    var daemonFindings: [Finding] {
        guard let status, let reason = status.phaseReason, ["draining", "drained"].contains(status.phase) else {
            return []
        }
        return [Finding(.nodeDrained, "node", "this node is \(status.phase): \(reason)")]
    }

    /// The sessions, whether the daemon has them or one was tried.
    var peerFindings: [Finding] {
        (gatewayFailure.map { [Finding(.peerNoRoute, "gateway", $0)] } ?? [])
            + settings.peers.flatMap { peer in
                if node.addresses.contains(where: { $0.address == peer.address.address }) {
                    return [
                        Finding(.peerIsSelf, "\(peer.address)", "\(peer.address) is an address of this node itself")
                    ]
                }
                let met = peers[peer.address] ?? PeerFacts()
                guard let state = status?.peers.first(where: { $0.address == "\(peer.address)" }) else {
                    return triedFindings(peer, met) + intervalFindings(peer)
                }
                return sessionFindings(peer, state, met) + bfdFindings(peer, state) + intervalFindings(peer)
            }
    }

    /// What a dial before the start met.
    private func triedFindings(_ peer: PeerSettings, _ met: PeerFacts) -> [Finding] {
        let identifier = node.view.routerID?.identifier ?? BGPIdentifier(0)
        let configuration = SessionConfiguration(peer, of: settings, identifier: identifier, hostName: nil)
        var found: [Finding] = []
        if let end = met.end, let code = end.code {
            found += endFindings(peer, code, end.words(configuration, wasEstablished: false), met)
        }
        guard let open = met.open, let endpoints = met.endpoints else { return found }
        switch configuration.negotiate(open, on: endpoints) {
        case .failure(let error):
            let end = EndReason.notificationSent(error.notification, explanation: error.explanation)
            if let code = end.code { found += endFindings(peer, code, end.words(configuration), met) }
        case .success(let negotiated):
            if open.identifier == identifier { found.append(sameRouterID(peer, "\(identifier)")) }
            found += familyFindings(peer) { negotiated.families.contains($0) ? nil : "the router does not offer it" }
            found += restartFindings(peer, open.capabilities.map { "\($0)" })
        }
        return found
    }

    /// What the daemon says of a session.
    private func sessionFindings(_ peer: PeerSettings, _ state: PeerStatus, _ met: PeerFacts) -> [Finding] {
        guard state.state == "Established" else {
            // While BFD holds it back there is nothing to say of the session.
            if state.bfd?.holdsSession ?? false { return [] }
            let reasons = [(state.lastErrorCode, state.lastError), (state.lastAttemptCode, state.lastAttempt)]
            for case (let code?, let words?) in reasons { return endFindings(peer, code, words, met) }
            return []
        }
        var found: [Finding] = []
        if let routerID = status?.routerID, state.peerIdentifier == routerID {
            found.append(sameRouterID(peer, routerID))
        }
        found += familyFindings(peer) { family in
            guard !state.families.isEmpty else { return nil }
            return state.families.contains("\(family)")
                ? nil : "the session carries \(state.families.joined(separator: ", "))"
        }
        found += deliveryFindings(peer, state)
        return found + restartFindings(peer, state.capabilitiesReceived) + pathFindings(peer, state)
    }

    /// An acknowledgement that takes longer than any path.
    private static let longestDelivery = 1.0

    /// What an Established session has sent in vain. A router may have read our OPEN before it dropped the rest.
    private func deliveryFindings(_ peer: PeerSettings, _ state: PeerStatus) -> [Finding] {
        guard let undelivered = state.undelivered, undelivered.seconds >= Self.longestDelivery else { return [] }
        return [
            Finding(
                .peerUnacknowledged, "\(peer.address)",
                "peer \(peer.address) has acknowledged nothing for \(Int(undelivered.seconds)) s of what was sent to it. \(securityHere(peer))"
            )
        ]
    }

    private func endFindings(
        _ peer: PeerSettings, _ code: String, _ words: String, _ met: PeerFacts
    ) -> [Finding] {
        let name = "\(peer.address)"
        if met.answersTo.contains(.unsigned) {
            return [
                Finding(
                    .peerWithoutPassword, name,
                    "peer \(name) answers without a password, and not with the one that is configured here")
            ]
        }
        if met.answersTo.contains(.anyTTL) {
            guard case .ttlSecurity = peer.distance else {
                return [
                    Finding(
                        .peerDemandsTTL, name,
                        "peer \(name) answers packets with TTL 255 only: the router has TTL security, and this node does not"
                    )
                ]
            }
            return [
                Finding(
                    .peerWithoutTTLSecurity, name,
                    "this node has TTL security and the router does not: peer \(name) answers, but not with the TTL that this node accepts"
                )
            ]
        }
        guard let code = Finding.Code(rawValue: "peer-" + code) else { return [] }
        let evidence = code == .peerUnheard || code == .peerSilent ? words + ". " + securityHere(peer) : words
        return [Finding(code, name, evidence, switchCommand: switchCommand(for: peer))]
    }

    /// Which side of TTL security this node is on.
    private func securityHere(_ peer: PeerSettings) -> String {
        if case .ttlSecurity = peer.distance { "This node has TTL security" } else { "This node has no TTL security" }
    }

    /// The command that prints the router's side of the sessions with this node.
    func switchCommand(for peer: PeerSettings) -> String {
        let remote = peer.address.address
        let interface = node.interfaces[peer.address]
        let local =
            peer.source
            ?? node.addresses.first { $0.interface == interface && $0.address.isIPv4 == remote.isIPv4 }?.address
        // On a link without addresses the router knows the node by its port.
        let node =
            remote.isLinkLocal && !remote.isIPv4 || peer.address.isUnnumbered
            ? "SWITCH-PORT" : local.map { "\($0)" } ?? "ADDRESS"
        return "bgpvip tor-config DIALECT --node \(node)" + (namesGateways ? "" : " --for \(peer.address)")
    }

    private func sameRouterID(_ peer: PeerSettings, _ identifier: String) -> Finding {
        Finding(
            .peerSameRouterID, "\(peer.address)", "peer \(peer.address) has our own BGP identifier \(identifier)",
            severity: .warning)
    }

    /// The VIPs whose family the session does not carry; `obstacle` says why, for a family.
    private func familyFindings(_ peer: PeerSettings, _ obstacle: (AddressFamily) -> String?) -> [Finding] {
        let families = Set(settings.vips.filter { $0.isMeant(for: peer.address) }.map { AddressFamily(of: $0.prefix) })
        return families.sorted().compactMap { family in
            obstacle(family).map {
                Finding(
                    .peerWithoutFamily, "\(peer.address)", "peer \(peer.address) does not take \(family): \($0)")
            }
        }
    }

    private func restartFindings(_ peer: PeerSettings, _ capabilities: [String]) -> [Finding] {
        capabilities.filter { $0.hasPrefix("graceful restart") && $0.contains("unicast") }.map {
            Finding(
                .peerKeepsDeadRoutes, "\(peer.address)", "peer \(peer.address) offers \($0)",
                switchCommand: switchCommand(for: peer))
        }
    }

    private func bfdFindings(_ peer: PeerSettings, _ state: PeerStatus) -> [Finding] {
        guard let bfd = state.bfd, let obstacle = bfd.obstacle else { return [] }
        return [
            Finding(
                .bfdDown, "\(peer.address)", "BFD with \(peer.address) is \(bfd.state): \(obstacle)",
                severity: bfd.holdsSession ? .fault : .warning)
        ]
    }

    /// The detection time that a busy node may miss with ordinary scheduling.
    private static let shortestDetection = Duration.milliseconds(150)

    private func intervalFindings(_ peer: PeerSettings) -> [Finding] {
        guard let bfd = peer.bfd, bfd.transmitInterval * Int(bfd.multiplier) <= Self.shortestDetection else {
            return []
        }
        let hasPriority = status.map { !($0.bfdScheduling?.hasPrefix("ordinary") ?? true) } ?? node.schedules
        if hasPriority { return [] }
        return [
            Finding(
                .bfdTooFast, "\(peer.address)",
                "BFD sends every \(Int(bfd.transmitInterval / .milliseconds(1))) ms × \(bfd.multiplier), with ordinary scheduling"
            )
        ]
    }
}
