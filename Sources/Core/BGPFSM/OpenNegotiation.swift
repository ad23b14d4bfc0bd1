package import BGPWire

extension SessionConfiguration {
    /// Judges the peer's OPEN in the order of RFC 4271 section 6.2 and settles what both sides can do.
    ///
    /// The version has been judged by the codec. The error carries the NOTIFICATION that section 6.2 prescribes.
    package func negotiate(_ open: Open, on endpoints: Endpoints) -> Result<Negotiated, DecodeError> {
        let peerAS = open.speakerAS
        let isInternal = peerAS == localAS

        // RFC 7607 section 2: "If a BGP speaker receives zero as the peer AS in an OPEN message, it MUST abort the
        // connection", be it in the field or in the capability.
        if peerAS.value == 0 || open.myAS == 0 {
            return .failure(DecodeError(.badPeerAS, "says it is AS 0, which no speaker may be"))
        }
        // Our own OPEN, come back over a connection to ourselves.
        if endpoints.local == endpoints.remote, open.identifier == identifier, peerAS == localAS {
            return .failure(DecodeError(.badPeerAS, "is this node itself: give the address of the router"))
        }
        // RFC 6793 section 4.1: with the four-octet AS capability the two-octet field does not count.
        if !self.peerAS.admits(peerAS, localAS: localAS) {
            return .failure(DecodeError(.badPeerAS, badPeerAS(peerAS)))
        }
        // RFC 4271 section 6.2: "An implementation MUST reject Hold Time values of one or two seconds."
        if open.holdTime == 1 || open.holdTime == 2 {
            return .failure(
                DecodeError(
                    .unacceptableHoldTime,
                    "proposes a hold time of \(open.holdTime) s, the smallest legal one is 3 s: "
                        + "raise it on the router"))
        }
        // RFC 6286 section 2.2: not zero, and within one AS not the same as ours.
        if open.identifier.value == 0 {
            return .failure(
                DecodeError(.badBGPIdentifier, "has the BGP identifier 0.0.0.0: set a router ID on the router"))
        }
        if isInternal, open.identifier == identifier {
            return .failure(
                DecodeError(
                    .badBGPIdentifier,
                    "has our own BGP identifier \(identifier): give each speaker its own router ID"))
        }
        return .success(agreement(with: open, on: endpoints, isInternal: isInternal))
    }

    private func agreement(with open: Open, on endpoints: Endpoints, isInternal: Bool) -> Negotiated {
        let offer = PeerOffer(open.capabilities)
        let families = Set(self.families).intersection(offer.families)
        return Negotiated(
            endpoints: endpoints, peerAS: open.speakerAS, peerIdentifier: open.identifier,
            // RFC 4271 section 4.2: "the smaller of its configured Hold Time and the Hold Time received".
            holdTime: min(holdTime, open.holdTime), isInternal: isInternal,
            usesFourOctetAS: offersFourOctetAS && offer.hasFourOctetAS,
            families: families,
            usesExtendedNextHop: offersExtendedNextHop && offer.hasExtendedNextHop
                && families.contains(.ipv4Unicast),
            peerCapabilities: open.capabilities, peerHostName: offer.hostName)
    }

    private func badPeerAS(_ actual: ASNumber) -> String {
        switch peerAS {
        case .exactly(let expected):
            "says it is AS \(actual), configured is \(expected): "
                + "fix the peer entry or the router"
        case .external:
            "says it is AS \(actual), which is our own AS, configured is external: "
                + "fix the peer entry, the local AS or the router"
        case .internal:
            "says it is AS \(actual), configured is internal, that is \(localAS): "
                + "fix the peer entry, the local AS or the router"
        }
    }
}

extension PeerAS {
    /// True if a speaker of AS `actual` is the peer that was meant.
    fileprivate func admits(_ actual: ASNumber, localAS: ASNumber) -> Bool {
        switch self {
        case .exactly(let expected): actual == expected
        case .external: actual != localAS
        case .internal: actual == localAS
        }
    }
}

/// What the peer's capabilities mean to us; what we do not know is ignored (RFC 5492 section 3).
private struct PeerOffer {
    /// Without any multiprotocol capability a peer speaks IPv4 unicast only (RFC 4760 section 8).
    var families: Set<AddressFamily> = [.ipv4Unicast]
    var hasFourOctetAS = false
    var hasExtendedNextHop = false
    var hostName: String?

    init(_ capabilities: [Capability]) {
        var multiprotocol: Set<AddressFamily> = []
        for capability in capabilities {
            switch capability {
            case .multiprotocol(let family): multiprotocol.insert(family)
            case .fourOctetAS: hasFourOctetAS = true
            case .extendedNextHop(let tuples) where tuples.contains(.ipv4OverIPv6): hasExtendedNextHop = true
            case .fqdn(let host, let domain):
                let labels = [host, domain].filter { !$0.isEmpty }
                hostName = labels.isEmpty ? nil : String(escaping: Array(labels.joined(separator: [UInt8(ascii: ".")])))
            case .extendedNextHop, .routeRefresh, .extendedMessage, .gracefulRestart, .enhancedRouteRefresh,
                .longLivedGracefulRestart, .other:
                break
            }
        }
        if multiprotocol.isEmpty {
            // RFC 8950 section 4 builds on MP_REACH_NLRI, which such a peer does not read.
            hasExtendedNextHop = false
        } else {
            families = multiprotocol
        }
    }
}
