import IPTypes
import Settings

extension SwitchSide {
    /// Juniper Junos, as `set` commands.
    func junos(_ text: inout ConfigText) {
        portNotes(&text)
        text.note(
            "Resilient hashing, on platforms that have it: `then load-balance consistent-hash` in the terms that",
            "accept. It is not set here: which platforms and releases have it differs.")
        for session in sessions { junosNotes(session, &text) }
        text.add("set policy-options community BGPVIP-GSHUT members 65535:0")
        for family in families {
            for (term, isLeaving) in [("leaving", true), ("normal", false)] {
                let name = "set policy-options policy-statement BGPVIP-IN term \(term)\(family.digit)"
                text.add(isLeaving ? "\(name) from community BGPVIP-GSHUT" : nil)
                for permit in permits(family) {
                    let lengths = permit.hostLength.map { "prefix-length-range /\($0)-/\($0)" } ?? "exact"
                    text.add("\(name) from route-filter \(permit.prefix) \(lengths)")
                }
                text.add(isLeaving ? "\(name) then local-preference 0" : nil, "\(name) then accept")
            }
        }
        text.add(
            "set policy-options policy-statement BGPVIP-IN then reject",
            "set policy-options policy-statement BGPVIP-OUT then reject",
            "set policy-options policy-statement BGPVIP-ECMP then load-balance per-packet")
        text.note("The next line adds to the export policies of the forwarding table that are there already.")
        text.add("set routing-options forwarding-table export BGPVIP-ECMP")
        for session in sessions { junosGroup(session, &text) }
        text.verify("show bgp summary", "show bfd session")
        for prefix in prefixes {
            text.note("  show route \(prefix) detail", "  show route forwarding-table destination \(prefix)")
        }
    }

    private func junosNotes(_ session: SwitchSession, _ text: inout ConfigText) {
        if session.key != nil, !session.ranges.isEmpty {
            text.note(
                "Junos has no MD5 for neighbors that `allow` lets in. The nodes insist on it, so no session comes up:",
                "name the nodes with --node instead of --nodes.")
        }
        if session.securityHops != nil {
            text.note(
                "TTL security: the switch sends with TTL 255. What arrives with less, only a firewall filter of",
                "the routing engine can refuse.")
        }
        if !session.isPassive, session.nodePort != 179 {
            text.note("The nodes listen on TCP port \(session.nodePort); Junos dials 179 only.")
        }
    }

    private func junosGroup(_ session: SwitchSession, _ text: inout ConfigText) {
        let group = "set protocols bgp group \(session.group)"
        text.add(
            "\(group) type \(session.isInternal ? "internal" : "external")",
            session.isInternal ? nil : "\(group) peer-as \(session.nodeAS)",
            "\(group) hold-time \(session.holdTime)",
            session.isPassive && session.ranges.isEmpty ? "\(group) passive" : nil,
            session.ranges.isEmpty ? session.key.map { "\(group) authentication-key \"\($0)\"" } : nil,
            session.multihop.map { "\(group) multihop ttl \($0)" },
            session.securityHops.map { $0 == 1 ? "\(group) ttl 255" : "\(group) multihop ttl 255" },
            session.isInternal ? "\(group) multipath" : "\(group) multipath multiple-as",
            "\(group) import BGPVIP-IN",
            "\(group) export BGPVIP-OUT")
        if let bfd = session.peer.bfd {
            text.add(
                "\(group) bfd-liveness-detection minimum-receive-interval \(bfd.switchReceive)",
                "\(group) bfd-liveness-detection transmit-interval minimum-interval \(bfd.switchTransmit)",
                "\(group) bfd-liveness-detection multiplier \(bfd.multiplier)")
        }
        text.add(
            refusesGracefulRestart
                ? "\(group) graceful-restart disable" : "\(group) graceful-restart long-lived receiver enable")
        for family in families {
            let unicast = "\(group) family \(family == .ipv4 ? "inet" : "inet6") unicast"
            text.add(
                "\(unicast) prefix-limit maximum \(maximumPrefixes(family))",
                "\(unicast) prefix-limit teardown 80 idle-timeout 1",
                family == .ipv4 && session.isOverIPv6 ? "\(unicast) extended-nexthop" : nil)
        }
        for address in session.addresses { text.add("\(group) neighbor \(address)") }
        for range in session.ranges { text.add("\(group) allow \(range)") }
    }
}
