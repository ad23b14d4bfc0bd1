import Advertising
import Deadlines
import Health
import HealthProbes
import IPTypes
import Kubernetes
import NIOCore
import Services
import Settings
import ShellSystem
import SpeakerCore
import Wording

/// The source of VIPs that is the cluster: owns what decides about Services of type LoadBalancer, the connections to the
/// Kubernetes API, and the probes of what has to carry the addresses.
///
/// What follows from a failed probe is told inside the call that brought it.
final class ClusterServices: LoopConfined {
    /// A client for these settings, whose events go to the closure.
    typealias MakeClient = (ServicesSettings, any EventLoop, @escaping ([Services.Event]) -> Void) -> any ServiceClient

    /// What is there while Services are served.
    private struct Cluster {
        var settings: ServicesSettings
        /// What decides.
        var services: Services
        var client: any ServiceClient
    }

    let loop: any EventLoop
    private let link: HostLink
    private let makeClient: MakeClient
    private let makeProber: Probes.Make
    private var cluster: Cluster?
    private var probers: [String: any Probing] = [:]
    private var timer: (deadline: Instant, task: Scheduled<Void>)?
    /// Events that wait while another is being handled.
    private var waiting: [Services.Event] = []
    private var isHandling = false
    private var isComplete = false
    /// The VIPs that were given.
    private var given: Set<IPPrefix> = []
    /// Why each kind cannot be watched, as it was logged last.
    private var failures: [ClusterObject.Kind: String] = [:]

    init(_ link: HostLink, client: @escaping MakeClient, prober: @escaping Probes.Make) {
        loop = link.loop
        self.link = link
        makeClient = client
        makeProber = prober
    }

    /// Serves Services by these settings from now on. The connections stay if they lead to the same cluster.
    func serve(_ settings: ServicesSettings) {
        if cluster?.settings.isOfSameCluster(as: settings) == true {
            cluster?.settings = settings
            return take([.configured(settings.configuration)])
        }
        end()
        let client = makeClient(settings, loop) { [weak self] in self?.take($0) }
        cluster = Cluster(
            settings: settings, services: Services(nodeName: settings.nodeName ?? defaultNodeName()), client: client)
        take([.configured(settings.configuration)])
        client.start()
    }

    /// Asks the cluster no more; nothing is withdrawn by that.
    func end() {
        cluster?.client.stop()
        cluster = nil
        isComplete = false
        waiting = []
        failures = [:]
        for prober in probers.values { prober.stop() }
        probers = [:]
        timer?.task.cancel()
        timer = nil
    }

    /// How all Services of ours stand, or one; nil if none are served.
    func status(of name: ObjectName? = nil) -> ServicesStatus? { cluster?.services.status(of: name, at: link.now) }

    private func take(_ events: [Services.Event]) {
        waiting += events
        guard !isHandling else { return }
        isHandling = true
        var changes: [IPPrefix: VIPSettings?] = [:]
        while !waiting.isEmpty {
            let events = waiting
            waiting = []
            for event in events {
                note(event)
                for step in cluster?.services.handle(event, at: link.now) ?? [] {
                    guard case .advertise(let vips) = step else {
                        perform(step)
                        continue
                    }
                    for (prefix, vip) in vips { changes[prefix] = .some(vip.map { VIPSettings(prefix, $0) }) }
                }
            }
        }
        isHandling = false
        guard let services = cluster?.services else { return }
        if services.isComplete, !isComplete {
            isComplete = true
            // Of another cluster, perhaps.
            for prefix in given where services.vips[prefix] == nil { changes[prefix] = .some(nil) }
            give(changes)
            link.take(.vipsAreComplete(.services))
        } else {
            give(changes)
        }
        armTimer()
    }

    private func give(_ changes: [IPPrefix: VIPSettings?]) {
        guard !changes.isEmpty else { return }
        for (prefix, vip) in changes {
            if vip == nil { given.remove(prefix) } else { given.insert(prefix) }
        }
        link.take(.vips(.services, changes))
    }

    private func perform(_ step: Services.Step) {
        switch step {
        case .open(let check) where !check.keepsConnection: break
        case .change(let check) where !check.keepsConnection: probers.removeValue(forKey: check.name)?.stop()
        case .open(let check), .change(let check): provide(check)
        case .close(let check): probers.removeValue(forKey: check)?.stop()
        case .probe(let name):
            if probers[name] == nil, let check = cluster?.services.check(name) { provide(check) }
            probers[name]?.probe()
        case .follow, .unfollow, .claim, .release, .writeStatus, .post: cluster?.client.perform(step, at: .now())
        case .advertise: break
        }
    }

    private func armTimer() {
        guard let deadline = cluster?.services.nextDeadline else { return }
        if let timer {
            // One that fires too early finds nothing due and is armed anew.
            if timer.deadline <= deadline { return }
            timer.task.cancel()
        }
        let task = loop.assumeIsolated().scheduleTask(deadline: .uptimeNanoseconds(deadline.nanoseconds)) {
            [weak self] in
            guard let self else { return }
            timer = nil
            take([.deadlineReached])
        }
        timer = (deadline, task)
    }
}

// MARK: - Probes and the log

extension ClusterServices {
    private func provide(_ check: Check) {
        let name = check.name
        do throws(CheckUnusable) {
            let prober = try makeProber(check, callback { $0.take($1, of: name) })
            probers.updateValue(prober, forKey: name)?.stop()
        } catch {
            // Without an outcome the check's verdict runs out.
            link.log(.checkUnusable(name, reason: "\(error)"))
        }
    }

    private func take(_ event: ProbeEvent, of check: String) {
        switch event {
        case .outcome(let outcome, let took):
            // There may be thousands that nothing is kept of from one probe to the next.
            if outcome == .passed, cluster?.services.check(check)?.keepsConnection == false {
                probers.removeValue(forKey: check)?.stop()
            }
            take([.check(check, .outcome(outcome, took: took))])
        case .lateAnswer(let outcome): take([.check(check, .lateAnswer(outcome))])
        case .connectionLost: take([.check(check, .connectionLost)])
        case .stoppedListening: take([.check(check, .stoppedListening)])
        }
    }

    /// Logs what is new.
    private func note(_ event: Services.Event) {
        switch event {
        case .lost(let kind, let reason):
            guard failures.updateValue(reason, forKey: kind) != reason else { return }
            link.log(.kubernetesSilent(kind, reason: reason))
        case .heard(let kind), .listEnded(let kind):
            guard failures.removeValue(forKey: kind) != nil else { return }
            link.log(.kubernetesAnswers(kind))
        case .claimFailed(let address, let reason):
            link.log(.addressNotClaimed(address, reason: reason))
        case .statusFailed(let service, let reason):
            link.log(.statusNotWritten(service, reason: reason))
        default: break
        }
    }
}

/// What writes to the API and tells what it says; the real one is `KubernetesClient`.
protocol ServiceClient: AnyObject {
    func start()
    func perform(_ step: Services.Step, at wall: WallTime)
    func stop()
}

extension KubernetesClient: ServiceClient {}

extension ServicesSettings {
    /// True if the same API is asked, in the same name.
    fileprivate func isOfSameCluster(as other: ServicesSettings) -> Bool {
        (kubeconfig, nodeName, namespace) == (other.kubeconfig, other.nodeName, other.namespace)
    }
}

extension VIPSettings {
    /// The VIP of a Service, which is on no interface.
    init(_ prefix: IPPrefix, _ vip: ServiceVIP) {
        self.init(
            prefix: prefix, checks: [],
            attributes: vip.isSettling ? vip.attributes.withGracefulShutdown : vip.attributes, peers: vip.peers)
        placement = .notNeeded
    }
}
