import Advertising
import Deadlines
package import IPTypes
import Settings

/// One VIP on its way out of service while the node and its sessions stay in it. The steps are those of a departure:
/// settling → acknowledging → lingering → away.
///
/// It is kept in memory only: a daemon that restarts has forgotten it.
struct VIPDrain: Sendable, Hashable {
    var reason: String
    var step = Departure.Step.settling
    /// When the present step began.
    var since: Instant
    /// When the present step ends at the latest; nil once the VIP is away.
    var deadline: Instant?
    /// Peers whose acknowledgement of the withdrawal is awaited, and what tells their answers from those of others.
    var awaited: Set<ScopedAddress> = []
    var round = 0
    /// True if a peer had the route when the drain began, so that there is traffic to wait for.
    var hadRoutes: Bool
}

extension Speaker {
    /// Takes one VIP out of service, or gives a drain that is under way another reason.
    mutating func drainVIP(_ prefix: IPPrefix, reason: String?, at now: Instant) {
        guard let index = vipIndex[prefix] else { return }
        if let drain = vips[index].drain {
            guard let reason, reason != drain.reason else { return }
            vips[index].drain?.reason = reason
            return effects.append(.report(.vipDrainStarted(prefix, reason: reason)))
        }
        let hasRoutes = isAdvertised(prefix)
        let drain = VIPDrain(reason: reason ?? DrainHolds.unsaid, since: now, hadRoutes: hasRoutes)
        vips[index].drain = drain
        drainedVIPs.insert(index)
        effects.append(.report(.vipDrainStarted(prefix, reason: drain.reason)))
        if hasRoutes, settings.departure.settle > .zero {
            enter(.settling, for: settings.departure.settle, vip: index, at: now)
        } else {
            withdrawVIP(index, at: now)
        }
    }

    /// Brings one VIP back: it is judged as before.
    mutating func undrainVIP(_ prefix: IPPrefix) {
        guard let index = vipIndex[prefix], drainedVIPs.remove(index) != nil else { return }
        vips[index].drain = nil
        touched.append(index)
        effects.append(.report(.vipUndrained(prefix)))
    }

    /// Lets those go on whose step has taken as long as it may.
    mutating func passVIPDrainDeadlines(at now: Instant) {
        for index in drainedVIPs.sorted() {
            guard let drain = vips[index].drain, let deadline = drain.deadline, deadline <= now else { continue }
            switch drain.step {
            case .settling: withdrawVIP(index, at: now)
            case .acknowledging:
                for address in drain.awaited.sorted(by: { $0.address < $1.address }) {
                    effects.append(.report(.withdrawalUnacknowledged(address)))
                }
                lingerVIP(index, at: now)
            case .lingering: finishVIPDrain(index, at: now)
            case .inService, .away: break
            }
        }
    }

    /// Where nobody has the route any more, because the service or the sessions are gone, nothing has to settle.
    mutating func skipPointlessVIPSettling(at now: Instant) {
        for index in drainedVIPs.sorted()
        where vips[index].drain?.step == .settling && !isAdvertised(vips[index].settings.prefix) {
            withdrawVIP(index, at: now)
        }
    }

    /// This peer has acknowledged what was withdrawn in this round, or does not do so in time.
    mutating func noteVIPAcknowledged(_ address: ScopedAddress, round: Int, isComplete: Bool, at now: Instant) {
        guard let index = drainedVIPs.first(where: { vips[$0].drain?.round == round }),
            vips[index].drain?.awaited.contains(address) == true
        else { return }
        if !isComplete { effects.append(.report(.withdrawalUnacknowledged(address))) }
        stopAwaiting(address, vip: index, at: now)
    }

    /// Nothing more will come from this peer: its session is gone.
    mutating func stopVIPDrainsAwaiting(_ address: ScopedAddress, at now: Instant) {
        for index in drainedVIPs.sorted() { stopAwaiting(address, vip: index, at: now) }
    }

    /// When one of the drains wants to be told of the time.
    var nextVIPDrainDeadline: Instant? { drainedVIPs.map { vips[$0].drain?.deadline }.earliest() }

    /// Until when VIPs that are drained on their own, withdrawn and not away yet, are served.
    var vipDrainLingerEnds: [Instant] {
        drainedVIPs.flatMap { index -> [Instant?] in
            guard let drain = vips[index].drain, drain.step != .away, vips[index].isOnInterface else { return [] }
            return [
                drain.step == .lingering ? drain.deadline : nil,
                vips[index].withdrawnAt.map { $0 + settings.departure.linger },
            ]
        }.compactMap { $0 }
    }

    /// Where the drain of one VIP stands; nil if it is not drained on its own.
    package func drainStep(of prefix: IPPrefix) -> Departure.Step? {
        vipIndex[prefix].flatMap { vips[$0].drain?.step }
    }

    /// True if this is one of the VIPs.
    package func hasVIP(_ prefix: IPPrefix) -> Bool { vipIndex[prefix] != nil }

    private func isAdvertised(_ prefix: IPPrefix) -> Bool {
        peers.contains { $0.adjRIBOut.told[prefix] != nil }
    }

    private mutating func withdrawVIP(_ index: Int, at now: Instant) {
        let prefix = vips[index].settings.prefix
        let holders = peers.filter { $0.adjRIBOut.told[prefix] != nil }.map(\.settings.address)
        rounds += 1
        let round = rounds
        vips[index].drain?.round = round
        vips[index].drain?.awaited = Set(holders)
        enter(.acknowledging, for: settings.departure.acknowledgement, vip: index, at: now)
        converge(at: now)
        for address in holders {
            effects.append(.awaitAcknowledgement(address, round: round, within: settings.departure.acknowledgement))
        }
        if holders.isEmpty { lingerVIP(index, at: now) }
    }

    private mutating func stopAwaiting(_ address: ScopedAddress, vip index: Int, at now: Instant) {
        guard vips[index].drain?.awaited.remove(address) != nil, vips[index].drain?.awaited.isEmpty == true else {
            return
        }
        lingerVIP(index, at: now)
    }

    private mutating func lingerVIP(_ index: Int, at now: Instant) {
        vips[index].drain?.awaited = []
        if vips[index].drain?.hadRoutes == true, settings.departure.linger > .zero {
            enter(.lingering, for: settings.departure.linger, vip: index, at: now)
        } else {
            finishVIPDrain(index, at: now)
        }
    }

    private mutating func finishVIPDrain(_ index: Int, at now: Instant) {
        enter(.away, for: nil, vip: index, at: now)
    }

    private mutating func enter(_ step: Departure.Step, for duration: Duration?, vip index: Int, at now: Instant) {
        vips[index].drain?.step = step
        vips[index].drain?.since = now
        vips[index].drain?.deadline = duration.map { now + $0 }
        touched.append(index)
        effects.append(.report(.vipDrainStep(vips[index].settings.prefix, step)))
    }
}

/// Where the drain of one VIP stands at one instant.
package struct VIPDrainStatus: Codable, Sendable, Hashable {
    /// `settling`, `acknowledging`, `lingering` or `away`.
    package var step: String
    /// Seconds in this step.
    package var stepSeconds: Double
    /// Seconds until the next step begins at the latest; absent once the VIP is away.
    package var nextSeconds: Double?
    /// Peers whose TCP has not acknowledged the withdrawal yet.
    package var awaited: [String]
    package var reason: String

    package init(
        step: String, stepSeconds: Double, nextSeconds: Double? = nil, awaited: [String] = [], reason: String
    ) {
        self.step = step
        self.stepSeconds = stepSeconds
        self.nextSeconds = nextSeconds
        self.awaited = awaited
        self.reason = reason
    }

    init(_ drain: VIPDrain, at now: Instant) {
        self.init(
            step: drain.step.rawValue, stepSeconds: (now - drain.since).inSeconds,
            nextSeconds: drain.deadline.map { max(0, ($0 - now).inSeconds) },
            awaited: drain.awaited.map { "\($0)" }.sorted(), reason: drain.reason)
    }
}
