import BGPWire
import Deadlines
import Health
import IPTypes
package import Intent
package import Settings

// What the operator wants, and the way there from what was wanted before. Only what differs is touched.

extension Speaker {
    /// True while the sessions of all peers are to be up.
    var runsSessions: Bool { isStarted && (departure.step != .away || departure.keepsSessions) }

    /// The difference that `intended` makes to what is in force.
    package func change(to intended: Settings) -> IntentChange {
        IntentChange(from: settings, to: withAllVIPs(intended))
    }

    /// Goes from the present settings to these. A process that ends takes none any more.
    mutating func intend(_ intended: Settings, at now: Instant) {
        guard !departure.exits else { return }
        // What only a restart can change is no part of what follows.
        let change = change(to: intended)
        if hasIntent { effects.append(.report(.intentChanged(change))) }
        self.intended = hasIntent ? intended.keeping(from: settings) : intended
        sources.keep(intended.vipSources)
        sources.complete.insert(.configured)
        let wanted = withAllVIPs(self.intended)
        recall(wanted.vips, at: now)
        pursue(wanted, by: change, at: now)
        hasIntent = true
    }

    /// Goes from the present settings to these, which have the VIPs of all sources.
    mutating func pursue(_ wanted: Settings, by change: IntentChange, at now: Instant) {
        let open = hasIntent ? settings.resources : []
        removePeers(change.peers, at: now)
        departBFD(to: wanted, at: now)
        changes.touchesAll = true
        // What is due is done while the places of the VIPs are what they were.
        converge(at: now)
        prepareForKeys(change.peers, at: now)
        settings = wanted
        changes.hasProgram = wanted[Settings.process.onChange] != nil
        identifier = wanted.routerID ?? identifier
        let resources = ResourceChange(from: open, to: wanted.resources)
        effects += resources.closed.filter { !bfd.isLeaving($0) }.map(Effect.close) + resources.effects
        adoptPeers()
        adoptChecks(before: change)
        adoptBFD(at: now)
        adoptVIPs(change.vips)
        runPeers(change.peers, at: now)
        runChecks(change.checks, at: now)
        runVIPs(change.vips, at: now)
        claimLeftovers(at: now)
        if settings[Settings.process.drainFile] == nil { endDrain(by: \.file, at: now) }
    }
}

// MARK: - Checks

extension Speaker {
    /// A check that is added to a VIP in service does not take it out of service before it has said anything.
    private mutating func adoptChecks(before change: IntentChange) {
        let known = checks
        let budgets = verdictBudgets
        let places = checkIndex
        checks = []
        verdictBudgets = []
        checkIndex = [:]
        for check in settings.checks where checkIndex[check.name] == nil {
            checkIndex[check.name] = checks.count
            if let place = places[check.name] {
                checks.append(known[place])
                verdictBudgets.append(budgets[place])
            } else {
                // Probes of several nodes that start together must not stay in step for ever.
                let splay = check.interval - generator.jittered(check.interval)
                checks.append(HealthCheck(check: check, splay: splay, isTrusted: isInService(check.name)))
                verdictBudgets.append(ReportBudget())
            }
        }
    }

    /// True if a VIP that is healthy now is to have this check.
    private func isInService(_ check: String) -> Bool {
        isStarted
            && settings.vips.contains { vip in
                vip.checks.contains(check) && vipIndex[vip.prefix].map { vips[$0].verdict == .healthy } ?? false
            }
    }

    private mutating func runChecks(_ differences: [IntentChange.CheckChange], at now: Instant) {
        for difference in differences {
            guard let index = checkIndex[difference.name] else { continue }
            switch difference.kind {
            case .added: if isStarted { handle(.started, check: index, at: now) }
            case .changed:
                for check in settings.checks where check.name == difference.name {
                    handle(.changed(check), check: index, at: now)
                }
            case .removed: break
            }
        }
    }
}

// MARK: - VIPs

extension Speaker {
    /// Brings the VIPs into the order of the settings, each with its present settings. There may be very many, of which a few
    /// are new or gone: those before and behind these keep their places, or their order.
    private mutating func adoptVIPs(_ differences: [IntentChange.VIP]) {
        let wanted = settings.vips
        let count = vips.count - removedVIPs
        let few = min(count, wanted.count)
        var (head, tail) = (0, 0)
        while head < few, vips[head].settings.prefix == wanted[head].prefix { head += 1 }
        while tail < few - head,
            vips[count - 1 - tail].settings.prefix == wanted[wanted.count - 1 - tail].prefix
        {
            tail += 1
        }
        if head + tail < max(count, wanted.count) {
            replaceVIPs(head..<count - tail, by: wanted[head..<wanted.count - tail])
        }
        // Those that a source had given up, and has again.
        for index in vips.indices.dropLast(removedVIPs) where vips[index].isRemoved { adopt(wanted[index], at: index) }
        guard !differences.isEmpty else { return }
        for difference in differences {
            guard case .changed = difference.kind, let index = vipIndex[difference.name] else { continue }
            adopt(wanted[index], at: index)
        }
        meantVIPs = MeantVIPs(vips.dropLast(removedVIPs))
    }

    /// Settings hold for the VIP at a place.
    private mutating func adopt(_ wanted: VIPSettings, at index: Int) {
        guard !vips[index].isGone else {
            vips[index] = VIP(wanted, since: startedAt)
            return
        }
        vips[index].settings = wanted
        vips[index].isRemoved = false
        _ = vips[index].binding.handle(.assigned(isOurs: wanted.binds), isOurs: wanted.binds)
    }

    /// Puts the wanted VIPs in the place of these. Those that are not among them are being removed, and go behind all others.
    private mutating func replaceVIPs(_ places: Range<Int>, by wanted: ArraySlice<VIPSettings>) {
        let displaced = Array(vips[places]) + Array(vips.suffix(removedVIPs))
        var known = Dictionary(displaced.map { ($0.settings.prefix, $0) }) { first, _ in first }
        var replacement: [VIP] = []
        replacement.reserveCapacity(wanted.count)
        for settings in wanted {
            replacement.append(known.removeValue(forKey: settings.prefix) ?? VIP(settings, since: startedAt))
        }
        vips.removeLast(removedVIPs)
        vips.replaceSubrange(places, with: replacement)
        let last = replacement.count == places.count ? places.upperBound : vips.count
        var removed: [VIP] = []
        for var vip in displaced where known[vip.settings.prefix] != nil {
            vip.isRemoved = true
            vip.drain = nil
            drainedVIPs.remove(vip.settings.prefix)
            removed.append(vip)
        }
        removedVIPs = removed.count
        vips += removed
        vipIndex.reserveCapacity(vips.count)
        for index in places.lowerBound..<last { vipIndex[vips[index].settings.prefix] = index }
        for index in vips.count - removed.count..<vips.count { vipIndex[vips[index].settings.prefix] = index }
        for (offset, settings) in wanted.enumerated() { adopt(settings, at: places.lowerBound + offset) }
        beginBacklogsAnew()
    }

    private mutating func runVIPs(_ differences: [IntentChange.VIP], at now: Instant) {
        guard !differences.isEmpty else { return }
        var added: [IPPrefix] = []
        var toBind: [Bool: [IPPrefix]] = [:]
        for difference in differences {
            guard let index = vipIndex[difference.name] else { continue }
            touched.append(index)
            if difference.kind == .added {
                vips[index].verdictSince = now
                added.append(difference.name)
            }
            if difference.fields.contains(.scope), vips[index].isOnInterface {
                toBind[vips[index].settings.hasGlobalScope, default: []].append(difference.name)
            }
        }
        bind(toBind)
        judgeVIPs(at: now, isReported: true)
        mustForget = true
        for index in peers.indices { reportObstacles(of: index, toAdded: added) }
    }

    /// Forgets the VIPs that were removed, once the last of them is off the interface.
    mutating func forgetRemovedVIPs() {
        mustForget = false
        guard removedVIPs > 0, vips.suffix(removedVIPs).allSatisfy(\.isGone) else { return }
        for vip in vips.suffix(removedVIPs) {
            vipIndex[vip.settings.prefix] = nil
            changes.vips[vip.settings.prefix] = nil
        }
        vips.removeLast(removedVIPs)
        removedVIPs = 0
    }
}

extension Speaker.VIP {
    /// A VIP that is new.
    fileprivate init(_ settings: VIPSettings, since now: Instant) {
        self.init(
            settings: settings, binding: settings.binds ? .unbound : .leftToOthers,
            verdict: settings.checks.isEmpty ? settings.condition : .unknown, verdictSince: now)
    }

    /// True if it was removed, and nothing of it is left.
    var isGone: Bool { isRemoved && (binding == .unbound || binding == .leftToOthers) }
}
