import Health
import NIOCore

/// Asks over TCP, alone or with HTTP on top.
///
/// A connection on which a probe passed is kept open, so that a crash is seen when the kernel closes it. HTTP asks again
/// on it; TCP makes a new one each time, since that is what its check is about. A connection that the service closes
/// before it answered proves nothing yet:
/// * on a kept connection the close may have crossed our request, so the request is repeated on a fresh one;
/// * on a fresh one the service may just be dying with the connection in its queue, so one more connection is tried. If
///   that is refused, nobody can be served: the failure is definitive.
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

    /// Answers taken over one connection. A service whose kept connections live while it accepts no new ones, or gives
    /// them an expired certificate, would otherwise never be found out.
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

    init(http: HTTPCheck, timeout: Duration, on loop: any EventLoop) throws(CheckUnusable) {
        var tls: TLSClient?
        if let options = http.tls { tls = try TLSClient(options: options, host: http.host) }
        service = .http(http, tls)
        address = try http.target.socketAddress()
        name = http.target.inWords
        self.timeout = timeout
        self.loop = loop
    }

    init(tcp target: SocketTarget, timeout: Duration, on loop: any EventLoop) throws(CheckUnusable) {
        service = .tcp
        address = try target.socketAddress()
        name = target.inWords
        self.timeout = timeout
        self.loop = loop
    }

    func begin() {
        if let connection, let answers, answers < Self.mostAnswers {
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
        stop()
        return reason
    }

    func stop() {
        attempt = nil
        drop()
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
            case .watch: answers = nil
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
            report(.connectionLost)
        case (.answered, nil), (.closedEarly, nil):
            drop()
        }
    }

    private func end(_ outcome: Outcome) {
        attempt = nil
        report(.ended(outcome))
    }
}

extension Outcome {
    fileprivate var isDefinitive: Bool {
        if case .failed(_, definitive: true) = self { true } else { false }
    }
}
