import Advertising
import BGPWire
import Deadlines
import Health
import IPTypes
import Settings

extension Speaker {
    /// The routes to these VIPs that a peer should hold from us now; nil where it should hold none.
    func routes(to indices: [Int], for peer: Int) -> [(prefix: IPPrefix, route: RouteAttributes?)] {
        let mayDoubt = checks.indices.contains { checks[$0].isInDoubt }
        return indices.map { (vips[$0].settings.prefix, desiredRoute(to: $0, for: peer, mayDoubt: mayDoubt)) }
    }

    /// True if a peer that holds the route to this VIP may go on holding it.
    private func mayHold(_ index: Int, peer: Int) -> Bool {
        !vips[index].isRemoved && vips[index].isOffered && vips[index].isThere
            && departureStep(taking: vips[index].settings.drains).keepsRoutes
            && vips[index].drain?.step.keepsRoutes ?? true
            && vips[index].settings.isMeant(for: peers[peer].settings.address)
    }

    /// The route to one VIP that a peer should hold from us now; nil if none.
    private func desiredRoute(to index: Int, for peer: Int, mayDoubt: Bool) -> RouteAttributes? {
        // To ask copies the peer, and there may be very many VIPs.
        guard mayHold(index, peer: peer), !mayDoubt || doubt(about: vips[index], for: peers[peer]) == nil else {
            return nil
        }
        // Before the marks of leaving and of last resort, which must not be undone by what is set for this peer.
        var attributes = vips[index].settings.attributes.adjusted(by: peers[peer].settings.routeAdjustment)
        if vips[index].isLastResort { attributes = attributes.asLastResort }
        let isSettling =
            departureStep(taking: vips[index].settings.drains) == .settling || vips[index].drain?.step == .settling
        return isSettling ? attributes.withGracefulShutdown : attributes
    }

    /// Withdraws those of these VIPs that a peer shall not hold any more.
    mutating func withdraw(_ indices: [Int], from peer: Int, at now: Instant) {
        guard !peers[peer].adjRIBOut.told.isEmpty else { return }
        let carried = peers[peer].adjRIBOut.carriedFamilies
        var gone: [IPPrefix] = []
        for index in indices
        where !mayHold(index, peer: peer) || !carried.contains(AddressFamily(of: vips[index].settings.prefix)) {
            gone.append(vips[index].settings.prefix)
        }
        send(peers[peer].adjRIBOut.withdraw(gone), to: peer, at: now, sparingQuiet: true)
    }

    /// The check that has to pass before a healthy VIP is advertised to this peer; nil if none has to, because the peer has
    /// the route, or because the latest outcome of every check is a pass. As last resort a VIP needs no pass.
    func doubt(about vip: VIP, for peer: Neighbour) -> HealthCheck? {
        guard vip.verdict == .healthy, peer.adjRIBOut.told[vip.settings.prefix] == nil else { return nil }
        return checks.first { $0.isInDoubt && vip.settings.checks.contains($0.check.name) }
    }

    /// Makes routes and bindings follow from verdicts and departure. Withdraws before it unbinds; what it binds is
    /// advertised when the kernel has confirmed it. What there is much of to announce is left to later turns.
    mutating func converge(at now: Instant) {
        let indices = mustConverge ? Array(vips.indices) : Set(touched).sorted()
        if mustConverge { changes.touchesAll = true }
        noteTouched(indices.lazy.map { [vips] in vips[$0].settings.prefix })
        let told = peers.indices.filter { peers[$0].adjRIBOut.path != nil }
        let isLittle = isLittle(indices.count, for: told.count)
        for peer in told {
            guard isLittle else {
                withdraw(indices, from: peer, at: now)
                tellSoon(peer, at: now)
                continue
            }
            let oversized = peers[peer].adjRIBOut.oversized
            let updates = peers[peer].adjRIBOut.change(routes(to: indices, for: peer))
            send(updates, to: peer, at: now, sparingQuiet: true)
            reportNewObstacles(of: peer, besides: oversized)
        }
        mustConverge = false
        touched.removeAll(keepingCapacity: true)
        convergeBindings(of: indices, at: now)
    }

    private mutating func convergeBindings(of indices: [Int], at now: Instant) {
        var turn = AddressTurn()
        let refused = Set(checks.lazy.filter(\.isRefused).map(\.check.name))
        for index in indices {
            let isAway =
                departureStep(taking: vips[index].settings.drains) == .away || vips[index].drain?.step == .away
            if !vips[index].isUnwanted(isAway: isAway) {
                // Nothing follows for nearly all of very many.
                if vips[index].binding != .bound { handle(.wanted, vip: index, in: &turn) }
            } else if vips[index].binding != .unbound {
                handle(
                    .unwanted(parting(of: vips[index], refused: refused, at: now), at: now), vip: index, in: &turn)
            }
        }
        perform(turn, at: now)
    }

    /// Asks for addresses, those with and those without global scope.
    mutating func bind(_ prefixesByScope: [Bool: [IPPrefix]]) {
        for globalScope in [false, true] {
            if let prefixes = prefixesByScope[globalScope] { effects.append(.bind(prefixes, globalScope: globalScope)) }
        }
    }

    /// Looks at those addresses of which something is due.
    mutating func passBindingDeadlines(at now: Instant) {
        guard let next = nextBindingDeadline, next <= now else { return }
        nextBindingDeadline = nil
        for index in vips.indices {
            guard let deadline = vips[index].binding.deadline else { continue }
            if deadline <= now {
                _ = vips[index].binding.handle(.pauseOver, isOurs: vips[index].settings.binds)
                touched.append(index)
            } else {
                nextBindingDeadline = earlier(nextBindingDeadline, deadline)
            }
        }
    }

    /// When the kernel is asked again for what it refuses now: after a pause, together with everything else that it refused
    /// meanwhile.
    private func retry(at now: Instant) -> Instant {
        if let nextBindRetry, nextBindRetry > now { nextBindRetry } else { now + Self.bindRetryPause }
    }

    mutating func noteBound(_ prefixes: [IPPrefix], at now: Instant) {
        handle(.confirmed, addresses: prefixes, at: now)
    }

    mutating func noteBindFailed(_ prefix: IPPrefix, reason: String, at now: Instant) {
        handle(.bindRefused(reason: reason, retry: retry(at: now)), addresses: [prefix], at: now)
    }

    mutating func noteUnbound(_ prefixes: [IPPrefix], at now: Instant) {
        let strangers = prefixes.filter { !isOurs($0) }
        if !strangers.isEmpty { effects.append(.report(.leftoverRemoved(strangers))) }
        for prefix in strangers { stopAwaitingUnbind(prefix) }
        handle(.removed, addresses: prefixes, at: now)
    }

    mutating func noteUnbindFailed(_ prefix: IPPrefix, reason: String, at now: Instant) {
        guard isOurs(prefix) else {
            effects.append(.report(.unbindFailed(prefix, reason: reason)))
            return stopAwaitingUnbind(prefix)
        }
        handle(.unbindRefused(reason: reason, retry: retry(at: now)), addresses: [prefix], at: now)
    }

    /// Puts addresses back that someone else removed.
    mutating func noteVanished(_ prefixes: [IPPrefix], at now: Instant) {
        reportSuppressedVanishing(at: now)
        var turn = AddressTurn()
        for index in prefixes.compactMap({ vipIndex[$0] }) {
            handle(.vanished(isWanted: !isUnwanted(vips[index])), vip: index, in: &turn)
        }
        perform(turn, at: now)
    }

    /// True if this is a VIP that we bind.
    private func isOurs(_ prefix: IPPrefix) -> Bool {
        vipIndex[prefix].map { vips[$0].binding != .leftToOthers } ?? false
    }

    /// Says that reports were held back, once the budget allows.
    mutating func reportSuppressedVanishing(at now: Instant) {
        guard let count = vanishBudget.takeSuppressed(at: now) else { return }
        effects.append(.report(.vanishingSuppressed(count: count)))
    }

    /// Addresses of an earlier run are kept until the first verdict if they are VIPs, but not for ever. All others are removed
    /// once it is known that they are none.
    mutating func adoptOrRemove(_ prefixes: [IPPrefix], at now: Instant) {
        var turn = AddressTurn()
        for prefix in prefixes {
            if let index = vipIndex[prefix] {
                handle(.found(until: now + Self.leftoverPatience), vip: index, in: &turn)
            } else if missingSource == nil {
                turn.toUnbind.append(prefix)
            } else {
                sources.keepUnclaimed(prefix, at: now)
            }
        }
        perform(turn, at: now)
    }
}

/// What follows from one input for the addresses of all VIPs.
private struct AddressTurn {
    var toUnbind: [IPPrefix] = []
    /// By scope.
    var toBind: [Bool: [IPPrefix]] = [:]
    var refusals: [Report] = []
    var bound: [IPPrefix] = []
    var unbound: [IPPrefix] = []
    var adopted: [IPPrefix] = []
    var vanished: [IPPrefix] = []
    /// The kernel has answered for these.
    var answered: [IPPrefix] = []
}

extension Speaker {
    private mutating func handle(_ event: VIPBinding.Event, addresses prefixes: [IPPrefix], at now: Instant) {
        var turn = AddressTurn()
        for index in prefixes.compactMap({ vipIndex[$0] }) { handle(event, vip: index, in: &turn) }
        perform(turn, at: now)
    }

    private mutating func handle(_ event: VIPBinding.Event, vip index: Int, in turn: inout AddressTurn) {
        let before = vips[index].binding
        let steps = vips[index].binding.handle(event, isOurs: vips[index].settings.binds)
        // Of very many VIPs nothing follows for most.
        if steps.isEmpty && vips[index].binding == before { return }
        let settings = vips[index].settings
        for step in steps {
            switch step {
            case .bind: turn.toBind[settings.hasGlobalScope, default: []].append(settings.prefix)
            case .unbind: turn.toUnbind.append(settings.prefix)
            case .planRetry(let retry):
                nextBindRetry = retry
                nextBindingDeadline = earlier(nextBindingDeadline, retry)
            case .planEnd(let end): nextBindingDeadline = earlier(nextBindingDeadline, end)
            case .reportBound: turn.bound.append(settings.prefix)
            case .reportUnbound: turn.unbound.append(settings.prefix)
            case .reportAdopted:
                vips[index].hasServed = true
                turn.adopted.append(settings.prefix)
            case .reportVanished: turn.vanished.append(settings.prefix)
            case .reportBindRefused(let reason): turn.refusals.append(.bindFailed(settings.prefix, reason: reason))
            case .reportUnbindRefused(let reason): turn.refusals.append(.unbindFailed(settings.prefix, reason: reason))
            case .noteAnswered: turn.answered.append(settings.prefix)
            }
        }
        guard vips[index].binding != before else { return }
        if vips[index].isGone { mustForget = true }
        switch event {
        case .wanted, .unwanted: break
        // What the kernel or others have done, something follows from.
        default: touched.append(index)
        }
    }

    private mutating func perform(_ turn: AddressTurn, at now: Instant) {
        if !turn.toUnbind.isEmpty { effects.append(.unbind(turn.toUnbind)) }
        effects += turn.refusals.map(Effect.report)
        let (bound, unbound) = (turn.bound.filter { !isQuiet($0) }, turn.unbound.filter { !isQuiet($0) })
        if !bound.isEmpty { effects.append(.report(.bound(bound))) }
        if !unbound.isEmpty { effects.append(.report(.unbound(unbound))) }
        if !turn.adopted.isEmpty { effects.append(.report(.adopted(turn.adopted))) }
        if !turn.vanished.isEmpty, vanishBudget.spend(at: now) { effects.append(.report(.vanished(turn.vanished))) }
        bind(turn.toBind)
        for prefix in turn.answered { stopAwaitingUnbind(prefix) }
    }
}

extension Speaker {
    /// True if the address should not be on the interface.
    private func isUnwanted(_ vip: VIP) -> Bool {
        vip.isUnwanted(isAway: departureStep(for: vip) == .away || vip.drain?.step == .away)
    }

    /// When an address goes that is not wanted: routers need time to move a route that was withdrawn, and what they still
    /// send is answered, if there may be a service that answers. A VIP that no router had goes at once.
    private func parting(of vip: VIP, refused: Set<String>, at now: Instant) -> VIPBinding.Parting {
        if mustNotLinger(vip, refused) { return .immediate }
        // No router has a leftover, so that there is nothing to wait for once it is known to be of no use.
        if case .leftover(let end) = vip.binding { return vip.verdict == .unknown ? .at(end) : .immediate }
        if [.acknowledging, .lingering].contains(departureStep(for: vip)) { return .withDeparture }
        return vip.withdrawnAt.map { .at($0 + settings.departure.linger) } ?? .immediate
    }

    /// True if the time for it is over, or if there would be no answer: the service refuses connections, as these checks say.
    private func mustNotLinger(_ vip: VIP, _ refused: Set<String>) -> Bool {
        departureStep(for: vip) == .away || !refused.isEmpty && vip.settings.checks.contains(where: refused.contains)
    }
}

extension Speaker.VIP {
    /// True if packets to the address find this node.
    var isThere: Bool {
        settings.binds ? isOnInterface : binding == .leftToOthers && (isLocal == true || !settings.mustBeLocal)
    }

    /// True while the address is taken to be on the interface, because we have put it there.
    var isOnInterface: Bool { binding.isOnInterface }

    /// When the kernel is asked again for what it refused; nil if it refused nothing, or is asked.
    var bindRetry: Instant? { binding.refusal?.retry }

    /// True if the address should not be on the interface.
    func isUnwanted(isAway: Bool) -> Bool {
        switch verdict {
        case _ where isAway || isRemoved || !settings.binds: true
        case .healthy: false
        case .unhealthy: !isLastResort
        case .unknown: true
        }
    }
}
