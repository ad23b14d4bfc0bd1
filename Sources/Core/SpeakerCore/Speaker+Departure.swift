import Advertising
import BGPFSM
import Deadlines
import IPTypes
import Settings

extension Speaker {
    /// Begins to leave, or makes a departure that is under way urgent or final.
    mutating func depart(
        reason: String, exits: Bool, isUrgent: Bool, keepsSessions: Bool = false, at now: Instant
    ) {
        if departure.step == .inService || (exits && leavesAnew) {
            let before = departure.step
            rounds += 1
            departure = Departure(round: rounds)
            departure.before = before
            departure.reason = reason
            departure.exits = exits
            departure.isUrgent = isUrgent
            departure.keepsSessions = !exits && (keepsSessions || vips.contains { !$0.settings.drains })
            departure.hadRoutes = !holdersOfLeaving.isEmpty
            effects.append(.report(.departureStarted(reason: reason, exits: exits)))
            if departure.hadRoutes && !isUrgent && settings.departure.settle > .zero {
                enter(.marked(until: now + settings.departure.settle), at: now)
                mustConverge = true
            } else {
                withdraw(at: now)
            }
            return
        }
        let wasExiting = departure.exits
        departure.exits = departure.exits || exits
        if exits { departure.keepsSessions = false }
        if exits { departure.reason = reason }
        if exits && !wasExiting { effects.append(.report(.departureStarted(reason: reason, exits: true))) }
        // Asking twice to exit means: now.
        departure.isUrgent = departure.isUrgent || isUrgent || (wasExiting && exits)
        if departure.step == .away {
            if exits && !wasExiting { exitWhenUnbound(at: now) }
        } else if departure.isUrgent, departure.step != .acknowledging {
            handle(.stepOver, at: now)
        }
    }

    /// True if a drain has left something in service that the end of the process has to take out of it: sessions, or
    /// VIPs that a drain leaves alone.
    private var leavesAnew: Bool {
        departure.keepsSessions && (departure.step == .away || vips.contains { !$0.settings.drains })
    }

    /// The node's departure as far as it concerns a VIP: a drain may leave it alone, the end of the process does not; and
    /// what a drain has taken out of service does not come back for that.
    func departureStep(for vip: VIP) -> Departure.Step { departureStep(taking: vip.settings.drains) }

    /// The same for a VIP that a drain takes along, or leaves alone.
    func departureStep(taking drains: Bool) -> Departure.Step {
        guard drains else { return departure.exits ? departure.step : .inService }
        if departure.before == .inService { return departure.step }
        let steps = [departure.before, departure.step]
        return Departure.Step.allCases.last(where: steps.contains) ?? .inService
    }

    /// Peers that have routes which the departure withdraws.
    private var holdersOfLeaving: [ScopedAddress] {
        // By place: to go through VIPs and peers themselves copies each.
        let isEvery = departure.exits || vips.indices.allSatisfy { vips[$0].settings.drains }
        return peers.indices.filter { peer in
            isEvery
                ? !peers[peer].adjRIBOut.told.isEmpty
                : peers[peer].adjRIBOut.told.keys.contains { vipIndex[$0].map { vips[$0].settings.drains } ?? true }
        }.map { peers[$0].settings.address }
    }

    /// Ends a departure that only drains: sessions start again, VIPs are judged as before.
    mutating func undrain(at now: Instant) {
        guard departure.step != .inService, !departure.exits else { return }
        let wasAway = departure.step == .away
        departure = Departure(round: departure.round)
        effects.append(.report(.undrained))
        if wasAway { startSessions(at: now) }
        mustConverge = true
    }

    /// Settling gives routers time to move traffic away from routes that are still there. Where there is none any more,
    /// because the sessions or the service are gone, there is nothing to wait for.
    mutating func skipPointlessSettling(at now: Instant) {
        guard departure.step == .settling, holdersOfLeaving.isEmpty else { return }
        withdraw(at: now)
    }

    /// Feeds one event to the departure and does what follows.
    mutating func handle(_ event: Leaving.Event, at now: Instant) {
        for step in departure.progress.handle(event) {
            switch step {
            case .withdraw: withdraw(at: now)
            case .linger: linger(at: now)
            case .leave: goAway(at: now)
            case .reportUnacknowledged(let peer): effects.append(.report(.withdrawalUnacknowledged(peer)))
            }
        }
    }

    mutating func noteAcknowledged(_ address: ScopedAddress, round: Int, isComplete: Bool, at now: Instant) {
        guard round == departure.round else {
            return noteVIPAcknowledged(address, round: round, isComplete: isComplete, at: now)
        }
        handle(.acknowledged(address, isComplete: isComplete), at: now)
    }

    private mutating func withdraw(at now: Instant) {
        let holders = holdersOfLeaving
        enter(.withdrawn(from: Set(holders), until: now + settings.departure.acknowledgement), at: now)
        mustConverge = true
        converge(at: now)
        for address in holders {
            effects.append(
                .awaitAcknowledgement(
                    address, round: departure.round, within: settings.departure.acknowledgement))
        }
        if departure.awaited.isEmpty { handle(.stepOver, at: now) }
    }

    private mutating func linger(at now: Instant) {
        // What was withdrawn before the departure began has waited for a part of the time already. What an earlier run left
        // has not been advertised since.
        let leaving = vips.filter { $0.isOnInterface && departureStep(for: $0) != .inService }
        let ends =
            leaving.compactMap { vip in vip.withdrawnAt.map { $0 + settings.departure.linger } }
            + vips.compactMap(\.binding.lingersUntil) + vipDrainLingerEnds
            + (departure.hadRoutes ? [now + settings.departure.linger] : [])
        guard let end = ends.max(), end > now, !departure.isUrgent else { return goAway(at: now) }
        enter(.lingered(until: end), at: now)
    }

    private mutating func goAway(at now: Instant) {
        handle(.left, at: now)
        departure.stepSince = now
        if !departure.keepsSessions { stopSessions(departure.reason, at: now) }
        mustConverge = true
        converge(at: now)
        effects.append(.report(.departureStep(.away, keepsSessions: departure.keepsSessions)))
        if departure.exits { exitWhenUnbound(at: now) }
    }

    /// Ends the process, once the kernel has answered for every VIP that has to go.
    private mutating func exitWhenUnbound(at now: Instant) {
        // What the kernel has refused before is tried a last time, at once.
        for index in vips.indices where vips[index].isOnInterface {
            _ = vips[index].binding.handle(.pauseOver, isOurs: vips[index].settings.binds)
        }
        mustConverge = true
        converge(at: now)
        let unanswered = vips.filter(\.binding.isAsked)
        departure.unbinding = Set(unanswered.map(\.settings.prefix)).union(removeUnclaimed())
        if departure.unbinding.isEmpty { exit() }
    }

    /// The kernel has answered for a VIP.
    mutating func stopAwaitingUnbind(_ prefix: IPPrefix) {
        guard departure.unbinding.remove(prefix) != nil, departure.unbinding.isEmpty else { return }
        exit()
    }

    private mutating func exit() {
        let left = vips.filter(\.isOnInterface).map(\.settings.prefix)
        guard !left.isEmpty else {
            effects.append(.exit)
            return
        }
        // The node would go on answering for an address that the routers now have elsewhere, and it would go unnoticed.
        effects.append(.report(.leftBound(left, interface: settings.interface)))
        effects.append(.exitStillBound)
    }

    /// Takes an event that begins a step.
    private mutating func enter(_ event: Leaving.Event, at now: Instant) {
        handle(event, at: now)
        departure.stepSince = now
        effects.append(.report(.departureStep(departure.step)))
    }
}
