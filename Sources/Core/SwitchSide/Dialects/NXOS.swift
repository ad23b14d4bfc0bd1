import IPTypes
import Settings

extension SwitchSide {
    /// Cisco NX-OS.
    func nxos(_ text: inout ConfigText) {
        portNotes(&text)
        text.note(
            "Resilient hashing is of the whole switch and needs a reload: `hardware profile ecmp resilient`.",
            "The helper of graceful restart cannot be turned off for single neighbors. It keeps no path of the nodes:",
            "they list no address family in that capability.",
            refusesGracefulRestart ? nil : "Long-lived graceful restart (RFC 9494) is not generated for NX-OS.")
        for session in sessions { nxosNotes(session, &text) }
        text.add("feature bgp", sessions.contains { $0.peer.bfd != nil } ? "feature bfd" : nil)
        policyLists(
            &text, communityList: "ip community-list standard BGPVIP-GSHUT seq 5 permit 65535:0", indent: "  ")
        text.add("router bgp \(asText)", "  bestpath as-path multipath-relax")
        for family in families {
            text.add(
                "  address-family \(family) unicast",
                hasExternal ? "    maximum-paths \(maximumPaths)" : nil,
                hasInternal ? "    maximum-paths ibgp \(maximumPaths)" : nil)
        }
        for session in sessions { nxosNeighbors(session, &text) }
        text.verify("show bgp sessions", "show bgp all summary", "show bfd neighbors")
        for prefix in prefixes {
            let family = prefix.address.isIPv4 ? "ipv4" : "ipv6"
            let word = prefix.address.isIPv4 ? "ip" : "ipv6"
            text.note("  show bgp \(family) unicast \(prefix)", "  show \(word) route \(prefix)")
        }
    }

    private func nxosNotes(_ session: SwitchSession, _ text: inout ConfigText) {
        if let bfd = session.peer.bfd, session.multihop == nil {
            text.note(
                "On the interfaces to the nodes: `no ip redirects`, `no ipv6 redirects`, `no bfd echo`,",
                "`bfd interval \(bfd.switchInterval) min_rx \(bfd.switchReceive) multiplier \(bfd.multiplier)`.")
        }
        if session.isOverIPv6, families.contains(.ipv4) {
            text.note("IPv4 routes with IPv6 next hops (RFC 8950) are not generated for NX-OS: add an IPv4 peer.")
        }
        if !session.isPassive, session.nodePort != 179 {
            text.note("The nodes listen on TCP port \(session.nodePort); NX-OS dials 179 only.")
        }
    }

    private func nxosNeighbors(_ session: SwitchSession, _ text: inout ConfigText) {
        text.add("  template peer \(session.group)")
        if session.ranges.isEmpty { text.add("    remote-as \(session.nodeAS)") }
        text.add(
            "    timers \(session.keepalive) \(session.holdTime)",
            session.isPassive && session.ranges.isEmpty ? "    transport connection-mode passive" : nil,
            session.key.map { "    password 0 \($0)" },
            session.isInternal ? nil : session.multihop.map { "    ebgp-multihop \(max(2, $0))" },
            session.securityHops.map { "    ttl-security hops \($0)" },
            session.peer.bfd == nil ? nil : "    bfd",
            session.multihop == nil
                ? nil
                : session.peer.bfd.map {
                    "    bfd multihop interval \($0.switchInterval) min_rx \($0.switchReceive) multiplier \($0.multiplier)"
                })
        for family in families where family == .ipv6 || !session.isOverIPv6 {
            text.add(
                "    address-family \(family) unicast",
                "      maximum-prefix \(maximumPrefixes(family)) restart 1",
                "      route-map BGPVIP\(family.digit)-IN in",
                "      route-map BGPVIP-OUT out")
        }
        for address in session.addresses {
            text.add("  neighbor \(address)", "    inherit peer \(session.group)")
        }
        for range in session.ranges {
            text.add("  neighbor \(range) remote-as \(session.nodeAS)", "    inherit peer \(session.group)")
        }
    }
}
