import IPTypes
import Settings

extension SwitchSide {
    /// BIRD 2 and 3: a file to include in `bird.conf`.
    func bird(_ text: inout ConfigText) {
        text.note(
            "Include this in bird.conf, behind `protocol device` and `protocol direct { ipv4; ipv6; }`.",
            "Without `merge paths on limit \(maximumPaths);` in `protocol kernel` only one next hop is used.",
            "The hash of flows is the kernel's: set net.ipv4.fib_multipath_hash_policy and",
            "net.ipv6.fib_multipath_hash_policy to 1. It is not resilient: BIRD has nothing for that.")
        for family in families {
            let allowed = permits(family).map { permit in
                "\(permit.prefix)" + (permit.hostLength.map { "{\($0),\($0)}" } ?? "")
            }.joined(separator: ", ")
            text.add(
                "filter bgpvip\(family.digit) {",
                "  if net !~ [ \(allowed) ] then reject;",
                "  if (65535, 0) ~ bgp_community then bgp_local_pref = 0;",
                "  accept;",
                "}")
        }
        if sessions.contains(where: { $0.peer.bfd != nil }) {
            text.note("BIRD has one BFD protocol: leave this line out if there is one.")
            text.add("protocol bfd bgpvip_bfd { }")
        }
        for session in sessions {
            birdTemplate(session, &text)
            birdProtocols(session, &text)
        }
        text.verify(
            "birdc show protocols 'bgpvip*'",
            "birdc show protocols all 'bgpvip*'",
            sessions.contains { $0.peer.bfd != nil } ? "birdc show bfd sessions" : nil)
        for prefix in prefixes {
            text.note("  birdc show route all for \(prefix)", "  \(ConfigText.kernelRoute(prefix))")
        }
    }

    private func birdTemplate(_ session: SwitchSession, _ text: inout ConfigText) {
        let isDirect = session.multihop == nil && (session.securityHops ?? 1) == 1
        // BFD over several hops needs it.
        let address = isDirect || session.peer.address.isGateway ? "" : "\(session.peer.address) "
        let port = session.isPassive && session.peer.port != 179 ? "port \(session.peer.port) " : ""
        text.add(
            "template bgp bgpvip\(session.suffix) {",
            "  local \(address)\(port)as \(asText);",
            isDirect ? "  direct;" : "  multihop \(session.multihop ?? session.securityHops ?? 1);",
            session.securityHops == nil ? nil : "  ttl security on;",
            session.key.map { "  password \"\($0)\";" },
            session.isPassive ? "  passive on;" : "  connect delay time 1;",
            session.isPassive ? nil : "  connect retry time 2;",
            "  hold time \(session.holdTime);",
            session.holdTime == 0 ? nil : "  keepalive time \(session.keepalive);",
            "  error wait time 1, 10;")
        if let bfd = session.peer.bfd {
            let intervals = "min rx interval \(bfd.switchReceive) ms; min tx interval \(bfd.switchTransmit) ms;"
            text.add(
                refusesGracefulRestart ? nil : "  bfd graceful;",
                "  bfd { \(intervals) multiplier \(bfd.multiplier); };")
        }
        let helper = refusesGracefulRestart ? "off" : "aware"
        text.add("  graceful restart \(helper);", "  long lived graceful restart \(helper);")
        for family in families {
            text.add(
                "  \(family) {",
                "    import filter bgpvip\(family.digit);",
                "    import limit \(maximumPrefixes(family)) action restart;",
                "    export none;",
                family == .ipv4 && session.isOverIPv6 ? "    extended next hop on;" : nil,
                "  };")
        }
        text.add("}")
    }

    private func birdProtocols(_ session: SwitchSession, _ text: inout ConfigText) {
        let template = "bgpvip\(session.suffix)"
        let port = !session.isPassive && session.nodePort != 179 ? " port \(session.nodePort)" : ""
        for address in session.addresses {
            let name = String("\(address)".map { ".:".contains($0) ? "_" : $0 })
            text.add(
                "protocol bgp \(template)_\(name) from \(template) {",
                "  neighbor \(address)\(port) as \(session.nodeAS);",
                "}")
        }
        for (index, range) in session.ranges.enumerated() {
            text.add(
                "protocol bgp \(template)_range\(index + 1) from \(template) {",
                "  neighbor range \(range) as \(session.nodeAS);",
                "  dynamic name \"\(template)_node\";",
                "}")
        }
        for (index, port) in session.ports.enumerated() {
            text.note("Router advertisements tell the nodes on \(port) who the router is.")
            text.add(
                "protocol radv \(template)_radv\(index + 1) {",
                "  interface \"\(port)\" { min ra interval 3; max ra interval 4; };",
                "}",
                "protocol bgp \(template)_port\(index + 1) from \(template) {",
                "  neighbor range fe80::/10 as \(session.nodeAS);",
                "  interface \"\(port)\";",
                "  dynamic name \"\(template)_port\(index + 1)_\";",
                "}")
        }
    }
}
