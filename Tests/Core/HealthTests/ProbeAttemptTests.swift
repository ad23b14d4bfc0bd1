import Testing

@testable import Health

/// A connection that ends before the service has answered, and what a second try counts for.
struct ProbeAttemptTests {
    private static let refused = Outcome.failed(reason: "connection refused", definitive: true)
    private static let silent = Outcome.failed(reason: "no answer within 1 s", definitive: false)
    private static let closed = Outcome.failed(reason: "closed", definitive: false)

    @Test(
        arguments: [
            (ProbeAttempt.onKeptConnection, ProbeAttempt.Event.closedEarly("closed"), .ask(.onFreshConnection)),
            (.onFreshConnection, .closedEarly("closed"), .ask(.afterFailure("closed"))),
            (.afterFailure("closed"), .closedEarly("closed again"), .end(closed)),
        ] as [(ProbeAttempt, ProbeAttempt.Event, ProbeAttempt.Step)])
    func aCloseBeforeTheAnswerIsTriedAgainTwiceAtMost(
        attempt: ProbeAttempt, event: ProbeAttempt.Event, step: ProbeAttempt.Step
    ) {
        #expect(attempt.handle(event) == step)
    }

    @Test(
        arguments: [
            (.onKeptConnection, .onFreshConnection), (.onFreshConnection, .onFreshConnection),
            (.afterFailure("closed"), .afterFailure("closed")),
        ] as [(ProbeAttempt, ProbeAttempt)])
    func aServiceThatListensNoMoreIsAskedAnewAtOnce(attempt: ProbeAttempt, next: ProbeAttempt) {
        #expect(attempt.handle(.stoppedListening) == .ask(next))
    }

    @Test(arguments: [Outcome.passed, refused, silent], [ProbeAttempt.onKeptConnection, .onFreshConnection])
    func anAnswerOrTheEndOfTheTimeIsTheOutcome(outcome: Outcome, attempt: ProbeAttempt) {
        #expect(attempt.handle(.answered(outcome)) == .end(outcome))
        #expect(attempt.handle(.timedOut(outcome)) == .end(outcome))
    }

    @Test func afterAFailureOnlyARefusalIsNews() {
        let attempt = ProbeAttempt.afterFailure("closed")
        #expect(attempt.handle(.answered(Self.refused)) == .end(Self.refused))
        #expect(attempt.handle(.answered(.passed)) == .end(Self.closed))
        #expect(attempt.handle(.answered(Self.silent)) == .end(Self.closed))
        #expect(attempt.handle(.timedOut(Self.silent)) == .end(Self.closed))
    }
}
