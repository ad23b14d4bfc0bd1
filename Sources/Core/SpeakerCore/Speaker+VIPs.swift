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

    /// What a peer should hold from us now.
    func desiredRoutes(for peer: Int) -> [IPPrefix: RouteAttributes] {
        let isSettling = departure.step == .settling
        guard departure.step == .inService || isSettling else { return [:] }
        var routes: [IPPrefix: RouteAttributes] = [:]
        for vip in vips where vip.verdict == .healthy && vip.binding == .bound {
            // Before the mark of leaving, which must not be undone by what the operator sets for this peer.
            let attributes = vip.settings.attributes.adjusted(by: peers[peer].settings.routeAdjustment)
            routes[vip.settings.prefix] = isSettling ? attributes.withGracefulShutdown : attributes
        }
        return routes
    }

    /// Makes routes and bindings follow from verdicts and departure. Withdraws before it unbinds; what it binds is
    /// advertised when the kernel has confirmed it.
    mutating func converge(at now: Instant) {
        mustConverge = false
        for index in peers.indices {
            send(peers[index].adjRIBOut.converge(to: desiredRoutes(for: index)), to: index, at: now)
        }
        var toUnbind: [IPPrefix] = []
        var toBind: [Bool: [IPPrefix]] = [:]
        for index in vips.indices {
            switch vips[index].next(isAway: departure.step == .away) {
            case .bind:
                if vips[index].binding == .unbound { vips[index].binding = .binding }
                vips[index].isLeftover = false
                toBind[vips[index].settings.hasGlobalScope, default: []].append(vips[index].settings.prefix)
            case .unbind:
                vips[index].binding = .unbinding
                toUnbind.append(vips[index].settings.prefix)
            case .forget:
                vips[index].binding = .unbound
                vips[index].bindRetry = nil
            case nil:
                break
            }
        }
        if !toUnbind.isEmpty { effects.append(.unbind(toUnbind)) }
        for globalScope in [false, true] {
            if let prefixes = toBind[globalScope] { effects.append(.bind(prefixes, globalScope: globalScope)) }
        }
    }

    mutating func noteBound(_ prefix: IPPrefix) {
        guard let index = vipIndex[prefix] else { return }
        switch vips[index].binding {
        case .unbinding: return
        case .bound: break
        // An address that is not wanted any more by now is there all the same, and has to go.
        case .unbound, .binding, .failed: effects.append(.report(.bound(prefix)))
        }
        vips[index].binding = .bound
        vips[index].bindRetry = nil
        mustConverge = true
    }

    mutating func noteBindFailed(_ prefix: IPPrefix, reason: String, at now: Instant) {
        guard let index = vipIndex[prefix] else { return }
        switch vips[index].binding {
        case .unbound, .unbinding: return
        case .binding, .bound, .failed: break
        }
        if vips[index].binding != .failed(reason: reason) {
            effects.append(.report(.bindFailed(prefix, reason: reason)))
        }
        vips[index].binding = .failed(reason: reason)
        vips[index].bindRetry = now + Self.bindRetryPause
        mustConverge = true
    }

    mutating func noteUnbound(_ prefix: IPPrefix) {
        guard let index = vipIndex[prefix], vips[index].binding == .unbinding else { return }
        vips[index].binding = .unbound
        vips[index].bindRetry = nil
        vips[index].reportedUnbindFailure = nil
        effects.append(.report(.unbound(prefix)))
        mustConverge = true
    }

    /// The address is still there: it counts as bound, and is taken off again after a pause, or used if it is wanted.
    mutating func noteUnbindFailed(_ prefix: IPPrefix, reason: String, at now: Instant) {
        guard let index = vipIndex[prefix], vips[index].binding == .unbinding else { return }
        vips[index].binding = .bound
        vips[index].bindRetry = now + Self.bindRetryPause
        if vips[index].reportedUnbindFailure != reason {
            vips[index].reportedUnbindFailure = reason
            effects.append(.report(.unbindFailed(prefix, reason: reason)))
        }
        mustConverge = true
    }

    /// Puts an address back that someone else removed. The route stays: the gap is shorter than a withdrawal would be,
    /// and if the kernel refuses, `bindFailed` withdraws it.
    mutating func noteVanished(_ prefix: IPPrefix) {
        guard let index = vipIndex[prefix], vips[index].binding == .bound else { return }
        if vips[index].isUnwanted(isAway: departure.step == .away) {
            // It should be gone, and could not be removed before: someone else has done it.
            vips[index].binding = .unbound
            vips[index].bindRetry = nil
            return
        }
        effects.append(.report(.vanished(prefix)))
        effects.append(.bind([prefix], globalScope: vips[index].settings.hasGlobalScope))
    }

    /// An address of an earlier run is kept until the first verdict if it is configured, and removed otherwise.
    mutating func adoptOrRemove(_ prefix: IPPrefix) {
        guard let index = vipIndex[prefix] else {
            effects.append(.unbind([prefix]))
            effects.append(.report(.leftoverRemoved(prefix)))
            return
        }
        guard vips[index].binding == .unbound else { return }
        vips[index].binding = .bound
        vips[index].isLeftover = true
        effects.append(.report(.adopted(prefix)))
        mustConverge = true
    }
}

extension Speaker.VIP {
    /// What the kernel has to be asked for next.
    enum Step {
        case bind
        case unbind
        /// An address that could not be bound is not wanted any more.
        case forget
    }

    /// True if the address should not be on the interface.
    func isUnwanted(isAway: Bool) -> Bool {
        switch verdict {
        case _ where isAway: true
        case .healthy: false
        case .unhealthy: true
        case .unknown: binding != .bound
        }
    }

    /// The step from the present binding to the wanted one; nil if none is due. While nothing is known yet, an address
    /// that an earlier run left stays where it is, and none is added.
    func next(isAway: Bool) -> Step? {
        switch (!isUnwanted(isAway: isAway), binding) {
        case (true, .unbound): return .bind
        case (true, .failed): return bindRetry == nil ? .bind : nil
        // Once, so that its scope is what this run wants; the kernel keeps what is right already.
        case (true, .bound): return isLeftover && verdict == .healthy ? .bind : nil
        case (false, .bound): return bindRetry == nil ? .unbind : nil
        case (false, .failed): return .forget
        case (false, .unbound), (_, .binding), (_, .unbinding): return nil
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
