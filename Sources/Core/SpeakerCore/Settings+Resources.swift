import IPTypes
import Settings

extension Settings {
    /// Everything that has to be open with these settings, in the order of opening.
    var resources: [Resource] {
        let monitoring = [self[Self.process.metrics], self[Self.process.health]].compactMap { $0 }
        // By place: to go through the VIPs themselves copies each, and there may be very many.
        let left = Set(vips.indices.lazy.filter { vips[$0].mustBeLocal }.map { vips[$0].prefix })
        return [.log(self[Self.process.logLevel], self[Self.process.logFormat])]
            + peers.map { .transport(PeerTransport($0, localAS: localAS)) }
            + peers.compactMap(BFDPath.init).map(Resource.bfd) + listeners.map(Resource.listener)
            + checks.map(Resource.probe) + monitoring.map(Resource.monitoring)
            + [
                self[Self.process.drainFile].map(Resource.drainFile), left.isEmpty ? nil : .locality(left),
                services.map(Resource.services), LoopGuard(self).map(Resource.loopGuard),
            ].compactMap { $0 }
    }
}

/// What to open, change and close to get from the open resources to the wanted ones.
struct ResourceChange {
    var closed: [Resource.ID] = []
    /// `open` or `change`, in the order of opening.
    var effects: [Effect] = []

    init(from old: [Resource], to new: [Resource]) {
        let before = Dictionary(old.map { ($0.id, $0) }) { first, _ in first }
        var after: Set<Resource.ID> = []
        for resource in new where after.insert(resource.id).inserted {
            guard let known = before[resource.id] else {
                effects.append(.open(resource))
                continue
            }
            if known != resource { effects.append(.change(resource)) }
        }
        // Metrics and health may share a port.
        closed = old.map(\.id).filter { after.insert($0).inserted }
    }
}
