import Advertising
package import BGPFSM
package import BGPWire
package import Deadlines
import Health
package import IPTypes
package import Settings

/// The whole program's decisions: sessions, verdicts, what is bound, what is advertised, how we leave.
///
/// The only door into Core. It takes `(input, now)` and returns effects; it reads no clock, opens no socket and logs
/// nothing, so a run can be replayed from its inputs. VIP rule, in one line: a VIP is **wanted** on the interface while
/// its checks pass, and **advertised** while it is wanted, bound, and the node is not leaving. Withdrawn for another
/// reason than a refusal it **lingers** on the interface for a moment.
package struct Speaker: Sendable {
    /// One configured peer.
    struct Peer: Sendable {
        var settings: PeerSettings
        var session: PeerSession {
            didSet { deadline = session.nextDeadline }
        }
        /// When the session wants to be told of the time, kept here because all peers are asked after every input.
        private(set) var deadline: Instant?
        var adjRIBOut = AdjRIBOut()
        /// The last failure that was reported, so that each is said once and not at every retry.
        var reportedFailure: EndReason.Kind?
        /// When each failure of the last minutes was reported.
        var saidFailures: [EndReason.Kind: Instant] = [:]
        var reportBudget = ReportBudget()
        /// When to say what the session waits for; nil once anything was said of it.
        var waitReport: Instant?
        /// True until it has been said which VIPs the session cannot carry.
        var owesObstacles = false
        /// Before this moment no further malformed UPDATE is reported.
        var nextMalformationReport: Instant?
        /// Families the peer asked for again, and has not been answered yet.
        var refreshRequests: Set<AddressFamily> = []
        /// Before this moment no further refresh is answered.
        var nextRefresh: Instant?
        var delivery = Delivery()
    }

    /// One configured VIP.
    struct VIP: Sendable {
        enum Binding: Sendable, Hashable {
            case unbound
            /// The kernel has been asked to add the address.
            case binding
            case bound
            /// Withdrawn, because its service is unhealthy, and on the interface until then: routers need time to move
            /// the route, and what they still send can be answered. Or left by an earlier run, and without a verdict.
            case lingering(until: Instant)
            case failed(reason: String)
            /// The kernel has been asked to remove the address.
            case unbinding
            /// Not ours to bind: `isLocal` says whether it is there.
            case leftToOthers
        }
        var settings: VIPSettings
        var binding = Binding.unbound
        /// Whether the kernel delivers an address that is left to others to this node; nil before it has been asked.
        var isLocal: Bool?
        /// True if an earlier run left the address: it lingers as it is, and is brought into shape when it is wanted.
        var isLeftover = false
        /// When to try again what the kernel refused, to bind or to unbind.
        var bindRetry: Instant?
        /// The last refusal to unbind that was reported.
        var reportedUnbindFailure: String?
        /// Set while the VIP is drained on its own.
        var drain: VIPDrain?
        /// When the VIP was last withdrawn from a peer.
        var withdrawnAt: Instant?
        /// True once the service was well, in this run or in the one that left the address.
        var hasServed = false
        /// True if the last change of the verdict was not reported.
        var changesQuietly = false
        var verdict = Verdict.unknown
        var verdictSince: Instant
    }

    /// Pause between two answers to route refresh: requests that come meanwhile share the next answer, so a peer that
    /// floods us with them gets ten a second and no more.
    static let refreshPause = Duration.milliseconds(100)
    /// How long an address that an earlier run left may stay without a verdict: nothing is advertised meanwhile.
    static let leftoverPatience = Duration.seconds(10)
    /// A session of which nothing has been heard for so long is reported with what it waits for.
    static let waitPatience = Duration.seconds(10)
    /// Pause between two attempts to bind a VIP that the kernel refused.
    static let bindRetryPause = Duration.seconds(1)

    package let settings: Settings
    package let identifier: BGPIdentifier
    let startedAt: Instant
    var peers: [Peer]
    let peerIndex: [ScopedAddress: Int]
    var checks: [HealthCheck]
    let checkIndex: [String: Int]
    /// What may be said of each check's verdicts.
    var verdictBudgets: [ReportBudget]
    var vips: [VIP]
    let vipIndex: [IPPrefix: Int]
    var bfd: BFDSessions
    var departure = Departure()
    /// Counts what acknowledgements are awaited for, so that a late answer is not taken for one of the next.
    var rounds = 0
    /// The VIPs that are drained on their own, by index.
    var drainedVIPs: Set<Int> = []
    var drainHolds = DrainHolds()
    /// Effects of the input being handled, in order.
    var effects: [Effect] = []
    /// True if something changed that all bindings and routes follow from.
    var mustConverge = false
    /// VIPs of which something changed that their own binding and routes follow from.
    var touched: [Int] = []
    /// No VIP wants to be bound or unbound again before this moment; nil if none waits.
    var nextBindRetry: Instant?
    /// No VIP has lingered for long enough before this moment; nil if none lingers.
    var nextLingerEnd: Instant?
    /// What may be said of addresses that someone else removes.
    var vanishBudget = ReportBudget()

    /// A speaker that has not started. `seed` decides all jitter.
    package init(settings: Settings, identifier: BGPIdentifier, hostName: String?, seed: UInt64, at now: Instant) {
        self.settings = settings
        self.identifier = identifier
        startedAt = now
        var generator = SeededGenerator(seed: seed)
        peers = settings.peers.map { peer in
            let configuration = SessionConfiguration(
                peer, of: settings, identifier: identifier, hostName: hostName)
            return Peer(
                settings: peer, session: PeerSession(configuration: configuration, seed: generator.next()))
        }
        peerIndex = Dictionary(
            settings.peers.enumerated().map { ($1.address, $0) }, uniquingKeysWith: { first, _ in first })
        checks = settings.checks.map { check in
            // Probes of several nodes that start together must not stay in step for ever.
            let splay = check.interval - generator.jittered(check.interval)
            return HealthCheck(check: check, splay: splay)
        }
        verdictBudgets = settings.checks.map { _ in ReportBudget() }
        checkIndex = Dictionary(
            settings.checks.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        vips = settings.vips.map { vip in
            VIP(
                settings: vip, binding: vip.binds ? .unbound : .leftToOthers, isLocal: vip.prefix.isHost ? nil : true,
                verdict: vip.checks.isEmpty ? .healthy : .unknown, verdictSince: now)
        }
        vipIndex = Dictionary(
            settings.vips.enumerated().map { ($1.prefix, $0) }, uniquingKeysWith: { first, _ in first })
        bfd = BFDSessions(settings.peers, generator: &generator)
    }

    /// Takes one input and says what has to be done. Any input is legal at any time; unknown names are ignored.
    package mutating func handle(_ input: Input, at now: Instant) -> [Effect] {
        effects.removeAll(keepingCapacity: true)
        // Dead-man: whatever woke us, nothing may be announced on a verdict whose time is over.
        for index in checks.indices where checks[index].nextDeadline.map({ $0 <= now }) ?? false {
            handle(.deadlineReached, check: index, at: now)
        }
        switch input {
        case .started:
            for index in checks.indices { handle(.started, check: index, at: now) }
            // A node that was drained before it started stays out of service.
            if departure.step != .away || departure.keepsSessions { startSessions(at: now) }
            mustConverge = true
        case .deadlineReached:
            passDeadlines(at: now)
        case .session(let address, let event):
            if let index = peerIndex[address] { handle(event, peer: index, at: now) }
        case .connectionClosed(let address):
            stopBFDIfDue(of: address, at: now)
        case .stalled:
            excuseBFD(at: now)
        case .bfdReceived(let packet, let source, let isMultihop):
            receiveBFD(packet, from: source, isMultihop: isMultihop, at: now)
        case .check(let name, let event):
            if let index = checkIndex[name] { handle(event, check: index, at: now) }
        case .leftoversFound(let prefixes):
            adoptOrRemove(prefixes, at: now)
        case .bound(let prefixes):
            noteBound(prefixes)
        case .bindFailed(let prefix, let reason):
            noteBindFailed(prefix, reason: reason, at: now)
        case .unbound(let prefixes):
            noteUnbound(prefixes)
        case .unbindFailed(let prefix, let reason):
            noteUnbindFailed(prefix, reason: reason, at: now)
        case .vanished(let prefixes):
            noteVanished(prefixes, at: now)
        case .localityFound(let prefixes, let isLocal):
            noteLocality(of: prefixes, isLocal: isLocal)
        case .acknowledged(let address, let round, let isComplete):
            noteAcknowledged(address, round: round, isComplete: isComplete, at: now)
        case .updatesAcknowledged(let address, let updates):
            if let index = peerIndex[address] { peers[index].delivery.acknowledge(updates, at: now) }
        case .drainRequested(let reason, let keepsSessions):
            drain(
                by: \.command, reason: reason ?? drainHolds.command ?? DrainHolds.unsaid,
                keepsSessions: keepsSessions, at: now)
        case .undrainRequested:
            endDrain(by: \.command, at: now)
        case .vipDrainRequested(let prefix, let reason):
            drainVIP(prefix, reason: reason, at: now)
        case .vipUndrainRequested(let prefix):
            undrainVIP(prefix)
        case .drainFileFound(let reason):
            drain(by: \.file, reason: reason ?? "drain file \(settings.drainFile ?? "")", at: now)
        case .drainFileGone:
            endDrain(by: \.file, at: now)
        case .terminationRequested(let reason, let isUrgent):
            depart(reason: reason, exits: true, isUrgent: isUrgent, at: now)
        }
        if mustConverge || !touched.isEmpty { converge(at: now) }
        skipPointlessSettling(at: now)
        skipPointlessVIPSettling(at: now)
        // What was skipped may have ended with addresses to take off.
        if !touched.isEmpty { converge(at: now) }
        return effects
    }

    /// The next moment at which `deadlineReached` is due; nil if nothing waits for time.
    package var nextDeadline: Instant? {
        var earliest = departure.deadline
        func consider(_ deadline: Instant?) { earliest = earlier(earliest, deadline) }
        for index in peers.indices {
            consider(peers[index].deadline)
            consider(peers[index].reportBudget.nextDeadline)
            consider(peers[index].waitReport)
            if !peers[index].refreshRequests.isEmpty { consider(peers[index].nextRefresh) }
            consider(withdrawalDeadline(of: index))
        }
        consider(bfd.nextDeadline)
        for index in checks.indices {
            consider(checks[index].nextDeadline)
            consider(verdictBudgets[index].nextDeadline)
        }
        consider(nextBindRetry)
        consider(nextLingerEnd)
        consider(nextVIPDrainDeadline)
        consider(vanishBudget.nextDeadline)
        return earliest
    }

    /// The connection that carries a peer's Established session; nil while there is none.
    package func establishedDirection(of peer: ScopedAddress) -> Direction? {
        peerIndex[peer].flatMap { peers[$0].session.establishedDirection }
    }

    /// When we dial a peer again; nil while no dial is planned.
    package func nextAttempt(at peer: ScopedAddress) -> Instant? {
        peerIndex[peer].flatMap { peers[$0].session.nextAttempt }
    }

    /// VIPs that are taken to be on the interface.
    package var boundVIPs: Set<IPPrefix> {
        Set(vips.filter(\.isOnInterface).map(\.settings.prefix))
    }

    /// True if this is a VIP that is taken to be on the interface.
    package func isBound(_ prefix: IPPrefix) -> Bool {
        vipIndex[prefix].map { vips[$0].isOnInterface } ?? false
    }

    /// Where a departure stands; `inService` while there is none.
    package var departureStep: Departure.Step { departure.step }

    private mutating func passDeadlines(at now: Instant) {
        passBFDDeadlines(at: now)
        for index in peers.indices {
            if let deadline = peers[index].deadline, deadline <= now {
                handle(.deadlineReached, peer: index, at: now)
            }
            endIfWithdrawalIgnored(index, at: now)
            reportSuppressed(of: index, at: now)
            reportWait(of: index, at: now)
            answerRefreshRequests(of: index, at: now)
        }
        retryBinding(at: now)
        endLingering(at: now)
        passVIPDrainDeadlines(at: now)
        reportSuppressedVanishing(at: now)
        for index in checks.indices { reportSuppressedVerdicts(of: index, at: now) }
        if let deadline = departure.deadline, deadline <= now { departureDeadlineReached(at: now) }
    }
}
