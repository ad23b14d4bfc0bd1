internal import CLinuxShim
internal import Glibc
package import IPTypes

/// A routing rule by which packets to a pool that come in by an uplink are answered with "unreachable", where they would
/// otherwise go back to the router they came from.
///
/// What kube-proxy takes has another destination before rules are looked at; what this node and its pods send comes in by no
/// uplink. So the rule concerns only packets to a port that no Service has.
package struct LoopRule: Sendable, Hashable {
    package var pool: IPPrefix
    /// The name of the interface.
    package var uplink: String

    package init(_ pool: IPPrefix, from uplink: String) {
        self.pool = pool
        self.uplink = uplink
    }

    /// Behind the rule for local addresses (0), and before the main table (32766).
    static let priority: UInt32 = 32_000
}

extension NodeNetwork {
    /// The interfaces by which these are reached, as the routing table has it now; never a loopback.
    package static func uplinks(to peers: Set<ScopedAddress>) throws(NetlinkError) -> Set<String> {
        try NetlinkExchange().uplinks(to: peers)
    }

    /// Makes these the loop rules of this node: others that have our mark are removed, also those of an earlier run, unless
    /// their pool is left to another instance.
    package static func setLoopRules(
        _ wanted: Set<LoopRule>, leaving isOthers: (IPPrefix) -> Bool = { _ in false }
    ) throws(NetlinkError) {
        try NetlinkExchange().setLoopRules(wanted, leaving: isOthers)
    }
}

extension NetlinkExchange {
    func uplinks(to peers: Set<ScopedAddress>) throws(NetlinkError) -> Set<String> {
        let links = Dictionary(try links().map { ($0.index, $0) }) { first, _ in first }
        var uplinks: Set<String> = []
        for peer in peers {
            if let zone = peer.zone {
                uplinks.insert(zone)
            } else if let route = try route(to: peer.address), route.type == UInt8(RTN_UNICAST),
                let link = route.interfaceIndex.flatMap({ links[$0] }), !link.isLoopback
            {
                uplinks.insert(link.name)
            }
        }
        return uplinks
    }

    func setLoopRules(_ wanted: Set<LoopRule>, leaving isOthers: (IPPrefix) -> Bool) throws(NetlinkError) {
        let present = Set(
            try dump(
                NetlinkRequest(dump: .getRules, header: fib_rule_hdr()), operation: "listing the routing rules",
                parse: { message throws(MalformedMessage) in try LoopRule(message) }))
        for rule in present.subtracting(wanted) where !isOthers(rule.pool) {
            try changing("removing", rule, rule.request(.deleteRule, flags: NLM_F_ACK), unless: ENOENT)
        }
        for rule in wanted.subtracting(present) {
            let flags = NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL
            try changing("adding", rule, rule.request(.newRule, flags: flags), unless: EEXIST)
        }
    }

    /// Makes a change that another process may have made meanwhile.
    private func changing(
        _ verb: String, _ rule: LoopRule, _ request: NetlinkRequest, unless done: CInt
    ) throws(NetlinkError) {
        do throws(NetlinkError) {
            try perform(request, operation: "\(verb) the rule for \(rule.pool) from \(rule.uplink)")
        } catch {
            guard error.code == done else { throw error }
        }
    }
}

extension LoopRule {
    /// Reads RTM_NEWRULE; nil unless the rule is of ours.
    init?(_ message: NetlinkMessage) throws(MalformedMessage) {
        guard message.type == .newRule else { return nil }
        let (header, attributes) = try message.body(fib_rule_hdr.self)
        guard let family = AddressFamily(CInt(header.family)), header.action == UInt8(FR_ACT_UNREACHABLE),
            try attributes.value(Int(FRA_PROTOCOL), as: UInt8.self) == OwnershipMark.protocolTag,
            let address = try attributes.address(Int(FRA_DST), family: family),
            let pool = IPPrefix(address, length: Int(header.dst_len)),
            let uplink = try attributes.text(Int(FRA_IIFNAME))
        else { return nil }
        self.init(pool, from: uplink)
    }

    func request(_ type: MessageType, flags: CInt) -> NetlinkRequest {
        var header = fib_rule_hdr()
        header.family = AddressFamily(pool.address).number
        header.dst_len = UInt8(truncatingIfNeeded: pool.length)
        header.action = UInt8(FR_ACT_UNREACHABLE)
        var request = NetlinkRequest(type, flags: flags, header: header)
        request.append(Int(FRA_DST), bytes: pool.address.bytes)
        request.append(Int(FRA_IIFNAME), bytes: [UInt8](uplink.utf8) + [0])
        request.append(Int(FRA_PRIORITY), Self.priority)
        request.append(Int(FRA_PROTOCOL), OwnershipMark.protocolTag)
        return request
    }
}
