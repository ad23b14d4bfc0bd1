import Deadlines
import Health
import IPTypes

extension Check {
    /// True if one prober is good for both. A connection that is kept open to an endpoint must not be given up because the
    /// endpoint is asked more often: one that is terminating may accept no other.
    fileprivate func isProbed(as other: Check) -> Bool {
        guard case .tcp = kind else { return false }
        return (kind, timeout) == (other.kind, other.timeout)
    }
}

/// A check that Services need.
struct RunningCheck: Sendable, Hashable {
    var health: HealthCheck
    var users: Set<ObjectName> = []
}

extension Services {
    private static let kubeProxyCheck = "services: kube-proxy"

    private static func nodePortCheck(_ port: UInt16) -> String { "services: health check node port \(port)" }

    private static func endpointCheck(_ endpoint: EndpointSet.Local) -> String? {
        endpoint.tcpPort.map { "services: endpoint \(endpoint.address) port \($0)" }
    }

    /// What has to be asked before this node carries a Service with these endpoints.
    func checksNeeded(for entry: Entry, _ set: EndpointSet) -> [Check] {
        var needed: [Check] = []
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
    private func kubeProxyCheck(for entry: Entry) -> Check? {
        guard var kubeProxy = configuration.kubeProxy else { return nil }
        guard entry.service.trafficPolicy == .local, let port = entry.service.healthCheckNodePort else {
            // A restart of kube-proxy leaves its rules where they are: it has some time for it.
            return Check(
                name: Self.kubeProxyCheck, kind: .http(kubeProxy), interval: .seconds(1), rise: 1, fall: 10,
                failFast: false)
        }
        // It listens on the addresses of NodePorts, which need not include loopback.
        let address = node?.internalAddresses.first ?? kubeProxy.target.address
        kubeProxy = HTTPCheck(target: SocketTarget(address: address, port: port), path: "/healthz", host: "\(address)")
        let name = Self.nodePortCheck(port)
        let health = checks[name]?.health
        // There may be very many of these. Often at first, because each answer is waited for; seldom once all is well, since
        // the endpoints say when it changes.
        let isWell = health?.verdict == .healthy
        let isNew = !isWell && (health?.failed ?? 0) < 20
        return Check(
            name: name, kind: .http(kubeProxy),
            interval: isWell ? .seconds(10) : isNew ? .milliseconds(250) : .seconds(2), timeout: .seconds(3), rise: 1,
            fall: 2, failFast: false)
    }

    /// A connection that is kept open to an endpoint, by which its end is noticed at once.
    private func check(of endpoint: EndpointSet.Local, isTerminating: Bool) -> Check? {
        guard let name = Self.endpointCheck(endpoint), let port = endpoint.tcpPort else { return nil }
        // A pod that has crashed is there again soon, often before the kubelet has found out. One that was never reached
        // may be out of our reach for good.
        let health = checks[name]?.health
        let isDown = if case .unhealthy? = health?.verdict { true } else { false }
        let hasCrashed = isDown && health?.passed ?? 0 > 0
        return Check(
            name: name, kind: .tcp(SocketTarget(address: endpoint.address, port: port)),
            interval: isTerminating || hasCrashed ? .milliseconds(200) : .seconds(5), timeout: .seconds(1), rise: 1,
            fall: 3)
    }

    /// Why kube-proxy keeps this node from advertising the Service; nil if it does not.
    func kubeProxyObstacle(to entry: Entry, _ isAdvertised: Bool) -> ServiceReason? {
        guard let check = kubeProxyCheck(for: entry) else { return nil }
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
    mutating func useChecks(_ needed: [String: Check], for name: ObjectName, _ turn: inout Turn) {
        let old = entries[name]?.checks ?? []
        entries[name]?.checks = Set(needed.keys)
        for check in old.subtracting(needed.keys).sorted() {
            checks[check]?.users.remove(name)
            guard checks[check]?.users.isEmpty ?? false else { continue }
            checks[check] = nil
            deadlines[.check(check)] = nil
            turn.steps.append(.close(check))
        }
        for (key, check) in needed.sorted(by: { $0.key < $1.key }) {
            if let running = checks[key] {
                checks[key]?.users.insert(name)
                guard running.health.check != check else { continue }
                if !check.isProbed(as: running.health.check) { turn.steps.append(.change(check)) }
                handle(.changed(check), check: key, &turn)
            } else {
                let splay = StableHash(key).part(of: check.interval)
                checks[key] = RunningCheck(health: HealthCheck(check: check, splay: splay), users: [name])
                turn.steps.append(.open(check))
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
            case .probe: turn.steps.append(.probe(name))
            case .verdictChanged: turn.dirty.formUnion(running.users)
            case .excused, .refusalAccepted: break
            }
        }
        if wasInDoubt && !running.health.isInDoubt { turn.dirty.formUnion(running.users) }
        checks[name] = running
        deadlines[.check(name)] = running.health.nextDeadline
    }
}
