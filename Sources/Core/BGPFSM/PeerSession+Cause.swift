import BGPWire
package import Deadlines

extension EndReason {
    /// How much this tells of why there is no session, if the router is there: 0 is a guess, 1 is more than that, 2 is what
    /// was said in a NOTIFICATION. Nil for what replaces everything, because it is about something else: the way to the router.
    fileprivate var weight: Int? {
        switch self {
        case .closedBeforeOpen: 0
        case .transport(let failure):
            switch failure {
            case .refused, .closedByPeer, .reset, .timedOut(md5: _, onLink: nil), .timedOut(md5: _, onLink: true): 0
            case .unacknowledged: 1
            case .timedOut, .hostUnreachable, .rejectedOnTheWay, .beyondLink, .prohibited, .ownAddress,
                .networkUnreachable, .noNeighbour, .severalNeighbours, .sourceUnavailable, .inUse, .md5Unavailable,
                .system:
                nil
            }
        case .holdTimeExpired(_, let state): state == .established ? nil : 0
        // Connection Rejected and Collision Resolution say no more than that this try came to nothing.
        case .notificationReceived(let notification):
            notification.code == 6 && [5, 7].contains(notification.subcode) ? 1 : 2
        case .notificationSent: 2
        case .peerRestarted, .sendHoldTimeExpired, .withdrawalIgnored, .local: nil
        }
    }
}

extension PeerSession {
    /// True if an earlier end tells more than the one that has just come.
    func isKept(_ cause: End?, against end: End) -> Bool {
        guard let cause, !end.wasEstablished, let before = cause.reason.weight, let now = end.reason.weight else {
            return false
        }
        // Once a session was Established after it, the matter is over.
        return now < before && stateSince.map { cause.at >= $0 } ?? true
    }

    /// What the session is waiting for, in words that tell what may be wrong, and as the code that `EndReason.code` would
    /// give; nil if it waits for nothing, or has not waited for a second.
    package func waiting(at now: Instant) -> (code: String, words: String)? {
        let peer = "peer \(configuration.peer)"
        func elapsed(since start: Instant?) -> Int? {
            let seconds = start.map { Int(clamping: (now - $0).components.seconds) }
            return seconds.flatMap { $0 >= 1 ? $0 : nil }
        }
        switch state {
        case .idle, .established:
            return nil
        case .active:
            guard configuration.isPassive, let seconds = elapsed(since: lastEnd?.at ?? attemptedAt) else { return nil }
            return (
                "not-dialled",
                "\(peer) has not dialled us for \(seconds) s, and we wait for that because it is passive here. "
                    + "If the router is passive too, neither side dials"
            )
        case .connect:
            return elapsed(since: attemptedAt).map {
                (
                    configuration.requiresSignature ? "silent-signed" : "silent",
                    "\(peer) has not answered our SYN for \($0) s. Likely: a firewall, a host that is down, "
                        + "a differing MD5 password, or TTL security on one side only"
                )
            }
        case .openSent, .openConfirm:
            let waiting = [outgoing, incoming].compactMap { $0 }.first { $0.name == state }
            guard let waiting, let seconds = elapsed(since: waiting.openedAt) else { return nil }
            if waiting.isOpenAcknowledged { return (silenceCode(state), silenceWords(peer, seconds, state)) }
            return (TransportFailure.unacknowledged.code, TransportFailure.unacknowledged.words(peer))
        }
    }
}
