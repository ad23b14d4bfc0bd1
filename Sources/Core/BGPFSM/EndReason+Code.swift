import BGPWire

extension EndReason {
    /// What happened as a stable word, for programs: `refused`, `wrong-as`. Nil for what this node wanted, and for what is
    /// over already.
    package var code: String? {
        switch self {
        case .transport(let failure): failure.code
        case .closedBeforeOpen: "closed-before-open"
        case .peerRestarted, .local: nil
        case .notificationReceived(let notification): notification.receivedCode
        case .notificationSent(let notification, _):
            switch notification {
            case .badPeerAS: "wrong-as"
            case .badBGPIdentifier: "same-router-id"
            case .unacceptableHoldTime: "wrong-hold-time"
            default: "broke-protocol"
            }
        case .holdTimeExpired(_, let state): silenceCode(state)
        case .sendHoldTimeExpired, .withdrawalIgnored: "reads-nothing"
        }
    }
}

/// The code for what `silenceWords` says.
func silenceCode(_ state: PeerSession.State) -> String {
    switch state {
    case .idle, .connect, .active, .openSent: "no-open"
    case .openConfirm: "no-keepalive"
    case .established: "fell-silent"
    }
}

extension TransportFailure {
    var code: String {
        switch self {
        case .refused: "refused"
        // ARP is not answered: whether the SYN was signed does not matter.
        case .timedOut(_, onLink: false), .hostUnreachable: "unreachable"
        case .timedOut(let md5, _): md5 ? "silent-signed" : "silent"
        case .rejectedOnTheWay: "rejected-on-the-way"
        case .beyondLink: "not-on-link"
        case .prohibited: "prohibited-here"
        case .ownAddress: "is-self"
        case .networkUnreachable: "no-route"
        case .noNeighbour: "no-router-on-link"
        case .severalNeighbours: "several-routers"
        case .sourceUnavailable: "source-missing"
        case .inUse: "held-by-other"
        case .closedByPeer, .reset: "closed"
        case .unacknowledged: "unheard"
        case .md5Unavailable: "md5-unavailable"
        case .system: "system-error"
        }
    }
}

extension Notification {
    /// The code for what `receivedWords` says.
    fileprivate var receivedCode: String {
        switch (code, subcode) {
        case (2, 2): "rejects-as"
        case (2, 3): "rejects-router-id"
        case (2, 6): "rejects-hold-time"
        case (2, 7): "rejects-capability"
        case (2, _): "rejects-open"
        case (4, _): "hears-nothing"
        case (6, 0): "gives-no-reason"
        case (6, 1): "max-prefix"
        case (6, 2): "shut-down"
        case (6, 3): "removed"
        case (6, 5): "rejects-connection"
        case (6, 7): "has-other-session"
        case (6, 10): "bfd-down"
        case (6, _): "ceased"
        case (8, _): "cannot-send"
        default: "rejects-messages"
        }
    }
}
