import Advertising
import BGPFSM
package import BGPWire
import Deadlines
package import IPTypes
package import Settings

extension Speaker {
    /// Feeds one event to a peer's session and follows up on what it decides.
    mutating func handle(_ event: PeerSession.Event, peer index: Int, at now: Instant) {
        let address = peers[index].settings.address
        if case .received(.update(let summary), _) = event, let malformation = summary.malformation {
            reportMalformedUpdate(malformation, of: index, at: now)
        }
        if event == .started { peers[index].waitReport = now + Self.waitPatience }
        for action in peers[index].session.handle(event, at: now) {
            switch action {
            case .connect, .send, .windowProbe, .close, .abort, .rejectIncoming:
                effects.append(.session(address, action))
            case .established(let negotiated, _):
                peers[index].forgetSaid()
                peers[index].delivery = Delivery()
                let isReported = report(.sessionEstablished(address, negotiated), of: index, at: now)
                let path = SessionPath(negotiated, localAS: peers[index].session.configuration.localAS)
                    .adjusted(by: peers[index].settings.routeAdjustment)
                let updates = peers[index].adjRIBOut.begin(on: path, desired: desiredRoutes(for: index))
                send(updates, to: index, at: now, isReported: isReported)
                peers[index].owesObstacles = true
                if isReported { reportObstacles(of: index) }
            case .routesRequested(let family):
                peers[index].refreshRequests.insert(family)
                answerRefreshRequests(of: index, at: now)
            case .ended(let reason, let wasEstablished):
                if wasEstablished {
                    peers[index].adjRIBOut.end()
                    peers[index].delivery = Delivery()
                    peers[index].refreshRequests = []
                }
                reportEnd(of: index, reason, wasEstablished, at: now)
                stopAwaiting(address, at: now)
                stopVIPDrainsAwaiting(address, at: now)
                holdBackIfStrict(index, at: now)
            }
        }
    }

    /// Sends all routes of the families a peer asked for (RFC 2918 section 4), unless it has been answered just now.
    mutating func answerRefreshRequests(of index: Int, at now: Instant) {
        guard !peers[index].refreshRequests.isEmpty, peers[index].nextRefresh.map({ $0 <= now }) ?? true else { return }
        peers[index].nextRefresh = now + Self.refreshPause
        for family in peers[index].refreshRequests.sorted() {
            send(peers[index].adjRIBOut.refresh(family), to: index, at: now, isReported: false)
        }
        peers[index].refreshRequests = []
    }

    /// Hands UPDATEs to a session and reports what the peer now knows, unless it was the peer that asked for it, or, with
    /// `sparingQuiet`, it is about VIPs whose verdict changes too often.
    mutating func send(
        _ updates: [Update], to index: Int, at now: Instant, isReported: Bool = true, sparingQuiet: Bool = false
    ) {
        guard !updates.isEmpty else { return }
        let address = peers[index].settings.address
        for action in peers[index].session.send(updates, at: now) {
            effects.append(.session(address, action))
        }
        let withdrawn = updates.flatMap(\.allWithdrawn)
        peers[index].delivery.send(updates.count, withdrawing: withdrawn, at: now)
        guard isReported else { return }
        let reported = { [self] (prefix: IPPrefix) in !(sparingQuiet && isQuiet(prefix)) }
        let gone = withdrawn.filter(reported)
        let announced = updates.flatMap(\.allAnnounced).filter(reported)
        if !gone.isEmpty { effects.append(.report(.withdrawn(address, gone))) }
        if !announced.isEmpty { effects.append(.report(.advertised(address, announced))) }
    }

    private mutating func reportEnd(of index: Int, _ reason: EndReason, _ wasEstablished: Bool, at now: Instant) {
        let address = peers[index].settings.address
        let words = reason.words(peers[index].session.configuration, wasEstablished: wasEstablished)
        var isTold = true
        if case .local = reason {
            if wasEstablished { effects.append(.report(.sessionClosed(address, reason: words))) }
        } else if wasEstablished {
            isTold = report(.sessionLost(address, reason: words), of: index, at: now)
        } else if peers[index].session.cause != peers[index].session.lastEnd {
            // A guess, after the peer has told what it is.
            return
        } else if !peers[index].isSaid(reason.kind, at: now) {
            isTold = report(.attemptFailed(address, reason: words), of: index, at: now)
        }
        // What was held back is said at a later attempt.
        if isTold { peers[index].noteSaid(reason.kind, at: now) }
    }

    /// Some sessions neither come up nor fail: both sides wait for the other to dial, or the peer says nothing.
    mutating func reportWait(of index: Int, at now: Instant) {
        guard let due = peers[index].waitReport, due <= now else { return }
        peers[index].waitReport = nil
        guard let words = peers[index].session.waiting(at: now)?.words else { return }
        report(.attemptFailed(peers[index].settings.address, reason: words), of: index, at: now)
    }

    /// Reports what a peer caused, as far as its budget allows; false if it was held back.
    @discardableResult
    mutating func report(_ report: Report, of index: Int, at now: Instant) -> Bool {
        reportSuppressed(of: index, at: now)
        guard peers[index].reportBudget.spend(at: now) else { return false }
        effects.append(.report(report))
        return true
    }

    /// Says how a peer is whose reports were held back, once its budget allows: the log must not end with a state that
    /// is over.
    mutating func reportSuppressed(of index: Int, at now: Instant) {
        guard let count = peers[index].reportBudget.takeSuppressed(at: now) else { return }
        let address = peers[index].settings.address
        let state = peers[index].session.state.rawValue
        let bfd = bfdStatus(of: address, at: now)?.state
        effects.append(.report(.suppressed(address, count: count, state: state, bfd: bfd)))
        if peers[index].session.state == .established { reportObstacles(of: index) }
    }

    /// RFC 7606 section 6: an UPDATE that the session survives is to be logged, or nobody ever looks for the cause. Once
    /// a minute, because it may come with every route of a full table.
    private mutating func reportMalformedUpdate(_ malformation: String, of index: Int, at now: Instant) {
        guard peers[index].nextMalformationReport.map({ $0 <= now }) ?? true else { return }
        peers[index].nextMalformationReport = now + .seconds(60)
        effects.append(.report(.malformedUpdate(peers[index].settings.address, malformation)))
    }

    /// Says once per session which VIPs it cannot carry: "the session is up, where is my route".
    private mutating func reportObstacles(of index: Int) {
        guard peers[index].owesObstacles else { return }
        peers[index].owesObstacles = false
        let address = peers[index].settings.address
        reportObstacles(of: index, to: settings.vips.filter { $0.isMeant(for: address) }.map(\.prefix))
    }

    /// Says of VIPs that were not ready when the session came up, and whose attributes turn out to be too long for it.
    mutating func reportNewObstacles(of index: Int, besides known: Set<IPPrefix>) {
        reportObstacles(of: index, to: peers[index].adjRIBOut.oversized.subtracting(known).sorted())
    }

    private mutating func reportObstacles(of index: Int, to prefixes: [IPPrefix]) {
        let obstacles = prefixes.compactMap { prefix in
            peers[index].adjRIBOut.obstacle(to: prefix).map { (prefix: prefix, reason: $0) }
        }
        for (reason, vips) in Dictionary(grouping: obstacles, by: \.reason).sorted(by: { $0.key < $1.key }) {
            effects.append(
                .report(.notCarried(peers[index].settings.address, vips.map(\.prefix), reason: reason)))
        }
    }
}

extension Speaker.Peer {
    /// A failure that was said is not said again before this time is over, unless the session was up meanwhile: a
    /// router that alternates between two ways of turning us away must not fill the log.
    private static let silence = Duration.seconds(600)

    /// True if the failure was the last to be said, or was said lately.
    fileprivate func isSaid(_ kind: EndReason.Kind, at now: Instant) -> Bool {
        kind == reportedFailure || saidFailures[kind].map { now - $0 < Self.silence } ?? false
    }

    fileprivate mutating func noteSaid(_ kind: EndReason.Kind, at now: Instant) {
        saidFailures = saidFailures.filter { now - $0.value < Self.silence }
        if reportedFailure != kind, saidFailures[kind] == nil { saidFailures[kind] = now }
        reportedFailure = kind
        waitReport = nil
    }

    fileprivate mutating func forgetSaid() {
        reportedFailure = nil
        saidFailures = [:]
        waitReport = nil
    }
}

extension EndReason {
    /// What two ends must have in common to be reported once: not the numbers a peer may choose.
    fileprivate var kind: Kind {
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

extension Update {
    /// Prefixes withdrawn in either encoding.
    package var allWithdrawn: [IPPrefix] {
        withdrawn
            + attributes.flatMap { attribute -> [IPPrefix] in
                if case .mpUnreach(let unreach) = attribute.value { unreach.withdrawn } else { [] }
            }
    }

    /// Prefixes announced in either encoding.
    package var allAnnounced: [IPPrefix] {
        nlri
            + attributes.flatMap { attribute -> [IPPrefix] in
                if case .mpReach(let reach) = attribute.value { reach.nlri } else { [] }
            }
    }
}

extension SessionPath {
    /// The path attributes' view of an Established session: the next hop is our own address on it. For the other
    /// family it is our other address on the same link, unless extended next hop was agreed on: then one address is
    /// enough for both. A link-local address stands behind our global one on the link, or alone if there is none (RFC
    /// 2545 section 3).
    fileprivate init(_ negotiated: Negotiated, localAS: ASNumber) {
        var nextHopIPv4: IPv4Address?
        var nextHopIPv6: [IPv6Address] = []
        for address in [negotiated.endpoints.local, negotiated.endpoints.alternate] {
            switch address {
            case .v4(let address): nextHopIPv4 = address
            case .v6(let address):
                nextHopIPv6 =
                    address.isLinkLocal ? [negotiated.endpoints.global, address].compactMap { $0 } : [address]
            case nil: break
            }
        }
        if negotiated.usesExtendedNextHop, !negotiated.endpoints.local.isIPv4 { nextHopIPv4 = nil }
        self.init(
            localAS: localAS, isInternal: negotiated.isInternal, usesFourOctetAS: negotiated.usesFourOctetAS,
            families: negotiated.families, usesExtendedNextHop: negotiated.usesExtendedNextHop,
            nextHopIPv4: nextHopIPv4, nextHopIPv6: nextHopIPv6)
    }
}

extension SessionConfiguration {
    /// What a session has to know, taken from the settings of its peer and of the speaker.
    package init(_ peer: PeerSettings, of settings: Settings, identifier: BGPIdentifier, hostName: String?) {
        // Families of the VIPs there are. A peer that carries none of them still gets a session, and the log says so.
        let meant = settings.vips.filter { $0.isMeant(for: peer.address) }
        let families = Set((meant.isEmpty ? settings.vips : meant).map { AddressFamily(of: $0.prefix) }).sorted()
        self.init(
            peer: peer.address, localAS: peer.localAS ?? settings.localAS, peerAS: peer.peerAS,
            identifier: identifier, holdTime: peer.holdTime, keepaliveInterval: peer.keepaliveInterval,
            connectRetryInitial: peer.connectRetryInitial, connectRetryMaximum: peer.connectRetryMaximum,
            sendHoldTime: peer.sendHoldTime, isPassive: peer.isPassive, requiresSignature: peer.password != nil,
            families: families,
            offersExtendedNextHop: !peer.address.address.isIPv4 && families.contains(.ipv4Unicast),
            longLivedStaleTime: settings.longLivedStaleTime, hostName: hostName)
        capabilityPolicy = peer.capabilities
    }
}
