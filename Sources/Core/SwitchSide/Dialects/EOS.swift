import IPTypes
import Settings

extension SwitchSide {
    /// Arista EOS.
    func eos(_ text: inout ConfigText) {
        portNotes(&text)
        policyLists(&text, communityList: "ip community-list BGPVIP-GSHUT permit GSHUT", indent: "   ")
        for prefix in prefixes {
            text.add(
                "\(prefix.address.isIPv4 ? "ip" : "ipv6") hardware fib ecmp resilience \(prefix) "
                    + "capacity \(maximumPaths) redundancy 4")
        }
        text.add(
            "router bgp \(asText)",
            "   maximum-paths \(maximumPaths) ecmp \(maximumPaths)",
            "   bgp bestpath as-path multipath-relax",
            refusesGracefulRestart ? nil : "   graceful-restart-helper long-lived")
        for session in sessions { eosGroup(session, &text) }
        for family in families {
            text.add("   address-family \(family)")
            for session in sessions {
                text.add(
                    "      neighbor \(session.group) activate",
                    "      neighbor \(session.group) route-map BGPVIP\(family.digit)-IN in",
                    "      neighbor \(session.group) route-map BGPVIP-OUT out",
                    family == .ipv4 && session.isOverIPv6
                        ? "      neighbor \(session.group) next-hop address-family ipv6 originate" : nil)
            }
        }
        if !families.contains(.ipv4) {
            text.add("   address-family ipv4")
            for session in sessions {
                text.add("      no neighbor \(session.group) activate")
            }
        }
        text.verify("show bgp summary", "show bfd peers")
        for prefix in prefixes {
            let word = prefix.address.isIPv4 ? "ip" : "ipv6"
            text.note(
                "  show \(prefix.address.isIPv4 ? "ip bgp" : "bgp ipv6 unicast") \(prefix)",
                "  show \(word) route \(prefix)")
        }
    }

    private func eosGroup(_ session: SwitchSession, _ text: inout ConfigText) {
        func option(_ words: String) -> String { "   neighbor \(session.group) \(words)" }
        text.add(
            option("peer group"),
            option("remote-as \(session.nodeAS)"),
            option("timers \(session.keepalive) \(session.holdTime)"),
            session.isPassive && session.ranges.isEmpty ? option("passive") : nil,
            session.key.map { option("password 0 \($0)") },
            session.isInternal ? nil : session.multihop.map { option("ebgp-multihop \($0)") },
            session.securityHops.map { option("ttl maximum-hops \($0)") },
            session.peer.bfd == nil ? nil : option("bfd"),
            session.peer.bfd.map {
                option("bfd interval \($0.switchTransmit) min-rx \($0.switchReceive) multiplier \($0.multiplier)")
            },
            option("maximum-routes \(families.map { maximumPrefixes($0) }.reduce(0, +))"),
            refusesGracefulRestart ? "   no neighbor \(session.group) graceful-restart-helper" : nil)
        for address in session.addresses {
            text.add(
                "   neighbor \(address) peer group \(session.group)",
                !session.isPassive && session.nodePort != 179
                    ? "   neighbor \(address) transport remote-port \(session.nodePort)" : nil)
        }
        for range in session.ranges {
            text.add("   bgp listen range \(range) peer-group \(session.group) remote-as \(session.nodeAS)")
        }
    }
}
