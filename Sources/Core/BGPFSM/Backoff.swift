import BGPWire
import Deadlines

/// How long to wait before dialling again.
///
/// Three kinds of failure, all before jitter:
/// * The peer is absent (no answer, refused, no route): always `connectRetryInitial`. Such a try costs the network a
///   packet and the router nothing, and it is how we hear that a router is back.
/// * Whatever else time may cure (hold time, Cease, closed before its OPEN): doubling from `connectRetryInitial` to
///   `connectRetryMaximum`. After a session that was Established for ten seconds the series starts anew, with the
///   shortest pause there is, because a router that has just cleared the session takes the next one at once; and with
///   none after a RST, which is how we learn on a link that is back that the router had given us up.
/// * Errors that will repeat until an operator changes a configuration or a program (NOTIFICATION 2/x, 3/x, 5/x, sent or
///   received): from 5 s, or `connectRetryMaximum` if that is less, to 60 s. The end scales with the configuration: it
///   is never above twelve times `connectRetryMaximum`, and never below `connectRetryMaximum`.
///
/// Where another speaker of this node has the session, which a repeated Cease for a collision shows as well, the pause is
/// `connectRetryMaximum` at once: a dial could cost that speaker its session.
///
/// Both series are forgotten after 60 s of Established. RFC 4271 section 8.1.1 calls this DampPeerOscillations and
/// would refuse the peer's own connections meanwhile; we accept them, because the side that was repaired dials first.
struct Backoff: Sendable, Hashable {
    /// Pauses never get shorter than this, whatever is configured: no loop at the speed of a LAN.
    static let floor = Duration.milliseconds(100)
    /// Nor longer than this: an operator who configures more wants a session that is stopped.
    static let ceiling = Duration.seconds(86_400)
    /// A session that was Established for so long is no part of a loop.
    static let steadyTime = Duration.seconds(10)
    /// After this time in Established all earlier failures are forgotten.
    static let forgivingTime = Duration.seconds(60)

    private var failures = 0
    private var repeatingErrors = 0
    /// Connections in a row that the peer ended because it keeps another one.
    private var collisions = 0

    /// The pause after an attempt or session that ended for `reason`; `established` is how long it was Established,
    /// nil if it never was.
    mutating func pause(
        after reason: EndReason, established: Duration?, configuration: SessionConfiguration
    ) -> Duration {
        if let established {
            if established >= Self.steadyTime { failures = 0 }
            if established >= Self.forgivingTime { repeatingErrors = 0 }
        }
        let first = min(max(configuration.connectRetryInitial, Self.floor), Self.ceiling)
        let last = min(max(configuration.connectRetryMaximum, first), Self.ceiling)
        if reason.willRepeat {
            defer { repeatingErrors += 1 }
            return doubled(
                max(first, min(.seconds(5), last)), times: repeatingErrors,
                limit: max(last, min(.seconds(60), last * 12)))
        }
        if case .transport(.inUse) = reason { return last }
        collisions = reason.isCollision ? min(collisions + 1, 2) : 0
        if collisions > 1 { return last }
        if reason.isAbsence { return first }
        if let established, established >= Self.steadyTime {
            // The peer's kernel does not know the connection any more: it has been without a session for a while.
            if case .transport(.reset) = reason { return .zero }
            return min(first, Self.floor)
        }
        defer { failures += 1 }
        return doubled(first, times: failures, limit: last)
    }

    private func doubled(_ duration: Duration, times: Int, limit: Duration) -> Duration {
        var result = duration
        for _ in 0..<times where result < limit { result = result * 2 }
        return min(result, limit)
    }
}

extension EndReason {
    /// True for errors that come back until a configuration or a program changes.
    fileprivate var willRepeat: Bool {
        switch self {
        case .notificationReceived(let notification), .notificationSent(let notification, _):
            [2, 3, 5].contains(notification.code)
        case .transport, .closedBeforeOpen, .peerRestarted, .holdTimeExpired, .sendHoldTimeExpired,
            .withdrawalIgnored, .local:
            false
        }
    }

    /// True if the peer keeps another connection.
    fileprivate var isCollision: Bool {
        guard case .notificationReceived(let notification) = self else { return false }
        return notification.code == 6 && notification.subcode == CeaseSubcode.connectionCollision.rawValue
    }

    /// True if our dial reached no program that it could have disturbed.
    fileprivate var isAbsence: Bool {
        guard case .transport(let failure) = self else { return false }
        return switch failure {
        case .timedOut, .refused, .ownAddress, .hostUnreachable, .rejectedOnTheWay, .beyondLink, .networkUnreachable,
            .noNeighbour, .sourceUnavailable:
            true
        case .prohibited, .inUse, .severalNeighbours, .closedByPeer, .reset, .unacknowledged, .md5Unavailable, .system:
            false
        }
    }
}
