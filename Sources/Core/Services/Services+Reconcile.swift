import Deadlines
import IPTypes

extension Services {
    /// Makes everything about one Service follow from what is known now.
    mutating func reconcile(_ name: ObjectName, _ turn: inout Turn) {
        guard var entry = entries[name] else { return }
        let old = entry
        entry.stop = stop(of: entry)
        let isOurs = classObstacle(of: entry.service) == nil
        if isOurs != entry.isFollowed {
            entry.isFollowed = isOurs
            turn.steps.append(isOurs ? .follow(name) : .unfollow(name))
            if !isOurs { entry.slices = [:] }
        }
        var places: [Service.Family: Place] = [:]
        entry.complaint = nil
        if entry.stop == nil {
            for family in entry.service.families {
                let (place, complaint) = place(family, of: entry)
                places[family] = place
                entry.complaint = entry.complaint ?? complaint
            }
        }
        entry.places = places
        if let missing = missingFamily(of: entry) {
            // Both or none: the one that could be had is left to others, unless it is given already.
            for (family, place) in places where place.address.map({ !entry.shows($0) }) ?? false {
                places[family] = .stopped(.missingFamily(missing))
            }
            entry.places = places
        }
        for case .has(let address) in places.values where claims[address] != nil { entry.held.insert(address) }
        entries[name] = entry

        let shown = entry.service.ingress.map(\.address)
        let interests = Set(shown).union(entry.wish.addresses).union(places.values.compactMap(\.address))
            .union(entry.requests.values.map(\.address))
        entries[name]?.interests = interests
        setInterests(interests, of: name, before: old.interests, turn.now)
        if old.places != places || old.stop != entry.stop {
            for address in interests.union(old.interests) {
                turn.dirty.formUnion((interested[address] ?? []).subtracting([name]))
            }
        }

        carry(name, &turn)
        entry = entries[name] ?? entry
        var next = entry.placements.values.map(\.deadline).earliest()
        next = earlier(next, claim(for: &entry, &turn))
        next = earlier(next, writeStatus(of: &entry, &turn))
        next = earlier(next, post(about: &entry, &turn))
        entries[name] = entry
        deadlines[.service(name)] = next
    }

    /// What keeps the whole Service from being served; nil if nothing does.
    private func stop(of entry: Entry) -> ServiceReason? {
        if let obstacle = classObstacle(of: entry.service) { return obstacle }
        if let fault = entry.wish.fault { return fault }
        guard
            let stranger = entry.wish.addresses.first(where: { address in
                !entry.service.families.contains(Service.Family(of: address))
            })
        else { return nil }
        return .otherFamily(stranger)
    }

    /// Why the Service is another controller's; nil if it is ours.
    func classObstacle(of service: Service) -> ServiceReason? {
        guard let name = service.loadBalancerClass else {
            return configuration.takesUnclassed ? nil : .withoutClass
        }
        return configuration.classes.contains(name) ? nil : .otherClass(name)
    }
}

extension Services.Placement {
    var deadline: Instant? {
        if case .settling(let end) = self { end } else { nil }
    }

    /// True if the address is advertised, settling or not.
    var isAdvertised: Bool {
        switch self {
        case .inService, .settling: true
        case .notAdvertised: false
        }
    }
}
