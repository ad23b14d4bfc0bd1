import Health

/// One way to ask a service, one probe at a time. On the event loop; may report from inside `begin()`.
protocol ProbeMethod: AnyObject {
    /// Where outcomes go; set once, before the first probe.
    var report: (ProbeReport) -> Void { get set }
    /// Starts a probe. Exactly one `ended` follows, unless it is given up or stopped.
    func begin()
    /// The timeout has come: ends the probe without a report and says what is known by now.
    func giveUp() -> Outcome
    /// Ends everything, without a report.
    func stop()
}

/// What a probe method reports.
enum ProbeReport {
    case ended(Outcome)
    /// The answer to a probe that was given up.
    case lateAnswer(Outcome)
    case connectionLost
    case stoppedListening
}
