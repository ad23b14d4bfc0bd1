import Deadlines
import IPTypes

extension Services {
    /// Which address a family of a Service has.
    enum Place: Sendable, Hashable {
        /// This one, which is claimed for it.
        case has(IPAddress)
        /// This one, which has to be claimed first.
        case needs(IPAddress)
        /// None, for this reason.
        case stopped(ServiceReason)

        var address: IPAddress? {
            switch self {
            case .has(let address), .needs(let address): address
            case .stopped: nil
            }
        }

        var isStopped: Bool {
            if case .stopped = self { true } else { false }
        }
    }

    /// Which address a family of a Service is to have: the one it asks for, else the one in its status, else one that is
    /// claimed for it, else a free one of the pools. What it has is never taken from it while it lives: an asked address that
    /// cannot be had leaves it the one it has, and is the second value's complaint.
    func place(_ family: Service.Family, of entry: Entry) -> (place: Place, complaint: ServiceReason?) {
        let shown = entry.service.ingress.lazy.map(\.address).first { Service.Family(of: $0) == family }
        if let asked = entry.wish.addresses.first(where: { Service.Family(of: $0) == family }) {
            let place = place(at: asked, entry)
            guard case .stopped(let complaint) = place, let shown, shown != asked, isUsable(shown, by: entry) else {
                return (place, nil)
            }
            return (.has(shown), complaint)
        }
        if let shown { return (place(at: shown, entry), nil) }
        let own = entry.holders.flatMap { claimed[$0] ?? [] }
            .filter { Service.Family(of: $0) == family && isUsable($0, by: entry) }
        return (own.min().map(Place.has) ?? choose(family, for: entry), nil)
    }

    /// A free address of the pools, the same one on every node.
    private func choose(_ family: Service.Family, for entry: Entry) -> Place {
        if let name = entry.wish.pool, !configuration.pools.contains(where: { $0.name == name }) {
            return .stopped(.unknownPool(name))
        }
        let ranges = configuration.pools
            .filter { pool in entry.wish.pool.map { $0 == pool.name } ?? pool.isAutomatic }
            .flatMap(\.ranges).filter { Service.Family(of: $0.first) == family }
        guard !ranges.isEmpty else { return .stopped(.noPool(family)) }
        // Without the UID: made again, the Service finds the address it had.
        let key =
            entry.wish.sharingKey.map { StableHash("sharing", $0) } ?? StableHash("service", "\(entry.service.name)")
        for range in ranges {
            if let address = range.candidate(for: key, isFree: { isFree($0, for: entry) }) { return .needs(address) }
        }
        return .stopped(.poolExhausted(family))
    }

    private func isFree(_ address: IPAddress, for entry: Entry) -> Bool {
        if let holder = claims[address]?.claim.holder {
            // What the Service of this name had before it was made again is about to be released.
            guard case .service(entry.service.name, _) = holder else { return false }
        }
        return !isReserved(address) && rival(for: address, of: entry, ifItPrecedes: false) == nil
    }

    private func place(at address: IPAddress, _ entry: Entry) -> Place {
        if let claim = claims[address]?.claim {
            return obstacle(in: claim, for: entry).map(Place.stopped) ?? .has(address)
        }
        if entry.held.contains(address) { return .needs(address) }
        guard configuration.grantsAnyAddress || configuration.pools.contains(where: { $0.contains(address) }) else {
            return .stopped(.outsidePools(address))
        }
        if isReserved(address) { return .stopped(.reserved(address)) }
        return rival(for: address, of: entry).map { .stopped($0) } ?? .needs(address)
    }

    /// True if the Service may use the address: its claim stands, or has lapsed and is not claimed again.
    func isUsable(_ address: IPAddress, by entry: Entry) -> Bool {
        guard let claim = claims[address]?.claim else { return entry.held.contains(address) }
        return obstacle(in: claim, for: entry) == nil
    }

    /// Why this claim does not let the Service use its address; nil if it does.
    private func obstacle(in claim: Claim, for entry: Entry) -> ServiceReason? {
        if entry.holders.contains(claim.holder) { return rival(for: claim.address, of: entry) }
        // Its holder is gone, and this one has the address in its status: it stays until the claim is made anew.
        if entry.shows(claim.address), isVacant(claim), rival(for: claim.address, of: entry) == nil { return nil }
        return .taken(claim.address, by: claim.holder)
    }

    /// True if no Service that the address was claimed for exists any more.
    func isVacant(_ claim: Claim) -> Bool {
        switch claim.holder {
        case .service(let name, let uid): entries[name]?.service.uid != uid
        case .sharing(let key):
            !(interested[claim.address] ?? []).contains { name in
                entries[name].map { $0.wish.sharingKey == key && $0.uses(claim.address) } ?? false
            }
        case .stranger: false
        }
    }

    /// Why another Service that has the address keeps this one from having it too; nil if there is none. Of two that do not
    /// get along that one has it that shows it already, then the older one.
    private func rival(for address: IPAddress, of entry: Entry, ifItPrecedes: Bool = true) -> ServiceReason? {
        for name in (interested[address] ?? []).sorted() where name != entry.service.name {
            guard let other = entries[name], other.uses(address) || !ifItPrecedes && other.shows(address),
                !ifItPrecedes || other.precedes(entry, at: address)
            else { continue }
            if let reason = entry.conflict(with: other, at: address) { return reason }
        }
        return nil
    }

    /// True if no Service can be given the address, unless it has it already.
    private func isReserved(_ address: IPAddress) -> Bool {
        if configuration.reserved.contains(where: { $0.contains(address) }) { return true }
        if address.isLoopback || address.isMulticast || address.isUnspecified || address.isLinkLocal { return true }
        guard let node else { return false }
        return node.internalAddresses.contains(address) || node.otherAddresses.contains(address)
            || node.podCIDRs.contains { $0.contains(address) }
    }

    /// Keeps the index of Services by address.
    mutating func setInterests(
        _ interests: Set<IPAddress>, of name: ObjectName, before old: Set<IPAddress>, _ now: Instant
    ) {
        for address in old.subtracting(interests) {
            interested[address]?.remove(name)
            if interested[address]?.isEmpty ?? false { interested[address] = nil }
        }
        for address in interests.subtracting(old) { interested[address, default: []].insert(name) }
        for address in old.union(interests) { considerRelease(of: address, now) }
    }
}

extension Services.Entry {
    /// For whom its addresses may be claimed; the first one is what it claims them for.
    var holders: [Claim.Holder] {
        let own = Claim.Holder.service(service.name, uid: service.uid)
        return wish.sharingKey.map { [.sharing(key: $0), own] } ?? [own]
    }

    /// True if the address is in its status.
    func shows(_ address: IPAddress) -> Bool { service.ingress.contains { $0.address == address } }

    /// True if the Service has the address, or is about to.
    func uses(_ address: IPAddress) -> Bool {
        stop == nil && places.values.contains { $0.address == address }
    }

    /// True if this one has the address when both cannot.
    func precedes(_ other: Services.Entry, at address: IPAddress) -> Bool {
        if shows(address) != other.shows(address) { return shows(address) }
        return (service.createdAt, service.name) < (other.service.createdAt, other.service.name)
    }

    /// Why both cannot have the address; nil if they can share it.
    func conflict(with other: Services.Entry, at address: IPAddress) -> ServiceReason? {
        guard let key = wish.sharingKey, key == other.wish.sharingKey else {
            return .taken(address, by: .service(other.service.name, uid: other.service.uid))
        }
        if !Set(service.ports).isDisjoint(with: other.service.ports) {
            return .portConflict(address, with: other.service.name)
        }
        let isLocal = [service.trafficPolicy, other.service.trafficPolicy].contains(.local)
        return isLocal && service.selector != other.service.selector
            ? .endpointConflict(address, with: other.service.name) : nil
    }
}
