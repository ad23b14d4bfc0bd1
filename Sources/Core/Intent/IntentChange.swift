import BGPWire
import Health
package import IPTypes
package import Settings

/// The difference between two settings, and what follows from it for a daemon that runs with the first and is given the
/// second. Both are for one node: `gateway` is expanded, and the router ID is known.
package struct IntentChange: Sendable, Hashable {
    package typealias Peer = Difference<ScopedAddress, PeerField>
    package typealias VIP = Difference<IPPrefix, VIPField>
    package typealias CheckChange = Difference<String, CheckField>

    package var peers: [Peer]
    package var vips: [VIP]
    package var checks: [CheckChange]
    /// What differs in the settings of the process, in the order of `ProcessField.all`.
    package var process: [ProcessField]

    /// The difference between settings.
    package init(from old: Settings, to new: Settings) {
        let peers = Dictionary(old.peers.map { ($0.address, $0) }) { first, _ in first }
        // There may be very many VIPs to go through.
        let hasMinimal = new.peers.contains { $0.capabilities == .minimal }
        let needed = hasMinimal ? (old: NeededFamilies(of: old.vips), new: NeededFamilies(of: new.vips)) : nil
        self.peers = Peer.all(from: old.peers, to: new.peers, by: \.address) { $0.fields(in: $1) }
            .adding(to: new.peers) { peer in
                var fields: Set<PeerField> = []
                if old.routerID != new.routerID { fields.insert(.routerID) }
                if old.longLivedStaleTime != new.longLivedStaleTime { fields.insert(.longLivedStaleTime) }
                let before = peers[peer.address]
                if let before, (before.localAS ?? old.localAS) != (peer.localAS ?? new.localAS) {
                    fields.insert(.localAS)
                }
                if peer.capabilities == .minimal, needed?.old[peer.address] != needed?.new[peer.address] {
                    fields.insert(.families)
                }
                return fields
            }
        vips = VIP.all(from: old.vips, to: new.vips, by: \.prefix) { $0.fields(in: $1) }
        checks = CheckChange.all(from: old.checks, to: new.checks, by: \.name) { $0.fields(in: $1) }
        process = ProcessField.differing(old, new)
    }

    /// True if nothing differs.
    package var isEmpty: Bool { peers.isEmpty && vips.isEmpty && checks.isEmpty && process.isEmpty }

    /// What only a restart can change.
    package var needsRestart: [ProcessField] { process.filter(\.needsRestart) }
}

extension [IntentChange.Peer] {
    /// The same differences, and those of peers that are in both settings which are not in the settings of the peer itself.
    fileprivate func adding(
        to peers: [PeerSettings], _ fields: (PeerSettings) -> Set<PeerField>
    ) -> [IntentChange.Peer] {
        let known = Dictionary(map { ($0.name, $0.kind) }) { first, _ in first }
        var seen: Set<ScopedAddress> = []
        return filter { $0.kind == .removed }
            + peers.filter { seen.insert($0.address).inserted }.compactMap { peer in
                let others = fields(peer)
                switch known[peer.address] {
                case .changed(let own)?: return Element(name: peer.address, kind: .changed(own.union(others)))
                case let kind?: return Element(name: peer.address, kind: kind)
                case nil: return others.isEmpty ? nil : Element(name: peer.address, kind: .changed(others))
                }
            }
    }
}

extension PeerSettings {
    fileprivate func fields(in other: PeerSettings) -> Set<PeerField> {
        var fields: Set<PeerField> = []
        if peerAS != other.peerAS { fields.insert(.peerAS) }
        if port != other.port { fields.insert(.port) }
        if distance != other.distance { fields.insert(.distance) }
        if source != other.source { fields.insert(.source) }
        if sourceInterface != other.sourceInterface { fields.insert(.sourceInterface) }
        if holdTime != other.holdTime { fields.insert(.holdTime) }
        if capabilities != other.capabilities { fields.insert(.capabilities) }
        if (password == nil) != (other.password == nil) {
            fields.insert(.authentication)
        } else if password != other.password {
            fields.insert(.password)
        }
        if routeAdjustment != other.routeAdjustment { fields.insert(.routes) }
        if keepaliveInterval != other.keepaliveInterval || sendHoldTime != other.sendHoldTime
            || connectRetryInitial != other.connectRetryInitial || connectRetryMaximum != other.connectRetryMaximum
        {
            fields.insert(.timers)
        }
        if isPassive != other.isPassive { fields.insert(.passive) }
        return fields.union(bfdFields(in: other))
    }

    private func bfdFields(in other: PeerSettings) -> Set<PeerField> {
        guard let bfd, let others = other.bfd else { return bfd == other.bfd ? [] : [.bfd] }
        var fields: Set<PeerField> = []
        if (bfd.transmitInterval, bfd.receiveInterval, bfd.multiplier)
            != (others.transmitInterval, others.receiveInterval, others.multiplier)
        {
            fields.insert(.bfdTimers)
        }
        if bfd.isStrict != others.isStrict { fields.insert(.bfdStrict) }
        return fields
    }
}

extension VIPSettings {
    fileprivate func fields(in other: VIPSettings) -> Set<VIPField> {
        var fields: Set<VIPField> = []
        if checks != other.checks { fields.insert(.checks) }
        if placement != other.placement { fields.insert(.binding) }
        if hasGlobalScope != other.hasGlobalScope { fields.insert(.scope) }
        if onUnhealthy != other.onUnhealthy { fields.insert(.onUnhealthy) }
        if drains != other.drains { fields.insert(.drains) }
        if attributes != other.attributes { fields.insert(.attributes) }
        if peers != other.peers { fields.insert(.peers) }
        if condition != other.condition { fields.insert(.condition) }
        return fields
    }
}

extension Check {
    fileprivate func fields(in other: Check) -> Set<CheckField> {
        var fields: Set<CheckField> = []
        if kind != other.kind { fields.insert(.target) }
        if interval != other.interval { fields.insert(.interval) }
        if timeout != other.timeout { fields.insert(.timeout) }
        if rise != other.rise { fields.insert(.rise) }
        if fall != other.fall { fields.insert(.fall) }
        if failFast != other.failFast { fields.insert(.failFast) }
        return fields
    }
}
