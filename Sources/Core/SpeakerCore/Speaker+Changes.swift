import Advertising
import BGPFSM
import Deadlines
import Health
import IPTypes
import Settings

/// The changes that wait to be given to the program of `onChange`, one at a time and in their order, and what it knows.
struct ChangeQueue: Sendable {
    /// So many may wait. If there are more, the oldest is left out: of each VIP and session the latest matters.
    static let capacity = 1000
    /// How long the program may take before it is killed.
    static let patience = Duration.seconds(30)

    /// True if there is a program. Asked at every input, where to look it up in the settings would take longer.
    var hasProgram = false
    /// What was last given, or waits to be, of each VIP and session.
    var vips: [IPPrefix: Change.VIPState] = [:]
    var upSessions: Set<ScopedAddress> = []
    var waiting: [Change] = []
    var isRunning = false
    /// True since changes were left out, until none waits any more.
    var hasOverrun = false
    /// The VIPs whose state may have changed in this input, unless it is all.
    var touched: Set<IPPrefix> = []
    /// True if the state of any VIP may have changed.
    var touchesAll = true
    /// The last failure that was reported; nil once the program has done its work again.
    var reportedFailure: String?
    var failureBudget = ReportBudget()
}

extension Speaker {
    /// True while the program of `onChange` runs.
    package var isRunningProgram: Bool { changes.isRunning }

    /// Finds what has changed since the last time, and lets the program have it. Only those VIPs are looked at of which something
    /// may have changed: there may be very many.
    mutating func noteChanges() {
        let known = changes.upSessions
        for peer in peers where (peer.session.negotiated != nil) != known.contains(peer.settings.address) {
            noteSession(of: peer)
        }
        for address in known.filter({ peerIndex[$0] == nil }).sorted(by: { "\($0)" < "\($1)" }) {
            changes.upSessions.remove(address)
            note(
                .session(
                    address, peerAS: "", isUp: false, reason: "the peer is removed from the settings", isPlanned: true))
        }
        let places = changes.touchesAll ? Array(vips.indices) : changes.touched.compactMap { vipIndex[$0] }.sorted()
        for index in places { noteState(of: vips[index]) }
        changes.touchesAll = false
        changes.touched = []
        runProgram()
    }

    /// The state of these VIPs may change in this input.
    mutating func noteTouched(_ prefixes: some Sequence<IPPrefix>) {
        if changes.hasProgram, !changes.touchesAll { changes.touched.formUnion(prefixes) }
    }

    private mutating func noteSession(of peer: Neighbour) {
        let session = peer.session
        let isUp = session.negotiated != nil
        if isUp {
            changes.upSessions.insert(peer.settings.address)
        } else {
            changes.upSessions.remove(peer.settings.address)
        }
        let end = isUp ? nil : session.lastEnd
        note(
            .session(
                peer.settings.address, peerAS: "\(peer.settings.peerAS)", isUp: isUp,
                reason: end.map { $0.reason.words(session.configuration, wasEstablished: $0.wasEstablished) } ?? "",
                isPlanned: end?.reason.isPlanned ?? false))
    }

    private mutating func noteState(of vip: VIP) {
        // It is about to be on the interface: what becomes of it follows at once.
        if case .binding = vip.binding { return }
        let prefix = vip.settings.prefix
        let before = changes.vips[prefix] ?? .withdrawn
        // By place: to go through the peers themselves copies each.
        let holders = peers.indices.count { peers[$0].adjRIBOut.told[prefix] != nil }
        let state = state(of: vip, holders: holders)
        guard state != before else { return }
        changes.vips[prefix] = state
        let meant = peers.filter { vip.settings.isMeant(for: $0.settings.address) }
        let reason = reason(for: vip, holders: holders, among: meant)
        note(
            .vip(
                prefix, from: before, to: state, verdict: vip.verdict.word, reason: reason.words,
                code: reason.code.rawValue))
    }

    /// The program has ended; a failure is reported once, until it has succeeded or fails otherwise.
    mutating func noteProgramEnded(failure: String?, at now: Instant) {
        changes.isRunning = false
        if let failure, failure != changes.reportedFailure, changes.failureBudget.spend(at: now) {
            effects.append(.report(.programFailed(settings[Settings.process.onChange] ?? "", reason: failure)))
            changes.reportedFailure = failure
        }
        if failure == nil { changes.reportedFailure = nil }
        runProgram()
    }

    private mutating func runProgram() {
        guard !changes.isRunning, !changes.waiting.isEmpty else { return }
        changes.isRunning = true
        effects.append(.runProgram(changes.waiting.removeFirst(), within: ChangeQueue.patience))
        if changes.waiting.isEmpty { changes.hasOverrun = false }
    }

    private mutating func note(_ subject: Change.Subject) {
        if changes.waiting.count >= ChangeQueue.capacity {
            changes.waiting.removeFirst()
            if !changes.hasOverrun {
                effects.append(.report(.changesLeftOut(settings[Settings.process.onChange] ?? "")))
            }
            changes.hasOverrun = true
        }
        changes.waiting.append(Change(subject: subject, node: hostName))
    }

    private func state(of vip: VIP, holders: Int) -> Change.VIPState {
        guard holders > 0 else {
            if case .unhealthy = vip.verdict { return .unhealthy }
            return .withdrawn
        }
        if departureStep(for: vip) == .settling || vip.drain?.step == .settling { return .draining }
        return vip.isLastResort ? .lastResort : .advertised
    }
}
