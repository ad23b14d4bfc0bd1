import IPTypes
import Settings

extension SwitchSide {
    /// Nokia SR Linux, as `set` commands for the candidate configuration.
    func srlinux(_ text: inout ConfigText) {
        portNotes(&text)
        text.note(
            "For `enter candidate`, then `commit now`. From release 24.10; earlier ones call the match `prefix-set`.",
            refusesGracefulRestart ? nil : "Long-lived graceful restart (RFC 9494) is not generated for SR Linux.")
        for session in sessions { srlinuxNotes(session, &text) }
        let policy = "set / routing-policy"
        for family in families {
            for permit in permits(family) {
                let lengths = permit.hostLength.map { "\($0)..\($0)" } ?? "exact"
                text.add(
                    "\(policy) prefix-set BGPVIP\(family.digit) prefix \(permit.prefix) mask-length-range \(lengths)")
            }
        }
        text.add("\(policy) community-set BGPVIP-GSHUT member [ 65535:0 ]")
        for family in families {
            for (offset, isLeaving) in [(1, true), (2, false)] {
                let number = (family == .ipv4 ? 0 : 20) + 10 * offset
                let statement = "\(policy) policy BGPVIP-IN statement \(number)"
                text.add(
                    "\(statement) match prefix prefix-set BGPVIP\(family.digit)",
                    isLeaving ? "\(statement) match bgp community-set BGPVIP-GSHUT" : nil,
                    isLeaving ? "\(statement) action bgp local-preference set 0" : nil,
                    "\(statement) action policy-result accept")
            }
        }
        text.add(
            "\(policy) policy BGPVIP-IN default-action policy-result reject",
            "\(policy) policy BGPVIP-OUT default-action policy-result reject")
        let instance = "set / network-instance default"
        for prefix in prefixes {
            text.add(
                "\(instance) ip-load-balancing resilient-hash-prefix \(prefix) "
                    + "hash-buckets-per-path 4 max-paths \(maximumPaths)")
        }
        let bgp = "\(instance) protocols bgp"
        for family in families {
            let unicast = "\(bgp) afi-safi \(family)-unicast"
            text.add(
                "\(unicast) admin-state enable",
                "\(unicast) multipath allow-multiple-as true",
                hasExternal ? "\(unicast) multipath ebgp maximum-paths \(maximumPaths)" : nil,
                hasInternal ? "\(unicast) multipath ibgp maximum-paths \(maximumPaths)" : nil)
        }
        for session in sessions { srlinuxGroup(session, bgp, &text) }
        text.verify(
            "show network-instance default protocols bgp neighbor",
            "info from state bfd")
        for prefix in prefixes {
            let family = prefix.address.isIPv4 ? "ipv4" : "ipv6"
            text.note(
                "  show network-instance default protocols bgp routes \(family) prefix \(prefix)",
                "  show network-instance default route-table \(family)-unicast prefix \(prefix)")
        }
    }

    private func srlinuxNotes(_ session: SwitchSession, _ text: inout ConfigText) {
        if let bfd = session.peer.bfd {
            text.note(
                "BFD's intervals belong to the subinterface to the nodes (microseconds):",
                "`set / bfd subinterface X.0 admin-state enable desired-minimum-transmit-interval "
                    + "\(bfd.switchTransmit * 1000)",
                "required-minimum-receive \(bfd.switchReceive * 1000) detection-multiplier \(max(3, bfd.multiplier))`.")
        }
        if session.securityHops != nil {
            text.note("TTL security is not generated for SR Linux; without it the nodes refuse the session.")
        }
        if !session.isPassive, session.nodePort != 179 {
            text.note("The nodes listen on TCP port \(session.nodePort); SR Linux dials 179 only.")
        }
    }

    private func srlinuxGroup(_ session: SwitchSession, _ bgp: String, _ text: inout ConfigText) {
        let group = "\(bgp) group \(session.group)"
        if let key = session.key {
            let chain = "set / system authentication keychain \(session.group)"
            text.add(
                "\(chain) type tcp-md5",
                "\(chain) key 0 algorithm md5",
                "\(chain) key 0 authentication-key \"\(key)\"",
                "\(group) authentication keychain \(session.group)")
        }
        text.add(
            "\(group) peer-as \(session.nodeAS)",
            "\(group) import-policy [ BGPVIP-IN ]",
            "\(group) export-policy [ BGPVIP-OUT ]",
            "\(group) timers hold-time \(session.holdTime)",
            "\(group) timers keepalive-interval \(session.keepalive)",
            session.isPassive && session.ranges.isEmpty ? "\(group) transport passive-mode true" : nil,
            session.multihop.map { "\(group) multihop admin-state enable maximum-hops \($0)" },
            session.peer.bfd == nil ? nil : "\(group) failure-detection enable-bfd true",
            refusesGracefulRestart ? "\(group) graceful-restart admin-state disable" : nil)
        for family in families {
            let unicast = "\(group) afi-safi \(family)-unicast"
            let options = "\(unicast) ipv4-unicast"
            text.add(
                "\(unicast) admin-state enable",
                "\(unicast) prefix-limit max-received-routes \(maximumPrefixes(family))",
                family == .ipv4 && session.isOverIPv6 ? "\(options) advertise-ipv6-next-hops true" : nil,
                family == .ipv4 && session.isOverIPv6 ? "\(options) receive-ipv6-next-hops true" : nil)
        }
        for address in session.addresses {
            text.add("\(bgp) neighbor \(address) peer-group \(session.group)")
        }
        for range in session.ranges {
            let match = "\(bgp) dynamic-neighbors accept match \(range)"
            text.add("\(match) peer-group \(session.group)", "\(match) allowed-peer-as [ \(session.nodeAS) ]")
        }
    }
}
