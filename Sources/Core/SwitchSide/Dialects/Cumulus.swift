import IPTypes
import Settings

extension SwitchSide {
    /// NVIDIA Cumulus Linux, as NVUE commands.
    func cumulus(_ text: inout ConfigText) {
        portNotes(&text)
        text.note(
            "NVUE of release 5.15 and later. After it: `nv config apply`.",
            "Resilient hashing depends on the release and the platform (`nv set system forwarding resilient-hash …` from",
            "5.19): not set here.",
            refusesGracefulRestart
                ? nil : "Long-lived graceful restart (RFC 9494) has no NVUE command here: use dialect frr.",
            hasInternal
                ? "GRACEFUL_SHUTDOWN is honoured on external sessions only; for internal ones use dialect frr." : nil)
        for session in sessions { cumulusNotes(session, &text) }
        for family in families {
            let list = "nv set router policy prefix-list BGPVIP\(family.digit)"
            text.add("\(list) type \(family)")
            for (index, permit) in permits(family).enumerated() {
                let rule = "\(list) rule \(10 * (index + 1))"
                let lengths = permit.hostLength.map { " min-prefix-len \($0)" } ?? ""
                text.add("\(rule) match \(permit.prefix)\(lengths)", "\(rule) action permit")
            }
            let map = "nv set router policy route-map BGPVIP\(family.digit)_IN rule 10"
            text.add(
                "\(map) match type \(family)",
                "\(map) match ip-prefix-list BGPVIP\(family.digit)",
                "\(map) action permit")
        }
        let bgp = "nv set vrf default router bgp"
        text.add(
            "nv set router policy route-map BGPVIP_OUT rule 10 action deny",
            "\(bgp) state enabled",
            "\(bgp) autonomous-system \(asText)",
            "\(bgp) path-selection multipath aspath-ignore enabled")
        for family in families {
            let paths = "\(bgp) address-family \(family)-unicast multipaths"
            text.add(
                hasExternal ? "\(paths) ebgp \(maximumPaths)" : nil, hasInternal ? "\(paths) ibgp \(maximumPaths)" : nil
            )
        }
        for session in sessions { cumulusGroup(session, bgp, &text) }
        text.verify(
            "nv show vrf default router bgp neighbor", "vtysh -c 'show bgp summary'", "vtysh -c 'show bfd peers brief'")
        for prefix in prefixes {
            text.note("  \(ConfigText.kernelRoute(prefix))")
        }
    }

    private func cumulusNotes(_ session: SwitchSession, _ text: inout ConfigText) {
        if session.key != nil, !session.ranges.isEmpty {
            text.note(
                "Cumulus Linux does not enforce MD5 on the peer group of a listen range. The nodes insist on it:",
                "name the nodes with --node instead of --nodes.")
        }
        if !session.isPassive, session.nodePort != 179 {
            text.note("The nodes listen on TCP port \(session.nodePort); NVUE's neighbors dial 179.")
        }
    }

    private func cumulusGroup(_ session: SwitchSession, _ bgp: String, _ text: inout ConfigText) {
        let group = "\(bgp) peer-group \(session.group)"
        text.add(
            "\(group) remote-as \(session.nodeAS)",
            "\(group) timers keepalive \(session.keepalive)",
            "\(group) timers hold \(session.holdTime)",
            session.ranges.isEmpty ? session.key.map { "\(group) password \($0)" } : nil,
            session.isInternal ? nil : session.multihop.map { "\(group) multihop-ttl \($0)" },
            refusesGracefulRestart ? "\(group) graceful-restart mode off" : nil,
            session.isOverIPv6 && families.contains(.ipv4) ? "\(group) capabilities extended-nexthop enabled" : nil)
        if let bfd = session.peer.bfd {
            let profile = "nv set router bfd profile bgpvip\(session.suffix)"
            text.add(
                "nv set router bfd state enabled",
                "\(profile) detect-multiplier \(bfd.multiplier)",
                "\(profile) min-rx-interval \(bfd.switchReceive)",
                "\(profile) min-tx-interval \(bfd.switchTransmit)",
                "\(group) bfd profile bgpvip\(session.suffix)")
        }
        for family in families {
            let unicast = "\(group) address-family \(family)-unicast"
            text.add(
                "\(unicast) state enabled",
                "\(unicast) policy inbound route-map BGPVIP\(family.digit)_IN",
                "\(unicast) policy outbound route-map BGPVIP_OUT",
                "\(unicast) prefix-limits inbound maximum \(maximumPrefixes(family))")
        }
        for address in session.addresses {
            text.add(
                "\(bgp) neighbor \(address) peer-group \(session.group)",
                "\(bgp) neighbor \(address) type numbered",
                // A peer group does not keep it.
                session.securityHops.map { "\(bgp) neighbor \(address) ttl-security hops \($0)" })
        }
        for range in session.ranges {
            text.add("\(bgp) dynamic-neighbor listen-range \(range) peer-group \(session.group)")
        }
    }
}
