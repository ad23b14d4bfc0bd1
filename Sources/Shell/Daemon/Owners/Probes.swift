import Health
import HealthProbes
import NIOCore
import SpeakerCore
import ShellSystem
import Wording

/// What runs the probes of one check; the real one is `Prober`.
protocol Probing: AnyObject {
    func probe()
    func stop()
}

extension Prober: Probing {}

/// Owns what runs the probes of each check.
final class Probes: LoopConfined {
    typealias Make = (Check, @escaping @Sendable (ProbeEvent) -> Void) throws(CheckUnusable) -> any Probing

    let loop: any EventLoop
    private let link: HostLink
    private let make: Make
    /// An outcome, for the log.
    private let trace: (Trace) -> Void
    private var probers: [String: any Probing] = [:]

    init(_ link: HostLink, make: @escaping Make, trace: @escaping (Trace) -> Void) {
        loop = link.loop
        self.link = link
        self.make = make
        self.trace = trace
    }

    /// Makes ready for probes of a check, in place of those of a check of the same name.
    func provide(_ check: Check) {
        let name = check.name
        do throws(CheckUnusable) {
            let prober = try make(check, callback { $0.take($1, of: name) })
            probers.updateValue(prober, forKey: name)?.stop()
        } catch {
            // At a start that is an error of the settings. Later, files that were good a moment ago are not: without an
            // outcome the check's verdict runs out.
            guard link.isServing else { return link.fail(error) }
            link.log(.checkUnusable(name, reason: "\(error)"))
        }
    }

    /// Runs one probe of this check.
    func probe(_ check: String) { probers[check]?.probe() }

    func end(_ check: String) { probers.removeValue(forKey: check)?.stop() }

    func endAll() {
        for prober in probers.values { prober.stop() }
        probers = [:]
    }

    private func take(_ event: ProbeEvent, of check: String) {
        switch event {
        case .outcome(let outcome, let took):
            if link.isTracing { trace(.probed(check: check, outcome, took: took)) }
            link.take(.check(check, .outcome(outcome, took: took)))
        case .lateAnswer(let outcome): link.take(.check(check, .lateAnswer(outcome)))
        case .connectionLost: link.take(.check(check, .connectionLost))
        case .stoppedListening: link.take(.check(check, .stoppedListening))
        }
    }
}
