/// Everything `bgpvip peers`, `vips`, `why` and the metrics show, at one instant.
///
/// These types are the JSON of the control socket; a snapshot test holds their shape.
package struct Status: Codable, Sendable, Hashable {
    package var version: String
    package var localAS: UInt32
    package var routerID: String
    /// The interface the VIPs are bound to.
    package var interface: String
    /// `starting`, `running`, `draining`, `drained` or `leaving`.
    package var phase: String
    /// Why the node drains or leaves, if it does.
    package var phaseReason: String?
    /// Where the departure stands, while the node drains or leaves.
    package var departure: DepartureStatus?
    /// `real-time scheduling`, or why not; nil if no peer has BFD.
    package var bfdScheduling: String?
    /// Datagrams on BFD's ports that were thrown away; nil if no peer has BFD.
    package var bfdPacketsDiscarded: Int?
    /// Seconds since the daemon started.
    package var uptime: Double
    package var peers: [PeerStatus]
    package var vips: [VIPStatus]
    package var checks: [CheckStatus]

    package init(
        version: String, localAS: UInt32, routerID: String, interface: String, phase: String,
        phaseReason: String? = nil, departure: DepartureStatus? = nil, uptime: Double, peers: [PeerStatus],
        vips: [VIPStatus], checks: [CheckStatus]
    ) {
        self.version = version
        self.localAS = localAS
        self.routerID = routerID
        self.interface = interface
        self.phase = phase
        self.phaseReason = phaseReason
        self.departure = departure
        self.uptime = uptime
        self.peers = peers
        self.vips = vips
        self.checks = checks
    }
}

/// One peer at one instant.
package struct PeerStatus: Codable, Sendable, Hashable {
    /// Address as configured, with zone if it has one.
    package var address: String
    package var port: Int
    /// AS as configured: a number, `external` or `internal`.
    package var configuredAS: String
    /// AS the peer named in its OPEN, while there is a session.
    package var peerAS: UInt32?
    /// RFC 4271 state: Idle, Connect, Active, OpenSent, OpenConfirm, Established.
    package var state: String
    /// Seconds in this state; for a session that does not come up, since it was last Established or the start.
    package var stateSeconds: Double
    /// Negotiated hold time in seconds while Established.
    package var holdTime: Int?
    package var keepaliveSeconds: Double?
    /// VIPs advertised to this peer, and VIPs configured.
    package var advertised: Int
    package var total: Int
    /// Why the last attempt or session ended, in words that tell what to do.
    package var lastError: String?
    package var lastErrorSecondsAgo: Double?
    /// `lastError` as a stable word: `refused`, `wrong-as`; nil if it is over.
    package var lastErrorCode: String?
    /// What the last attempt met or the present one waits for, if `lastError` tells of something else.
    package var lastAttempt: String?
    /// `lastAttempt` as a stable word.
    package var lastAttemptCode: String?
    /// Why our OPEN offers fewer capabilities than it could.
    package var capabilitiesNote: String?
    /// Seconds until we dial again.
    package var nextAttemptSeconds: Double?
    package var localAddress: String?
    package var peerIdentifier: String?
    package var peerHostName: String?
    /// BFD beside the session; nil if it is off.
    package var bfd: BFDStatus?
    /// True if the segments of the connection are signed; without one, if a password is set, so that they will be.
    package var usesMD5: Bool
    package var isPassive: Bool
    /// `direct`, `multihop 3`, `ttl-security 1`.
    package var distance: String
    package var capabilitiesSent: [String]
    package var capabilitiesReceived: [String]
    package var families: [String]
    package var messagesSent: MessageCounts
    package var messagesReceived: MessageCounts
    /// Prefixes the peer announced to us and we discarded.
    package var prefixesDiscarded: Int
    /// Times the session left Established although nobody on this node wanted it to.
    package var flaps: Int
    /// Times this node ended the Established session because of a drain, the end of the process or a reset.
    package var plannedEnds: Int
    package var lastNotificationSent: String?
    package var lastNotificationReceived: String?
    package var routes: [RouteStatus]
    /// What we sent and the peer's TCP does not acknowledge; nil while it does.
    package var undelivered: UndeliveredStatus?
    /// VIPs that this peer is not told, and why not, in words; nil if there are none.
    package var obstacles: [String: String]?
    /// The word for VIPs that are advertised to other peers only.
    package static let notMeant = "not meant for this peer"

    package init(
        address: String, port: Int, configuredAS: String, peerAS: UInt32? = nil, state: String, stateSeconds: Double,
        holdTime: Int? = nil, keepaliveSeconds: Double? = nil, advertised: Int, total: Int, lastError: String? = nil,
        lastErrorSecondsAgo: Double? = nil, nextAttemptSeconds: Double? = nil, localAddress: String? = nil,
        peerIdentifier: String? = nil, peerHostName: String? = nil, bfd: BFDStatus? = nil, usesMD5: Bool,
        isPassive: Bool, distance: String,
        capabilitiesSent: [String] = [], capabilitiesReceived: [String] = [], families: [String] = [],
        messagesSent: MessageCounts = MessageCounts(), messagesReceived: MessageCounts = MessageCounts(),
        prefixesDiscarded: Int = 0, flaps: Int = 0, plannedEnds: Int = 0, lastNotificationSent: String? = nil,
        lastNotificationReceived: String? = nil, routes: [RouteStatus] = []
    ) {
        self.address = address
        self.port = port
        self.configuredAS = configuredAS
        self.peerAS = peerAS
        self.state = state
        self.stateSeconds = stateSeconds
        self.holdTime = holdTime
        self.keepaliveSeconds = keepaliveSeconds
        self.advertised = advertised
        self.total = total
        self.lastError = lastError
        self.lastErrorSecondsAgo = lastErrorSecondsAgo
        self.nextAttemptSeconds = nextAttemptSeconds
        self.localAddress = localAddress
        self.peerIdentifier = peerIdentifier
        self.peerHostName = peerHostName
        self.bfd = bfd
        self.usesMD5 = usesMD5
        self.isPassive = isPassive
        self.distance = distance
        self.capabilitiesSent = capabilitiesSent
        self.capabilitiesReceived = capabilitiesReceived
        self.families = families
        self.messagesSent = messagesSent
        self.messagesReceived = messagesReceived
        self.prefixesDiscarded = prefixesDiscarded
        self.flaps = flaps
        self.plannedEnds = plannedEnds
        self.lastNotificationSent = lastNotificationSent
        self.lastNotificationReceived = lastNotificationReceived
        self.routes = routes
    }
}

/// UPDATEs that a peer's TCP has not acknowledged, so that the router may not know of them.
package struct UndeliveredStatus: Codable, Sendable, Hashable {
    /// For how long.
    package var seconds: Double
    /// The VIPs whose withdrawal is among them.
    package var withdrawn: [String]
    /// When the session ends because of a withdrawal; nil if there is none.
    package var resetInSeconds: Double?

    package init(seconds: Double, withdrawn: [String], resetInSeconds: Double? = nil) {
        self.seconds = seconds
        self.withdrawn = withdrawn
        self.resetInSeconds = resetInSeconds
    }
}

/// Messages by type.
package struct MessageCounts: Codable, Sendable, Hashable {
    package var open = 0
    package var update = 0
    package var notification = 0
    package var keepalive = 0
    package var routeRefresh = 0

    package init() {}
}

/// A route as one peer was told it.
package struct RouteStatus: Codable, Sendable, Hashable {
    package var prefix: String
    package var nextHop: String
    /// `as-path 65001`, `med 10`, `community graceful-shutdown` and so on.
    package var attributes: [String]

    package init(prefix: String, nextHop: String, attributes: [String]) {
        self.prefix = prefix
        self.nextHop = nextHop
        self.attributes = attributes
    }
}

/// One VIP at one instant.
package struct VIPStatus: Codable, Sendable, Hashable {
    package var prefix: String
    /// True while the address is on the interface.
    package var bound: Bool
    /// True if it is left to others to put the address there.
    package var boundByOthers: Bool
    /// Why it could not be bound, or that others have not put it there.
    package var bindError: String?
    /// `unknown`, `healthy` or `unhealthy`.
    package var verdict: String
    package var verdictSeconds: Double
    /// True while it is kept although it is unhealthy: bound, and advertised so that routers prefer every other path.
    package var lastResort: Bool
    /// Peers that have been told this VIP, and peers configured.
    package var advertisedTo: Int
    package var peers: Int
    /// In words: why it is advertised, or why it is not.
    package var reason: String
    /// Names of its checks.
    package var checks: [String]
    /// Where its service listens, for each port of this node that its checks ask; empty if that cannot be known.
    package var listeners: [ListenerStatus]
    /// False if a drain of the node leaves it in service.
    package var drains: Bool
    /// Where its own drain stands, if it is drained on its own.
    package var drain: VIPDrainStatus?

    package init(
        prefix: String, bound: Bool, boundByOthers: Bool = false, bindError: String? = nil, verdict: String,
        verdictSeconds: Double,
        lastResort: Bool = false, advertisedTo: Int, peers: Int, reason: String, checks: [String],
        listeners: [ListenerStatus] = [], drains: Bool = true, drain: VIPDrainStatus? = nil
    ) {
        self.prefix = prefix
        self.bound = bound
        self.boundByOthers = boundByOthers
        self.bindError = bindError
        self.verdict = verdict
        self.verdictSeconds = verdictSeconds
        self.lastResort = lastResort
        self.advertisedTo = advertisedTo
        self.peers = peers
        self.reason = reason
        self.checks = checks
        self.listeners = listeners
        self.drains = drains
        self.drain = drain
    }
}

/// One check at one instant.
package struct CheckStatus: Codable, Sendable, Hashable {
    package var name: String
    /// `https://127.0.0.1:6443/readyz`, `tcp 127.0.0.1:80`, `exec /usr/bin/probe`.
    package var target: String
    /// `unknown`, `healthy` or `unhealthy`.
    package var verdict: String
    package var verdictSeconds: Double
    /// The last failure in words, if the last outcome was one.
    package var lastFailure: String?
    /// In words, if the last outcome passed only because the check accepts that the server refuses anonymous requests.
    package var acceptedRefusal: String?
    package var passed: Int
    package var failed: Int

    package init(
        name: String, target: String, verdict: String, verdictSeconds: Double, lastFailure: String? = nil,
        acceptedRefusal: String? = nil, passed: Int, failed: Int
    ) {
        self.name = name
        self.target = target
        self.verdict = verdict
        self.verdictSeconds = verdictSeconds
        self.lastFailure = lastFailure
        self.acceptedRefusal = acceptedRefusal
        self.passed = passed
        self.failed = failed
    }
}
