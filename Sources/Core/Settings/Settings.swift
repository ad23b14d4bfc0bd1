package import Advertising
package import BGPWire
package import Health
package import IPTypes

/// Everything the daemon is configured with: typed, validated, complete.
///
/// What is not a property here is a setting of the process, whose value is found by its row:
/// `settings[Settings.process.logLevel]`.
package struct Settings: Sendable, Hashable {
    package var localAS: ASNumber
    /// Our BGP identifier; nil lets the daemon take the node's own IPv4 address.
    package var routerID: BGPIdentifier?
    /// The interface whose first IPv4 address becomes our BGP identifier if `routerID` is nil.
    package var routerInterface: String?
    /// The interface the VIPs are bound to.
    package var interface: String
    /// The VIPs: as loaded, those that are configured.
    package var vips: [VIPSettings]
    /// Where VIPs come from. What a source gives that is not among them counts for nothing.
    package var vipSources: Set<VIPSource> = [.configured]
    /// All checks; VIPs refer to them by name.
    package var checks: [Check]
    package var peers: [PeerSettings]
    /// Where incoming sessions are accepted; nil opens no port.
    package var listen: ListenSettings?
    /// For how many seconds the peers shall keep our routes as a last resort when a session is lost (RFC 9494), at most
    /// 16777215; nil does not ask for it.
    package var longLivedStaleTime: UInt32?
    package var departure: DepartureSettings
    var processValues = ProcessValues()
    /// What is set about Services of type LoadBalancer; nil does not serve them.
    package var services: ServicesSettings? {
        didSet { vipSources = services == nil ? [.configured] : [.configured, .services] }
    }

    package init(
        localAS: ASNumber, routerID: BGPIdentifier? = nil, routerInterface: String? = nil, interface: String = "lo",
        vips: [VIPSettings],
        checks: [Check], peers: [PeerSettings], listen: ListenSettings? = nil, longLivedStaleTime: UInt32? = nil,
        departure: DepartureSettings = DepartureSettings()
    ) {
        self.localAS = localAS
        self.routerID = routerID
        self.routerInterface = routerInterface
        self.interface = interface
        self.vips = vips
        self.checks = checks
        self.peers = peers
        self.listen = listen
        self.longLivedStaleTime = longLivedStaleTime
        self.departure = departure
    }
}

/// When a node counts as ready.
package enum ReadyWhen: String, Sendable, Hashable, CaseIterable {
    /// The first verdict on every VIP is known, be it good or bad.
    case decided
    /// Also, every VIP is advertised to a peer.
    case advertised
}

extension Settings {
    /// The host routes that are looked for in the peers' UPDATEs, to see the paths of other nodes. Only the first VIPs: what
    /// is wrong with one is wrong with all, as a rule.
    package var watchedRoutes: Set<IPPrefix> { Set(vips.lazy.map(\.prefix).filter(\.isHost).prefix(64)) }
}

/// One virtual IP and how it is advertised.
package struct VIPSettings: Sendable, Hashable {
    /// The host route, /32 or /128; a shorter prefix only if it is not bound.
    package var prefix: IPPrefix
    /// Names of the checks that must all pass; empty means always healthy.
    package var checks: [String]
    /// Who puts the address on this node.
    package var placement: VIPPlacement
    /// True gives the address global scope instead of host scope.
    package var hasGlobalScope: Bool
    /// What becomes of it while a check fails.
    package var onUnhealthy: UnhealthyAction
    /// False leaves it in service when the node is drained; the end of the process withdraws it all the same.
    package var drains: Bool
    package var attributes: RouteAttributes
    /// The peers it is meant for; nil is all of them.
    package var peers: Set<ScopedAddress>?
    /// What the source of the VIP says of it, beside its checks: it is advertised only while this is healthy too.
    package var condition = Verdict.healthy

    package init(
        prefix: IPPrefix, checks: [String], binds: Bool = true, hasGlobalScope: Bool = false,
        onUnhealthy: UnhealthyAction = .withdraw, drains: Bool = true,
        attributes: RouteAttributes = RouteAttributes(), peers: Set<ScopedAddress>? = nil
    ) {
        self.prefix = prefix
        self.checks = checks
        placement = binds ? .interface : .others
        self.hasGlobalScope = hasGlobalScope
        self.onUnhealthy = onUnhealthy
        self.drains = drains
        self.attributes = attributes
        self.peers = peers
    }

    /// True if we put the address on the interface; false leaves that to others.
    package var binds: Bool {
        get { placement == .interface }
        set { placement = newValue ? .interface : .others }
    }

    /// True if the kernel has to be asked whether packets to the address end on this node.
    ///
    /// Not for a prefix that is shorter than a host route: what it leads to may be behind this node.
    package var mustBeLocal: Bool { placement == .others && prefix.isHost }

    /// True if it is to be advertised to this peer.
    package func isMeant(for peer: ScopedAddress) -> Bool { peers?.contains(peer) ?? true }
}

/// What becomes of a VIP while a check fails.
package enum UnhealthyAction: String, Sendable, Hashable, CaseIterable {
    /// Not advertised, and off the interface.
    case withdraw
    /// Still bound and advertised, but so that routers prefer every other path: if no node is healthy, the VIP leads
    /// somewhere all the same.
    case lastResort = "last-resort"
}

/// One BGP peer.
package struct PeerSettings: Sendable, Hashable {
    /// How far away the peer may be.
    package enum Distance: Sendable, Hashable {
        /// On a connected subnet: packets leave with TTL 1 (external) or the kernel's default (internal).
        case direct
        /// Up to this many hops: packets leave with this TTL.
        case multihop(UInt8)
        /// TTL security (RFC 5082): send 255 and accept only packets that crossed fewer than this many routers + 1.
        case ttlSecurity(hops: UInt8)
    }

    package var address: ScopedAddress
    package var peerAS: PeerAS
    package var port: UInt16
    /// TCP MD5 (RFC 2385) is used if and only if this is set.
    package var password: Secret?
    package var distance: Distance
    /// Our address on the session; nil lets the kernel choose.
    package var source: IPAddress?
    /// For `gateway`, which can be of both families: our address towards gateways of the other family than `source`.
    package var otherSource: IPAddress?
    /// The interface the session is bound to; nil binds to none.
    package var sourceInterface: String?
    /// True if we wait for the peer to dial.
    package var isPassive: Bool
    /// Our AS towards this peer, if it differs from the general one.
    package var localAS: ASNumber?
    /// Proposed hold time in seconds: 0, or 3...65535.
    package var holdTime: UInt16
    package var keepaliveInterval: Duration?
    /// How long the peer may leave our bytes unread (RFC 9687).
    package var sendHoldTime: Duration
    package var connectRetryInitial: Duration
    package var connectRetryMaximum: Duration
    /// What is different on the routes to this peer.
    package var routeAdjustment: RouteAdjustment
    /// BFD beside the session; nil runs none.
    package var bfd: BFDSettings?
    /// Which capabilities we offer it.
    package var capabilities = CapabilityPolicy.automatic

    /// A peer; without a `sendHoldTime` it is what RFC 9687 section 6 recommends, the greater of eight minutes and twice the
    /// hold time.
    package init(
        address: ScopedAddress, peerAS: PeerAS, port: UInt16 = 179, password: Secret? = nil,
        distance: Distance = .direct, source: IPAddress? = nil, sourceInterface: String? = nil,
        isPassive: Bool = false, localAS: ASNumber? = nil, holdTime: UInt16 = 9, keepaliveInterval: Duration? = nil,
        sendHoldTime: Duration? = nil, connectRetryInitial: Duration = .milliseconds(200),
        connectRetryMaximum: Duration = .seconds(5),
        routeAdjustment: RouteAdjustment = RouteAdjustment(), bfd: BFDSettings? = nil
    ) {
        self.address = address
        self.peerAS = peerAS
        self.port = port
        self.password = password
        self.distance = distance
        self.source = source
        self.sourceInterface = sourceInterface
        self.isPassive = isPassive
        self.localAS = localAS
        self.holdTime = holdTime
        self.keepaliveInterval = keepaliveInterval
        self.sendHoldTime = sendHoldTime ?? max(.seconds(480), .seconds(2 * Int64(holdTime)))
        self.connectRetryInitial = connectRetryInitial
        self.connectRetryMaximum = connectRetryMaximum
        self.routeAdjustment = routeAdjustment
        self.bfd = bfd
    }
}

/// A secret that no log, table or dump can print by accident.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// The secret itself; ask for it only where it is used.
    package let bytes: [UInt8]

    package init(_ text: String) {
        bytes = Array(text.utf8)
    }

    package var description: String { "***" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Where incoming sessions are accepted.
package struct ListenSettings: Sendable, Hashable {
    /// Addresses to listen on; empty means all addresses of both families.
    package var addresses: [IPAddress]
    package var port: UInt16

    package init(addresses: [IPAddress] = [], port: UInt16 = 179) {
        self.addresses = addresses
        self.port = port
    }
}

/// How long the steps of leaving may take.
package struct DepartureSettings: Sendable, Hashable {
    /// From advertising with GRACEFUL_SHUTDOWN to withdrawing; zero skips the step.
    package var settle: Duration
    /// At most this long is waited for the peers' TCP to acknowledge the withdrawal.
    package var acknowledgement: Duration
    /// From the withdrawal to the Cease, while the routers move traffic away.
    package var linger: Duration

    package init(
        settle: Duration = .seconds(1), acknowledgement: Duration = .seconds(1), linger: Duration = .milliseconds(500)
    ) {
        self.settle = settle
        self.acknowledgement = acknowledgement
        self.linger = linger
    }
}

/// How much is logged.
package enum LogLevel: String, Sendable, Hashable, CaseIterable, Comparable {
    case debug, info, notice, warning, error

    /// True if lines of the left level matter less.
    package static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .debug: 0
        case .info: 1
        case .notice: 2
        case .warning: 3
        case .error: 4
        }
    }
}

/// How a log line is written.
package enum LogFormat: String, Sendable, Hashable, CaseIterable {
    case logfmt, json
}
