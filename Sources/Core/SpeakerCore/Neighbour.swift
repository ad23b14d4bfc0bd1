import Advertising
import BGPFSM
import BGPWire
import Deadlines
import IPTypes
import Settings

/// Everything about one peer but its BFD session, which outlives it: BFD departs after the peer is gone.
struct Neighbour: Sendable {
    var settings: PeerSettings
    var session: PeerSession {
        didSet { deadline = session.nextDeadline }
    }
    /// When the session wants to be told of the time, kept here because all peers are asked after every input.
    private(set) var deadline: Instant?
    var adjRIBOut = AdjRIBOut()
    var backlog = Backlog()
    /// The last failure that was reported, so that each is said once and not at every retry.
    var reportedFailure: EndReason.Kind?
    /// When each failure of the last minutes was reported.
    var saidFailures: [EndReason.Kind: Instant] = [:]
    var reportBudget = ReportBudget()
    /// When to say what the session waits for; nil once anything was said of it.
    var waitReport: Instant?
    /// True until it has been said which VIPs the session cannot carry.
    var owesObstacles = false
    /// Before this moment no further malformed UPDATE is reported.
    var nextMalformationReport: Instant?
    /// Families the peer asked for again, and has not been answered yet.
    var refreshRequests: Set<AddressFamily> = []
    /// Before this moment no further refresh is answered.
    var nextRefresh: Instant?
    var delivery = Delivery()
    /// What the peer has told on this session of our own VIPs: the paths of other nodes.
    var heard: [IPPrefix: [PathAttribute]] = [:]
}

extension Neighbour {
    /// When the peer has ignored a withdrawal for too long; nil if it owes no acknowledgement.
    var withdrawalDeadline: Instant? {
        guard let withdrawnAt = delivery.withdrawnAt, let negotiated = session.negotiated else { return nil }
        return withdrawnAt + Delivery.patience(holdTime: negotiated.holdTime, sendHoldTime: settings.sendHoldTime)
    }

    /// What the routes to the peer depend on, on the session that has these properties.
    func path(_ negotiated: Negotiated) -> SessionPath {
        SessionPath(negotiated, localAS: session.configuration.localAS).adjusted(by: settings.routeAdjustment)
    }
}

extension Neighbour {
    /// A failure that was said is not said again before this time is over, unless the session was up meanwhile: a
    /// router that alternates between two ways of turning us away must not fill the log.
    private static let silence = Duration.seconds(600)

    /// True if the failure was the last to be said, or was said lately.
    func isSaid(_ kind: EndReason.Kind, at now: Instant) -> Bool {
        kind == reportedFailure || saidFailures[kind].map { now - $0 < Self.silence } ?? false
    }

    /// The failure was said now.
    mutating func noteSaid(_ kind: EndReason.Kind, at now: Instant) {
        saidFailures = saidFailures.filter { now - $0.value < Self.silence }
        if reportedFailure != kind, saidFailures[kind] == nil { saidFailures[kind] = now }
        reportedFailure = kind
        waitReport = nil
    }

    /// The session is up: every failure is news again.
    mutating func forgetSaid() {
        reportedFailure = nil
        saidFailures = [:]
        waitReport = nil
    }
}

extension EndReason {
    /// What two ends must have in common to be reported once: not the numbers a peer may choose.
    var kind: Kind {
        switch self {
        case .notificationReceived(let notification): .received(notification.code, notification.subcode)
        case .notificationSent(let notification, _): .sent(notification.code, notification.subcode)
        case .closedBeforeOpen: .closedBeforeOpen
        case .transport, .peerRestarted, .holdTimeExpired, .sendHoldTimeExpired, .withdrawalIgnored, .local:
            .other(self)
        }
    }

    /// See `kind`.
    enum Kind: Sendable, Hashable {
        case received(UInt8, UInt8)
        case sent(UInt8, UInt8)
        /// Closed or reset: which of the two it is changes from try to try.
        case closedBeforeOpen
        case other(EndReason)
    }
}

extension SessionPath {
    /// The path attributes' view of an Established session: the next hop is our own address on it. For the other
    /// family it is our other address on the same link, unless extended next hop was agreed on: then one address is
    /// enough for both. A link-local address follows our global one on the link, or is alone if there is none (RFC 2545
    /// section 3).
    fileprivate init(_ negotiated: Negotiated, localAS: ASNumber) {
        let endpoints = negotiated.endpoints
        var nextHopIPv4: IPv4Address?
        var nextHopIPv6: [IPv6Address] = []
        for address in [endpoints.local, endpoints.alternate] {
            switch address {
            case .v4(let address): nextHopIPv4 = address
            case .v6(let address):
                nextHopIPv6 = [address]
                if address.isLinkLocal, let global = endpoints.global { nextHopIPv6.insert(global, at: 0) }
            case nil: break
            }
        }
        if negotiated.usesExtendedNextHop, !endpoints.local.isIPv4 { nextHopIPv4 = nil }
        self.init(
            localAS: localAS, isInternal: negotiated.isInternal, usesFourOctetAS: negotiated.usesFourOctetAS,
            families: negotiated.families, usesExtendedNextHop: negotiated.usesExtendedNextHop,
            nextHopIPv4: nextHopIPv4, nextHopIPv6: nextHopIPv6)
    }
}
