import Advertising
import Deadlines
import Health
import IPTypes
import Settings

extension Speaker {
    /// Feeds one event to a check and follows up on what it decides.
    mutating func handle(_ event: HealthCheck.Event, check index: Int, at now: Instant) {
        let name = checks[index].check.name
        for action in checks[index].handle(event, at: now) {
            switch action {
            case .probe:
                effects.append(.probe(name))
            case .verdictChanged(let verdict):
                effects.append(.report(.checkChanged(name, verdict)))
                judgeVIPs(at: now)
            }
        }
    }

    /// Combines the verdicts of each VIP's checks: all must pass.
    private mutating func judgeVIPs(at now: Instant) {
        for index in vips.indices {
            let verdict = combinedVerdict(of: vips[index].settings)
            guard verdict != vips[index].verdict else { continue }
            // Another reason for the same verdict is no change that anything follows from.
            let isTransition = verdict.word != vips[index].verdict.word
            vips[index].verdict = verdict
            guard isTransition else { continue }
            vips[index].verdictSince = now
            effects.append(.report(.vipChanged(vips[index].settings.prefix, verdict)))
            mustConverge = true
        }
    }

    private func combinedVerdict(of vip: VIPSettings) -> Verdict {
        var isKnown = true
        for name in vip.checks {
            guard let index = checkIndex[name] else { continue }
            switch checks[index].verdict {
            case .healthy: continue
            case .unknown: isKnown = false
            case .unhealthy(let reason): return .unhealthy(reason: "check \(name): \(reason)")
            }
        }
        return isKnown ? .healthy : .unknown
    }

    /// What every peer should hold from us now.
    var desiredRoutes: [IPPrefix: RouteAttributes] {
        let isSettling = departure.step == .settling
        guard departure.step == .inService || isSettling else { return [:] }
        var routes: [IPPrefix: RouteAttributes] = [:]
        for vip in vips where vip.verdict == .healthy && vip.binding == .bound {
            let attributes = vip.settings.attributes
            routes[vip.settings.prefix] = isSettling ? attributes.withGracefulShutdown : attributes
        }
        return routes
    }

    /// Makes routes and bindings follow from verdicts and departure. Withdraws before it unbinds; what it binds is
    /// advertised when the kernel has confirmed it.
    mutating func converge(at now: Instant) {
        mustConverge = false
        let routes = desiredRoutes
        for index in peers.indices {
            send(peers[index].adjRIBOut.converge(to: routes), to: index, at: now)
        }
        for index in vips.indices {
            let prefix = vips[index].settings.prefix
            switch (vips[index].isWanted && departure.step != .away, vips[index].binding) {
            case (true, .unbound):
                vips[index].binding = .binding
                effects.append(.bind(prefix, globalScope: vips[index].settings.hasGlobalScope))
            case (true, .failed):
                // Left as it is until the pause is over, and then while the kernel gives the same answer.
                guard vips[index].bindRetry == nil else { continue }
                effects.append(.bind(prefix, globalScope: vips[index].settings.hasGlobalScope))
            case (false, .bound), (false, .binding):
                vips[index].binding = .unbound
                effects.append(.unbind(prefix))
                effects.append(.report(.unbound(prefix)))
            case (false, .failed):
                vips[index].binding = .unbound
                vips[index].bindRetry = nil
            case (true, .binding), (true, .bound), (false, .unbound):
                break
            }
        }
    }

    mutating func noteBound(_ prefix: IPPrefix) {
        guard let index = vipIndex[prefix], vips[index].binding != .unbound else { return }
        if vips[index].binding != .bound { effects.append(.report(.bound(prefix))) }
        vips[index].binding = .bound
        vips[index].bindRetry = nil
        mustConverge = true
    }

    mutating func noteBindFailed(_ prefix: IPPrefix, reason: String, at now: Instant) {
        guard let index = vipIndex[prefix], vips[index].binding != .unbound else { return }
        if vips[index].binding != .failed(reason: reason) {
            effects.append(.report(.bindFailed(prefix, reason: reason)))
        }
        vips[index].binding = .failed(reason: reason)
        vips[index].bindRetry = now + Self.bindRetryPause
        mustConverge = true
    }

    /// Puts an address back that someone else removed. The route stays: the gap is shorter than a withdrawal would be,
    /// and if the kernel refuses, `bindFailed` withdraws it.
    mutating func noteVanished(_ prefix: IPPrefix) {
        guard let index = vipIndex[prefix], vips[index].binding == .bound else { return }
        effects.append(.report(.vanished(prefix)))
        effects.append(.bind(prefix, globalScope: vips[index].settings.hasGlobalScope))
    }

    /// An address of an earlier run is kept until the first verdict if it is configured, and removed otherwise.
    mutating func adoptOrRemove(_ prefix: IPPrefix) {
        guard let index = vipIndex[prefix] else {
            effects.append(.unbind(prefix))
            effects.append(.report(.leftoverRemoved(prefix)))
            return
        }
        guard vips[index].binding == .unbound else { return }
        vips[index].binding = .bound
        effects.append(.report(.adopted(prefix)))
        mustConverge = true
    }
}

extension Speaker.VIP {
    /// True if the address should be on the interface. While nothing is known yet, an address that an earlier run left
    /// stays where it is, and none is added.
    var isWanted: Bool {
        switch verdict {
        case .healthy: true
        case .unhealthy: false
        case .unknown: binding == .bound
        }
    }
}

extension Verdict {
    /// `unknown`, `healthy` or `unhealthy`.
    package var word: String {
        switch self {
        case .unknown: "unknown"
        case .healthy: "healthy"
        case .unhealthy: "unhealthy"
        }
    }
}
