import Health
import NIOCore

/// Asks over TCP, alone or with HTTP on top.
///
/// The connection on which HTTP passed is kept open and asked again, so that a crash is seen when the kernel closes it.
/// Where none is kept, because the service announces that it closes, or the check is about connecting, the kernel is
/// asked to tell when the listening socket closes. An idle connection for that purpose alone would hold up a service
/// that serves one at a time; TCP keeps one only where the kernel cannot tell.
///
/// A connection that the service closes before it answered proves nothing yet:
/// * on a kept connection the close may have crossed our request, so the request is repeated on a fresh one;
/// * on a fresh one the service may just be dying with the connection in its queue, so one more connection is tried. If
///   that is refused, nobody can be served: the failure is definitive.
///
/// A service that still answers on a kept connection while it listens no more serves nobody new: the kernel is asked
/// before each probe, and then the probe goes over a fresh connection.
final class SocketProbe: ProbeMethod {
    private enum Service {
        case tcp
        case http(HTTPCheck, TLSClient?)
    }

    /// How the running probe asks.
    private enum Attempt {
        case onKeptConnection
        case onFreshConnection
        /// Only to see whether connections are still accepted after the failure in words.
        case afterFailure(String)
    }

    /// Answers taken over one connection. A service that gives new connections an expired certificate, or none an answer,
    /// would otherwise never be found out.
    static let mostAnswers = 20

    var report: (ProbeReport) -> Void = { _ in }
    private let service: Service
    private let address: SocketAddress
    private let name: String
    private let timeout: Duration
    private let loop: any EventLoop
    private var attempt: Attempt?
    private var connection: (any ServiceConnection)?
    /// Answers taken over `connection`; nil if it may not be asked again.
    private var answers: Int?
    private let listener: ListeningSocket
    /// True if the kernel showed the listening socket when it was last asked; its absence is news only then.
    private var isListening = false
    /// The listening socket went while a probe ran, which may have passed it by.
    private var hasToRepeat = false

    init(http: HTTPCheck, timeout: Duration, on loop: any EventLoop) throws(CheckUnusable) {
        var tls: TLSClient?
        if let options = http.tls { tls = try TLSClient(options: options, host: http.host) }
        service = .http(http, tls)
        address = try http.target.socketAddress()
        name = http.target.inWords
        self.timeout = timeout
        self.loop = loop
        listener = ListeningSocket(of: http.target, on: loop)
        listener.onClose = { [weak self] in self?.listenerClosed() }
    }

    init(tcp target: SocketTarget, timeout: Duration, on loop: any EventLoop) throws(CheckUnusable) {
        service = .tcp
        address = try target.socketAddress()
        name = target.inWords
        self.timeout = timeout
        self.loop = loop
        listener = ListeningSocket(of: target, on: loop)
        listener.onClose = { [weak self] in self?.listenerClosed() }
    }

    func begin() {
        hasToRepeat = false
        let isGone = hasStoppedListening()
        if let connection, let answers, answers < Self.mostAnswers, !isGone {
            attempt = .onKeptConnection
            connection.ask()
        } else {
            dial(.onFreshConnection)
        }
    }

    func giveUp() -> String {
        let progress = connection?.progress ?? "nothing was sent"
        var reason = "no answer within \(timeout.inWords) (\(progress))"
        if case .afterFailure(let earlier) = attempt { reason = earlier }
        attempt = nil
        drop()
        keepWatch()
        return reason
    }

    func stop() {
        attempt = nil
        drop()
        listener.stopWatching()
    }

    private func dial(_ attempt: Attempt) {
        drop()
        self.attempt = attempt
        let connection: any ServiceConnection =
            switch (attempt, service) {
            case (.afterFailure, _), (_, .tcp): TCPConnection(to: name)
            case (_, .http(let check, let tls)): HTTPConnection(check, tls: tls, to: name)
            }
        connection.report = { [weak self] in self?.take($0) }
        self.connection = connection
        connection.dial(address, timeout: timeout, on: loop)
    }

    private func drop() {
        answers = nil
        connection?.abandon()
        connection = nil
    }

    private func take(_ event: ConnectionEvent) {
        switch (event, attempt) {
        case (.answered(let outcome, _), .afterFailure(let reason)):
            drop()
            end(outcome.isDefinitive ? outcome : .failed(reason: reason, definitive: false))
        case (.answered(let outcome, let afterwards), .some):
            switch afterwards {
            case .askAgain: answers = (answers ?? 0) + 1
            case .watch: keepWatch(insteadOfConnection: true)
            case .close: drop()
            }
            end(outcome)
        case (.closedEarly, .onKeptConnection):
            dial(.onFreshConnection)
        case (.closedEarly(let reason), .onFreshConnection):
            dial(.afterFailure(reason))
        case (.closedEarly, .afterFailure(let reason)):
            drop()
            end(.failed(reason: reason, definitive: false))
        case (.lost, _):
            drop()
            report(hasStoppedListening() || keepWatch() ? .stoppedListening : .connectionLost)
        case (.answered, nil), (.closedEarly, nil):
            drop()
        }
    }

    private func end(_ outcome: Outcome) {
        attempt = nil
        let isGone = keepWatch() || hasToRepeat
        report(.ended(outcome))
        if isGone { report(.stoppedListening) }
    }
}

// MARK: - The listening socket

extension SocketProbe {
    /// True once if nobody listens any more where somebody did.
    private func hasStoppedListening() -> Bool {
        let wasListening = isListening
        isListening = listener.isOpen
        return wasListening && !isListening
    }

    /// Has the kernel tell of the listening socket's end as long as no connection does. True if it has come already.
    @discardableResult
    private func keepWatch(insteadOfConnection: Bool = false) -> Bool {
        guard isListening, insteadOfConnection || connection == nil else {
            listener.stopWatching()
            return false
        }
        guard !listener.isWatched else {
            if insteadOfConnection { drop() }
            return false
        }
        listener.startWatching()
        guard listener.isWatched else { return false }
        if insteadOfConnection { drop() }
        return hasStoppedListening()
    }

    private func listenerClosed() {
        guard hasStoppedListening() else { return }
        if attempt == nil { report(.stoppedListening) } else { hasToRepeat = true }
    }
}

extension Outcome {
    fileprivate var isDefinitive: Bool {
        if case .failed(_, definitive: true) = self { true } else { false }
    }
}
