import Advertising
import BGPFSM
package import BGPWire
import Deadlines
import IPTypes
package import Settings

extension Speaker {
    /// Feeds one event to a peer's session and follows up on what it decides.
    mutating func handle(_ event: PeerSession.Event, peer index: Int, at now: Instant) {
        let address = peers[index].settings.address
        if case .received(.update(let summary), _) = event, let malformation = summary.malformation {
            reportMalformedUpdate(malformation, of: index, at: now)
        }
        if case .received(.update(let summary), _) = event, peers[index].session.negotiated != nil {
            for route in summary.heard { peers[index].heard[route.prefix] = route.attributes }
        }
        if event == .started { peers[index].waitReport = now + Self.waitPatience }
        for action in peers[index].session.handle(event, at: now) {
            switch action {
            case .connect, .send, .windowProbe, .close, .abort, .rejectIncoming:
                effects.append(.session(address, action))
            case .established(let negotiated, _):
                peers[index].forgetSaid()
                peers[index].delivery = Delivery()
                peers[index].heard = [:]
                let isReported = report(.sessionEstablished(address, negotiated), of: index, at: now)
                peers[index].adjRIBOut.begin(on: peers[index].path(negotiated), expecting: vips.count)
                peers[index].owesObstacles = true
                tellFirst(index, isReported: isReported, at: now)
                if isReported { reportObstacles(of: index) }
            case .routesRequested(let family):
                peers[index].refreshRequests.insert(family)
                peers[index].nextRefresh = peers[index].nextRefresh ?? now
                answerRefreshRequests(of: index, at: now)
            case .ended(let reason, let wasEstablished):
                if wasEstablished {
                    reportAnnounced(to: index)
                    // It takes the routes away as a withdrawal does, and the router needs as long to move them.
                    noteWithdrawn(peers[index].adjRIBOut.told.keys, at: now)
                    changes.touchesAll = true
                    peers[index].backlog = Backlog()
                    peers[index].adjRIBOut.end()
                    peers[index].delivery = Delivery()
                    peers[index].refreshRequests = []
                }
                reportEnd(of: index, reason, wasEstablished, at: now)
                handle(.peerGone(address), at: now)
                stopVIPDrainsAwaiting(address, at: now)
                holdBackIfStrict(index, at: now)
            }
        }
    }

    /// Sends all routes of the families a peer asked for (RFC 2918 section 4), unless it has been answered just now, or is still
    /// to be told other routes.
    mutating func answerRefreshRequests(of index: Int, at now: Instant) {
        guard !peers[index].refreshRequests.isEmpty, peers[index].nextRefresh.map({ $0 <= now }) ?? true,
            peers[index].backlog.isEmpty
        else { return }
        peers[index].nextRefresh = now + Self.refreshPause
        refresh(peers[index].refreshRequests, of: index, at: now)
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
        noteWithdrawn(withdrawn, at: now)
        noteTouched(withdrawn)
        let announced = updates.flatMap(\.allAnnounced)
        noteTouched(announced)
        guard isReported else { return }
        let reported = { [self] (prefix: IPPrefix) in !(sparingQuiet && isQuiet(prefix)) }
        let gone = withdrawn.filter(reported)
        if !gone.isEmpty {
            reportAnnounced(to: index)
            effects.append(.report(.withdrawn(address, gone)))
        }
        peers[index].backlog.announced += announced.filter(reported)
        if peers[index].backlog.isEmpty { reportAnnounced(to: index) }
    }

    private mutating func noteWithdrawn(_ prefixes: some Sequence<IPPrefix>, at now: Instant) {
        for place in prefixes.compactMap({ vipIndex[$0] }) { vips[place].withdrawnAt = now }
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

    /// RFC 7606 section 6: an UPDATE that the session survives is to be logged, or its cause is never looked for. Once
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
        reportObstacles(of: index, toAdded: settings.vips.indices.map { settings.vips[$0].prefix })
    }

    /// Says of VIPs that were not ready when the session came up, and whose attributes turn out to be too long for it.
    mutating func reportNewObstacles(of index: Int, besides known: Set<IPPrefix>) {
        reportObstacles(of: index, to: peers[index].adjRIBOut.oversized.subtracting(known).sorted())
    }

    /// Says of VIPs that were added while the session was up which of them it cannot carry.
    mutating func reportObstacles(of index: Int, toAdded prefixes: [IPPrefix]) {
        guard peers[index].adjRIBOut.path != nil else { return }
        let carried = peers[index].adjRIBOut.carriedFamilies
        let oversized = peers[index].adjRIBOut.oversized
        let address = peers[index].settings.address
        reportObstacles(
            of: index,
            to: prefixes.filter { prefix in
                (!carried.contains(AddressFamily(of: prefix)) || oversized.contains(prefix))
                    && vipIndex[prefix].map { vips[$0].settings.isMeant(for: address) } ?? false
            })
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

extension SessionConfiguration {
    /// What a session has to know, taken from the settings of its peer and of the speaker.
    package init(
        _ peer: PeerSettings, of settings: Settings, identifier: BGPIdentifier, hostName: String?,
        needed: NeededFamilies? = nil
    ) {
        self.init(
            peer: peer.address, localAS: peer.localAS ?? settings.localAS, peerAS: peer.peerAS,
            identifier: identifier, holdTime: peer.holdTime, keepaliveInterval: peer.keepaliveInterval,
            connectRetryInitial: peer.connectRetryInitial, connectRetryMaximum: peer.connectRetryMaximum,
            sendHoldTime: peer.sendHoldTime, isPassive: peer.isPassive, requiresSignature: peer.password != nil,
            // A family without a VIP costs nothing; to offer it when its first VIP comes would cost the session.
            families: [.ipv4Unicast, .ipv6Unicast], offersExtendedNextHop: !peer.address.address.isIPv4,
            longLivedStaleTime: settings.longLivedStaleTime, hostName: hostName)
        neededFamilies = (needed ?? NeededFamilies(of: settings.vips))[peer.address]
        capabilityPolicy = peer.capabilities
    }
}
