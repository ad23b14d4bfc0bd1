package import SpeakerCore

/// The metrics in the Prometheus text format, version 0.0.4, made of a status that comes page by page.
///
/// The label values come from the configuration alone, so no series appears or vanishes when a session does.
package struct MetricsText: Sendable {
    /// What is written of each family so far, and of `advertised` only at the end.
    private var families: [String] = []
    private var peers: [(address: String, labels: [MetricFamily.Label])] = []
    private var vips: [String] = []
    /// The VIPs that each peer has.
    private var told: [String: Set<String>] = [:]
    /// What was on a page already: if VIPs come and go between two pages, it may come twice, and Prometheus takes no series
    /// twice.
    private var seen: Set<String> = []
    private let hasPairs: Bool

    /// - Parameter hasPairs: true if the pages have routes, so that each pair of a peer and a VIP has a series.
    package init(hasPairs: Bool) {
        self.hasPairs = hasPairs
    }

    /// Adds a page; `now` in seconds since 1970.
    package mutating func append(_ page: Status, now: Double) {
        var page = page
        page.peers.removeAll { !seen.insert("peer \($0.address)").inserted }
        page.checks.removeAll { !seen.insert("check \($0.name)").inserted }
        page.vips.removeAll { !seen.insert("vip \($0.prefix)").inserted }
        peers += page.peers.map { ($0.address, $0.labels) }
        for peer in page.peers { told[peer.address, default: []].formUnion(peer.routes.map(\.prefix)) }
        if hasPairs { vips += page.vips.map(\.prefix) }
        for more in page.routePages ?? [] { told[more.peer, default: []].formUnion(more.routes.map(\.prefix)) }
        let new = Self.families(of: page, now: now)
        if families.isEmpty {
            families = new.map(\.text)
        } else {
            for (place, family) in new.enumerated() where !family.isOfNode { families[place] += family.lines }
        }
    }

    /// All that was added.
    package var text: String { (hasPairs ? advertised.text : "") + families.joined() }

    private static func families(of status: Status, now: Double) -> [MetricFamily] {
        [
            buildInformation(status), sessions(status), states(status), changes(status, now: now), flaps(status),
            plannedEnds(status), bfdSessions(status), bfdFailures(status), bfdPackets(status), bfdDiscarded(status),
            messages(status, "sent", \.messagesSent), messages(status, "received", \.messagesReceived),
            checks(status), probes(status), probeDurations(status), bound(status), healthy(status), lastResort(status),
            peerRoutes(status), decisionToWire(status), reloadSuccess(status), reloadTime(status), vipDraining(status),
            draining(status), ready(status),
        ]
    }

    private var advertised: MetricFamily {
        MetricFamily(
            "bgpvip_prefix_advertised", .gauge, "1 while the VIP is advertised to the peer.",
            peers.flatMap { peer in
                vips.map { vip in
                    let family = vip.contains(":") ? "ipv6" : "ipv4"
                    let isTold = told[peer.address]?.contains(vip) ?? false
                    return (peer.labels + [("vip", vip), ("afi", family)], isTold ? 1 : 0)
                }
            })
    }
}

private func buildInformation(_ status: Status) -> MetricFamily {
    MetricFamily(
        "bgpvip_build_info", .gauge, "Always 1; the label is the version of the daemon.",
        [([("version", status.version)], 1)])
}

private func sessions(_ status: Status) -> MetricFamily {
    MetricFamily(
        "bgpvip_bgp_session_up", .gauge, "1 while the BGP session is Established.",
        status.peers.map { ($0.labels, $0.isEstablished ? 1 : 0) })
}

private func states(_ status: Status) -> MetricFamily {
    let states = ["Idle", "Connect", "Active", "OpenSent", "OpenConfirm", "Established"]
    return MetricFamily(
        "bgpvip_bgp_session_state", .gauge, "1 for the state that the BGP session is in, 0 for the others.",
        status.peers.flatMap { peer in
            states.map { (peer.labels + [("state", $0)], peer.state == $0 ? 1 : 0) }
        })
}

private func changes(_ status: Status, now: Double) -> MetricFamily {
    MetricFamily(
        "bgpvip_bgp_session_last_change_timestamp_seconds", .gauge,
        "When the BGP session was last Established or ceased to be; the start if it never was.",
        status.peers.map { ($0.labels, Int((now - $0.stateSeconds).rounded())) })
}

private func flaps(_ status: Status) -> MetricFamily {
    MetricFamily(
        "bgpvip_bgp_session_flaps_total", .counter, "Times the BGP session left Established unplanned.",
        status.peers.map { ($0.labels, $0.flaps) })
}

private func plannedEnds(_ status: Status) -> MetricFamily {
    MetricFamily(
        "bgpvip_bgp_session_planned_ends_total", .counter,
        "Times this node ended the Established BGP session itself: drain, end of the process, reset.",
        status.peers.map { ($0.labels, $0.plannedEnds) })
}

private func messages(
    _ status: Status, _ direction: String, _ counts: (PeerStatus) -> MessageCounts
) -> MetricFamily {
    MetricFamily(
        "bgpvip_bgp_messages_\(direction)_total", .counter, "BGP messages \(direction), by type.",
        status.peers.flatMap { peer in
            counts(peer).byType.map { (peer.labels + [("type", $0.name)], $0.count) }
        })
}

private func bfdSessions(_ status: Status) -> MetricFamily {
    MetricFamily(
        "bgpvip_bfd_session_up", .gauge, "1 while the BFD session is Up.",
        bfd(status).map { ($0.peer.labels, $0.bfd.state == "Up" ? 1 : 0) })
}

private func bfdFailures(_ status: Status) -> MetricFamily {
    MetricFamily(
        "bgpvip_bfd_session_failures_total", .counter, "Times BFD found the path broken.",
        bfd(status).map { ($0.peer.labels, $0.bfd.failures) })
}

private func bfdPackets(_ status: Status) -> MetricFamily {
    MetricFamily(
        "bgpvip_bfd_packets_total", .counter, "BFD packets, by direction.",
        bfd(status).flatMap { peer, bfd in
            [
                (peer.labels + [("direction", "sent")], bfd.packetsSent),
                (peer.labels + [("direction", "received")], bfd.packetsReceived),
            ]
        })
}

private func bfdDiscarded(_ status: Status) -> MetricFamily {
    MetricFamily(
        "bgpvip_bfd_packets_discarded_total", .counter, "Datagrams on the ports of BFD that belong to no session.",
        status.bfdPacketsDiscarded.map { [([], $0)] } ?? [])
}

/// The peers that have BFD.
private func bfd(_ status: Status) -> [(peer: PeerStatus, bfd: BFDStatus)] {
    status.peers.compactMap { peer in peer.bfd.map { (peer, $0) } }
}

private func checks(_ status: Status) -> MetricFamily {
    MetricFamily(
        "bgpvip_check_up", .gauge, "1 while the check finds its service healthy.",
        status.checks.map { ([("check", $0.name)], $0.verdict == "healthy" ? 1 : 0) })
}

private func probes(_ status: Status) -> MetricFamily {
    MetricFamily(
        "bgpvip_check_probes_total", .counter, "Probes by result.",
        status.checks.flatMap { check in
            [
                ([("check", check.name), ("result", "passed")], check.passed),
                ([("check", check.name), ("result", "failed")], check.failed),
            ]
        })
}

private func probeDurations(_ status: Status) -> MetricFamily {
    MetricFamily(
        "bgpvip_check_duration_seconds", "How long the probes of the check took.",
        histograms: status.checks.compactMap { check in check.durations.map { ([("check", check.name)], $0) } })
}

private func decisionToWire(_ status: Status) -> MetricFamily {
    MetricFamily(
        "bgpvip_decision_to_wire_seconds",
        "From what made routes change, such as the outcome of a probe, until the kernel had the UPDATEs.",
        histograms: status.decisionToWire.map { [([], $0)] } ?? [])
}

private func bound(_ status: Status) -> MetricFamily {
    MetricFamily(
        "bgpvip_vip_bound", .gauge, "1 while the VIP is on the interface.",
        status.vips.map { ([("vip", $0.prefix)], $0.bound ? 1 : 0) })
}

private func healthy(_ status: Status) -> MetricFamily {
    MetricFamily(
        "bgpvip_vip_healthy", .gauge, "1 while all checks of the VIP find their services healthy.",
        status.vips.map { ([("vip", $0.prefix)], $0.verdict == "healthy" ? 1 : 0) })
}

private func lastResort(_ status: Status) -> MetricFamily {
    MetricFamily(
        "bgpvip_vip_last_resort", .gauge,
        "1 while the VIP is unhealthy and kept all the same, advertised so that routers prefer every other path.",
        status.vips.map { ([("vip", $0.prefix)], $0.lastResort ? 1 : 0) })
}

private func peerRoutes(_ status: Status) -> MetricFamily {
    MetricFamily(
        "bgpvip_bgp_prefixes_advertised", .gauge, "VIPs that are advertised to the peer.",
        status.peers.map { ($0.labels, $0.advertised) })
}

private func draining(_ status: Status) -> MetricFamily {
    MetricFamily(
        "bgpvip_draining", .gauge, "1 while the node is draining, drained or leaving.",
        [([], ["draining", "drained", "leaving"].contains(status.phase) ? 1 : 0)])
}

private func ready(_ status: Status) -> MetricFamily {
    MetricFamily(
        "bgpvip_ready", .gauge, "1 while /readyz answers that the node is ready.",
        [([], status.unreadiness == nil ? 1 : 0)])
}

private func vipDraining(_ status: Status) -> MetricFamily {
    MetricFamily(
        "bgpvip_vip_draining", .gauge, "1 while the VIP is draining or drained on its own.",
        status.vips.map { ([("vip", $0.prefix)], $0.drain == nil ? 0 : 1) })
}

private func reloadSuccess(_ status: Status) -> MetricFamily {
    MetricFamily(
        "bgpvip_config_last_reload_successful", .gauge, "0 if the settings were wrong when they were last read.",
        status.reload.map { [([], $0.isSuccessful ? 1 : 0)] } ?? [])
}

private func reloadTime(_ status: Status) -> MetricFamily {
    MetricFamily(
        "bgpvip_config_last_reload_success_timestamp_seconds", .gauge,
        "When the settings in force were read, in seconds since 1970.",
        status.reload.map { [([], $0.lastSuccess)] } ?? [])
}

extension PeerStatus {
    fileprivate var labels: [MetricFamily.Label] { [("peer", address), ("peer_asn", configuredAS)] }
}
