import Advertising
import BGPWire
import Deadlines
import Health
import IPTypes
import Settings

extension Speaker {
    /// What a peer should hold from us now.
    func desiredRoutes(for peer: Int) -> [IPPrefix: RouteAttributes] {
        var routes: [IPPrefix: RouteAttributes] = [:]
        for index in vips.indices {
            if let route = desiredRoute(to: index, for: peer) { routes[vips[index].settings.prefix] = route }
        }
        return routes
    }

    /// The route to one VIP that a peer should hold from us now; nil if none.
    private func desiredRoute(to index: Int, for peer: Int) -> RouteAttributes? {
        let node = departureStep(for: vips[index])
        let own = vips[index].drain?.step ?? .inService
        let isSettling = node == .settling || own == .settling
        guard [.inService, .settling].contains(node), [.inService, .settling].contains(own), vips[index].isOffered,
            vips[index].isThere, vips[index].settings.isMeant(for: peers[peer].settings.address),
            !isOnProbation(vips[index], for: peer)
        else {
            return nil
        }
        // Before the marks of leaving and of last resort, which must not be undone by what is set for this peer.
        var attributes = vips[index].settings.attributes.adjusted(by: peers[peer].settings.routeAdjustment)
        if vips[index].isLastResort { attributes = attributes.asLastResort }
        return isSettling ? attributes.withGracefulShutdown : attributes
    }

    /// True if the peer has not been told of the VIP and must not be now: its verdict is one of old.
    private func isOnProbation(_ vip: VIP, for peer: Int) -> Bool {
        checks.contains { $0.isOnProbation && vip.settings.checks.contains($0.check.name) }
            && peers[peer].adjRIBOut.told[vip.settings.prefix] == nil
    }

    /// Makes routes and bindings follow from verdicts and departure. Withdraws before it unbinds; what it binds is
    /// advertised when the kernel has confirmed it.
    mutating func converge(at now: Instant) {
        let indices = mustConverge ? Array(vips.indices) : Set(touched).sorted()
        for peer in peers.indices where peers[peer].adjRIBOut.path != nil {
            let oversized = peers[peer].adjRIBOut.oversized
            let updates: [Update]
            if mustConverge {
                updates = peers[peer].adjRIBOut.converge(to: desiredRoutes(for: peer))
            } else {
                let routes = indices.map { (vips[$0].settings.prefix, desiredRoute(to: $0, for: peer)) }
                updates = peers[peer].adjRIBOut.change(Dictionary(routes) { first, _ in first })
            }
            send(updates, to: peer, at: now, sparingQuiet: true)
            for prefix in updates.flatMap(\.allWithdrawn) {
                if let index = vipIndex[prefix] { vips[index].withdrawnAt = now }
            }
            reportNewObstacles(of: peer, besides: oversized)
        }
        mustConverge = false
        touched.removeAll(keepingCapacity: true)
        convergeBindings(of: indices, at: now)
    }

    private mutating func convergeBindings(of indices: [Int], at now: Instant) {
        var toUnbind: [IPPrefix] = []
        var toBind: [Bool: [IPPrefix]] = [:]
        for index in indices {
            switch step(of: vips[index], at: now) {
            case .bind:
                if vips[index].binding == .unbound { vips[index].binding = .binding }
                // A leftover that is wanted: it is there already.
                if vips[index].lingersUntil != nil { vips[index].binding = .bound }
                vips[index].isLeftover = false
                toBind[vips[index].settings.hasGlobalScope, default: []].append(vips[index].settings.prefix)
            case .unbind:
                vips[index].binding = .unbinding
                toUnbind.append(vips[index].settings.prefix)
            case .linger(let end):
                vips[index].binding = .lingering(until: end)
                nextLingerEnd = min(nextLingerEnd ?? end, end)
            case .stay:
                vips[index].binding = .bound
            case nil:
                break
            }
        }
        if !toUnbind.isEmpty { effects.append(.unbind(toUnbind)) }
        bind(toBind)
    }

    /// Asks for addresses, those with and those without global scope.
    private mutating func bind(_ prefixesByScope: [Bool: [IPPrefix]]) {
        for globalScope in [false, true] {
            if let prefixes = prefixesByScope[globalScope] { effects.append(.bind(prefixes, globalScope: globalScope)) }
        }
    }

    /// Lets those try again whose pause is over.
    mutating func retryBinding(at now: Instant) {
        guard let next = nextBindRetry, next <= now else { return }
        nextBindRetry = nil
        for index in vips.indices {
            guard let retry = vips[index].bindRetry else { continue }
            if retry <= now {
                vips[index].bindRetry = nil
                touched.append(index)
            } else {
                planBindRetry(at: retry)
            }
        }
    }

    /// Takes those off the interface whose time is over.
    mutating func endLingering(at now: Instant) {
        guard let next = nextLingerEnd, next <= now else { return }
        nextLingerEnd = nil
        for index in vips.indices {
            guard let end = vips[index].lingersUntil else { continue }
            if end <= now { touched.append(index) } else { nextLingerEnd = min(nextLingerEnd ?? end, end) }
        }
    }

    private mutating func planBindRetry(at retry: Instant) {
        nextBindRetry = min(nextBindRetry ?? retry, retry)
    }

    /// What the kernel refused is tried again after a pause, together with everything else it refused meanwhile.
    private mutating func retryLater(_ index: Int, at now: Instant) {
        if nextBindRetry.map({ $0 <= now }) ?? true { nextBindRetry = now + Self.bindRetryPause }
        vips[index].bindRetry = nextBindRetry
    }

    mutating func noteBound(_ prefixes: [IPPrefix]) {
        var news: [IPPrefix] = []
        for prefix in prefixes {
            guard let index = vipIndex[prefix] else { continue }
            switch vips[index].binding {
            case .unbinding, .leftToOthers, .lingering: continue
            case .bound: break
            // An address that is not wanted any more by now is there all the same, and has to go.
            case .unbound, .binding, .failed: news.append(prefix)
            }
            vips[index].binding = .bound
            vips[index].bindRetry = nil
            touched.append(index)
        }
        let reported = news.filter { !isQuiet($0) }
        if !reported.isEmpty { effects.append(.report(.bound(reported))) }
    }

    mutating func noteBindFailed(_ prefix: IPPrefix, reason: String, at now: Instant) {
        guard let index = vipIndex[prefix] else { return }
        switch vips[index].binding {
        case .unbound, .unbinding, .leftToOthers: return
        case .binding, .bound, .lingering, .failed: break
        }
        if vips[index].binding != .failed(reason: reason) {
            effects.append(.report(.bindFailed(prefix, reason: reason)))
        }
        vips[index].binding = .failed(reason: reason)
        retryLater(index, at: now)
        touched.append(index)
        stopAwaitingUnbind(prefix)
    }

    mutating func noteUnbound(_ prefixes: [IPPrefix]) {
        var news: [IPPrefix] = []
        var strangers: [IPPrefix] = []
        for prefix in prefixes {
            guard let index = vipIndex[prefix], vips[index].binding != .leftToOthers else {
                strangers.append(prefix)
                continue
            }
            guard vips[index].binding == .unbinding else { continue }
            vips[index].binding = .unbound
            vips[index].bindRetry = nil
            vips[index].reportedUnbindFailure = nil
            news.append(prefix)
            touched.append(index)
        }
        if !strangers.isEmpty { effects.append(.report(.leftoverRemoved(strangers))) }
        let reported = news.filter { !isQuiet($0) }
        if !reported.isEmpty { effects.append(.report(.unbound(reported))) }
        for prefix in news { stopAwaitingUnbind(prefix) }
    }

    /// The address is still there: it counts as bound, and is taken off again after a pause, or used if it is wanted.
    mutating func noteUnbindFailed(_ prefix: IPPrefix, reason: String, at now: Instant) {
        guard let index = vipIndex[prefix], vips[index].binding != .leftToOthers else {
            return effects.append(.report(.unbindFailed(prefix, reason: reason)))
        }
        guard vips[index].binding == .unbinding else { return }
        vips[index].binding = .bound
        retryLater(index, at: now)
        if vips[index].reportedUnbindFailure != reason {
            vips[index].reportedUnbindFailure = reason
            effects.append(.report(.unbindFailed(prefix, reason: reason)))
        }
        touched.append(index)
        stopAwaitingUnbind(prefix)
    }

    /// Puts addresses back that someone else removed. The routes stay: the gap is shorter than a withdrawal would be,
    /// and if the kernel refuses, `bindFailed` withdraws.
    mutating func noteVanished(_ prefixes: [IPPrefix], at now: Instant) {
        var missing: [IPPrefix] = []
        var toBind: [Bool: [IPPrefix]] = [:]
        for prefix in prefixes {
            guard let index = vipIndex[prefix], vips[index].isOnInterface else { continue }
            if isUnwanted(vips[index]) {
                // It should be gone, and could not be removed before: someone else has done it.
                vips[index].binding = .unbound
                vips[index].bindRetry = nil
            } else {
                missing.append(prefix)
                toBind[vips[index].settings.hasGlobalScope, default: []].append(prefix)
            }
        }
        reportSuppressedVanishing(at: now)
        if !missing.isEmpty, vanishBudget.spend(at: now) { effects.append(.report(.vanished(missing))) }
        bind(toBind)
    }

    /// Says that reports were held back, once the budget allows.
    mutating func reportSuppressedVanishing(at now: Instant) {
        guard let count = vanishBudget.takeSuppressed(at: now) else { return }
        effects.append(.report(.vanishingSuppressed(count: count)))
    }

    /// Addresses of an earlier run are kept until the first verdict if they are configured, but not for ever, and removed
    /// otherwise.
    mutating func adoptOrRemove(_ prefixes: [IPPrefix], at now: Instant) {
        var adopted: [IPPrefix] = []
        var toUnbind: [IPPrefix] = []
        for prefix in prefixes {
            guard let index = vipIndex[prefix], vips[index].binding != .leftToOthers else {
                // Nobody's, or not ours to bind any more.
                toUnbind.append(prefix)
                continue
            }
            guard vips[index].binding == .unbound else { continue }
            vips[index].binding = .lingering(until: now + Self.leftoverPatience)
            nextLingerEnd = min(nextLingerEnd ?? now + Self.leftoverPatience, now + Self.leftoverPatience)
            vips[index].isLeftover = true
            vips[index].hasServed = true
            adopted.append(prefix)
            touched.append(index)
        }
        if !toUnbind.isEmpty { effects.append(.unbind(toUnbind)) }
        if !adopted.isEmpty { effects.append(.report(.adopted(adopted))) }
    }
}

extension Speaker {
    /// What is to be done next about a VIP's address.
    private enum Step {
        case bind
        case unbind
        /// Nothing, up to this moment.
        case linger(until: Instant)
        /// Nothing: the address is wanted again.
        case stay
    }

    /// The step from the present binding to the wanted one; nil if none is due. While nothing is known yet, an address
    /// that an earlier run left stays where it is for a while, and none is added.
    private func step(of vip: VIP, at now: Instant) -> Step? {
        switch (!isUnwanted(vip), vip.binding) {
        case (true, .unbound): return .bind
        case (true, .failed): return vip.bindRetry == nil ? .bind : nil
        // Once, so that its scope is what this run wants; the kernel keeps what is right already.
        case (true, .lingering): return vip.isLeftover ? .bind : .stay
        case (false, .bound): return vip.bindRetry == nil ? parting(of: vip, at: now) : nil
        // No router has a leftover, so that there is nothing to linger for once it is known to be of no use.
        case (false, .lingering) where vip.isLeftover && vip.verdict != .unknown: return .unbind
        case (false, .lingering(let end)): return end <= now || mustNotLinger(vip) ? .unbind : nil
        // It may be there all the same: the kernel may refuse to change an address, or answer too late.
        case (false, .failed): return .unbind
        case (true, .bound), (false, .unbound), (_, .binding), (_, .unbinding), (_, .leftToOthers): return nil
        }
    }

    /// True if the address should not be on the interface.
    private func isUnwanted(_ vip: VIP) -> Bool {
        vip.isUnwanted(isAway: departureStep(for: vip) == .away || vip.drain?.step == .away)
    }

    /// The step of an address that is not wanted any more: routers need time to move a route that was withdrawn, and
    /// what they still send is answered, if there may be somebody who answers. A VIP that no router had goes at once.
    private func parting(of vip: VIP, at now: Instant) -> Step? {
        if mustNotLinger(vip) { return .unbind }
        // A departure has its own wait, and ends with the address off the interface.
        if [.acknowledging, .lingering].contains(departureStep(for: vip)) { return nil }
        guard let end = vip.withdrawnAt.map({ $0 + settings.departure.linger }), end > now else { return .unbind }
        return .linger(until: end)
    }

    /// True if the time for it is over, or if nobody would answer: the service refuses connections.
    private func mustNotLinger(_ vip: VIP) -> Bool {
        departureStep(for: vip) == .away
            || vip.settings.checks.contains { name in checkIndex[name].map { checks[$0].isRefused } ?? false }
    }
}

extension Speaker.VIP {
    /// True if packets to the address find this node.
    var isThere: Bool { isOnInterface || binding == .leftToOthers && isLocal == true }

    /// True while the address is taken to be on the interface, because we have put it there.
    var isOnInterface: Bool {
        switch binding {
        case .bound, .lingering: true
        case .unbound, .binding, .failed, .unbinding, .leftToOthers: false
        }
    }

    /// Until when the address stays although it is not wanted any more.
    var lingersUntil: Instant? {
        if case .lingering(let end) = binding { end } else { nil }
    }

    /// True if the address should not be on the interface.
    func isUnwanted(isAway: Bool) -> Bool {
        switch verdict {
        case _ where isAway: true
        case .healthy: false
        case .unhealthy: !isLastResort
        case .unknown: true
        }
    }
}
