import Deadlines
import Health
import IPTypes

extension Services {
    /// Decides for each address in the status of a Service whether this node advertises it.
    mutating func carry(_ name: ObjectName, _ turn: inout Turn) {
        guard let entry = entries[name] else { return }
        var placements: [IPAddress: Placement] = [:]
        var needed: [String: NeededCheck] = [:]
        if entry.stop == nil, missingFamily(of: entry) == nil {
            for address in Set(entry.service.ingress.map(\.address)).sorted() {
                let set = EndpointSet(entry.slices.values, of: Service.Family(of: address))
                guard isUsable(address, by: entry), !isBeingReplaced(address, of: entry) else { continue }
                if let stop = nodeObstacle {
                    placements[address] = .notAdvertised(stop)
                    continue
                }
                for check in checksNeeded(for: entry, set) { needed[check.check.name] = check }
                placements[address] = placement(of: address, entry, set, turn.now)
            }
        }
        entries[name]?.placements = placements
        // The attributes may have changed although the placement has not.
        turn.touched.formUnion(placements.keys)
        turn.touched.formUnion(entry.placements.keys)
        useChecks(needed, for: name, &turn)
    }

    /// RequireDualStack: the family that has no address, so that the other one is not advertised either.
    func missingFamily(of entry: Entry) -> Service.Family? {
        guard entry.service.familyPolicy == .requireDual else { return nil }
        return [Service.Family.ipv4, .ipv6].first { entry.places[$0]?.isStopped ?? true }
    }

    /// True if the Service has another address of the family now, and its status does not say so yet.
    private func isBeingReplaced(_ address: IPAddress, of entry: Entry) -> Bool {
        guard case .has(let present)? = entry.places[Service.Family(of: address)] else { return false }
        return present != address && entry.shows(present)
    }

    /// Why this node advertises no Service at all; nil if nothing is in the way. That it is unschedulable is not: a node
    /// that is drained of pods forwards all the same.
    private var nodeObstacle: ServiceReason? {
        guard let node else { return .nodeGone }
        if node.isExcluded, !configuration.usesExcludedNodes { return .nodeExcluded }
        return node.isNetworkUnavailable ? .networkUnavailable : nil
    }

    /// True if the node needs an endpoint of its own to carry the Service.
    func needsLocalEndpoint(_ service: Service) -> Bool {
        service.trafficPolicy == .local || configuration.clusterPolicyNeedsEndpoint
    }

    private func placement(of address: IPAddress, _ entry: Entry, _ set: EndpointSet, _ now: Instant) -> Placement {
        let old = entry.placements[address]
        let isAdvertised = old?.isAdvertised ?? false
        guard set.ready > 0 || set.terminating > 0 else { return .notAdvertised(.noEndpoints) }
        guard needsLocalEndpoint(entry.service) else {
            return kubeProxyObstacle(to: entry, isAdvertised).map(Placement.notAdvertised) ?? .inService
        }
        if !set.localReady.isEmpty {
            // While the endpoints before them still answer, new ones have time: kube-proxy has not heard of them yet.
            if isAdvertised, !set.localTerminating.isEmpty,
                endpointObstacle(to: set.localTerminating, isAdvertised) == nil
            {
                return .inService
            }
            let obstacle =
                kubeProxyObstacle(to: entry, isAdvertised) ?? endpointObstacle(to: set.localReady, isAdvertised)
            return obstacle.map(Placement.notAdvertised) ?? .inService
        }
        guard !set.localTerminating.isEmpty else { return .notAdvertised(.noLocalEndpoint) }
        if let obstacle = endpointObstacle(to: set.localTerminating, isAdvertised) { return .notAdvertised(obstacle) }
        // KEP-1669: if none is ready anywhere, terminating ones get the traffic. kube-proxy's answer counts only
        // ready ones, so it is not asked.
        if set.ready == 0 { return .inService }
        switch old {
        case .inService? where configuration.settle > .zero: return .settling(until: now + configuration.settle)
        case .settling(let end)? where now < end: return .settling(until: end)
        default: return .notAdvertised(.onlyTerminating)
        }
    }

    /// How long new VIPs are collected before they are told together. The first is told at once. More VIPs take more time,
    /// because each change costs time for all of them: a thousand Services that get addresses in turn make few changes.
    var gatheringTime: Duration { max(.milliseconds(20), .microseconds(100) * (vips.count + newVIPs.count)) }

    /// Makes the VIPs follow from the placements of all Services that have these addresses.
    mutating func advertise(_ addresses: Set<IPAddress>, _ turn: inout Turn) {
        var changes: [IPPrefix: ServiceVIP?] = [:]
        for address in addresses {
            let vip = vip(at: address)
            let prefix = IPPrefix(host: address)
            let isNew = vip != nil && vips[prefix] == nil
            newVIPs[prefix] = isNew ? vip : nil
            if !isNew, vips[prefix] != vip { changes[prefix] = .some(vip) }
        }
        let isTime = newVIPsToldAt.map { turn.now - $0 >= gatheringTime } ?? true
        if !newVIPs.isEmpty, isTime || !changes.isEmpty {
            for (prefix, vip) in newVIPs { changes[prefix] = .some(vip) }
            newVIPs = [:]
            newVIPsToldAt = turn.now
        }
        deadlines[.newVIPs] = newVIPs.isEmpty ? nil : newVIPsToldAt.map { $0 + gatheringTime }
        for (prefix, vip) in changes { vips[prefix] = vip }
        // Bad news must not wait behind anything.
        if !changes.isEmpty { turn.steps.insert(.advertise(changes), at: 0) }
    }

    /// How an address is advertised; nil if it is not. While any Service needs it, it is; the first of them by name gives it
    /// its attributes, and a Service that stays comes before one that settles.
    private func vip(at address: IPAddress) -> ServiceVIP? {
        let owners = (interested[address] ?? []).sorted().compactMap { entries[$0] }
            .filter { $0.placements[address]?.isAdvertised ?? false }
        let staying = owners.filter { $0.placements[address] == .inService }
        guard let first = staying.first ?? owners.first else { return nil }
        return ServiceVIP(
            services: owners.map(\.service.name), attributes: first.wish.applied(to: configuration.attributes),
            peers: first.wish.peers, isSettling: staying.isEmpty)
    }
}
