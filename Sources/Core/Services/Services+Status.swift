package import Deadlines
import IPTypes

extension Services {
    /// For each address that a Service has or should have: why this node advertises it, or the first thing that keeps it from
    /// that. One reason if it is the same for all.
    package func why(_ name: ObjectName) -> [ServiceReason] {
        guard let entry = entries[name] else { return [listObstacle ?? .unknown] }
        let reasons = addresses(of: entry).map(\.reason)
        return reasons.first.map { first in reasons.allSatisfy { $0 == first } ? [first] : reasons } ?? []
    }

    /// All Services of ours as they stand; or the one of this name alone, whoever serves it.
    package func status(of name: ObjectName? = nil, at now: Instant) -> ServicesStatus {
        func age(_ kind: ClusterObject.Kind) -> Double? {
            feeds[kind]?.heardAt.map { (now - $0) / .seconds(1) }
        }
        return ServicesStatus(
            isComplete: isComplete,
            feeds: ClusterObject.Kind.allCases.map {
                FeedStatus(
                    kind: $0.words, isComplete: feeds[$0]?.isComplete ?? false, heardSecondsAgo: age($0),
                    failure: feeds[$0]?.failure)
            },
            services: shown(name).map(status(of:)))
    }

    private func shown(_ name: ObjectName?) -> [Entry] {
        if let name { return entries[name].map { [$0] } ?? [] }
        return entries.sorted { $0.key < $1.key }.map(\.value).filter { classObstacle(of: $0.service) == nil }
    }

    private func status(of entry: Entry) -> ServiceStatus {
        let sets = Set(entry.service.families).map { EndpointSet(entry.slices.values, of: $0) }
        let largest = sets.max { $0.ready < $1.ready }
        return ServiceStatus(
            namespace: entry.service.name.namespace, name: entry.service.name.name,
            policy: entry.service.trafficPolicy.rawValue,
            addresses: addresses(of: entry).map { address, family, reason in
                let placement = address.flatMap { entry.placements[$0] }
                return ServiceAddressStatus(
                    family: family.rawValue, address: address.map { "\($0)" },
                    isAdvertised: placement?.isAdvertised ?? false, reason: "\(reason)", reasonCode: reason.code)
            },
            complaint: entry.complaint.map { "\($0)" }, readyEndpoints: largest?.ready ?? 0,
            localEndpoints: largest?.localReady.count ?? 0, terminatingEndpoints: largest?.terminating ?? 0,
            checks: entry.checks.sorted())
    }

    /// The list that is not complete yet, without which nothing is decided; nil if all are.
    private var listObstacle: ServiceReason? {
        Self.decisive.first { !(feeds[$0]?.isComplete ?? false) }.map {
            .waitingForList($0, failure: feeds[$0]?.failure)
        }
    }

    private func addresses(
        of entry: Entry
    ) -> [(address: IPAddress?, family: Service.Family, reason: ServiceReason)] {
        entry.service.families.map { family in
            let shown = entry.service.ingress.map(\.address).first { Service.Family(of: $0) == family }
            let place = entry.places[family]
            let address = place?.address ?? shown
            if let obstacle = classObstacle(of: entry.service) ?? listObstacle ?? entry.stop {
                return (address, family, obstacle)
            }
            if let address, let placement = entry.placements[address] { return (address, family, placement.reason) }
            return (address, family, reason(for: family, of: entry))
        }
    }

    /// Why an address has no placement.
    private func reason(for family: Service.Family, of entry: Entry) -> ServiceReason {
        let failures = Self.decisive.lazy.compactMap { feeds[$0]?.failure }
        switch entry.places[family] {
        case .stopped(let reason)?: return reason
        case .needs(let address)?:
            return .waitingForClaim(address, failure: entry.requests[family]?.failure ?? failures.first)
        case .has?, nil:
            if let missing = missingFamily(of: entry) { return .missingFamily(missing) }
            return .waitingForStatus(failure: entry.statusWrite.failure ?? failures.first)
        }
    }
}

extension Services.Placement {
    fileprivate var reason: ServiceReason {
        switch self {
        case .inService: .advertised
        case .settling: .settling
        case .notAdvertised(let reason): reason
        }
    }
}
