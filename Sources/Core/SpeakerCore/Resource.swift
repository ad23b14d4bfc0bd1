package import BGPFSM
package import BGPWire
package import Health
package import IPTypes
package import Settings

/// Something that the daemon holds open for the Speaker: a value with everything that is needed to open it.
package enum Resource: Sendable, Hashable {
    /// How much is logged, and how.
    case log(LogLevel, LogFormat)
    /// A port on which peers may dial us.
    case listener(Listener)
    /// How a peer is reached by TCP.
    case transport(PeerTransport)
    /// How a peer is reached by BFD.
    case bfd(BFDPath)
    /// The probes of a check.
    case probe(Check)
    /// A port for metrics and health.
    case monitoring(SocketTarget)
    /// The file that drains the node while it exists.
    case drainFile(String)
    /// The addresses that others put on this node; the kernel is asked which of them are local, and each answer is given
    /// as `localityFound`, for all of them after each change of this set.
    case locality(Set<IPPrefix>)
    /// The source of VIPs that is the cluster.
    case services(ServicesSettings)
    /// The routing rules that keep packets to unused ports of Services from looping between node and router.
    case loopGuard(LoopGuard)

    /// What a resource is known by while its value changes.
    package enum ID: Sendable, Hashable {
        case log
        case listener(Listener.ID)
        case transport(ScopedAddress)
        case bfd(ScopedAddress)
        case probe(String)
        case monitoring(SocketTarget)
        case drainFile
        case locality
        case services
        case loopGuard
    }

    package var id: ID {
        switch self {
        case .log: .log
        case .listener(let listener): .listener(listener.id)
        case .transport(let transport): .transport(transport.peer)
        case .bfd(let path): .bfd(path.peer)
        case .probe(let check): .probe(check.name)
        case .monitoring(let target): .monitoring(target)
        case .drainFile: .drainFile
        case .locality: .locality
        case .services: .services
        case .loopGuard: .loopGuard
        }
    }
}

/// How a peer is reached by TCP.
package struct PeerTransport: Sendable, Hashable {
    /// The peer; whoever is the router on a link is looked up each time it is dialled.
    package var peer: ScopedAddress
    package var port: UInt16
    package var source: IPAddress?
    package var interface: String?
    package var hops: Hops
    /// The key of TCP MD5 (RFC 2385), for connections that are open as well.
    package var password: Secret?
    /// How long the peer may leave our bytes unacknowledged.
    package var userTimeout: Duration

    /// How a peer of these settings is reached; `localAS` holds unless the peer has its own.
    package init(_ peer: PeerSettings, localAS: ASNumber) {
        let isInternal: Bool =
            switch peer.peerAS {
            case .internal: true
            case .external: false
            case .exactly(let number): number == (peer.localAS ?? localAS)
            }
        hops =
            switch peer.distance {
            case .direct: isInternal ? .kernelDefault : .direct
            case .multihop(let ttl): .multihop(ttl)
            case .ttlSecurity(let hops): .ttlSecurity(hops)
            }
        self.peer = peer.address
        port = peer.port
        source = peer.source
        interface = peer.sourceInterface
        password = peer.password
        userTimeout = peer.sendHoldTime
    }
}

/// How a peer is reached by BFD.
package struct BFDPath: Sendable, Hashable {
    package var peer: ScopedAddress
    package var source: IPAddress?
    package var interface: String?
    package var isMultihop: Bool

    /// The path to a peer that has BFD; nil for others.
    package init?(_ peer: PeerSettings) {
        guard peer.bfd != nil else { return nil }
        self.peer = peer.address
        source = peer.source
        interface = peer.sourceInterface
        isMultihop = peer.isBFDMultihop
    }
}

/// Where packets could loop: those to these pools that come in by the interfaces towards these peers.
package struct LoopGuard: Sendable, Hashable {
    package var pools: Set<IPPrefix>
    package var peers: Set<ScopedAddress>

    package init(pools: Set<IPPrefix>, peers: Set<ScopedAddress>) {
        self.pools = pools
        self.peers = peers
    }

    /// Nil unless Services are served at addresses of pools, and the operator leaves it to us.
    init?(_ settings: Settings) {
        guard let services = settings.services, services.preventsLoops, !settings.servicePools.isEmpty else {
            return nil
        }
        self.init(pools: Set(settings.servicePools), peers: Set(settings.peers.map(\.address)))
    }
}
