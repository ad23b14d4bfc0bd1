extension HealthCheck {
    /// What can happen to a check.
    package enum Event: Sendable, Hashable {
        /// The check begins to be used.
        case started
        /// The check is now configured like this. Its prober was made anew, so the probe that ran has no outcome.
        case changed(Check)
        /// The check is probed this often from now on, by the prober that it has; a probe that runs goes on.
        case paced(Duration)
        /// Something beside the schedule gives rise to a probe: it starts within this time.
        case wanted(within: Duration)
        /// The running probe ended, so long after it was asked for.
        case outcome(Outcome, took: Duration = .zero)
        /// The answer to a probe that has failed by its timeout.
        case lateAnswer(Outcome)
        /// The service closed the connection that was kept open between probes.
        case connectionLost
        /// Nothing listens on the service's port any more.
        case stoppedListening
        /// `nextDeadline` has come.
        case deadlineReached
    }

    /// What is to be done.
    package enum Action: Sendable, Hashable {
        /// Start a probe; to be ignored while one runs.
        case probe
        /// The verdict is now another one. A mere change of reason is not reported.
        case verdictChanged(Verdict)
        /// The verdict would have run out, but the process did not run for so long: the next outcome decides.
        case excused(Duration)
        /// That the server refuses anonymous requests counts as healthy; said once.
        case refusalAccepted(reason: String)
    }
}
