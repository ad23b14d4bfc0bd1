import IPTypes

extension Services {
    /// Takes an object as it is now.
    mutating func store(_ object: ClusterObject, _ turn: inout Turn) {
        let list = feeds[object.id.kind]?.list ?? 0
        switch object {
        case .service(let service) where !service.isLoadBalancer:
            remove(object.id, &turn)
        case .service(let service):
            store(service, list: list, &turn)
        case .slice(let slice):
            // Of a Service that is not followed yet all come once it is.
            guard let entry = entries[slice.service], entry.isFollowed else { return }
            let summary = SliceSummary(slice, onNode: nodeName, seenIn: list)
            entries[slice.service]?.slices[slice.name] = summary
            let old = entry.slices[slice.name]
            if old.map({ !$0.isLike(summary) }) ?? true { turn.dirty.insert(slice.service) }
            if !summary.localReady.isEmpty, summary.localReady != old?.localReady {
                auditNodePort(of: slice.service, &turn)
            }
        case .node(let node):
            guard node.name == nodeName else { return }
            nodeSeenIn = list
            guard self.node != node else { return }
            self.node = node
            turn.dirty.formUnion(entries.keys)
        case .claim(let claim):
            store(claim, list: list, &turn)
        }
    }

    private mutating func store(_ service: Service, list: Int, _ turn: inout Turn) {
        guard let old = entries[service.name] else {
            entries[service.name] = Entry(service: service, wish: ServiceWish(service), seenIn: list)
            turn.dirty.insert(service.name)
            return
        }
        entries[service.name]?.seenIn = list
        guard old.service != service else { return }
        if old.service.uid == service.uid {
            entries[service.name]?.service = service
            entries[service.name]?.wish = ServiceWish(service)
            disturb(service.name, &turn)
        } else {
            // Made again: it has nothing of the one before it.
            remove(.service(service.name), &turn)
            entries[service.name] = Entry(service: service, wish: ServiceWish(service), seenIn: list)
        }
        turn.dirty.insert(service.name)
    }

    /// Has those looked at again whose addresses concern this Service.
    private func disturb(_ name: ObjectName, _ turn: inout Turn) {
        for address in entries[name]?.interests ?? [] { turn.dirty.formUnion(interested[address] ?? []) }
    }

    mutating func store(_ claim: Claim, list: Int, _ turn: inout Turn) {
        let address = claim.address
        let old = claims[address]?.claim
        claims[address] = (claim, list)
        guard old?.holder != claim.holder else { return }
        if let old { claimed[old.holder]?.remove(address) }
        claimed[claim.holder, default: []].insert(address)
        noteClaimChange(address, claim.holder, &turn)
    }

    /// An object is gone.
    mutating func remove(_ id: ClusterObject.ID, _ turn: inout Turn) {
        switch id {
        case .service(let name):
            guard let entry = entries[name] else { return }
            disturb(name, &turn)
            if entry.isFollowed { turn.steps.append(.unfollow(name)) }
            useChecks([:], for: name, &turn)
            entries[name] = nil
            deadlines[.service(name)] = nil
            waitingForAPI.remove(name)
            turn.touched.formUnion(entry.placements.keys)
            pendingClaims = pendingClaims.filter { $0.value != name }
            setInterests([], of: name, before: entry.interests, turn.now)
        case .slice(let name):
            // Slices of one Service share its namespace, and seldom many Services do.
            for (service, entry) in entries where entry.slices[name] != nil {
                entries[service]?.slices[name] = nil
                turn.dirty.insert(service)
            }
        case .node(let name):
            guard name == nodeName, node != nil else { return }
            node = nil
            turn.dirty.formUnion(entries.keys)
        case .claim(let address):
            deadlines[.release(address)] = nil
            releasing[address] = nil
            guard let old = claims.removeValue(forKey: address)?.claim else { return }
            claimed[old.holder]?.remove(address)
            if claimed[old.holder]?.isEmpty ?? false { claimed[old.holder] = nil }
            noteClaimChange(address, old.holder, &turn)
            // An address is free: those may have it that found none.
            for (name, entry) in entries where entry.places.values.contains(where: \.isStopped) {
                turn.dirty.insert(name)
            }
        }
    }

    private mutating func noteClaimChange(_ address: IPAddress, _ holder: Claim.Holder, _ turn: inout Turn) {
        turn.dirty.formUnion(interested[address] ?? [])
        if case .service(let name, _) = holder { turn.dirty.insert(name) }
        if hasDecided { considerRelease(of: address, turn.now) }
    }

    /// A list is complete: what it does not contain is gone.
    mutating func endList(of kind: ClusterObject.Kind, _ turn: inout Turn) {
        guard var feed = feeds[kind], feed.isListing else { return }
        feed.isListing = false
        feed.isComplete = true
        feed.hear(at: turn.now)
        feeds[kind] = feed
        var gone: [ClusterObject.ID] = []
        switch kind {
        case .services:
            gone = entries.filter { $0.value.seenIn < feed.list }.map(\.key).sorted().map { .service($0) }
        case .slices:
            for name in entries.keys.sorted() {
                let slices = entries[name]?.slices.filter { $0.value.seenIn < feed.list } ?? [:]
                gone += slices.keys.sorted().map { .slice($0) }
            }
        case .node:
            if node != nil, nodeSeenIn < feed.list { gone = [.node(nodeName)] }
        case .claims:
            gone = claims.filter { $0.value.seenIn < feed.list }.keys.sorted().map { .claim($0) }
        }
        for id in gone { remove(id, &turn) }
    }
}
