import BGPFSM
package import Diagnosis
import Health
import HealthProbes
import IPTypes
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Netlink
package import Settings
package import SpeakerCore

/// Gathers all that a diagnosis needs, in less than five seconds: reads what the node says, runs each check once, and dials
/// the peers that have no session. Changes nothing.
/// - Parameters:
///   - configured: what the daemon is configured with.
///   - secrets: files with passwords.
///   - status: what the daemon says; nil if it was not reached.
package func gatherFacts(for configured: Settings, secrets: [String], status: Status?) -> Facts {
    var facts = Facts(settings: configured)
    facts.namesGateways = configured.namesGateways
    if configured.namesGateways {
        do {
            facts.settings = try configured.expandingGateways(NodeNetwork.defaultGateways())
        } catch {
            facts.settings.peers.removeAll(where: \.address.isGateway)
            facts.gatewayFailure = "\(error)"
        }
    }
    facts.status = status
    facts.node = NodeFacts(reading: facts.settings, secrets: secrets)
    let known = facts
    let result = NIOLockedValueBox(facts)
    MultiThreadedEventLoopGroup.withCurrentThreadAsEventLoop { loop in
        let gathering = Gathering(known, on: loop) { facts in
            result.withLockedValue { $0 = facts }
            loop.shutdownGracefully { _ in }
        }
        loop.execute { gathering.start() }
    }
    return result.withLockedValue { $0 }
}

/// The part that waits for answers, all at once. Everything happens on the loop.
private final class Gathering: @unchecked Sendable {
    private var facts: Facts
    private let loop: any EventLoop
    private let done: @Sendable (Facts) -> Void
    private var trials: [PeerTrial] = []
    private var probers: [Prober] = []
    private let otherSpeakers = OtherSpeakers()
    private var pending = 1
    private var isDone = false

    /// Longer than a dial takes.
    private static let longest = TimeAmount.milliseconds(3600)
    private static let longestProbe = Duration.seconds(3)

    init(_ facts: Facts, on loop: any EventLoop, done: @escaping @Sendable (Facts) -> Void) {
        self.facts = facts
        self.loop = loop
        self.done = done
    }

    func start() {
        loop.scheduleTask(in: Self.longest) { [self] in end() }
        for check in facts.settings.checks { look(at: check) }
        for peer in facts.settings.peers { look(at: peer) }
        finishOne()
    }

    private func finishOne() {
        pending -= 1
        if pending == 0 { end() }
    }

    private func end() {
        guard !isDone else { return }
        for trial in trials { trial.stop() }
        // The last trial may have come back here.
        guard !isDone else { return }
        isDone = true
        for prober in probers { prober.stop() }
        done(facts)
    }

    private func look(at check: Check) {
        facts.checks[check.name] = CheckFacts(fileFaults: fileFaults(of: check).map(\.reason))
        pending += 1
        serverCertificate(of: check, on: loop, within: Self.longestProbe).whenSuccess { [self] certificate in
            facts.checks[check.name]?.certificate = certificate
            finishOne()
        }
        // A program beside the one that the daemon runs may be one too many.
        if case .exec = check.kind, facts.status != nil { return }
        var bounded = check
        bounded.timeout = min(check.timeout, Self.longestProbe)
        pending += 1
        let prober = try? Prober(check: bounded, on: loop) { [self] event in
            guard case .outcome(let outcome, _) = event, !isDone else { return }
            facts.checks[check.name]?.outcome = outcome
            finishOne()
        }
        guard let prober else { return finishOne() }
        probers.append(prober)
        prober.probe()
    }

    private func look(at peer: PeerSettings) {
        let state = facts.status?.peers.first { $0.address == "\(peer.address)" }
        // A peer is not to be disturbed that has a session, waits for one, or is somewhere else each time.
        guard !peer.isPassive, !peer.address.isUnnumbered, state?.state != "Established" else { return }
        let codes = [state?.lastErrorCode ?? state?.lastAttemptCode].compactMap { $0 }
        let isSilent = codes.contains { $0.hasPrefix("silent") }
        if state != nil, !isSilent { return }
        if state == nil {
            let other = try? otherSpeakers.speaker(
                with: peer.address, port: peer.port, from: peer.source, interface: peer.sourceInterface)
            if let other = other ?? nil {
                facts.peers[peer.address] = PeerFacts(end: .transport(.inUse(by: other)))
                return
            }
        }
        pending += 1
        let trial = PeerTrial(peer, localAS: facts.settings.localAS, on: loop) { [self] met in
            facts.peers[peer.address] = met
            finishOne()
        }
        trials.append(trial)
        if state == nil {
            trial.start()
        } else {
            trial.startVariants()
            loop.scheduleTask(in: .milliseconds(1500)) { trial.stop() }
        }
    }
}
