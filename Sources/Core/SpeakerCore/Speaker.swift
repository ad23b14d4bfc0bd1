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
    /// One configured VIP.
    struct VIP: Sendable {
        var settings: VIPSettings
        var binding = VIPBinding.unbound
        /// Whether the kernel delivers an address that is left to others to this node; nil before it has been asked.
        var isLocal: Bool?
        /// Set while the VIP is drained on its own.
        var drain: VIPDrain?
        /// When the VIP was last withdrawn from a peer.
        var withdrawnAt: Instant?
        /// True once the service was well, in this run or in the one that left the address.
        var hasServed = false
        /// True if the last change of the verdict was not reported.
        var changesQuietly = false
        /// True once it is no longer intended: it is withdrawn, unbound and then forgotten.
        var isRemoved = false
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

    /// What is in force: what the operator intends, as far as it does not need a restart, with the VIPs of all sources.
    package internal(set) var settings = Settings(localAS: ASNumber(0), vips: [], checks: [], peers: [])
    /// What the operator intends, with no VIPs but those that are configured.
    var intended = Settings(localAS: ASNumber(0), vips: [], checks: [], peers: [])
    var sources = VIPSources()
    /// True once anything was intended.
    var hasIntent = false
    /// True from `started` on: what is intended runs.
    var isStarted = false
    /// Our BGP identifier; 0 before anything is intended.
    package internal(set) var identifier = BGPIdentifier(0)
    /// The node\'s name; nil if it has none.
    let hostName: String?
    let startedAt: Instant
    /// Where all jitter comes from.
    var generator: SeededGenerator
    /// How many VIPs one turn of a backlog looks at. That holds the loop for about 2 ms in a release build; as many IPv4 host routes fill two UPDATEs.
    package var portion = 1600
    /// When the next portion is due; nil if the peers know everything.
    var portionDue: Instant?
    /// The peer whose turn it is then.
    var nextTold = 0
    // Peers, checks and VIPs are known by identity; the places in these arrays, in the order of the settings, hold for one
    // input only.
    var peers: [Neighbour] = []
    var peerIndex: [ScopedAddress: Int] = [:]
    var checks: [HealthCheck] = []
    var checkIndex: [String: Int] = [:]
    /// What may be said of each check's verdicts.
    var verdictBudgets: [ReportBudget] = []
    /// Those that are intended, and behind them those that are being removed.
    var vips: [VIP] = []
    var removedVIPs = 0
    /// How many VIPs are meant for each peer.
    var meantVIPs = MeantVIPs()
    var vipIndex: [IPPrefix: Int] = [:]
    var bfd = BFDSessions()
    var departure = Departure()
    /// Counts what acknowledgements are awaited for, so that a late answer is not taken for one of the next.
    var rounds = 0
    /// The VIPs that are drained on their own.
    var drainedVIPs: Set<IPPrefix> = []
    var drainHolds = DrainHolds()
    /// Effects of the input being handled, in order.
    var effects: [Effect] = []
    /// True if something changed that all bindings and routes follow from.
    var mustConverge = false
    /// True once a change of a verdict was not reported, so that it has to be asked of each VIP.
    var hasQuietVIPs = false
    /// VIPs of which something changed that their own binding and routes follow from.
    var touched: [Int] = []
    /// True if a VIP that is being removed may be off the interface.
    var mustForget = false
    /// When the kernel is asked again for what it has refused lately.
    var nextBindRetry: Instant?
    /// Before this moment nothing is due about the address of any VIP; nil if nothing waits.
    var nextBindingDeadline: Instant?
    /// What the program of `onChange` is given.
    var changes = ChangeQueue()
    /// What may be said of addresses that someone else removes.
    var vanishBudget = ReportBudget()

    /// A speaker that intends nothing yet. `seed` decides all jitter.
    package init(hostName: String?, seed: UInt64, at now: Instant) {
        self.hostName = hostName
        startedAt = now
        generator = SeededGenerator(seed: seed)
    }

    /// Takes one input and says what has to be done. Any input is legal at any time; unknown names are ignored.
    package mutating func handle(_ input: Input, at now: Instant) -> [Effect] {
        effects.removeAll(keepingCapacity: true)
        // Nothing else brings it forward, and what begins in this turn goes on in the next.
        let isDeadline = if case .deadlineReached = input { true } else { false }
        let isPortionDue = isDeadline && portionDue.map { $0 <= now } ?? false
        // Dead-man: whatever woke us, nothing may be announced on a verdict whose time is over.
        for index in checks.indices where checks[index].nextDeadline.map({ $0 <= now }) ?? false {
            handle(.deadlineReached, check: index, at: now)
        }
        switch input {
        case .intended(let settings):
            intend(settings, at: now)
        case .vips(let source, let changes):
            take(changes, from: source, at: now)
        case .vipsAreComplete(let source):
            noteComplete(source)
        case .started:
            isStarted = true
            for index in checks.indices { handle(.started, check: index, at: now) }
            // A node that was drained before it started stays out of service.
            if runsSessions { startSessions(at: now) }
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
            noteBound(prefixes, at: now)
        case .bindFailed(let prefix, let reason):
            noteBindFailed(prefix, reason: reason, at: now)
        case .unbound(let prefixes):
            noteUnbound(prefixes, at: now)
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
            drain(by: \.file, reason: reason ?? "drain file \(settings[Settings.process.drainFile] ?? "")", at: now)
        case .drainFileGone:
            endDrain(by: \.file, at: now)
        case .programEnded(let failure):
            noteProgramEnded(failure: failure, at: now)
        case .terminationRequested(let reason, let isUrgent):
            depart(reason: reason, exits: true, isUrgent: isUrgent, at: now)
        }
        if mustConverge || !touched.isEmpty { converge(at: now) }
        skipPointlessSettling(at: now)
        skipPointlessVIPSettling(at: now)
        // What was skipped may have ended with addresses to take off.
        if !touched.isEmpty { converge(at: now) }
        if isPortionDue { tellPortion(at: now) }
        if changes.hasProgram { noteChanges() }
        if mustForget { forgetRemovedVIPs() }
        for peer in bfd.takeDeparted() { effects.append(.close(.bfd(peer))) }
        return effects
    }

    /// The next moment at which `deadlineReached` is due; nil if nothing waits for time.
    package var nextDeadline: Instant? {
        var earliest = departure.deadline
        func consider(_ deadline: Instant?) { earliest = earlier(earliest, deadline) }
        for index in peers.indices {
            // Asked of every peer after every input: to ask the peer itself copies it.
            consider(peers[index].deadline)
            if peers[index].delivery.withdrawnAt != nil { consider(peers[index].withdrawalDeadline) }
            consider(peers[index].reportBudget.nextDeadline)
            consider(peers[index].waitReport)
            if !peers[index].refreshRequests.isEmpty { consider(peers[index].nextRefresh) }
        }
        consider(bfd.nextDeadline)
        for index in checks.indices {
            consider(checks[index].nextDeadline)
            consider(verdictBudgets[index].nextDeadline)
        }
        consider(sources.deadline)
        if !departure.exits { consider(sources.pursuitDeadline) }
        consider(nextBindingDeadline)
        consider(nextVIPDrainDeadline)
        consider(vanishBudget.nextDeadline)
        consider(portionDue)
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
        // By place: to go through the VIPs themselves copies each.
        Set(vips.indices.lazy.filter { vips[$0].isOnInterface }.map { vips[$0].settings.prefix })
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
        endWaitForSources(at: now)
        followSourcesIfDue(at: now)
        passBindingDeadlines(at: now)
        passVIPDrainDeadlines(at: now)
        reportSuppressedVanishing(at: now)
        for index in checks.indices { reportSuppressedVerdicts(of: index, at: now) }
        if let deadline = departure.deadline, deadline <= now { handle(.stepOver, at: now) }
    }
}
