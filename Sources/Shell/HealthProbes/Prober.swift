package import Health
package import NIOCore

/// What a prober reports.
package enum ProbeEvent: Sendable, Hashable {
    /// The probe ended. There is exactly one outcome for each probe that was started and not stopped; `took` is the
    /// time from `probe()` to it, at most the check's timeout apart from the lateness of the event loop.
    case outcome(Outcome, took: Duration)
    /// The answer to a probe whose outcome was that it did not come in time.
    case lateAnswer(Outcome)
    /// The service closed or reset, unannounced, the connection that was kept open between probes.
    case connectionLost
    /// The service's listening socket on this host is gone: no new connection will be accepted.
    case stoppedListening
}

/// A check that cannot be run as it is configured, in words.
package struct CheckUnusable: Error, Hashable, CustomStringConvertible {
    /// What is wrong and with which file.
    package let reason: String
    package var description: String { reason }
}

/// Runs the probes of one check, one at a time.
///
/// Everything happens on one event loop: its owner calls on the loop, and events come on the loop, never from inside a
/// call. It decides nothing but what came of a probe; when to probe and what follows is `HealthCheck`'s.
package final class Prober {
    private let timeout: Duration
    private let loop: any EventLoop
    private let onEvent: @Sendable (ProbeEvent) -> Void
    private let method: any ProbeMethod
    private var run: (start: NIODeadline, timer: Scheduled<Void>)?
    private var isStopped = false
    /// True while one of our own calls is on the stack, from which no event may come.
    private var isInCall = false

    /// A prober for `check`; nothing is sent before `probe()`.
    ///
    /// - Throws: `CheckUnusable` if a certificate or key file cannot be used or the target makes no sense.
    package init(
        check: Check, on loop: any EventLoop, onEvent: @escaping @Sendable (ProbeEvent) -> Void
    ) throws(CheckUnusable) {
        // A day is for ever; more would overflow the clock's arithmetic.
        let timeout = min(max(check.timeout, .milliseconds(1)), .seconds(86_400))
        self.timeout = timeout
        self.loop = loop
        self.onEvent = onEvent
        method =
            switch check.kind {
            case .http(let http):
                try SocketProbe(
                    http: http, interval: check.interval, timeout: timeout, on: loop)
            case .tcp(let target): try SocketProbe(tcp: target, timeout: timeout, on: loop)
            case .exec(let command): try ExecProbe(command: command, name: check.name, timeout: timeout, on: loop)
            }
        method.report = { [weak self] in self?.take($0) }
    }

    /// Starts a probe; does nothing while one runs or after `stop()`.
    package func probe() {
        guard run == nil, !isStopped else { return }
        let timer = loop.assumeIsolated().scheduleTask(in: TimeAmount(timeout)) { [weak self] in
            guard let self else { return }
            expire()
        }
        run = (.now(), timer)
        isInCall = true
        method.begin()
        isInCall = false
    }

    /// Ends what runs and closes the kept connection. No event comes afterwards.
    package func stop() {
        isStopped = true
        run?.timer.cancel()
        run = nil
        method.stop()
    }

    private func expire() {
        guard run != nil else { return }
        take(.ended(method.giveUp()))
    }

    private func take(_ report: ProbeReport) {
        switch report {
        case .ended(let outcome):
            guard let run else { return }
            self.run = nil
            run.timer.cancel()
            let took = Duration.nanoseconds((NIODeadline.now() - run.start).nanoseconds)
            deliver(.outcome(outcome, took: took))
        case .lateAnswer(let outcome):
            deliver(.lateAnswer(outcome))
        case .connectionLost:
            deliver(.connectionLost)
        case .stoppedListening:
            deliver(.stoppedListening)
        }
    }

    private func deliver(_ event: ProbeEvent) {
        guard !isStopped else { return }
        guard isInCall else { return onEvent(event) }
        loop.assumeIsolated().execute { [weak self] in
            guard let self, !isStopped else { return }
            onEvent(event)
        }
    }
}
