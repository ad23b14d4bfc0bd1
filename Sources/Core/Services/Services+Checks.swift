import Deadlines
import Health
import IPTypes

extension Check {
    /// True if one prober is good for both: all that differs is how often it is asked, and what follows from the answers.
    fileprivate func isProbed(as other: Check) -> Bool { (kind, timeout) == (other.kind, other.timeout) }
}

/// A check as Services need it.
struct NeededCheck: Sendable, Hashable {
    /// How often it is probed.
    enum Pace: Sendable, Hashable {
        /// As its interval says.
        case steady
        /// Kube-proxy's word on one Service. There may be very many of these.
        case nodePort
        /// An endpoint of this node, which may be about to end.
        case endpoint(isTerminating: Bool)
    }

    var check: Check
    var pace: Pace
}

/// A check that Services need.
struct RunningCheck: Sendable, Hashable {
    var health: HealthCheck
    var pace: NeededCheck.Pace
    var users: Set<ObjectName> = []
    /// True while its first probe has to wait for those of others.
    var isWaiting = false
}

extension Services {
    private static let kubeProxyCheck = "services: kube-proxy"

    private static func nodePortCheck(_ port: UInt16) -> String { "services: health check node port \(port)" }

    private static func endpointCheck(_ endpoint: EndpointSet.Local) -> String? {
        endpoint.tcpPort.map { "services: endpoint \(endpoint.address) port \($0)" }
    }

    /// What has to be asked before this node carries a Service with these endpoints.
    func checksNeeded(for entry: Entry, _ set: EndpointSet) -> [NeededCheck] {
        var needed: [NeededCheck] = []
        let needsLocal = needsLocalEndpoint(entry.service)
        // Only from the first ready endpoint on, so that the first answer is none of before.
        if needsLocal ? !set.localReady.isEmpty : set.ready + set.terminating > 0,
            let check = kubeProxyCheck(for: entry)
        {
            needed.append(check)
        }
        if needsLocal, configuration.probesEndpoints {
            needed += set.localReady.compactMap { check(of: $0, isTerminating: false) }
            needed += set.localTerminating.compactMap { check(of: $0, isTerminating: true) }
        }
        return needed
    }

    /// kube-proxy's word on this Service, or on all where it has none on this one.
    private func kubeProxyCheck(for entry: Entry) -> NeededCheck? {
        guard var kubeProxy = configuration.kubeProxy else { return nil }
        guard entry.service.trafficPolicy == .local, let port = entry.service.healthCheckNodePort else {
            // A restart of kube-proxy leaves its rules where they are: it has some time for it.
            let check = Check(
                name: Self.kubeProxyCheck, kind: .http(kubeProxy), interval: .seconds(1), rise: 1, fall: 10,
                failFast: false)
            return NeededCheck(check: check, pace: .steady)
        }
        // It listens on the addresses of NodePorts, which need not include loopback.
        let address = node?.internalAddresses.first ?? kubeProxy.target.address
        kubeProxy = HTTPCheck(target: SocketTarget(address: address, port: port), path: "/healthz", host: "\(address)")
        // One process listens on all of these ports: what tells of its end is needed once, if at all.
        kubeProxy.keepsConnection = false
        let check = Check(
            name: Self.nodePortCheck(port), kind: .http(kubeProxy), interval: Self.nodePortPause, timeout: .seconds(3),
            rise: 1, fall: 2, failFast: false)
        return NeededCheck(check: check, pace: .nodePort)
    }

    /// A connection that is kept open to an endpoint, by which its end is noticed at once.
    private func check(of endpoint: EndpointSet.Local, isTerminating: Bool) -> NeededCheck? {
        guard let name = Self.endpointCheck(endpoint), let port = endpoint.tcpPort else { return nil }
        let check = Check(
            name: name, kind: .tcp(SocketTarget(address: endpoint.address, port: port)),
            interval: isTerminating ? Self.crashedPause : Self.endpointPause, timeout: .seconds(1), rise: 1, fall: 3)
        return NeededCheck(check: check, pace: .endpoint(isTerminating: isTerminating))
    }

    /// Why kube-proxy keeps this node from advertising the Service; nil if it does not.
    func kubeProxyObstacle(to entry: Entry, _ isAdvertised: Bool) -> ServiceReason? {
        guard let check = kubeProxyCheck(for: entry)?.check else { return nil }
        guard let health = checks[check.name]?.health, check.kind == health.check.kind else {
            return .waitingForKubeProxy
        }
        switch health.verdict {
        // A verdict that the latest outcome does not support decides nothing new.
        case .healthy: return health.isInDoubt && !isAdvertised ? .waitingForKubeProxy : nil
        case .unhealthy(let reason): return .kubeProxy(health.lastFailure ?? reason)
        case .unknown: return isAdvertised ? nil : .waitingForKubeProxy
        }
    }

    /// Why none of these endpoints is of use; nil if one is, or may be.
    ///
    /// The kubelet decides which are ready. A probe of ours only notices that one has crashed, so it counts after it has
    /// reached the endpoint once: a policy may keep it from that. Without a kube-proxy to ask it has to reach one.
    func endpointObstacle(to endpoints: [EndpointSet.Local], _ isAdvertised: Bool) -> ServiceReason? {
        guard configuration.probesEndpoints else { return nil }
        var obstacle: ServiceReason?
        for endpoint in endpoints {
            guard let name = Self.endpointCheck(endpoint) else { return nil }
            let health = checks[name]?.health
            switch health?.verdict {
            case .healthy? where health?.isInDoubt == false || isAdvertised:
                return nil
            case .unhealthy(let reason)? where configuration.kubeProxy == nil || (health?.passed ?? 0) > 0:
                obstacle = obstacle ?? .endpointDown(reason)
            default:
                if configuration.kubeProxy != nil { return nil }
                obstacle = .waitingForEndpoint
            }
        }
        return obstacle
    }

    /// Opens and closes checks, so that a Service has exactly these.
    mutating func useChecks(_ needed: [String: NeededCheck], for name: ObjectName, _ turn: inout Turn) {
        let old = entries[name]?.checks ?? []
        entries[name]?.checks = Set(needed.keys)
        for check in old.subtracting(needed.keys).sorted() {
            checks.update(check) { $0.users.remove(name) }
            guard checks[check]?.users.isEmpty ?? false else { continue }
            checks[check] = nil
            deadlines[.check(check)] = nil
            turn.steps.append(.close(check))
            endFirstProbe(of: check, &turn)
        }
        for (key, needed) in needed.sorted(by: { $0.key < $1.key }) {
            if let health = checks[key]?.health {
                checks.update(key) {
                    $0.users.insert(name)
                    $0.pace = needed.pace
                }
                var check = needed.check
                check.interval = health.check.interval
                if check == health.check {
                    keepPace(of: key, &turn)
                } else {
                    if !check.isProbed(as: health.check) { turn.steps.append(.change(check)) }
                    handle(.changed(check), check: key, &turn)
                }
            } else {
                let splay = StableHash(key).part(of: .seconds(3600))
                checks[key] = RunningCheck(
                    health: HealthCheck(check: needed.check, splay: splay), pace: needed.pace, users: [name])
                turn.steps.append(.open(needed.check))
                handle(.started, check: key, &turn)
            }
        }
    }

    /// Gives a check its event.
    mutating func handle(_ event: HealthCheck.Event, check name: String, _ turn: inout Turn) {
        guard var running = checks[name] else { return }
        let wasInDoubt = running.health.isInDoubt
        for action in running.health.handle(event, at: turn.now) {
            switch action {
            case .probe: probe(&running, &turn)
            case .verdictChanged: turn.dirty.formUnion(running.users)
            case .excused, .refusalAccepted: break
            }
        }
        if wasInDoubt && !running.health.isInDoubt { turn.dirty.formUnion(running.users) }
        checks[name] = running
        deadlines[.check(name)] = running.health.nextDeadline
        if case .outcome = event { endFirstProbe(of: name, &turn) }
        keepPace(of: name, &turn)
        if running.pace == .nodePort, !wasInDoubt, running.health.isInDoubt { auditNodePorts(besides: name, &turn) }
    }
}

// MARK: - How often checks are probed

extension Services {
    /// While kube-proxy says no.
    private static let waitingPause = Duration.milliseconds(250)
    /// While it has said no for a while.
    private static let vainPause = Duration.seconds(2)
    /// A pod that has crashed is there again soon, often before the kubelet has found out. One that is about to end may do so
    /// at any moment.
    private static let crashedPause = Duration.milliseconds(200)
    private static let endpointPause = Duration.seconds(5)
    private static let nodePortPause = Duration.seconds(10)
    /// What is well is probed this often or less, all together. The EndpointSlices and the connections that are kept open say
    /// when something changes; this only finds what they have missed.
    static let auditPause = Duration.milliseconds(200)

    /// How many node ports are asked at a time before their first answer: a thousand connections at once would cost memory,
    /// and kube-proxy answers none of them sooner for that.
    private static let mostFirstProbes = 32

    private mutating func probe(_ running: inout RunningCheck, _ turn: inout Turn) {
        let name = running.health.check.name
        if running.pace == .nodePort, running.health.verdict == .unknown, !firstProbes.contains(name) {
            guard firstProbes.count < Self.mostFirstProbes else {
                if !running.isWaiting { waitingProbes.append(name) }
                running.isWaiting = true
                return
            }
            firstProbes.insert(name)
        }
        turn.steps.append(.probe(name))
    }

    /// Lets the next one have its turn.
    private mutating func endFirstProbe(of name: String, _ turn: inout Turn) {
        guard firstProbes.remove(name) != nil else { return }
        while !waitingProbes.isEmpty {
            let next = waitingProbes.removeFirst()
            guard var running = checks[next], running.isWaiting else { continue }
            running.isWaiting = false
            probe(&running, &turn)
            checks[next] = running
            return
        }
    }

    /// The time from one probe of a check to the next, as things are.
    private func interval(of running: RunningCheck) -> Duration {
        let health = running.health
        let isWell = health.verdict == .healthy && !health.isInDoubt
        switch running.pace {
        case .steady:
            return health.check.interval
        case .nodePort where isWell:
            return auditInterval(atLeast: Self.nodePortPause)
        // The first answer may take its time, and says how to go on.
        case .nodePort where health.verdict == .healthy || health.verdict == .unknown:
            return Self.nodePortPause
        case .nodePort:
            return health.failed < 20 ? Self.waitingPause : Self.vainPause
        case .endpoint(isTerminating: true):
            return Self.crashedPause
        case .endpoint where isWell:
            return auditInterval(atLeast: Self.endpointPause)
        case .endpoint:
            // One that was never reached may be out of our reach for good.
            if case .unhealthy = health.verdict, health.passed > 0 { return Self.crashedPause }
            return Self.endpointPause
        }
    }

    /// Doubled as often as needed, so that one Service more or less seldom makes a difference.
    private func auditInterval(atLeast shortest: Duration) -> Duration {
        var interval = shortest
        while interval < Self.auditPause * checks.count { interval = interval * 2 }
        return interval
    }

    private mutating func keepPace(of name: String, _ turn: inout Turn) {
        guard let running = checks[name] else { return }
        let interval = interval(of: running)
        if interval != running.health.check.interval { handle(.paced(interval), check: name, &turn) }
    }

    /// All of these ports are kube-proxy's: if one of them fails, the others are asked soon.
    private mutating func auditNodePorts(besides failed: String, _ turn: inout Turn) {
        if let last = nodePortsAuditedAt, turn.now - last < Self.nodePortPause { return }
        nodePortsAuditedAt = turn.now
        for (name, running) in checks where running.pace == .nodePort && name != failed {
            handle(.wanted(within: Self.nodePortPause), check: name, &turn)
        }
    }

    /// Other endpoints of this node take the traffic of a Service: kube-proxy is asked whether it still carries it.
    mutating func auditNodePort(of service: ObjectName, _ turn: inout Turn) {
        for check in entries[service]?.checks ?? [] where checks[check]?.pace == .nodePort {
            handle(.wanted(within: .zero), check: check, &turn)
        }
    }
}
