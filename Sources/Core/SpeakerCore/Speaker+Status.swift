import Advertising
import BGPFSM
import BGPWire
package import Deadlines
package import Health
package import IPTypes
import Settings

extension Speaker {
    /// Everything an operator can ask for, at `now`, however long it takes. `listening` is who listens on `checkedPorts`, nil
    /// if that is not known.
    package func status(
        version: String, listening: [UInt16: Set<IPAddress>]? = nil, at now: Instant
    ) -> Status {
        var whole = statusWithoutParts(version: version, at: now)
        whole.unreadiness = unreadiness
        whole.peers = peers.indices.map { status(ofPeer: $0, at: now) }
        whole.checks = checks.map { status(of: $0, at: now) }
        whole.vips = vips.filter { !$0.isGone }.map { status(of: $0, listening, at: now) }
        return whole
    }

    /// What the status says of the node.
    func statusWithoutParts(version: String, at now: Instant) -> Status {
        var status = Status(
            version: version, localAS: settings.localAS.value, routerID: "\(identifier)",
            interface: settings.interface, phase: phase,
            phaseReason: departure.step == .inService ? startObstacle : departure.reason,
            departure: departureStatus(at: now), uptime: (now - startedAt).inSeconds, peers: [], vips: [], checks: [])
        status.node = hostName
        return status
    }

    /// `starting`, `running`, `draining`, `drained` or `leaving`.
    package var phase: String {
        switch departure.step {
        case .inService: isUndecided ? "starting" : "running"
        case .settling, .acknowledging, .lingering: departure.exits ? "leaving" : "draining"
        case .away: departure.exits ? "leaving" : "drained"
        }
    }

    /// True before the first verdict on any VIP. Without a VIP there is nothing to decide, once it is known that there is none.
    private var isUndecided: Bool {
        vips.isEmpty ? hasIntent && missingSource != nil : vips.allSatisfy { $0.verdict == .unknown }
    }

    /// What the start waits for, in words; nil once it has begun.
    private var startObstacle: String? {
        isStarted
            ? nil
            : settings[Settings.process.drainFile].map {
                "waiting until the file system of the drain file \($0) answers"
            }
    }

    /// A peer with its routes to these VIPs, and to those that it has told us of itself; nil is all VIPs.
    func status(ofPeer index: Int, showing shown: Set<IPPrefix>? = nil, at now: Instant) -> PeerStatus {
        let peer = peers[index]
        let session = peer.session
        var status = PeerStatus(
            address: "\(peer.settings.address)", port: Int(peer.settings.port),
            configuredAS: "\(peer.settings.peerAS)", state: session.state.rawValue,
            stateSeconds: (now - (session.stateSince ?? startedAt)).inSeconds,
            advertised: peer.adjRIBOut.told.count,
            total: meantVIPs[peer.settings.address],
            usesMD5: session.isSigned ?? (peer.settings.password != nil),
            isPassive: peer.settings.isPassive, distance: peer.settings.distance.words)
        // What this node wanted is no error to be looked for later.
        if let cause = session.cause, !cause.reason.isPlanned {
            status.lastError = cause.reason.words(
                session.configuration, wasEstablished: cause.wasEstablished)
            status.lastErrorSecondsAgo = (now - cause.at).inSeconds
            status.lastErrorCode = cause.reason.code
        }
        let waiting = session.waiting(at: now)
        status.lastAttempt =
            waiting?.words
            ?? (session.lastEnd == session.cause
                ? nil
                : session.lastEnd.map {
                    $0.reason.words(session.configuration, wasEstablished: $0.wasEstablished)
                })
        status.lastAttemptCode =
            waiting?.code ?? (session.lastEnd == session.cause ? nil : session.lastEnd?.reason.code)
        status.capabilitiesNote = session.offerWords
        status.nextAttemptSeconds = session.nextAttempt.map { ($0 - now).inSeconds }
        status.messagesSent = MessageCounts(session.sent)
        status.messagesReceived = MessageCounts(session.received)
        status.prefixesDiscarded = session.prefixesDiscarded
        status.flaps = session.flaps
        status.plannedEnds = session.plannedEnds
        status.lastNotificationSent = session.lastNotificationSent.map { "\($0)" }
        status.lastNotificationReceived = session.lastNotificationReceived.map { "\($0)" }
        status.bfd = bfdStatus(of: peer.settings.address, at: now)
        status.obstacles = obstacles(to: peer, showing: shown)
        status.capabilitiesSent = session.offeredCapabilities.map { "\($0)" }
        status.undelivered = undelivered(to: index, showing: shown, at: now)
        guard let negotiated = session.negotiated else { return status }
        status.peerAS = negotiated.peerAS.value
        status.holdTime = Int(negotiated.holdTime)
        status.keepaliveSeconds = session.keepaliveInterval?.inSeconds
        status.localAddress = "\(negotiated.endpoints.local)"
        status.peerIdentifier = "\(negotiated.peerIdentifier)"
        status.peerHostName = negotiated.peerHostName
        status.capabilitiesReceived = negotiated.peerCapabilities.map { "\($0)" }
        status.families = negotiated.families.sorted().map { "\($0)" }
        status.routes = (shown.map { $0.union(peer.heard.keys).sorted() } ?? peer.adjRIBOut.told.keys.sorted())
            .compactMap { peer.adjRIBOut.route(to: $0) }
        let heard = peer.heard.sorted { $0.key < $1.key }.map { prefix, attributes in
            RouteStatus(prefix: "\(prefix)", nextHop: "", attributes: attributes.map { "\($0)" })
        }
        status.routesHeard = heard.isEmpty ? nil : heard
        return status
    }

    /// Why a peer cannot or shall not be told of a VIP; nil if nothing is in the way.
    func obstacle(to vip: VIP, of peer: Neighbour) -> String? {
        if vip.isRemoved { return nil }
        guard vip.settings.isMeant(for: peer.settings.address) else { return PeerStatus.notMeant }
        if let obstacle = peer.adjRIBOut.obstacle(to: vip.settings.prefix) { return obstacle }
        return peer.adjRIBOut.path == nil ? nil : doubt(about: vip, for: peer).map(\.doubt)
    }

    /// The obstacles to these VIPs; nil is all.
    private func obstacles(to peer: Neighbour, showing shown: Set<IPPrefix>?) -> [String: String]? {
        var obstacles: [String: String] = [:]
        for index in shown?.compactMap({ vipIndex[$0] }) ?? Array(vips.indices) {
            if let obstacle = obstacle(to: vips[index], of: peer) {
                obstacles["\(vips[index].settings.prefix)"] = obstacle
            }
        }
        return obstacles.isEmpty ? nil : obstacles
    }

    func status(
        of vip: VIP, _ listening: [UInt16: Set<IPAddress>]?, at now: Instant
    ) -> VIPStatus {
        let prefix = vip.settings.prefix
        // By place: to go through the peers themselves copies each.
        let holders = peers.indices.count { peers[$0].adjRIBOut.told[prefix] != nil }
        let meant = meantPeers(of: vip)
        var bindError: String?
        if case .failed(let refusal) = vip.binding { bindError = refusal.reason }
        let reason = reason(for: vip, holders: holders, among: meant)
        return VIPStatus(
            prefix: "\(prefix)", bound: vip.binding.isPresent,
            boundByOthers: vip.binding == .leftToOthers && vip.settings.placement != .notNeeded,
            bindError: bindError ?? vip.absence,
            verdict: vip.verdict.word,
            verdictSeconds: (now - vip.verdictSince).inSeconds,
            lastResort: vip.isLastResort && [.inService, .settling].contains(departureStep(for: vip))
                && [nil, .settling].contains(vip.drain?.step),
            advertisedTo: holders, peers: meant.count,
            reason: reason.words, reasonCode: reason.code.rawValue, checks: vip.settings.checks,
            listeners: listening.map { listeners(of: vip.settings, $0) } ?? [], drains: vip.settings.drains,
            drain: vip.drain.map { VIPDrainStatus($0, at: now) })
    }

    /// Why a VIP is advertised, or the first link of the chain that stops it.
    func reason(for vip: VIP, holders: Int, among meant: [Neighbour]) -> (code: VIPReason, words: String) {
        if vip.isRemoved { return (.removed, "removed from the settings: withdrawn") }
        switch departureStep(for: vip) {
        case .settling where holders > 0:
            return (departure.code, "leaving: marked with GRACEFUL_SHUTDOWN (\(departure.reason))")
        case .acknowledging, .lingering: return (departure.code, "leaving: withdrawn (\(departure.reason))")
        case .away: return (departure.code, "drained: \(departure.reason)")
        case .inService, .settling: break
        }
        switch vip.drain.map({ ($0.step, $0.reason) }) {
        case (.settling, let reason)? where holders > 0:
            return (.draining, "this VIP is draining: marked with GRACEFUL_SHUTDOWN (\(reason))")
        case (.acknowledging, let reason)?, (.lingering, let reason)?:
            return (.draining, "this VIP is draining: withdrawn (\(reason))")
        case (.away, let reason)?: return (.drained, "this VIP is drained: \(reason)")
        case (.settling, _)?, (.inService, _)?, nil: break
        }
        let state: String
        switch vip.verdict {
        case .unknown: return (.waiting, startObstacle ?? "waiting for the first result of its checks")
        case .unhealthy(let reason):
            let reason = currentReason(of: vip) ?? reason
            guard vip.isLastResort else { return (.unhealthy, reason) }
            state = "last resort (\(reason))"
        case .healthy: state = "healthy"
        }
        if case .failed(let refusal) = vip.binding {
            return (.bindFailed, "\(state), but cannot be bound to \(settings.interface): \(refusal.reason)")
        }
        if let absence = vip.absence { return (.notLocal, "\(state), but \(absence)") }
        let bound = vip.binding == .leftToOthers ? vip.settings.placement.words : "bound"
        if holders > 0 {
            return vip.isLastResort
                ? (.lastResort, "\(state): \(bound), advertised depreferred") : (.advertised, "healthy and \(bound)")
        }
        guard meant.contains(where: { $0.adjRIBOut.path != nil }) else {
            return (.noSession, "\(state) and \(bound), but no BGP session is Established")
        }
        let obstacle = meant.lazy.compactMap { $0.adjRIBOut.obstacle(to: vip.settings.prefix) }.first
        if obstacle == nil, let check = meant.lazy.compactMap({ doubt(about: vip, for: $0) }).first {
            return (.waiting, "\(state) and \(bound), but \(check.doubt)")
        }
        if obstacle == nil, meant.contains(where: { !$0.backlog.isEmpty }) {
            return (.waiting, "\(state) and \(bound), and about to be advertised: there are many VIPs")
        }
        return (.notCarried, "\(state) and \(bound), but no session can carry it: " + (obstacle ?? "reason unknown"))
    }

    /// The peers that a VIP is meant for.
    private func meantPeers(of vip: VIP) -> [Neighbour] {
        vip.settings.peers == nil ? peers : peers.filter { vip.settings.isMeant(for: $0.settings.address) }
    }

    /// The first failing check's present reason, which may have changed since the verdict.
    private func currentReason(of vip: VIP) -> String? {
        for name in vip.settings.checks {
            guard let index = checkIndex[name], case .unhealthy(let reason) = checks[index].verdict else { continue }
            return "check \(name): \(checks[index].lastFailure ?? reason)"
        }
        return nil
    }

    func status(of check: HealthCheck, at now: Instant) -> CheckStatus {
        CheckStatus(
            name: check.check.name, target: check.check.kind.words, verdict: check.verdict.word,
            verdictSeconds: (now - (check.verdictSince ?? startedAt)).inSeconds, lastFailure: check.lastFailure,
            acceptedRefusal: check.acceptedRefusal, passed: check.passed, failed: check.failed,
            durations: HistogramStatus(check.durations), recent: check.recent)
    }
}

extension AdjRIBOut {
    /// The route that the peer has been told; nil if it has been told none.
    func route(to prefix: IPPrefix) -> RouteStatus? {
        guard told[prefix] != nil else { return nil }
        return RouteStatus(
            prefix: "\(prefix)", nextHop: nextHop(of: prefix).map { "\($0)" } ?? "",
            attributes: pathAttributes(of: prefix).map { "\($0)" })
    }
}

extension HealthCheck {
    /// What a VIP waits for while this check is in doubt.
    fileprivate var doubt: String {
        "check \(check.name) has to pass once more before it is advertised on another session"
            + (lastFailure.map { ": \($0)" } ?? "")
    }
}

extension Departure {
    /// Why VIPs that it takes along are not in service.
    fileprivate var code: VIPReason {
        if exits { return .leaving }
        return step == .away ? .drained : .draining
    }
}

extension VIPPlacement {
    /// Where the address is, if we have not bound it.
    fileprivate var words: String {
        switch self {
        case .interface, .others: "left to others to bind"
        case .notNeeded: "needs no address on this node"
        }
    }
}

extension PeerSettings.Distance {
    fileprivate var words: String {
        switch self {
        case .direct: "direct"
        case .multihop(let ttl): "multihop \(ttl)"
        case .ttlSecurity(let hops): "ttl-security \(hops)"
        }
    }
}

extension Check.Kind {
    fileprivate var words: String {
        switch self {
        case .http(let http): "\(http.tls == nil ? "http" : "https")://\(http.target.words)\(http.shownPath)"
        case .tcp(let target): "tcp://\(target.words)"
        case .exec(let arguments): "exec:" + arguments.joined(separator: " ")
        }
    }
}

extension SocketTarget {
    fileprivate var words: String {
        address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }
}

extension Duration {
    /// Seconds with a fraction, rounded to milliseconds.
    var inSeconds: Double {
        Double(milliseconds) / 1000
    }
}

extension MessageCounts {
    fileprivate init(_ tally: MessageTally) {
        self.init()
        open = tally.open
        update = tally.update
        notification = tally.notification
        keepalive = tally.keepalive
        routeRefresh = tally.routeRefresh
    }
}

extension Verdict {
    /// `unknown`, `healthy` or `unhealthy`.
    package var word: String {
        switch self {
        case .unknown: "unknown"
        case .healthy: "healthy"
        case .unhealthy: "unhealthy"
        }
    }
}
