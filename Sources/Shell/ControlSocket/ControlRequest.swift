package import IPTypes

/// What a client asks of the daemon.
package enum ControlRequest: Sendable, Hashable {
    /// Answer with `.status(…)`.
    case status
    /// Begin to leave; answer with `.status(…)`, at once, or if `wait` only when the node is drained (or has given up
    /// draining). The reason is at most 128 bytes of printable UTF-8, as RFC 8203 can carry it.
    /// With `vip` only that one leaves; `keepsSessions` leaves the sessions up.
    case drain(reason: String?, wait: Bool, vip: IPPrefix? = nil, keepsSessions: Bool = false)
    /// Come back, or bring that VIP back; answer with `.status(…)`.
    case undrain(vip: IPPrefix? = nil)
    /// Answer with `.metrics(…)`.
    case metrics
    /// Answer with `.livez`: that the loop answers at all is the proof of life.
    case livez
    /// Answer with `.readyz(…)`.
    case readyz

    /// True for requests that only root and the daemon's own user may make.
    var changesState: Bool {
        switch self {
        case .drain, .undrain: true
        case .status, .metrics, .livez, .readyz: false
        }
    }
}

/// Takes a request on the event loop and gives the response to the closure: at once or later, on any thread, once.
package typealias ControlAnswer =
    @Sendable (ControlRequest, @escaping @Sendable (ControlResponse) -> Void) -> Void
