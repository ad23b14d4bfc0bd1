import Deadlines
import IPTypes
import Intent
import Settings

/// What the sources of VIPs have given, beside the settings, and which of them have given everything.
struct VIPSources: Sendable {
    /// How long an address that an earlier run left may wait for a source that does not say what it has.
    static let patience = Duration.seconds(30)

    private var vips: [VIPSource: [IPPrefix: VIPSettings]] = [:]
    /// When the settings in force have to follow what the sources have given; nil if they do.
    var pursuitDeadline: Instant?
    /// Those that have given all VIPs that they have.
    var complete: Set<VIPSource> = []
    /// Addresses that an earlier run left on the interface, and that are VIPs of no source so far.
    private(set) var unclaimed: Set<IPPrefix> = []
    /// Until when these stay; nil if there are none.
    private(set) var deadline: Instant?

    /// VIPs of a source are like this from now on, or no more.
    mutating func change(_ changes: [IPPrefix: VIPSettings?], of source: VIPSource) {
        for (prefix, vip) in changes { vips[source, default: [:]][prefix] = vip }
    }

    /// True if one of these sources has a VIP of this prefix.
    func have(_ prefix: IPPrefix, among wanted: Set<VIPSource>) -> Bool {
        vips.contains { wanted.contains($0.key) && $0.value[prefix] != nil }
    }

    /// Forgets all sources but these.
    mutating func keep(_ sources: Set<VIPSource>) {
        vips = vips.filter { sources.contains($0.key) }
        complete.formIntersection(sources)
    }

    /// The configured VIPs, and behind them those of these sources whose prefixes no source before has.
    func vips(besides configured: [VIPSettings], of sources: Set<VIPSource>) -> [VIPSettings] {
        guard !vips.isEmpty else { return configured }
        var all = configured
        var known = Set(configured.map(\.prefix))
        for source in VIPSource.allCases where sources.contains(source) {
            all += (vips[source] ?? [:]).sorted { $0.key < $1.key }.map(\.value)
                .filter { known.insert($0.prefix).inserted }
        }
        return all
    }

    /// A source may still claim this address.
    mutating func keepUnclaimed(_ prefix: IPPrefix, at now: Instant) {
        deadline = deadline ?? now + Self.patience
        unclaimed.insert(prefix)
    }

    /// The addresses that waited, which wait no longer.
    mutating func takeUnclaimed(where isTaken: (IPPrefix) -> Bool = { _ in true }) -> [IPPrefix] {
        let taken = unclaimed.filter(isTaken).sorted()
        unclaimed.subtract(taken)
        if unclaimed.isEmpty { deadline = nil }
        return taken
    }
}

extension Speaker {
    /// The first source that has not given all its VIPs; nil if all have.
    var missingSource: VIPSource? {
        VIPSource.allCases.first { settings.vipSources.contains($0) && !sources.complete.contains($0) }
    }

    /// What the operator intends together with the VIPs of all sources.
    func withAllVIPs(_ intended: Settings) -> Settings {
        var settings = intended
        settings.routerID = intended.routerID ?? self.settings.routerID
        settings.vips = sources.vips(besides: intended.vips, of: intended.vipSources)
        return settings
    }

    /// VIPs of a source have changed. What is no more is withdrawn at once, whatever else has to follow: that is done when the
    /// withdrawal has left.
    mutating func take(_ changes: [IPPrefix: VIPSettings?], from source: VIPSource, at now: Instant) {
        guard source != .configured else { return }
        sources.change(changes, of: source)
        guard hasIntent, !departure.exits else { return }
        let gone = changes.filter { $0.value == nil && !isWanted($0.key) }.compactMap { vipIndex[$0.key] }
        guard !gone.isEmpty else { return followSources(at: now) }
        for index in gone where !vips[index].isRemoved {
            vips[index].isRemoved = true
            touched.append(index)
        }
        sources.pursuitDeadline = now
    }

    /// True if the operator or a source wants a VIP of this prefix.
    private func isWanted(_ prefix: IPPrefix) -> Bool {
        sources.have(prefix, among: intended.vipSources) || intended.vips.contains { $0.prefix == prefix }
    }

    /// Has everything follow the VIPs of the sources.
    private mutating func followSources(at now: Instant) {
        let wanted = withAllVIPs(intended)
        recall(wanted.vips, at: now)
        if wanted.vips != settings.vips { pursue(wanted, by: IntentChange(from: settings, to: wanted), at: now) }
    }

    /// Takes VIPs back that were withdrawn and are wanted again, before anything else has followed.
    mutating func recall(_ wanted: [VIPSettings], at now: Instant) {
        guard sources.pursuitDeadline != nil else { return }
        sources.pursuitDeadline = nil
        let intended = vips.count - removedVIPs
        let recalled = wanted.compactMap { vipIndex[$0.prefix] }.filter { $0 < intended && vips[$0].isRemoved }
        for index in recalled { vips[index].isRemoved = false }
        touched += recalled
        if !recalled.isEmpty { judgeVIPs(at: now, isReported: true) }
    }

    /// Does what had to wait for a withdrawal.
    mutating func followSourcesIfDue(at now: Instant) {
        guard let deadline = sources.pursuitDeadline, deadline <= now, !departure.exits else { return }
        followSources(at: now)
    }

    /// A source has given all it has. Once all sources have, what no VIP claims goes.
    mutating func noteComplete(_ source: VIPSource) {
        sources.complete.insert(source)
        if missingSource == nil { _ = removeUnclaimed() }
    }

    /// Keeps those addresses of an earlier run that have become VIPs.
    mutating func claimLeftovers(at now: Instant) {
        let claimed = sources.takeUnclaimed { vipIndex[$0] != nil }
        if !claimed.isEmpty { adoptOrRemove(claimed, at: now) }
    }

    /// Does not wait any longer for sources that do not say what they have.
    mutating func endWaitForSources(at now: Instant) {
        if let deadline = sources.deadline, deadline <= now { _ = removeUnclaimed() }
    }

    /// Takes addresses of an earlier run off the interface that are no VIPs, and says which.
    mutating func removeUnclaimed() -> [IPPrefix] {
        let prefixes = sources.takeUnclaimed()
        if !prefixes.isEmpty { effects.append(.unbind(prefixes)) }
        return prefixes
    }
}
