import BGPWire

/// Which capabilities an OPEN offers. A router that does not understand one should pass over it (RFC 5492 section 3),
/// but some reject the OPEN; the same section then has us try again without.
package enum CapabilityOffer: Int, Sendable, Hashable, CaseIterable {
    /// All that we have.
    case all
    /// All but the host name, which is no RFC.
    case withoutHostName
    /// What the VIPs and our AS need: other families than IPv4, extended next hop, an AS of four octets.
    case essential
    /// None: IPv4 only.
    case none
}

extension CapabilityPolicy {
    /// What the first OPEN offers.
    var first: CapabilityOffer {
        switch self {
        case .automatic, .all: .all
        case .minimal: .essential
        }
    }
}

extension SessionConfiguration {
    /// The same session with an OPEN that offers no more than this.
    func offering(_ offer: CapabilityOffer) -> SessionConfiguration {
        guard offer != .all else { return self }
        var reduced = self
        reduced.hostName = nil
        guard offer != .withoutHostName else { return reduced }
        reduced.offersOptional = false
        reduced.families = neededFamilies ?? families
        reduced.longLivedStaleTime = nil
        reduced.offersFourOctetAS = localAS.value > UInt16.max
        guard offer == .none else { return reduced }
        reduced.offersFourOctetAS = false
        reduced.offersExtendedNextHop = false
        reduced.families = [.ipv4Unicast]
        return reduced
    }
}

extension PeerSession.End {
    /// True if the peer has said, before a session was Established, that it does not take our capabilities.
    var rejectsOffer: Bool {
        guard case .notificationReceived(let notification) = reason, !wasEstablished else { return false }
        return notification.rejectsCapabilities
    }
}

extension PeerSession {
    /// After so many silent closes in a row the next OPEN offers less. One alone says nothing: a router without a
    /// neighbor for us does the same.
    static let suspiciousCloses = 3

    /// Draws the conclusions for the next OPEN. Called when no connection is left, so that no OPEN that is under way is
    /// judged by another offer than it made. What a NOTIFICATION has taught is kept; what was no more than a suspicion
    /// is dropped with the session that came of it, because the router may just have had no neighbor for us.
    mutating func adaptOffer(to end: End) {
        guard configuration.capabilityPolicy == .automatic else { return }
        switch end.reason {
        case .notificationReceived where end.rejectsOffer:
            silentCloses = 0
            offerLess { _ in true }
        // If the peer has said before why it turns us away, this is no riddle.
        case .closedBeforeOpen where cause == end,
            .transport(.closedByPeer) where cause == end && !end.wasEstablished,
            .transport(.reset) where cause == end && !end.wasEstablished:
            silentCloses += 1
            guard silentCloses >= Self.suspiciousCloses else { return }
            // Nothing that was asked for is given up on a suspicion.
            let keepsAll = configuration.longLivedStaleTime == nil
            offerLess { $0 == .withoutHostName || $0 == .essential && keepsAll }
        default:
            if end.wasEstablished, silentCloses > 0 { offerAnew() }
        }
    }

    private mutating func offerAnew() {
        offer = configuration.capabilityPolicy.first
        silentCloses = 0
    }

    /// The next smaller offer that makes another OPEN, and behind the smallest the first one again.
    private mutating func offerLess(_ isAllowed: (CapabilityOffer) -> Bool) {
        let present = offeredCapabilities
        let next = CapabilityOffer.allCases.first {
            $0.rawValue > offer.rawValue && isAllowed($0)
                && configuration.offering($0).offeredCapabilities != present
        }
        if let next { offer = next } else { offerAnew() }
    }

    /// Why our OPEN offers less than it could, in words; nil if it does not.
    package var offerWords: String? {
        guard offer != configuration.capabilityPolicy.first else { return nil }
        let reason = silentCloses > 0 ? "the peer closes after our OPEN" : "the peer rejected our OPEN"
        return switch offer {
        case .all: nil
        case .withoutHostName: "without host name, because \(reason)"
        case .essential: "only what is needed, because \(reason)"
        case .none: "none, because \(reason): IPv4 only"
        }
    }
}

extension Notification {
    /// True if the peer may have rejected an OPEN because of a capability: 2/0 (malformed), 2/4, 2/7.
    fileprivate var rejectsCapabilities: Bool { code == 2 && [0, 4, 7].contains(subcode) }
}
