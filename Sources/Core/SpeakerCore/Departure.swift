package import Deadlines
package import IPTypes

/// How a node leaves service without losing a packet it could have kept (product order):
///
///     inService ─► settling ─► acknowledging ─► lingering ─► away
///         ▲     (GRACEFUL_      (withdrawn,      (routers      │ sessions closed with
///         │      SHUTDOWN,       waiting for      move the     │ Cease, VIPs unbound,
///         │      RFC 8326)       TCP's ACKs)      traffic)     │ exit if asked to
///         └──────────────────── undrain ───────────────────────┘
///
/// Every step has a deadline, so a stuck peer cannot hold the process.
package struct Departure: Sendable, Hashable {
    /// Where the departure stands.
    package enum Step: String, Sendable, Hashable, CaseIterable {
        case inService
        /// Routes are marked with GRACEFUL_SHUTDOWN but still there.
        case settling
        /// Routes are withdrawn; the peers' TCP has not acknowledged all of it.
        case acknowledging
        /// The routers know; what is in flight still arrives.
        case lingering
        /// Sessions are closed, VIPs are off the interface.
        case away

        /// True if the peers still hold what leaves.
        var keepsRoutes: Bool { self == .inService || self == .settling }
    }

    package internal(set) var progress = Leaving.inService
    package var step: Step { progress.step }
    /// How far a drain had got when the end of the process began to take out of service what that one had left in it.
    package internal(set) var before = Step.inService
    /// When the present step began; nil while in service.
    package internal(set) var stepSince: Instant?
    /// When the present step ends at the latest.
    package var deadline: Instant? { progress.deadline }
    /// Why we leave; it goes on the wire with the Cease (RFC 9003).
    package internal(set) var reason = ""
    /// True if the process ends afterwards.
    package internal(set) var exits = false
    /// True if settling and lingering are skipped.
    package internal(set) var isUrgent = false
    /// True if the sessions stay up when the node is away: because that was asked for, or because VIPs that a drain
    /// leaves alone need them. The end of the process closes them all the same.
    package internal(set) var keepsSessions = false
    /// Peers whose acknowledgement is awaited.
    package var awaited: Set<ScopedAddress> { progress.awaited }
    /// VIPs that are being taken off the interface, and whose removal an exit waits for.
    package internal(set) var unbinding: Set<IPPrefix> = []
    /// True if anything was advertised when the departure began, so that there is traffic to wait for.
    package internal(set) var hadRoutes = false

    /// Counts departures, so that a late answer of one that was called off is not taken for one of the next.
    package let round: Int

    init(round: Int = 0) {
        self.round = round
    }
}
