import BGPWire
import IPTypes

extension EndReason {
    /// One line that tells an operator what happened and what to fix.
    /// `wasEstablished` tells whether a session ended or an attempt at one.
    package func words(_ configuration: SessionConfiguration, wasEstablished: Bool = true) -> String {
        let address = configuration.peer.address
        let words = wasEstablished ? plainWords(configuration) : attemptWords(configuration)
        if case .notificationSent = self { return words }
        return address.isLoopback && self != .transport(.ownAddress)
            ? "\(words); \(address) is this node itself: give the address of the router" : words
    }

    /// Of an attempt, an open connection that ends without a NOTIFICATION has seen both OPENs, and so has one that ends
    /// with the Cease that gives no reason.
    private func attemptWords(_ configuration: SessionConfiguration) -> String {
        switch self {
        case .transport(.closedByPeer), .transport(.reset):
            "peer \(configuration.peer) sent its OPEN, then \(self == .transport(.reset) ? "reset" : "closed") the "
                + "connection and did not say why. Likely: it does not accept our OPEN; compare AS, router ID and "
                + "address families on both sides, and look at the router's log"
        case .notificationReceived(let notification)
        where notification.givesNoReason && configuration.peer.address.isIPv4
            && configuration.offering(configuration.capabilityPolicy.first).families.contains(.ipv6Unicast):
            "peer \(configuration.peer) ended the connection after our OPEN and gave no reason (it sent Cease with subcode 0). "
                + "FRRouting does so if IPv6 unicast is activated for the session and the interface of its address has no "
                + "IPv6 address"
        default: plainWords(configuration)
        }
    }

    private func plainWords(_ configuration: SessionConfiguration) -> String {
        let peer = "peer \(configuration.peer)"
        return switch self {
        case .transport(let failure):
            failure.words(peer)
        case .closedBeforeOpen(let failure):
            droppedBeforeOpen(peer, by: failure == .reset ? "reset" : "closed")
        case .peerRestarted:
            "\(peer) restarted: it opened a new connection while the old one was Established"
        case .notificationReceived(let notification):
            notification.receivedWords(configuration)
        case .notificationSent(let notification, let explanation):
            notification.isVerdictOnOpen
                ? "\(peer) \(explanation)"
                : "\(peer) broke the protocol: \(explanation); sent it \(notification)"
        case .holdTimeExpired(let seconds, let state):
            silenceWords(peer, seconds, state)
        case .sendHoldTimeExpired:
            "\(peer) took nothing of what we sent for \(configuration.sendHoldTime.components.seconds) s: "
                + "its BGP process hangs, or the path to it loses our packets"
        case .withdrawalIgnored(let seconds):
            "\(peer) did not acknowledge a withdrawal for \(seconds) s, so it may still send traffic here: its BGP process "
                + "hangs and reads nothing, or the path to it loses our packets; the connection was reset"
        case .local(let subcode, let communication):
            "this node ended the session with \(peer): \(subcode.words)"
                + (communication.isEmpty ? "" : " \"\(String(escaping: communication.utf8))\"")
        }
    }
}

private func droppedBeforeOpen(_ peer: String, by means: String) -> String {
    "\(peer) accepted the connection and \(means) it before its OPEN, and did not say why. Likely: the router has no "
        + "neighbor configured for our address, or that neighbor is shut down, waits after an error, lacks multihop, "
        + "or expects a password"
}

func silenceWords(_ peer: String, _ seconds: Int, _ state: PeerSession.State) -> String {
    switch state {
    case .idle, .connect, .active, .openSent:
        "\(peer) accepted the connection but sent no OPEN for \(seconds) s. Likely: its BGP process hangs, "
            + "or something else answers on that port"
    case .openConfirm:
        "\(peer) sent its OPEN but no KEEPALIVE for \(seconds) s. Likely: it does not accept our OPEN, or its BGP process "
            + "hangs; look at the router's log"
    case .established:
        "\(peer) was silent for the hold time of \(seconds) s: the router or the path to it is down"
    }
}

extension Notification {
    /// True for the NOTIFICATIONs of `SessionConfiguration.negotiate`, whose explanations go on from "peer x".
    fileprivate var isVerdictOnOpen: Bool {
        [.badPeerAS, .badBGPIdentifier, .unacceptableHoldTime].contains(self)
    }

    /// True for a Cease with the subcode 0, which is none of RFC 4486.
    fileprivate var givesNoReason: Bool { code == 6 && subcode == 0 }
}

extension CeaseSubcode {
    /// The reason in words, as one of ours.
    fileprivate var words: String {
        switch self {
        case .maximumPrefixesReached: "too many prefixes"
        case .administrativeShutdown: "administrative shutdown"
        case .peerDeconfigured: "the peer was removed from the configuration"
        case .administrativeReset: "administrative reset"
        case .connectionRejected: "connection rejected"
        case .otherConfigurationChange: "its configuration changed"
        case .connectionCollision: "connection collision"
        case .outOfResources: "out of resources"
        case .hardReset: "hard reset"
        case .bfdDown: "BFD says that the path is down"
        }
    }
}
