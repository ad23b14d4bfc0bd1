import Settings
package import SpeakerCore

extension LogLine {
    /// A page of the status as lines of the log: the node, then each peer, check and VIP.
    package static func lines(of status: Status, withNode: Bool) -> [LogLine] {
        (withNode ? [LogLine(node: status)] : []) + status.peers.map(LogLine.init) + status.checks.map(LogLine.init)
            + status.vips.map(LogLine.init)
    }

    private init(node status: Status) {
        self.init(.info, "status", [("phase", .string(status.phase))])
        add("reason", status.phaseReason)
        add("waits_for", status.waitsFor)
        fields += [("local_as", .number(status.localAS)), ("router_id", .string(status.routerID))]
    }

    private init(_ peer: PeerStatus) {
        self.init(.info, "status of a peer", [("peer", .string(peer.address)), ("state", .string(peer.state))])
        add("bfd", peer.bfd?.state)
        fields.append(("advertised", .number(peer.advertised)))
        add("last_error", peer.lastError)
    }

    private init(_ vip: VIPStatus) {
        let bound = vip.boundByOthers ? "others" : vip.bound ? "yes" : "no"
        self.init(
            .info, "status of a VIP",
            [
                ("vip", .string(vip.prefix)), ("bound", .string(bound)), ("verdict", .string(vip.verdict)),
                ("advertised_to", .number(vip.advertisedTo)), ("reason", .string(vip.reason)),
            ])
    }

    private init(_ check: CheckStatus) {
        self.init(
            .info, "status of a check",
            [
                ("check", .string(check.name)), ("verdict", .string(check.verdict)), ("passed", .number(check.passed)),
                ("failed", .number(check.failed)),
            ])
        add("last_failure", check.lastFailure)
    }

    private mutating func add(_ name: String, _ value: String?) {
        if let value { fields.append((name, .string(value))) }
    }
}
