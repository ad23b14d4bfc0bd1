package import BGPWire
package import IPTypes

/// Who opened a TCP connection. A session has at most one of each; when both live, RFC 4271 section 6.8 decides.
package enum Direction: Sendable, Hashable, CaseIterable {
    /// We dialled the peer.
    case outgoing
    /// The peer dialled us.
    case incoming
}

/// The two ends of an established TCP connection.
package struct Endpoints: Sendable, Hashable {
    /// Our address on this connection, which is the next hop we advertise.
    package var local: IPAddress
    /// The peer's address.
    package var remote: IPAddress
    /// An address of ours of the other family on the same link, the next hop for prefixes of that family.
    package var alternate: IPAddress?
    /// A global address of ours on the same link if `local` is an IPv6 link-local one; both together are the next hop
    /// then (RFC 2545 section 3).
    package var global: IPv6Address?
    /// True if the kernel takes only segments with a valid TCP MD5 signature on this connection (RFC 2385).
    package var isSigned: Bool

    /// A connection between these addresses.
    package init(
        local: IPAddress, remote: IPAddress, alternate: IPAddress? = nil, global: IPv6Address? = nil,
        isSigned: Bool = false
    ) {
        self.local = local
        self.remote = remote
        self.alternate = alternate
        self.global = global
        self.isSigned = isSigned
    }
}

/// Why TCP could not connect, or why a connection ended without a NOTIFICATION.
package enum TransportFailure: Error, Sendable, Hashable {
    /// RST in answer to our SYN: the host is up, nothing accepts us on that port.
    case refused
    /// No answer to our SYN in time. `md5` tells whether we signed it, `onLink` whether the peer answers ARP or
    /// neighbour discovery on a connected subnet (nil: not known).
    case timedOut(md5: Bool, onLink: Bool?)
    /// The neighbour table says that the host cannot be reached (EHOSTUNREACH).
    case hostUnreachable
    /// ICMP says so although the link works (EHOSTUNREACH, ENETUNREACH).
    case rejectedOnTheWay
    /// The peer is on no subnet of this node, and is dialled as if it were.
    case beyondLink
    /// A rule of this node itself forbids it (EACCES, EPERM).
    case prohibited
    /// The address is one of this node's own, and nothing listens there.
    case ownAddress
    /// No route to that network (ENETUNREACH).
    case networkUnreachable
    /// The kernel knows no router on the link of an unnumbered peer.
    case noNeighbour(interface: String)
    /// The kernel knows several that could be the router on the link of an unnumbered peer.
    case severalNeighbours(interface: String, [IPv6Address])
    /// The source address or interface that was asked for is not on this node (EADDRNOTAVAIL, ENODEV).
    case sourceUnavailable
    /// We have not dialled: this process of the node, `bird (pid 812)`, has a connection to the peer's BGP from the address
    /// that we would use, and the router would end it in favor of ours.
    case inUse(by: String)
    /// The peer closed an open connection without a NOTIFICATION.
    case closedByPeer
    /// The peer reset an open connection.
    case reset
    /// Data stayed unacknowledged for the TCP user timeout, or our OPEN for as long as we waited for the peer.
    case unacknowledged
    /// The kernel refused TCP MD5 signatures for this peer.
    case md5Unavailable(errno: Int32)
    /// Any other system error.
    case system(errno: Int32, operation: String)
}

extension PeerSession {
    /// What happened, with the event's number in RFC 4271 section 8.1 (29 is RFC 9687's).
    package enum Event: Sendable, Hashable {
        /// Events 1, 3, 4, 5: start the session; dial unless the peer is passive.
        case started
        /// Event 2: stop and stay Idle until `started`. The text goes on the wire (RFC 9003) with the subcode.
        case stopped(CeaseSubcode, communication: String)
        /// Event 8: end the connections for a reason of ours and start again.
        case reset(CeaseSubcode)
        /// Events 9, 10, 11, 13, 29: time has reached `nextDeadline`; the machine knows which timer it was.
        case deadlineReached
        /// Events 14, 16, 17: a connection is up. Incoming ones have been matched to this peer by address. When an
        /// incoming one is in use already, a further one is answered with `rejectIncoming`, or takes its place after
        /// `close(.incoming)`.
        case tcpConnected(Direction, Endpoints)
        /// Event 18: dialling failed, or an open connection ended without a NOTIFICATION.
        case tcpFailed(Direction, TransportFailure)
        /// Events 19, 24...27 and ROUTE-REFRESH: a sound message arrived.
        case received(ReceivedMessage, Direction)
        /// The peer's TCP has our OPEN. No event of the RFC.
        case openAcknowledged(Direction)
        /// Events 21, 22, 28: bytes arrived that break the protocol; nothing behind them can be read.
        case malformed(DecodeError, Direction)
        /// Event 29 for what must not wait for the kernel's timer: the peer's TCP has not acknowledged a withdrawal for so
        /// many seconds.
        case withdrawalIgnored(seconds: Int)
    }

    /// What the shell has to do, in the order given. Actions carry no promises and cannot fail: what comes of them
    /// returns as an event.
    package enum Action: Sendable, Hashable {
        /// Dial the peer; the answer is `tcpConnected(.outgoing, …)` or `tcpFailed(.outgoing, …)`.
        case connect
        /// Encode and write.
        case send(Message, Direction)
        /// Make the kernel ask the peer's TCP at once whether it still knows this connection, without any data: if not,
        /// it answers with RST. Best effort.
        case windowProbe(Direction)
        /// Close after all written bytes have gone out: half-close, read until EOF or one second, close. No event
        /// of this connection follows. Also cancels dialling.
        case close(Direction)
        /// End the connection at once with RST: the peer takes nothing, so that nothing that waits could leave any more,
        /// a NOTIFICATION least of all. No event of this connection follows.
        case abort(Direction)
        /// The incoming connection that `tcpConnected` has just reported is one too many, or not wanted: write this
        /// NOTIFICATION to it and close it as `close` does. It never becomes the session's incoming connection; one
        /// that is in use stays untouched. No event of the rejected connection follows.
        case rejectIncoming(Notification)
        /// The session is Established on this connection: send all routes, then End-of-RIB.
        case established(Negotiated, Direction)
        /// The peer asked for all routes of a family again (RFC 2918).
        case routesRequested(AddressFamily)
        /// An attempt or an Established session came to its end. `wasEstablished` tells which.
        case ended(EndReason, wasEstablished: Bool)
    }
}

/// Subcodes of Cease (RFC 4486, 8538, 9384).
package enum CeaseSubcode: UInt8, Sendable, Hashable {
    case maximumPrefixesReached = 1
    case administrativeShutdown = 2
    case peerDeconfigured = 3
    case administrativeReset = 4
    case connectionRejected = 5
    case otherConfigurationChange = 6
    case connectionCollision = 7
    case outOfResources = 8
    case hardReset = 9
    case bfdDown = 10
}

/// Why a session, or an attempt at one, ended.
package enum EndReason: Sendable, Hashable {
    /// TCP failed, before or after the connection was up.
    case transport(TransportFailure)
    /// The peer accepted TCP, then closed or reset it before it sent its OPEN.
    case closedBeforeOpen(TransportFailure)
    /// The peer opened a new connection while we were Established, having promised graceful restart for a family
    /// (RFC 4724 section 5): it restarted, and the old connection is dead.
    case peerRestarted
    /// The peer sent a NOTIFICATION.
    case notificationReceived(Notification)
    /// We found the peer's bytes wrong and sent a NOTIFICATION.
    case notificationSent(Notification, explanation: String)
    /// The peer said nothing for the hold time (seconds).
    case holdTimeExpired(seconds: Int, in: PeerSession.State)
    /// The peer read nothing for the send-hold time (RFC 9687).
    case sendHoldTimeExpired
    /// The peer's TCP did not acknowledge a withdrawal for so many seconds.
    case withdrawalIgnored(seconds: Int)
    /// We stopped or reset the session ourselves.
    case local(CeaseSubcode, communication: String)
}

extension Notification {
    /// 6/x Cease (RFC 4486); the text goes out with Administrative Shutdown and Administrative Reset only (RFC 9003).
    static func cease(_ subcode: CeaseSubcode, communication: String = "") -> Notification {
        cease(subcode: subcode.rawValue, communication: communication)
    }
}
