import Deadlines
import IPTypes
import Settings

/// What the sources of VIPs have given, beside the settings, and which of them have given everything.
struct VIPSources: Sendable {
    /// How long an address that an earlier run left may wait for a source that does not say what it has.
    static let patience = Duration.seconds(30)

    private var vips: [VIPSource: [VIPSettings]] = [:]
    /// Those that have given all VIPs that they have.
    var complete: Set<VIPSource> = []
    /// Addresses that an earlier run left on the interface, and that are VIPs of no source so far.
    private(set) var unclaimed: Set<IPPrefix> = []
    /// Until when these stay; nil if there are none.
    private(set) var deadline: Instant?

    /// These are the VIPs of a source from now on.
    mutating func set(_ vips: [VIPSettings], of source: VIPSource) { self.vips[source] = vips }

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
            all += (vips[source] ?? []).filter { known.insert($0.prefix).inserted }
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

    /// A source has these VIPs now.
    mutating func take(_ vips: [VIPSettings], from source: VIPSource, at now: Instant) {
        if source == .configured { intended.vips = vips } else { sources.set(vips, of: source) }
        guard hasIntent, !departure.exits else { return }
        let wanted = withAllVIPs(intended)
        if wanted.vips != settings.vips { pursue(wanted, at: now) }
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
