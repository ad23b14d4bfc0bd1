import Health
import NIOCore

/// Asks over TCP, alone or with HTTP on top.
///
/// The connection on which HTTP passed is kept open and asked again, so that a crash is seen when the kernel closes it.
/// Where none is kept, because the service announces that it closes, or the check is about connecting, the kernel is
/// asked to tell when the listening socket closes. An idle connection for that purpose alone would hold up a service
/// that serves one at a time; TCP keeps one only where the kernel cannot tell.
///
/// What a connection means that the service closes before it answered, `ProbeAttempt` says.
///
/// A service that still answers on a kept connection may serve no new client. So a connection is kept for a second or so; and
/// before each probe the kernel is asked whether the service listens, and whether connections wait to be accepted. If so the
/// probe goes over a fresh connection.
final class SocketProbe: ProbeMethod {
    private enum Service {
        case tcp
        case http(HTTPCheck, TLSClient?)
    }

    /// What the running probe does.
    private enum Phase {
        /// The check's files are being read for a fresh connection.
        case readingFiles
        case asking(ProbeAttempt)
    }

    /// How old a connection may be that is asked again. A service that gives new connections an expired certificate, or
    /// none an answer, would otherwise never be found out: so it is within interval × `fall` + timeout + 1 s.
    static func mostAge(interval: Duration) -> TimeAmount {
        // The tenth is for probes that start a little later than they should.
        .seconds(1) + TimeAmount(interval / 10)
    }

    var report: (ProbeReport) -> Void = { _ in }
    private let service: Service
    private let address: SocketAddress
    private let name: String
    private let timeout: Duration
    private let loop: any EventLoop
    /// Nil while no probe runs.
    private var phase: Phase?
    private var connection: (any ServiceConnection)?
    /// When `connection` was opened; nil if it may not be asked again.
    private var openedAt: NIODeadline?
    private var dialledAt = NIODeadline.now()
    private let mostAge: TimeAmount
    /// The files of an HTTP check, as they were last read.
    private var files: CheckFiles?
    /// True while they are being read, which may take for ever.
    private var isReading = false
    /// A connection whose answer is awaited beyond the timeout, for its reason alone.
    private var late: (connection: HTTPConnection, since: NIODeadline)?
    /// Nil if the kernel is not to tell of the service's end.
    private let listener: ListeningSocket?
    /// True if the kernel showed the listening socket when it was last asked; its absence is news only then.
    private var isListening = false

    init(http: HTTPCheck, interval: Duration, timeout: Duration, on loop: any EventLoop) throws(CheckUnusable) {
        var tls: TLSClient?
        if let options = http.tls { tls = try TLSClient(options: options, host: http.host) }
        var files = CheckFiles(of: http)
        // The system's authorities are read once.
        if files.names.isEmpty { files.read() }
        if let fault = files.fault { throw fault }
        self.files = files
        mostAge = Self.mostAge(interval: interval)
        service = .http(http, tls)
        address = try http.target.socketAddress()
        name = http.target.inWords
        self.timeout = timeout
        self.loop = loop
        listener = http.keepsConnection ? ListeningSocket(of: http.target, on: loop) : nil
        listener?.onClose = { [weak self] in self?.listenerClosed() }
    }

    init(tcp target: SocketTarget, timeout: Duration, on loop: any EventLoop) throws(CheckUnusable) {
        service = .tcp
        mostAge = .zero
        address = try target.socketAddress()
        name = target.inWords
        self.timeout = timeout
        self.loop = loop
        listener = ListeningSocket(of: target, on: loop)
        listener?.onClose = { [weak self] in self?.listenerClosed() }
    }

    func begin() {
        let isGone = hasStoppedListening()
        if let connection, let openedAt, .now() - openedAt < mostAge, !isGone, listener?.waiting == 0 {
            phase = .asking(.onKeptConnection)
            connection.ask()
        } else {
            dialAfresh()
        }
    }

    func giveUp() -> Outcome {
        var progress = connection?.progress ?? "nothing was sent"
        if case .readingFiles = phase {
            progress = "reading \((files?.names ?? []).joined(separator: ", ")), whose disk does not answer"
        }
        var outcome = Outcome.failed(
            reason: "no answer within \(timeout.inWords) (\(progress))", definitive: false)
        if let early = connection?.earlyOutcome, early != .passed { outcome = early }
        if case .asking(let attempt) = phase, case .end(let known) = attempt.handle(.timedOut(outcome)) {
            outcome = known
        }
        awaitLateAnswer()
        phase = nil
        drop()
        keepWatch()
        return outcome
    }

    /// A service that fails slowly, as an API server without its etcd does, says why only after the timeout, and one that is
    /// short of processor time answers then: one connection stays open for a while.
    private func awaitLateAnswer() {
        if let late, .now() - late.since > .seconds(10) { forgetLateAnswer() }
        guard late == nil, let waiting = connection as? HTTPConnection else { return }
        connection = nil
        late = (waiting, .now())
        waiting.report = { [weak self] event in
            self?.forgetLateAnswer()
            if case .answered(let outcome, _) = event { self?.report(.lateAnswer(outcome)) }
        }
    }

    private func forgetLateAnswer() {
        late?.connection.abandon()
        late = nil
    }

    func stop() {
        phase = nil
        forgetLateAnswer()
        drop()
        listener?.stopWatching()
    }

    /// Asks over a fresh connection, with the check's files as they are now: or as they were, if they cannot be read soon,
    /// since that is no fault of the service's.
    private func dialAfresh() {
        drop()
        guard let files, !files.names.isEmpty, !(isReading && files.areRead) else { return dial(.onFreshConnection) }
        phase = .readingFiles
        guard !isReading else { return }
        isReading = true
        loop.assumeIsolated().scheduleTask(in: TimeAmount(timeout / 2)) { [weak self] in
            if let self, isReading, self.files?.areRead == true { filesAreReady() }
        }
        let work: @Sendable () -> CheckFiles = {
            var files = files
            files.read()
            return files
        }
        offLoop(loop, work) { [weak self] files in
            guard let self else { return }
            isReading = false
            if let files { self.files = files }
            filesAreReady()
        }
    }

    private func filesAreReady() {
        guard case .readingFiles = phase else { return }
        if let files, !files.areRead {
            let fault = files.fault?.reason ?? "no thread to read the check's files"
            return end(.failed(reason: fault, definitive: false))
        }
        dial(.onFreshConnection)
    }

    private func dial(_ attempt: ProbeAttempt) {
        drop()
        phase = .asking(attempt)
        let connection: any ServiceConnection =
            switch (attempt, service) {
            case (.afterFailure, _): TCPConnection(to: name)
            case (_, .tcp): TCPConnection(to: name) { [listener] in listener?.isQueued(from: $0) ?? false }
            case (_, .http(let check, let tls)):
                HTTPConnection(check, tls: tls, files: files ?? CheckFiles(of: check), to: name)
            }
        connection.report = { [weak self] in self?.take($0) }
        self.connection = connection
        dialledAt = .now()
        connection.dial(address, timeout: timeout, on: loop)
    }

    private func drop() {
        openedAt = nil
        connection?.abandon()
        connection = nil
    }

    private func take(_ event: ConnectionEvent) {
        switch (event, phase) {
        case (.answered(let outcome, let afterwards), .asking(let attempt)):
            switch (attempt, afterwards) {
            case (.afterFailure, _), (_, .close): drop()
            case (_, .askAgain) where listener == nil: drop()
            case (_, .askAgain): openedAt = dialledAt
            case (_, .watch): keepWatch(insteadOfConnection: true)
            }
            follow(attempt.handle(.answered(outcome)))
        case (.closedEarly(let reason), .asking(let attempt)):
            drop()
            follow(attempt.handle(.closedEarly(reason)))
        case (.lost, _):
            drop()
            report(hasStoppedListening() || keepWatch() ? .stoppedListening : .connectionLost)
        // While files are read there is no connection.
        case (.answered, .readingFiles), (.closedEarly, .readingFiles), (.answered, nil), (.closedEarly, nil):
            drop()
        }
    }

    private func follow(_ step: ProbeAttempt.Step) {
        switch step {
        case .ask(.onFreshConnection): dialAfresh()
        case .ask(let attempt): dial(attempt)
        case .end(let outcome): end(outcome)
        }
    }

    private func end(_ outcome: Outcome) {
        phase = nil
        let isGone = keepWatch()
        report(.ended(outcome))
        if isGone { report(.stoppedListening) }
    }
}

// MARK: - The listening socket

extension SocketProbe {
    /// True once if nothing listens any more where the service did.
    private func hasStoppedListening() -> Bool {
        let wasListening = isListening
        isListening = listener?.isOpen ?? false
        return wasListening && !isListening
    }

    /// Has the kernel tell of the listening socket's end as long as no connection does. True if it has come already.
    @discardableResult
    private func keepWatch(insteadOfConnection: Bool = false) -> Bool {
        guard let listener, isListening, insteadOfConnection || connection == nil else {
            listener?.stopWatching()
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
        switch phase {
        case nil: report(.stoppedListening)
        case .asking(let attempt): follow(attempt.handle(.stoppedListening))
        // Who dials then is refused.
        case .readingFiles: break
        }
    }
}
