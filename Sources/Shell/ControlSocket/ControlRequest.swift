package import IPTypes
package import Services
package import SpeakerCore

/// What a client asks of the daemon.
package enum ControlRequest: Sendable, Hashable {
    /// Answer with `.status(…)`: what is asked for, or the first page of it.
    case status(StatusScope = StatusScope())
    /// Begin to leave; answer with `.status(…)`, at once, or if `wait` only when the node is drained (or has given up
    /// draining). The reason is at most 128 bytes of printable UTF-8, as RFC 8203 can carry it.
    /// With `vip` only that one leaves; `keepsSessions` leaves the sessions up.
    case drain(reason: String?, wait: Bool, vip: IPPrefix? = nil, keepsSessions: Bool = false)
    /// Come back, or bring that VIP back; answer with `.status(…)`.
    case undrain(vip: IPPrefix? = nil)
    /// Answer with `.events(…)`: those with a higher number than `after`, and of the last `seconds` seconds only.
    case events(after: Int, seconds: Int?)
    /// Answer with `.services(…)`: all of ours, or one.
    case services(ObjectName? = nil)
    /// Answer with `.page(…)`.
    case page
    /// Read the settings anew and apply the difference, or only say what it would be; answer with `.reload(…)`.
    case reload(isDryRun: Bool)
    /// Answer with `.metrics(…)`.
    case metrics
    /// Answer with `.livez`: that the loop answers at all is the proof of life.
    case livez
    /// Answer with `.readyz(…)`.
    case readyz

    /// True for requests that only root and the daemon's own user may make.
    var changesState: Bool {
        switch self {
        case .drain, .undrain, .reload: true
        case .status, .events, .services, .page, .metrics, .livez, .readyz: false
        }
    }
}

/// Takes a request on the event loop and gives the response to the closure: at once or later, on any thread, once.
package typealias ControlAnswer =
    @Sendable (ControlRequest, @escaping @Sendable (ControlResponse) -> Void) -> Void
