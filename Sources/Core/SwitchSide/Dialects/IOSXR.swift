import IPTypes
import Settings

extension SwitchSide {
    /// Cisco IOS XR.
    func iosxr(_ text: inout ConfigText) {
        portNotes(&text)
        let destinations = (prefixes + pools).map { "\($0)" }.joined(separator: ", ")
        text.note(
            "Resilient hashing: `set load-balance ecmp-consistent` for \(destinations) in the",
            "route policy that `table-policy` names. It is not set here: a switch has one such policy.",
            "Graceful restart is off unless `bgp graceful-restart` is configured; then it keeps no path of the nodes:",
            "they list no address family in that capability.",
            refusesGracefulRestart ? nil : "Long-lived graceful restart (RFC 9494) is not generated for IOS XR.")
        for session in sessions { iosxrNotes(session, &text) }
        for family in families {
            let list = permits(family).map { "  \($0.prefix) eq \($0.hostLength ?? $0.prefix.length)" }
                .joined(separator: ",\n")
            text.add("prefix-set BGPVIP\(family.digit)", list, "end-set", "!")
        }
        text.add("community-set BGPVIP-GSHUT", "  65535:0", "end-set", "!")
        for family in families {
            text.add(
                "route-policy BGPVIP\(family.digit)-IN",
                "  if not destination in BGPVIP\(family.digit) then",
                "    drop",
                "  endif",
                "  if community matches-any BGPVIP-GSHUT then",
                "    set local-preference 0",
                "  endif",
                "  pass",
                "end-policy",
                "!")
        }
        text.add("route-policy BGPVIP-OUT", "  drop", "end-policy", "!")
        text.add("router bgp \(asText)", " bgp bestpath as-path multipath-relax")
        for family in families {
            text.add(
                " address-family \(family) unicast",
                hasExternal ? "  maximum-paths ebgp \(maximumPaths)" : nil,
                hasInternal ? "  maximum-paths ibgp \(maximumPaths)" : nil,
                " !")
        }
        for session in sessions { iosxrNeighbors(session, &text) }
        text.add("!")
        text.verify("show bgp summary", "show bgp ipv6 unicast summary", "show bfd session")
        for prefix in prefixes {
            let family = prefix.address.isIPv4 ? "ipv4" : "ipv6"
            text.note("  show bgp \(family) unicast \(prefix)", "  show route \(family) \(prefix)")
        }
    }

    private func iosxrNotes(_ session: SwitchSession, _ text: inout ConfigText) {
        if session.isOverIPv6, families.contains(.ipv4) {
            text.note("IPv4 routes with IPv6 next hops (RFC 8950) are not generated for IOS XR: add an IPv4 peer.")
        }
        if let hops = session.securityHops, hops > 1 {
            text.note("IOS XR has TTL security for nodes one hop away only, and these are \(hops).")
        }
        if session.multihop != nil, session.peer.bfd != nil {
            text.note("BFD over several hops needs `bfd multipath include location …` for a line card.")
        }
        if !session.isPassive, session.nodePort != 179 {
            text.note("The nodes listen on TCP port \(session.nodePort); IOS XR dials 179 only.")
        }
    }

    private func iosxrNeighbors(_ session: SwitchSession, _ text: inout ConfigText) {
        text.add(
            " neighbor-group \(session.group)",
            "  remote-as \(session.nodeAS)",
            "  timers \(session.keepalive) \(session.holdTime)",
            session.isPassive && session.ranges.isEmpty ? "  session-open-mode passive-only" : nil,
            session.key.map { "  password clear \($0)" },
            session.isInternal ? nil : session.multihop.map { "  ebgp-multihop \($0)" },
            session.securityHops == 1 ? "  ttl-security" : nil,
            session.peer.bfd == nil ? nil : "  bfd fast-detect",
            session.peer.bfd.map { "  bfd multiplier \($0.multiplier)" },
            session.peer.bfd.map { "  bfd minimum-interval \($0.switchInterval)" })
        for family in families where family == .ipv6 || !session.isOverIPv6 {
            text.add(
                "  address-family \(family) unicast",
                "   route-policy BGPVIP\(family.digit)-IN in",
                "   route-policy BGPVIP-OUT out",
                "   maximum-prefix \(maximumPrefixes(family)) 80 restart 1",
                "  !")
        }
        text.add(" !")
        let neighbors = session.addresses.map { "\($0)" } + session.ranges.map { "\($0)" }
        for neighbor in neighbors {
            text.add(" neighbor \(neighbor)", "  use neighbor-group \(session.group)", " !")
        }
    }
}
