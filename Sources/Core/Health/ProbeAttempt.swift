/// How a probe asks a service over TCP, and what the end of its connection means.
///
/// A connection that the service closes before it answered proves nothing yet:
/// * on a kept connection the close may have crossed our request, so the request is repeated on a fresh one;
/// * on a fresh one the service may just be dying with the connection in its queue, so one more connection is tried. If
///   that is refused, no client can be served: the failure is definitive.
///
/// If nothing listens any more, the connection tells nothing either, and may stay open for as long as the service takes to die:
/// so the request is repeated on a fresh one at once.
package enum ProbeAttempt: Sendable, Hashable {
    case onKeptConnection
    case onFreshConnection
    /// Only to see whether connections are still accepted after the failure in words.
    case afterFailure(String)

    /// What has become of the connection.
    package enum Event: Sendable, Hashable {
        case answered(Outcome)
        /// The service closed it before it answered, in these words.
        case closedEarly(String)
        /// The service's listening socket is gone.
        case stoppedListening
        /// The probe's time is over; the outcome is what is known by now.
        case timedOut(Outcome)
    }

    /// How the probe goes on.
    package enum Step: Sendable, Hashable {
        /// Ask once more, in this way.
        case ask(ProbeAttempt)
        case end(Outcome)
    }

    /// What follows. A probe tries three connections at most, and one more if the service stops listening.
    package func handle(_ event: Event) -> Step {
        switch (self, event) {
        case (.onKeptConnection, .closedEarly), (.onKeptConnection, .stoppedListening),
            (.onFreshConnection, .stoppedListening):
            .ask(.onFreshConnection)
        case (.onFreshConnection, .closedEarly(let reason)): .ask(.afterFailure(reason))
        case (.afterFailure, .stoppedListening): .ask(self)
        // A service that accepts connections again has failed all the same.
        case (.afterFailure, .answered(.failed(let reason, definitive: true))):
            .end(.failed(reason: reason, definitive: true))
        case (.afterFailure(let reason), _): .end(.failed(reason: reason, definitive: false))
        case (_, .answered(let outcome)), (_, .timedOut(let outcome)): .end(outcome)
        }
    }
}
