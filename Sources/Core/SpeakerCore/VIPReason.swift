/// Why a VIP is advertised, or the first thing that keeps it from being, as a stable word.
package enum VIPReason: String, Sendable, Hashable, CaseIterable {
    /// Healthy, bound, and at least one peer has it.
    case advertised
    /// Unhealthy, and advertised so that routers prefer every other path.
    case lastResort = "last-resort"
    /// A check has no result yet, or its latest one does not support its verdict; or there are many VIPs, and its turn to be
    /// advertised comes.
    case waiting
    /// A check fails.
    case unhealthy
    /// The kernel refuses to put the address on the interface.
    case bindFailed = "bind-failed"
    /// It is left to others to bind, and is not there.
    case notLocal = "not-local"
    /// No BGP session is Established with a peer it is meant for.
    case noSession = "no-session"
    /// There are sessions, and none can carry it.
    case notCarried = "not-carried"
    /// The node or the VIP is being drained.
    case draining
    /// The node or the VIP is drained.
    case drained
    /// The process is about to end.
    case leaving
    /// It is no longer in the settings.
    case removed
}
