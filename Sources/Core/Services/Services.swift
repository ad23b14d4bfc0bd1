package import Deadlines
package import Health
package import IPTypes

/// Services of type LoadBalancer: what the Kubernetes API says and what the probes find → which VIPs this node advertises.
///
/// * Every node decides alone, and all come to the same result. What must not happen twice is decided by the API server:
///   an address belongs to whoever has created the Lease that is named after it (`Claim`), and among two claims for one Service
///   the first one in its status counts.
/// * An address is advertised while it is **usable** (claimed for its Service), **shown** (in the Service's status, which is
///   where kube-proxy takes it from) and **carried** (there are endpoints, and what has to forward to them is well).
/// * Nothing is decided before the first lists are complete, and nothing is withdrawn because the API is away: what was
///   known last holds, and the probes of this node go on.
package struct Services: Sendable {
    /// One Service of type LoadBalancer.
    struct Entry: Sendable {
        var service: Service
        var wish: ServiceWish
        /// The list in which it was last seen.
        var seenIn: Int
        var slices: [ObjectName: SliceSummary] = [:]
        /// True while its slices are reported.
        var isFollowed = false
        /// What keeps the whole Service from being served; nil if nothing does.
        var stop: ServiceReason?
        /// Addresses that were claimed for it once. While no claim says otherwise they stay, even if their Lease was deleted.
        var held: Set<IPAddress> = []
        /// Which address each family has, or why none.
        var places: [Service.Family: Place] = [:]
        /// An asked address that it cannot have, while it keeps the one it has.
        var complaint: ServiceReason?
        var requests: [Service.Family: ClaimRequest] = [:]
        var statusWrite = StatusWrite()
        var notice: Notice?
        /// The addresses that were looked at; other Services and claims that concern them concern this one.
        var interests: Set<IPAddress> = []
        /// Where each shown address stands on this node.
        var placements: [IPAddress: Placement] = [:]
        var checks: Set<String> = []
    }

    /// Where an advertised address stands on this node.
    enum Placement: Sendable, Hashable {
        case inService
        /// Marked with GRACEFUL_SHUTDOWN until this moment, and then withdrawn.
        case settling(until: Instant)
        case notAdvertised(ServiceReason)
    }

    /// What a deadline is for.
    enum Due: Sendable, Hashable {
        case service(ObjectName)
        case check(String)
        case release(IPAddress)
        case newVIPs
    }

    /// Effects of the event being handled.
    struct Turn {
        let now: Instant
        var steps: [Step] = []
        /// Services that have to be looked at again.
        var dirty: Set<ObjectName> = []
        /// Addresses whose advertisement may have changed.
        var touched: Set<IPAddress> = []
    }

    /// The node we run on, as the Kubernetes API calls it.
    package let nodeName: String
    /// What the operator wants.
    package internal(set) var configuration = ServicesConfiguration()
    /// The VIPs that are to be advertised.
    package internal(set) var vips: [IPPrefix: ServiceVIP] = [:]
    /// VIPs that wait for others, to be told with them.
    var newVIPs: [IPPrefix: ServiceVIP] = [:]
    /// When new ones were told last.
    var newVIPsToldAt: Instant?
    var feeds: [ClusterObject.Kind: Feed] = [:]
    var entries = DenseTable<ObjectName, Entry>()
    var node: Node?
    /// The list in which our node was last seen.
    var nodeSeenIn = 0
    var claims: [IPAddress: (claim: Claim, seenIn: Int)] = [:]
    /// The addresses claimed for each holder.
    var claimed: [Claim.Holder: Set<IPAddress>] = [:]
    /// The Services that an address concerns.
    var interested: [IPAddress: Set<ObjectName>] = [:]
    /// Whose request for an address has no answer yet.
    var pendingClaims: [IPAddress: ObjectName] = [:]
    /// The Leases that were to be deleted already, by address.
    var releasing: [IPAddress: Claim] = [:]
    /// Services that want something of the API while it is away.
    var waitingForAPI: Set<ObjectName> = []
    var checks = DenseTable<String, RunningCheck>()
    /// The checks of node ports that wait for their first answer; then the checks that follow, one for each answer.
    var firstProbes: Set<String> = []
    var waitingProbes: [String] = []
    /// When all node ports were last asked because one of them failed.
    var nodePortsAuditedAt: Instant?
    var deadlines = DeadlineQueue<Due>()
    /// True once everything was decided for the first time.
    var hasDecided = false

    /// Nothing is known yet.
    package init(nodeName: String) {
        self.nodeName = nodeName
    }

    /// The open check of this name, as it is probed now.
    package func check(_ name: String) -> Check? { checks[name]?.health.check }

    /// When `deadlineReached` is wanted next; nil if nothing waits for time.
    package var nextDeadline: Instant? { deadlines.first }

    /// True once the lists of Services, Leases and our Node have been complete: what is not in `vips` is not wanted.
    package var isComplete: Bool { Self.decisive.allSatisfy { feeds[$0]?.isComplete ?? false } }

    /// The kinds without which nothing is decided. Slices only add endpoints.
    static let decisive: [ClusterObject.Kind] = [.services, .node, .claims]

    /// True while the API can be trusted to know what we know: only then anything is asked of it.
    var isFresh: Bool { isComplete && Self.decisive.allSatisfy { feeds[$0]?.failure == nil } }

    /// Takes one event and says what has to be done. Any event is legal at any time.
    package mutating func handle(_ event: Event, at now: Instant) -> [Step] {
        var turn = Turn(now: now)
        // Dead-man: whatever woke us, nothing may rest on a verdict whose time is over.
        passDeadlines(&turn)
        let wasFresh = isFresh
        switch event {
        case .configured(let configuration):
            guard configuration != self.configuration else { break }
            self.configuration = configuration
            turn.dirty.formUnion(entries.keys)
        case .listBegan(let kind):
            feeds[kind, default: Feed()].begin()
        case .listEnded(let kind):
            endList(of: kind, &turn)
        case .changed(let object):
            feeds[object.id.kind, default: Feed()].hear(at: now)
            store(object, &turn)
        case .deleted(let id):
            feeds[id.kind, default: Feed()].hear(at: now)
            remove(id, &turn)
        case .heard(let kind):
            feeds[kind, default: Feed()].hear(at: now)
        case .lost(let kind, let reason):
            feeds[kind, default: Feed()].lose(reason)
        case .claimCreated(let claim):
            noteCreated(claim, &turn)
        case .claimRefused(let address, let claim):
            noteRefused(address, by: claim, &turn)
        case .claimFailed(let address, let reason):
            noteClaimFailed(address, reason: reason, &turn)
        case .releaseFailed(let address, _):
            deadlines[.release(address)] = now + Self.releasePause
        case .statusWritten(let name):
            noteStatusWritten(name)
        case .statusFailed(let name, let reason):
            noteStatusFailed(name, reason: reason, &turn)
        case .check(let name, let event):
            handle(event, check: name, &turn)
        case .deadlineReached:
            break
        }
        if !wasFresh, isFresh {
            turn.dirty.formUnion(waitingForAPI)
            waitingForAPI.removeAll()
        }
        settle(&turn)
        return turn.steps
    }

    /// Looks at all Services again that something changed for, until nothing changes any more.
    private mutating func settle(_ turn: inout Turn) {
        guard isComplete else { return }
        if !hasDecided {
            hasDecided = true
            turn.dirty.formUnion(entries.keys)
            for address in claims.keys { considerRelease(of: address, turn.now) }
        }
        while !turn.dirty.isEmpty {
            let names = turn.dirty.sorted()
            turn.dirty.removeAll()
            for name in names where entries[name] != nil { reconcile(name, &turn) }
        }
        advertise(turn.touched, &turn)
    }

    private mutating func passDeadlines(_ turn: inout Turn) {
        var due: [Due] = []
        while let next = deadlines.popDue(at: turn.now) { due.append(next) }
        for item in due {
            switch item {
            case .service(let name): turn.dirty.insert(name)
            case .check(let name): handle(.deadlineReached, check: name, &turn)
            case .release(let address): release(address, &turn)
            // They are told in the end of each turn, once it is time.
            case .newVIPs: break
            }
        }
    }
}
