/// Everything `bgpvip status`, `peers`, `vips`, `why` and the metrics show, at one instant.
///
/// These types are the JSON of the control socket; a snapshot test holds their shape.
package struct Status: Codable, Sendable, Hashable {
    /// The daemon's version.
    package var version: String
    /// The node's name.
    package var node: String?
    /// When this status was made.
    package var time: String?
    /// When the daemon started.
    package var startedAt: String?
    /// The AS of this node.
    package var localAS: UInt32
    /// The router ID, dotted.
    package var routerID: String
    /// The interface that the VIPs are bound to.
    package var interface: String
    /// `starting`, `running`, `draining`, `drained` or `leaving`.
    package var phase: String
    /// Why the node drains or leaves.
    package var phaseReason: String?
    /// What the network of this node lacks, while the daemon waits for it.
    package var waitsFor: String?
    /// The IPv6 address that the router ID is derived from.
    package var routerIDDerivedFrom: String?
    /// How the settings were last read.
    package var reload: ReloadStatus?
    /// The step of the departure, while the node drains or leaves.
    package var departure: DepartureStatus?
    /// `real-time scheduling`, or why not, if a peer has BFD.
    package var bfdScheduling: String?
    /// Why `/readyz` answers that the node is not ready.
    package var unreadiness: String?
    /// Seconds from the event that changed routes until the kernel had the UPDATEs.
    package var decisionToWire: HistogramStatus?
    /// Datagrams on BFD's ports that belong to no session, if a peer has BFD.
    package var bfdPacketsDiscarded: Int?
    /// Seconds since the daemon started.
    package var uptime: Double
    /// The peers, in the order of the settings.
    package var peers: [PeerStatus]
    /// The VIPs, in the order of the settings.
    package var vips: [VIPStatus]
    /// The checks, in the order of the settings.
    package var checks: [CheckStatus]
    /// Where the next page begins, if this is not everything that was asked for.
    package var next: Int?
    /// Routes and obstacles of peers that were on earlier pages.
    package var routePages: [RoutePage]?

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
    /// Address as configured, with its zone.
    package var address: String
    /// The router's TCP port.
    package var port: Int
    /// AS as configured: a number, `external` or `internal`.
    package var configuredAS: String
    /// AS in the peer's OPEN, while there is a session.
    package var peerAS: UInt32?
    /// RFC 4271 state: Idle, Connect, Active, OpenSent, OpenConfirm, Established.
    package var state: String
    /// Seconds in this state; for a session that does not come up, since it was last Established or the start.
    package var stateSeconds: Double
    /// When it came into this state.
    package var stateSince: String?
    /// Negotiated hold time in seconds, while Established.
    package var holdTime: Int?
    /// Seconds between KEEPALIVEs, while Established.
    package var keepaliveSeconds: Double?
    /// How many VIPs are advertised to this peer.
    package var advertised: Int
    /// How many VIPs are meant for this peer.
    package var total: Int
    /// Why the last attempt or session ended, and what to do.
    package var lastError: String?
    /// Seconds since then.
    package var lastErrorSecondsAgo: Double?
    /// When that was.
    package var lastErrorAt: String?
    /// `lastError` as a stable code, such as `refused` or `wrong-as`, while it lasts.
    package var lastErrorCode: String?
    /// What the last attempt met, or what the present one waits for, if `lastError` is about something else.
    package var lastAttempt: String?
    /// `lastAttempt` as a stable code.
    package var lastAttemptCode: String?
    /// Why our OPEN offers fewer capabilities than it could.
    package var capabilitiesNote: String?
    /// Seconds until we dial again.
    package var nextAttemptSeconds: Double?
    /// Our address on the connection.
    package var localAddress: String?
    /// The router ID in the peer's OPEN.
    package var peerIdentifier: String?
    /// The host name in the peer's OPEN.
    package var peerHostName: String?
    /// BFD beside the session, if it is on.
    package var bfd: BFDStatus?
    /// True if the segments of the connection are signed; without one, if a password is set, so that they will be.
    package var usesMD5: Bool
    /// True if the peer dials us and we never dial it.
    package var isPassive: Bool
    /// `direct`, `multihop 3`, `ttl-security 1`.
    package var distance: String
    /// The capabilities of our OPEN, for people.
    package var capabilitiesSent: [String]
    /// The capabilities of the peer's OPEN, for people.
    package var capabilitiesReceived: [String]
    /// The negotiated address families, such as `ipv4-unicast`.
    package var families: [String]
    /// BGP messages to the peer since the start.
    package var messagesSent: MessageCounts
    /// BGP messages from the peer since the start.
    package var messagesReceived: MessageCounts
    /// Prefixes that the peer advertised to us and we discarded.
    package var prefixesDiscarded: Int
    /// Times the session left Established without a decision of this node.
    package var flaps: Int
    /// Times this node ended the Established session because of a drain, the end of the process or a reset.
    package var plannedEnds: Int
    /// The last NOTIFICATION to the peer, for people.
    package var lastNotificationSent: String?
    /// The last NOTIFICATION from the peer, for people.
    package var lastNotificationReceived: String?
    /// What is advertised to the peer.
    package var routes: [RouteStatus]
    /// Routes to our VIPs that the peer has from other nodes and advertises to us.
    package var routesHeard: [RouteStatus]?
    /// UPDATEs that the peer's TCP does not acknowledge.
    package var undelivered: UndeliveredStatus?
    /// VIPs that are not advertised to this peer, each with the reason.
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
    /// How long they have waited.
    package var seconds: Double
    /// The VIPs whose withdrawal is among them.
    package var withdrawn: [String]
    /// Seconds until the session ends because of such a withdrawal.
    package var resetInSeconds: Double?

    package init(seconds: Double, withdrawn: [String], resetInSeconds: Double? = nil) {
        self.seconds = seconds
        self.withdrawn = withdrawn
        self.resetInSeconds = resetInSeconds
    }
}

/// Messages by type.
package struct MessageCounts: Codable, Sendable, Hashable {
    /// OPENs.
    package var open = 0
    /// UPDATEs.
    package var update = 0
    /// NOTIFICATIONs.
    package var notification = 0
    /// KEEPALIVEs.
    package var keepalive = 0
    /// ROUTE-REFRESHes.
    package var routeRefresh = 0

    package init() {}
}

/// A route as it is advertised to one peer.
package struct RouteStatus: Codable, Sendable, Hashable {
    /// The VIP with its length.
    package var prefix: String
    /// The next hop; empty in a route from the peer.
    package var nextHop: String
    /// The path attributes, such as `AS_PATH 65001`.
    package var attributes: [String]

    package init(prefix: String, nextHop: String, attributes: [String]) {
        self.prefix = prefix
        self.nextHop = nextHop
        self.attributes = attributes
    }
}

/// One VIP at one instant.
package struct VIPStatus: Codable, Sendable, Hashable {
    /// The VIP with its length: `192.0.2.10/32`.
    package var prefix: String
    /// True while it is on the interface.
    package var bound: Bool
    /// True if others bind it (`bind: false`).
    package var boundByOthers: Bool
    /// Why it could not be bound, or that others have not bound it.
    package var bindError: String?
    /// `unknown`, `healthy` or `unhealthy`.
    package var verdict: String
    /// Seconds since the verdict changed.
    package var verdictSeconds: Double
    /// When the verdict changed.
    package var verdictSince: String?
    /// True while it is unhealthy and stays as the last resort: bound, and advertised so that other paths are preferred.
    package var lastResort: Bool
    /// How many peers it is advertised to.
    package var advertisedTo: Int
    /// How many peers it is meant for.
    package var peers: Int
    /// Why it is advertised, or why it is not.
    package var reason: String
    /// `reason` as a stable code.
    package var reasonCode: String
    /// Names of its checks.
    package var checks: [String]
    /// Where its service listens, for each port of this node that its checks probe; empty if that cannot be known.
    package var listeners: [ListenerStatus]
    /// False if a drain of the node leaves it in service.
    package var drains: Bool
    /// The step of its own drain, if it is drained alone.
    package var drain: VIPDrainStatus?

    package init(
        prefix: String, bound: Bool, boundByOthers: Bool = false, bindError: String? = nil, verdict: String,
        verdictSeconds: Double,
        lastResort: Bool = false, advertisedTo: Int, peers: Int, reason: String, reasonCode: String,
        checks: [String],
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
        self.reasonCode = reasonCode
        self.checks = checks
        self.listeners = listeners
        self.drains = drains
        self.drain = drain
    }
}

/// One check at one instant.
package struct CheckStatus: Codable, Sendable, Hashable {
    /// Its name in the settings.
    package var name: String
    /// What it probes: `https://127.0.0.1:6443/readyz`, `tcp 127.0.0.1:80`, `exec /usr/bin/probe`.
    package var target: String
    /// `unknown`, `healthy` or `unhealthy`.
    package var verdict: String
    /// Seconds since the verdict changed.
    package var verdictSeconds: Double
    /// When the verdict changed.
    package var verdictSince: String?
    /// The last failure, if the last outcome was one.
    package var lastFailure: String?
    /// The server's refusal, if the last outcome passed only because the check accepts refusals of anonymous requests.
    package var acceptedRefusal: String?
    /// Probes that have passed since the start.
    package var passed: Int
    /// Probes that have failed since the start.
    package var failed: Int
    /// How long its probes took, in seconds.
    package var durations: HistogramStatus?
    /// The latest outcomes, the oldest first: `.` for passed, `x` for failed.
    package var recent: String?

    package init(
        name: String, target: String, verdict: String, verdictSeconds: Double, lastFailure: String? = nil,
        acceptedRefusal: String? = nil, passed: Int, failed: Int, durations: HistogramStatus? = nil,
        recent: String? = nil
    ) {
        self.name = name
        self.target = target
        self.verdict = verdict
        self.verdictSeconds = verdictSeconds
        self.lastFailure = lastFailure
        self.acceptedRefusal = acceptedRefusal
        self.passed = passed
        self.failed = failed
        self.durations = durations
        self.recent = recent
    }
}
