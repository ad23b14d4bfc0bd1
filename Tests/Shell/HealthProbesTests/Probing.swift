import Health
import HealthProbes
import NIOCore
import Testing

/// A prober on its loop, and its events in order.
struct Probing {
    private let prober: NIOLoopBound<Prober>
    private var events: AsyncStream<ProbeEvent>.Iterator

    /// A prober for a check named `test`; by the interval it keeps connections for longer than a test runs.
    init(_ kind: Check.Kind, interval: Duration = .seconds(1000), timeout: Duration = .seconds(20)) async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: ProbeEvent.self)
        let loop = TestService.loop
        prober = try await loop.submit {
            let check = Check(name: "test", kind: kind, interval: interval, timeout: timeout)
            let prober = try Prober(check: check, on: loop) { event in
                loop.preconditionInEventLoop()
                continuation.yield(event)
            }
            return NIOLoopBound(prober, eventLoop: loop)
        }.get()
        events = stream.makeAsyncIterator()
    }

    func probe() {
        TestService.loop.execute { [prober] in prober.value.probe() }
    }

    func stop() async throws {
        try await TestService.loop.submit { [prober] in prober.value.stop() }.get()
    }

    /// The next event, without the time an outcome took.
    mutating func next() async -> Seen {
        switch await events.next(isolation: nil) {
        case .outcome(let outcome, _): .outcome(outcome)
        case .lateAnswer(let outcome): .lateAnswer(outcome)
        case .connectionLost: .connectionLost
        case .stoppedListening: .stoppedListening
        case nil: .nothing
        }
    }

    /// Runs one probe; its outcome must be the next event.
    mutating func outcome() async -> Seen {
        probe()
        return await next()
    }

    /// Expects this to be the next event.
    mutating func reports(_ expected: Seen, at place: SourceLocation = #_sourceLocation) async {
        let seen = await next()
        #expect(seen == expected, sourceLocation: place)
    }

    /// Runs one probe and expects this to be the next event.
    mutating func probe(gives expected: Seen, at place: SourceLocation = #_sourceLocation) async {
        probe()
        await reports(expected, at: place)
    }

    enum Seen: Equatable {
        case outcome(Outcome)
        case lateAnswer(Outcome)
        case connectionLost
        case stoppedListening
        case nothing

        static let passed = Seen.outcome(.passed)
        static func failed(_ reason: String) -> Seen { .outcome(.failed(reason: reason, definitive: false)) }
        static func refused(_ name: String) -> Seen {
            .outcome(.failed(reason: "connection refused by \(name)", definitive: true))
        }
    }
}

extension TestService {
    /// A check of this service by HTTP, or HTTPS with `tls`.
    func http(
        path: String = "/readyz", host: String = "127.0.0.1", tls: HTTPCheck.TLSOptions? = nil,
        expectedStatus: [Int] = [200], bodyContains: String? = nil, bearerTokenFile: String? = nil
    ) -> Check.Kind {
        .http(
            HTTPCheck(
                target: target, path: path, host: host, tls: tls, expectedStatus: expectedStatus,
                bodyContains: bodyContains, bearerTokenFile: bearerTokenFile))
    }
}
