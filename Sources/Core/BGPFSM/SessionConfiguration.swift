package import BGPWire
package import IPTypes

/// What a session has to know about its peer and about us.
package struct SessionConfiguration: Sendable, Hashable {
    /// The peer, for reports.
    package var peer: ScopedAddress
    /// Our AS on this session.
    package var localAS: ASNumber
    package var peerAS: PeerAS
    /// Our BGP identifier.
    package var identifier: BGPIdentifier
    /// The hold time we propose, in seconds: 0, or 3...65535.
    package var holdTime: UInt16
    /// Wanted time between KEEPALIVEs; a third of the negotiated hold time if nil, and never more than that.
    package var keepaliveInterval: Duration?
    /// First pause before dialling again.
    package var connectRetryInitial: Duration
    /// The pause doubles with each failure up to this.
    package var connectRetryMaximum: Duration
    /// How long to wait for the peer's OPEN once TCP is up (RFC 4271 section 8.2.2: "a large value").
    package var openHoldTime: Duration
    /// How long the peer may leave our bytes unread before the session ends (RFC 9687).
    package var sendHoldTime: Duration
    /// True if we never dial this peer.
    package var isPassive: Bool
    /// True if there is a password: a connection that TCP MD5 does not protect is no session then (RFC 2385).
    package var requiresSignature: Bool
    /// Families to offer, in order.
    package var families: [AddressFamily]
    /// What remains of them when the OPEN offers no more than is needed; nil if all of them are.
    package var neededFamilies: [AddressFamily]?
    /// Offer RFC 8950: IPv4 prefixes with an IPv6 next hop.
    package var offersExtendedNextHop: Bool
    /// For how many seconds the peer shall keep our routes as a last resort when the session is lost (RFC 9494), at most
    /// 16777215; nil does not ask for it.
    package var longLivedStaleTime: UInt32?
    /// Name and domain to offer in the FQDN capability; nil offers none.
    package var hostName: String?
    /// What becomes of the capabilities if the peer rejects our OPEN.
    package var capabilityPolicy = CapabilityPolicy.automatic
    /// True if AS numbers of four octets are offered; without it our AS does not exceed 65535 or is AS_TRANS.
    var offersFourOctetAS = true
    /// True if route refresh and graceful restart are offered.
    var offersOptional = true

    /// A session with the program's defaults, to be adapted.
    package init(
        peer: ScopedAddress, localAS: ASNumber, peerAS: PeerAS, identifier: BGPIdentifier, holdTime: UInt16 = 9,
        keepaliveInterval: Duration? = nil, connectRetryInitial: Duration = .seconds(1),
        connectRetryMaximum: Duration = .seconds(5), openHoldTime: Duration = .seconds(60),
        sendHoldTime: Duration = .seconds(480), isPassive: Bool = false, requiresSignature: Bool = false,
        families: [AddressFamily] = [.ipv4Unicast], offersExtendedNextHop: Bool = false,
        longLivedStaleTime: UInt32? = nil, hostName: String? = nil
    ) {
        self.peer = peer
        self.localAS = localAS
        self.peerAS = peerAS
        self.identifier = identifier
        self.holdTime = holdTime
        self.keepaliveInterval = keepaliveInterval
        self.connectRetryInitial = connectRetryInitial
        self.connectRetryMaximum = connectRetryMaximum
        self.openHoldTime = openHoldTime
        self.sendHoldTime = sendHoldTime
        self.isPassive = isPassive
        self.requiresSignature = requiresSignature
        self.families = families
        self.offersExtendedNextHop = offersExtendedNextHop
        self.longLivedStaleTime = longLivedStaleTime
        self.hostName = hostName
    }
}

/// What both sides agreed on in their OPENs.
package struct Negotiated: Sendable, Hashable {
    package var endpoints: Endpoints
    package var peerAS: ASNumber
    package var peerIdentifier: BGPIdentifier
    /// The smaller of the two proposals, in seconds; 0 means no keepalives and no hold timer.
    package var holdTime: UInt16
    /// True if both sides are in one AS.
    package var isInternal: Bool
    /// True if AS numbers have four octets on this session (RFC 6793).
    package var usesFourOctetAS: Bool
    /// Families that both sides offered.
    package var families: Set<AddressFamily>
    /// True if IPv4 prefixes may have an IPv6 next hop (RFC 8950).
    package var usesExtendedNextHop: Bool
    /// All that the peer offered, for display.
    package var peerCapabilities: [Capability]
    /// The host name the peer gave in its FQDN capability, made safe for display.
    package var peerHostName: String?

    package init(
        endpoints: Endpoints, peerAS: ASNumber, peerIdentifier: BGPIdentifier, holdTime: UInt16, isInternal: Bool,
        usesFourOctetAS: Bool, families: Set<AddressFamily>, usesExtendedNextHop: Bool,
        peerCapabilities: [Capability], peerHostName: String? = nil
    ) {
        self.endpoints = endpoints
        self.peerAS = peerAS
        self.peerIdentifier = peerIdentifier
        self.holdTime = holdTime
        self.isInternal = isInternal
        self.usesFourOctetAS = usesFourOctetAS
        self.families = families
        self.usesExtendedNextHop = usesExtendedNextHop
        self.peerCapabilities = peerCapabilities
        self.peerHostName = peerHostName
    }
}
