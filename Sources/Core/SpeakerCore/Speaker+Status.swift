import Advertising
import BGPFSM
import BGPWire
package import Deadlines
package import Health
package import IPTypes
import Settings

extension Speaker {
    /// Everything an operator can ask for, at `now`. `listening` is who listens on `checkedPorts`, nil if nobody has
    /// looked.
    package func status(
        version: String, listening: [UInt16: Set<IPAddress>]? = nil, at now: Instant
    ) -> Status {
        Status(
            version: version, localAS: settings.localAS.value, routerID: "\(identifier)",
            interface: settings.interface, phase: phase,
            phaseReason: departure.step == .inService ? nil : departure.reason,
            departure: departureStatus(at: now),
            uptime: (now - startedAt).inSeconds,
            peers: peers.indices.map { status(ofPeer: $0, at: now) },
            vips: vips.map { status(of: $0, listening, at: now) },
            checks: checks.map { status(of: $0, at: now) })
    }

    private var phase: String {
        switch departure.step {
        case .inService: vips.allSatisfy { $0.verdict == .unknown } ? "starting" : "running"
        case .settling, .acknowledging, .lingering: departure.exits ? "leaving" : "draining"
        case .away: departure.exits ? "leaving" : "drained"
        }
    }

    private func status(ofPeer index: Int, at now: Instant) -> PeerStatus {
        let peer = peers[index]
        let session = peer.session
        var status = PeerStatus(
            address: "\(peer.settings.address)", port: Int(peer.settings.port),
            configuredAS: "\(peer.settings.peerAS)", state: session.state.rawValue,
            stateSeconds: (now - (session.stateSince ?? startedAt)).inSeconds,
            advertised: peer.adjRIBOut.told.count,
            total: vips.count { $0.settings.isMeant(for: peer.settings.address) },
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
        status.obstacles = obstacles(to: peer)
        status.capabilitiesSent = session.offeredCapabilities.map { "\($0)" }
        status.undelivered = undelivered(to: index, at: now)
        guard let negotiated = session.negotiated else { return status }
        status.peerAS = negotiated.peerAS.value
        status.holdTime = Int(negotiated.holdTime)
        status.keepaliveSeconds = session.keepaliveInterval?.inSeconds
        status.localAddress = "\(negotiated.endpoints.local)"
        status.peerIdentifier = "\(negotiated.peerIdentifier)"
        status.peerHostName = negotiated.peerHostName
        status.capabilitiesReceived = negotiated.peerCapabilities.map { "\($0)" }
        status.families = negotiated.families.sorted().map { "\($0)" }
        status.routes = peer.adjRIBOut.told.keys.sorted().map { prefix in
            RouteStatus(
                prefix: "\(prefix)", nextHop: peer.adjRIBOut.nextHop(of: prefix).map { "\($0)" } ?? "",
                attributes: peer.adjRIBOut.pathAttributes(of: prefix).map { "\($0)" })
        }
        return status
    }

    /// Why a peer is not told of each VIP that it cannot or shall not be told of.
    private func obstacles(to peer: Peer) -> [String: String]? {
        var obstacles: [String: String] = [:]
        for vip in vips {
            let prefix = vip.settings.prefix
            let isMeant = vip.settings.isMeant(for: peer.settings.address)
            obstacles["\(prefix)"] = isMeant ? peer.adjRIBOut.obstacle(to: prefix) : PeerStatus.notMeant
        }
        return obstacles.isEmpty ? nil : obstacles
    }

    private func status(
        of vip: VIP, _ listening: [UInt16: Set<IPAddress>]?, at now: Instant
    ) -> VIPStatus {
        let prefix = vip.settings.prefix
        let holders = peers.count { $0.adjRIBOut.told[prefix] != nil }
        let meant = peers.filter { vip.settings.isMeant(for: $0.settings.address) }
        var bindError: String?
        if case .failed(let reason) = vip.binding { bindError = reason }
        return VIPStatus(
            prefix: "\(prefix)", bound: vip.isOnInterface || vip.binding == .unbinding,
            boundByOthers: vip.binding == .leftToOthers, bindError: bindError ?? vip.absence,
            verdict: vip.verdict.word,
            verdictSeconds: (now - vip.verdictSince).inSeconds,
            lastResort: vip.isLastResort && [.inService, .settling].contains(departureStep(for: vip))
                && [nil, .settling].contains(vip.drain?.step),
            advertisedTo: holders, peers: meant.count,
            reason: reason(for: vip, holders: holders, among: meant), checks: vip.settings.checks,
            listeners: listening.map { listeners(of: vip.settings, $0) } ?? [], drains: vip.settings.drains,
            drain: vip.drain.map { VIPDrainStatus($0, at: now) })
    }

    /// Why a VIP is advertised, or the first link of the chain that stops it.
    private func reason(for vip: VIP, holders: Int, among meant: [Peer]) -> String {
        switch departureStep(for: vip) {
        case .settling where holders > 0: return "leaving: marked with GRACEFUL_SHUTDOWN (\(departure.reason))"
        case .acknowledging, .lingering: return "leaving: withdrawn (\(departure.reason))"
        case .away: return "drained: \(departure.reason)"
        case .inService, .settling: break
        }
        switch vip.drain.map({ ($0.step, $0.reason) }) {
        case (.settling, let reason)? where holders > 0:
            return "this VIP is draining: marked with GRACEFUL_SHUTDOWN (\(reason))"
        case (.acknowledging, let reason)?, (.lingering, let reason)?:
            return "this VIP is draining: withdrawn (\(reason))"
        case (.away, let reason)?: return "this VIP is drained: \(reason)"
        case (.settling, _)?, (.inService, _)?, nil: break
        }
        let state: String
        switch vip.verdict {
        case .unknown: return "waiting for the first result of its checks"
        case .unhealthy(let reason):
            let reason = currentReason(of: vip) ?? reason
            guard vip.isLastResort else { return reason }
            state = "last resort (\(reason))"
        case .healthy: state = "healthy"
        }
        if case .failed(let reason) = vip.binding {
            return "\(state), but cannot be bound to \(settings.interface): \(reason)"
        }
        if let absence = vip.absence { return "\(state), but \(absence)" }
        let bound = vip.binding == .leftToOthers ? "left to others to bind" : "bound"
        if holders > 0 {
            return vip.isLastResort ? "\(state): \(bound), advertised depreferred" : "healthy and \(bound)"
        }
        let established = meant.filter { $0.session.negotiated != nil }
        if established.isEmpty { return "\(state) and \(bound), but no BGP session is Established" }
        let obstacles = established.compactMap { $0.adjRIBOut.obstacle(to: vip.settings.prefix) }
        return "\(state) and \(bound), but no session can carry it: " + (obstacles.first ?? "reason unknown")
    }

    /// The first failing check's present reason, which may have changed since the verdict.
    private func currentReason(of vip: VIP) -> String? {
        for name in vip.settings.checks {
            guard let index = checkIndex[name], case .unhealthy(let reason) = checks[index].verdict else { continue }
            return "check \(name): \(checks[index].lastFailure ?? reason)"
        }
        return nil
    }

    private func status(of check: HealthCheck, at now: Instant) -> CheckStatus {
        CheckStatus(
            name: check.check.name, target: check.check.kind.words, verdict: check.verdict.word,
            verdictSeconds: (now - (check.verdictSince ?? startedAt)).inSeconds, lastFailure: check.lastFailure,
            acceptedRefusal: check.acceptedRefusal, passed: check.passed, failed: check.failed)
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
