package import BGPWire
package import IPTypes
package import Settings

/// What one top-of-rack switch must be configured with to fit the settings of the nodes: facts, in no dialect.
package struct SwitchSide: Sendable, Hashable {
    /// The sessions with the nodes, in the order of the peer list; at least one.
    package var sessions: [SwitchSession]
    /// The switch's AS; nil if the settings say only that it differs from the nodes'.
    package var switchAS: ASNumber?
    /// The host routes that the nodes advertise, without duplicates, in order.
    package var prefixes: [IPPrefix]
    /// Of which the nodes may advertise host routes, for Services; in order.
    package var pools: [IPPrefix] = []
    /// For how many seconds the switch shall keep the routes of a lost session as a last resort (RFC 9494); nil for no
    /// time at all.
    package var longLivedStaleTime: UInt32?
}

/// The sessions that one entry of the nodes' peer list makes: one with each node, all alike.
package struct SwitchSession: Sendable, Hashable {
    /// How the switch knows the nodes.
    package enum Nodes: Sendable, Hashable {
        /// A neighbour for each address.
        case addresses([IPAddress])
        /// Whoever dials from these prefixes.
        case ranges([IPPrefix])
        /// Whoever dials from a link-local address behind these ports of the switch.
        case ports([String])
    }

    /// From 1; tells the peer groups of a switch apart.
    package var number: Int
    /// The peer list's entry: the switch, as the nodes see it.
    package var peer: PeerSettings
    package var nodes: Nodes
    /// The nodes' AS on these sessions.
    package var nodeAS: ASNumber
    /// The TCP port on which the nodes accept sessions, if the switch dials.
    package var nodePort: UInt16
}

/// An address family in which the nodes advertise something.
enum Family: CaseIterable {
    case ipv4, ipv6

    /// `4` or `6`, for names.
    var digit: String { self == .ipv4 ? "4" : "6" }
}

extension SwitchSide {
    /// The families that have prefixes or pools.
    var families: [Family] { Family.allCases.filter { !permits($0).isEmpty } }

    /// What may come from the nodes: a prefix itself, or all host routes in it.
    struct Permit {
        var prefix: IPPrefix
        /// Nil for the prefix itself, or 32 or 128.
        var hostLength: Int?
    }

    /// What may come from the nodes in a family.
    func permits(_ family: Family) -> [Permit] {
        prefixes(family).map { Permit(prefix: $0) }
            + pools.filter { $0.address.isIPv4 == (family == .ipv4) }
            .map { Permit(prefix: $0, hostLength: $0.isHost ? nil : $0.address.bitWidth) }
    }

    func prefixes(_ family: Family) -> [IPPrefix] {
        prefixes.filter { $0.address.isIPv4 == (family == .ipv4) }
    }

    /// How many prefixes of a family one node may send: twice as many as it has, and never fewer than ten, so that
    /// another VIP does not end the session. Of a pool at most 4096 count.
    func maximumPrefixes(_ family: Family) -> Int {
        let count = permits(family).reduce(0) { sum, permit in
            sum + (permit.hostLength.map { 1 << min($0 - permit.prefix.length, 12) } ?? 1)
        }
        return max(10, 2 * count)
    }

    /// How many next hops a route may have: one for each node, and never fewer than sixteen.
    var maximumPaths: Int {
        max(
            16,
            sessions.reduce(0) { sum, session in
                switch session.nodes {
                case .addresses(let addresses): sum + addresses.count
                case .ports(let ports): sum + ports.count
                case .ranges: sum
                }
            })
    }

    /// The switch's AS, or what stands for it.
    var asText: String { switchAS.map { "\($0)" } ?? "<SWITCH-AS>" }
    /// The addresses by which the nodes know the switch.
    var name: String {
        var names: [String] = []
        for session in sessions where !names.contains("\(session.peer.address)") {
            names.append("\(session.peer.address)")
        }
        return names.joined(separator: ", ")
    }

    /// True if a session is internal.
    var hasInternal: Bool { sessions.contains(where: \.isInternal) }
    /// True if a session is external.
    var hasExternal: Bool { sessions.contains { !$0.isInternal } }
    /// True if the helper of graceful restart is to be off: it keeps the paths of a node that is dead.
    var refusesGracefulRestart: Bool { longLivedStaleTime == nil }
}

extension SwitchSession {
    /// Empty for the first, then `2`, `3` …
    var suffix: String { number == 1 ? "" : "\(number)" }
    /// The name of the peer group in dialects that write names in capitals.
    var group: String { "BGPVIP\(suffix)" }
    /// What stands for the TCP MD5 password, which is never printed; nil if there is none.
    var key: String? { peer.password == nil ? nil : "<MD5-KEY\(suffix.isEmpty ? "" : "-" + suffix)>" }
    /// True if the switch and the nodes are in one AS.
    var isInternal: Bool { peer.peerAS == .internal || peer.peerAS == .exactly(nodeAS) }
    /// True if the session is over IPv6, so that IPv4 prefixes have an IPv6 next hop (RFC 8950).
    var isOverIPv6: Bool {
        switch nodes {
        case .addresses(let addresses): addresses.contains { !$0.isIPv4 }
        case .ranges(let ranges): ranges.contains { !$0.address.isIPv4 }
        case .ports: true
        }
    }

    /// True if the switch waits for the nodes to dial.
    var isPassive: Bool { !peer.isPassive }
    /// How many hops away the nodes may be, if they are not on a connected subnet and TTL security is off.
    var multihop: UInt8? { if case .multihop(let hops) = peer.distance { hops } else { nil } }
    /// How many hops away the nodes are, if TTL security (RFC 5082) is on.
    var securityHops: UInt8? { if case .ttlSecurity(let hops) = peer.distance { hops } else { nil } }
    /// Seconds.
    var holdTime: Int { Int(peer.holdTime) }
    /// Whole seconds, a third of the hold time unless the settings say otherwise.
    var keepalive: Int {
        guard let interval = peer.keepaliveInterval, holdTime > 0 else { return holdTime / 3 }
        return Swift.max(1, Int(clamping: interval.components.seconds))
    }

    var addresses: [IPAddress] { if case .addresses(let addresses) = nodes { addresses } else { [] } }
    var ranges: [IPPrefix] { if case .ranges(let ranges) = nodes { ranges } else { [] } }
    var ports: [String] { if case .ports(let ports) = nodes { ports } else { [] } }
}

extension BFDSettings {
    /// Milliseconds, rounded up: how often the switch may send to us.
    var switchTransmit: Int { receiveInterval.wholeMilliseconds }
    /// Milliseconds, rounded up: how often we send to the switch.
    var switchReceive: Int { transmitInterval.wholeMilliseconds }
    /// Milliseconds: for dialects that have one interval for both directions.
    var switchInterval: Int { Swift.max(switchTransmit, switchReceive) }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
