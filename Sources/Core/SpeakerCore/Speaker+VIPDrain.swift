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
    var progress = Leaving.inService
    var step: Departure.Step { progress.step }
    /// When the present step began.
    var since: Instant
    /// When the present step ends at the latest; nil once the VIP is away.
    var deadline: Instant? { progress.deadline }
    /// Peers whose acknowledgement of the withdrawal is awaited, and what tells their answers from those of others.
    var awaited: Set<ScopedAddress> { progress.awaited }
    var round = 0
    /// True if a peer had the route when the drain began, so that there is traffic to wait for.
    var hadRoutes: Bool
}

extension Speaker {
    /// Takes one VIP out of service, or gives a drain that is under way another reason.
    mutating func drainVIP(_ prefix: IPPrefix, reason: String?, at now: Instant) {
        guard let index = vipIndex[prefix], !vips[index].isRemoved else { return }
        if let drain = vips[index].drain {
            guard let reason, reason != drain.reason else { return }
            vips[index].drain?.reason = reason
            return effects.append(.report(.vipDrainStarted(prefix, reason: reason)))
        }
        let hasRoutes = isAdvertised(prefix)
        let drain = VIPDrain(reason: reason ?? DrainHolds.unsaid, since: now, hadRoutes: hasRoutes)
        vips[index].drain = drain
        drainedVIPs.insert(prefix)
        effects.append(.report(.vipDrainStarted(prefix, reason: drain.reason)))
        if hasRoutes, settings.departure.settle > .zero {
            enter(.marked(until: now + settings.departure.settle), vip: index, at: now)
        } else {
            withdrawVIP(index, at: now)
        }
    }

    /// Brings one VIP back: it is judged as before.
    mutating func undrainVIP(_ prefix: IPPrefix) {
        guard let index = vipIndex[prefix], drainedVIPs.remove(prefix) != nil else { return }
        vips[index].drain = nil
        touched.append(index)
        effects.append(.report(.vipUndrained(prefix)))
    }

    /// Lets those go on whose step has taken as long as it may.
    mutating func passVIPDrainDeadlines(at now: Instant) {
        for index in drained {
            guard let deadline = vips[index].drain?.deadline, deadline <= now else { continue }
            handle(.stepOver, vip: index, at: now)
        }
    }

    /// Where no router has the route any more, because the service or the sessions are gone, nothing has to settle.
    mutating func skipPointlessVIPSettling(at now: Instant) {
        for index in drained
        where vips[index].drain?.step == .settling && !isAdvertised(vips[index].settings.prefix) {
            withdrawVIP(index, at: now)
        }
    }

    /// This peer has acknowledged what was withdrawn in this round, or does not do so in time.
    mutating func noteVIPAcknowledged(_ address: ScopedAddress, round: Int, isComplete: Bool, at now: Instant) {
        guard let index = drained.first(where: { vips[$0].drain?.round == round }) else { return }
        handle(.acknowledged(address, isComplete: isComplete), vip: index, at: now)
    }

    /// Nothing more will come from this peer: its session is gone.
    mutating func stopVIPDrainsAwaiting(_ address: ScopedAddress, at now: Instant) {
        for index in drained { handle(.peerGone(address), vip: index, at: now) }
    }

    /// When one of the drains wants to be told of the time.
    var nextVIPDrainDeadline: Instant? { drained.map { vips[$0].drain?.deadline }.earliest() }

    /// Until when VIPs that are drained on their own, withdrawn and not away yet, are served.
    var vipDrainLingerEnds: [Instant] {
        drained.flatMap { index -> [Instant?] in
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

    /// True if this is one of the VIPs that are intended.
    package func hasVIP(_ prefix: IPPrefix) -> Bool { vipIndex[prefix].map { !vips[$0].isRemoved } ?? false }

    /// The places of the VIPs that are drained on their own.
    private var drained: [Int] { drainedVIPs.isEmpty ? [] : drainedVIPs.compactMap { vipIndex[$0] }.sorted() }

    private func isAdvertised(_ prefix: IPPrefix) -> Bool {
        peers.contains { $0.adjRIBOut.told[prefix] != nil }
    }

    private mutating func withdrawVIP(_ index: Int, at now: Instant) {
        let prefix = vips[index].settings.prefix
        let holders = peers.filter { $0.adjRIBOut.told[prefix] != nil }.map(\.settings.address)
        rounds += 1
        let round = rounds
        vips[index].drain?.round = round
        enter(.withdrawn(from: Set(holders), until: now + settings.departure.acknowledgement), vip: index, at: now)
        converge(at: now)
        for address in holders {
            effects.append(.awaitAcknowledgement(address, round: round, within: settings.departure.acknowledgement))
        }
        if holders.isEmpty { handle(.stepOver, vip: index, at: now) }
    }

    private mutating func lingerVIP(_ index: Int, at now: Instant) {
        if vips[index].drain?.hadRoutes == true, settings.departure.linger > .zero {
            enter(.lingered(until: now + settings.departure.linger), vip: index, at: now)
        } else {
            enter(.left, vip: index, at: now)
        }
    }

    private mutating func handle(_ event: Leaving.Event, vip index: Int, at now: Instant) {
        for step in vips[index].drain?.progress.handle(event) ?? [] {
            switch step {
            case .withdraw: withdrawVIP(index, at: now)
            case .linger: lingerVIP(index, at: now)
            case .leave: enter(.left, vip: index, at: now)
            case .reportUnacknowledged(let peer): effects.append(.report(.withdrawalUnacknowledged(peer)))
            }
        }
    }

    /// Takes an event that begins a step.
    private mutating func enter(_ event: Leaving.Event, vip index: Int, at now: Instant) {
        handle(event, vip: index, at: now)
        vips[index].drain?.since = now
        touched.append(index)
        if let step = vips[index].drain?.step {
            effects.append(.report(.vipDrainStep(vips[index].settings.prefix, step)))
        }
    }
}

/// The drain of one VIP at one instant.
package struct VIPDrainStatus: Codable, Sendable, Hashable {
    /// `settling`, `acknowledging`, `lingering` or `away`.
    package var step: String
    /// Seconds in this step.
    package var stepSeconds: Double
    /// When this step began.
    package var stepSince: String?
    /// Seconds until the next step begins at the latest; absent once the VIP is away.
    package var nextSeconds: Double?
    /// Peers whose TCP has not acknowledged the withdrawal yet.
    package var awaited: [String]
    /// The reason of the drain.
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
