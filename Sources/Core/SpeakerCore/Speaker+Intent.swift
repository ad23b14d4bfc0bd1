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
        if hasIntent { effects.append(.report(.intentChanged(change(to: intended)))) }
        self.intended = hasIntent ? intended.keeping(from: settings) : intended
        sources.keep(intended.vipSources)
        sources.complete.insert(.configured)
        let wanted = withAllVIPs(self.intended)
        recall(wanted.vips, at: now)
        pursue(wanted, at: now)
        hasIntent = true
    }

    /// Goes from the present settings to these, which have the VIPs of all sources.
    mutating func pursue(_ wanted: Settings, at now: Instant) {
        let change = IntentChange(from: settings, to: wanted)
        let open = hasIntent ? settings.resources : []
        removePeers(change.peers, at: now)
        departBFD(to: wanted, at: now)
        // What is due is done while the places of the VIPs are what they were.
        converge(at: now)
        prepareForKeys(change.peers, at: now)
        let before = settings
        settings = wanted
        changes.hasProgram = wanted.onChange != nil
        identifier = wanted.routerID ?? identifier
        let resources = ResourceChange(from: open, to: wanted.resources)
        effects += resources.closed.filter { !bfd.isLeaving($0) }.map(Effect.close) + resources.effects
        adoptPeers()
        adoptChecks(before: change)
        adoptBFD(at: now)
        if before.vips != wanted.vips { adoptVIPs() }
        runPeers(change.peers, at: now)
        runChecks(change.checks, at: now)
        runVIPs(change.vips, at: now)
        claimLeftovers(at: now)
        if settings.drainFile == nil { endDrain(by: \.file, at: now) }
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
    private mutating func adoptVIPs() {
        let known = vips
        let places = vipIndex
        vips = []
        vips.reserveCapacity(settings.vips.count)
        vipIndex = [:]
        vipIndex.reserveCapacity(settings.vips.count)
        removedVIPs = 0
        for wanted in settings.vips where vipIndex[wanted.prefix] == nil {
            vipIndex[wanted.prefix] = vips.count
            if let place = places[wanted.prefix], !known[place].isGone {
                var vip = known[place]
                vip.settings = wanted
                vip.isRemoved = false
                _ = vip.binding.handle(.assigned(isOurs: wanted.binds), isOurs: wanted.binds)
                vips.append(vip)
            } else {
                vips.append(VIP(wanted, since: startedAt))
            }
        }
        for var vip in known where vipIndex[vip.settings.prefix] == nil {
            vipIndex[vip.settings.prefix] = vips.count
            vip.isRemoved = true
            vip.drain = nil
            drainedVIPs.remove(vip.settings.prefix)
            vips.append(vip)
            removedVIPs += 1
        }
        meantVIPs = MeantVIPs(vips.dropLast(removedVIPs))
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
