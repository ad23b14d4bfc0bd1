import IPTypes
import Settings

extension SwitchSide {
    /// FRRouting: a text for `vtysh -f`.
    func frr(_ text: inout ConfigText) {
        text.note(
            "Load this with `vtysh -f FILE`; then `vtysh -c 'write memory'`.",
            "The hash of flows is the kernel's: set net.ipv4.fib_multipath_hash_policy and",
            "net.ipv6.fib_multipath_hash_policy to 1. It is not resilient: FRR has nothing for that.")
        portNotes(&text)
        frrText(&text)
    }

    /// What FRRouting reads, wherever it runs.
    func frrText(_ text: inout ConfigText) {
        for session in sessions {
            guard let bfd = session.peer.bfd else { continue }
            text.add(
                "bfd",
                " profile bgpvip\(session.suffix)",
                "  detect-multiplier \(bfd.multiplier)",
                "  receive-interval \(bfd.switchReceive)",
                "  transmit-interval \(bfd.switchTransmit)",
                " exit",
                "exit",
                "!")
        }
        policyLists(&text, communityList: "bgp community-list standard BGPVIP-GSHUT seq 5 permit 65535:0", end: "exit")
        text.add("router bgp \(asText)", " bgp bestpath as-path multipath-relax")
        if let time = longLivedStaleTime {
            text.add(" bgp long-lived-graceful-restart stale-time \(time)")
        }
        for session in sessions { frrGroup(session, &text) }
        for family in families {
            text.add(" address-family \(family) unicast")
            for session in sessions {
                if family == .ipv6, !session.isOverIPv6 {
                    text.note(
                        "The session is over IPv4: the interface of its address here needs an IPv6 address (link-local is enough).",
                        "Without one FRRouting answers each OPEN of the nodes with Cease (6/0).")
                }
                text.add(
                    "  neighbor \(session.group) activate",
                    "  neighbor \(session.group) maximum-prefix \(maximumPrefixes(family)) restart 1",
                    "  neighbor \(session.group) route-map BGPVIP\(family.digit)-IN in",
                    "  neighbor \(session.group) route-map BGPVIP-OUT out")
            }
            text.add(
                hasExternal ? "  maximum-paths \(maximumPaths)" : nil,
                hasInternal ? "  maximum-paths ibgp \(maximumPaths)" : nil,
                " exit-address-family")
        }
        if !families.contains(.ipv4) {
            text.add(" address-family ipv4 unicast")
            for session in sessions { text.add("  no neighbor \(session.group) activate") }
            text.add(" exit-address-family")
        }
        text.add("exit")
        text.verify("vtysh -c 'show bgp summary'", "vtysh -c 'show bgp neighbors'")
        if sessions.contains(where: { $0.peer.bfd != nil }) { text.note("  vtysh -c 'show bfd peers brief'") }
        for prefix in prefixes {
            let family = prefix.address.isIPv4 ? "ipv4" : "ipv6"
            text.note("  vtysh -c 'show bgp \(family) unicast \(prefix)'", "  \(ConfigText.kernelRoute(prefix))")
        }
    }

    private func frrGroup(_ session: SwitchSession, _ text: inout ConfigText) {
        func option(_ words: String) -> String { " neighbor \(session.group) \(words)" }
        text.add(
            option("peer-group"),
            option("remote-as \(session.nodeAS)"),
            option("timers \(session.keepalive) \(session.holdTime)"),
            session.isPassive ? session.addresses.isEmpty ? nil : option("passive") : option("timers connect 2"),
            session.key.map { option("password \($0)") },
            session.isInternal ? nil : session.multihop.map { option("ebgp-multihop \($0)") },
            session.securityHops.map { option("ttl-security hops \($0)") },
            session.peer.bfd == nil ? nil : option("bfd"),
            session.peer.bfd == nil ? nil : option("bfd profile bgpvip\(session.suffix)"),
            session.isOverIPv6 && families.contains(.ipv4) ? option("capability extended-nexthop") : nil,
            refusesGracefulRestart ? option("graceful-restart-disable") : nil)
        for address in session.addresses {
            text.add(
                " neighbor \(address) peer-group \(session.group)",
                !session.isPassive && session.nodePort != 179 ? " neighbor \(address) port \(session.nodePort)" : nil)
        }
        for range in session.ranges {
            text.add(" bgp listen range \(range) peer-group \(session.group)")
        }
    }

    /// The prefix lists, the community list and the route maps, as FRRouting, EOS and NX-OS have them.
    /// - Parameters:
    ///   - communityList: the whole line.
    ///   - end: what ends a route map; nil if nothing does.
    ///   - indent: what stands in front of the lines within a route map.
    func policyLists(_ text: inout ConfigText, communityList: String, end: String? = nil, indent: String = " ") {
        for family in families {
            let word = family == .ipv4 ? "ip" : "ipv6"
            for (index, permit) in permits(family).enumerated() {
                let lengths = permit.hostLength.map { " ge \($0)" } ?? ""
                text.add(
                    "\(word) prefix-list BGPVIP\(family.digit) seq \(5 * (index + 1)) permit \(permit.prefix)\(lengths)"
                )
            }
        }
        text.add(communityList)
        for family in families {
            let match = "match \(family == .ipv4 ? "ip" : "ipv6") address prefix-list BGPVIP\(family.digit)"
            text.add(
                "route-map BGPVIP\(family.digit)-IN permit 10",
                "\(indent)\(match)",
                "\(indent)match community BGPVIP-GSHUT",
                "\(indent)set local-preference 0",
                end,
                "route-map BGPVIP\(family.digit)-IN permit 20",
                "\(indent)\(match)",
                end)
        }
        text.add("route-map BGPVIP-OUT deny 10", end, "!")
    }

    /// What to say about ports where BGP listens on 179 and nothing else.
    func portNotes(_ text: inout ConfigText) {
        for session in sessions where session.isPassive && session.peer.port != 179 {
            text.note("The nodes dial TCP port \(session.peer.port); nothing here makes the switch listen on it.")
        }
    }
}
