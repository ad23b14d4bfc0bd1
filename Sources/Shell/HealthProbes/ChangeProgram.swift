import Health
package import NIOCore

/// The program of `onChange`, run as checks run theirs, in a process group of its own, next to no environment, never
/// twice at a time. On the event loop.
package final class ChangeProgram {
    /// Where it is.
    package let path: String
    private let probe: ExecProbe
    private let loop: any EventLoop
    private var deadline: Scheduled<Void>?
    private var whenEnded: ((String?) -> Void)?

    /// - Parameter path: absolute, without a zero byte.
    package init(_ path: String, on loop: any EventLoop) {
        self.path = path
        self.loop = loop
        probe = ExecProbe(program: path, on: loop)
        probe.report = { [weak self] report in
            if case .ended(let outcome) = report { self?.end(Self.failure(outcome)) }
        }
    }

    /// Runs the program with these variables, besides `PATH`, for no longer than this, and then says what is wrong; nil if
    /// it exits with status 0. The one before must have ended.
    package func run(
        _ variables: [(name: String, value: String)], within limit: Duration, whenEnded: @escaping (String?) -> Void
    ) {
        self.whenEnded = whenEnded
        probe.prepare(variables.map { "\($0.name)=\($0.value)" }, timeout: limit)
        deadline = loop.assumeIsolated().scheduleTask(in: TimeAmount(limit)) { [self] in
            end(Self.failure(probe.giveUp()))
        }
        probe.begin()
    }

    private static func failure(_ outcome: Outcome) -> String? {
        switch outcome {
        case .passed: nil
        case .failed(let reason, _), .anonymousRefused(let reason, _): reason
        }
    }

    private func end(_ failure: String?) {
        deadline?.cancel()
        deadline = nil
        let whenEnded = whenEnded
        self.whenEnded = nil
        whenEnded?(failure)
    }
}
