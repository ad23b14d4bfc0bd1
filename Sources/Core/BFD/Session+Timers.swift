package import Deadlines

extension BFDSession {
    /// The timers that we tell. Section 6.8.3: "When bfd.SessionState is not Up, the system MUST set
    /// bfd.DesiredMinTxInterval to a value of not less than one second".
    var timers: Timers {
        let tx = configuration.desiredMinTx.wireMicroseconds
        return Timers(
            tx: state == .up ? tx : max(tx, Self.slowTx), rx: configuration.requiredMinRx.wireMicroseconds)
    }

    /// What we tell may have changed (section 6.8.3). "If either bfd.DesiredMinTxInterval is changed or
    /// bfd.RequiredMinRxInterval is changed, a Poll Sequence MUST be initiated".
    mutating func adoptTimers(insteadOf old: Timers) {
        let new = timers
        // Up: an increase of tx and a decrease of rx "MUST NOT" hold before the Poll Sequence is over.
        inForce = state == .up ? Timers(tx: min(inForce.tx, new.tx), rx: max(inForce.rx, new.rx)) : new
        guard new != old, remote.lastHeard != nil else { return }
        switch poll {
        case .none: poll = .due
        case .running: poll = .runningAgain
        case .due, .runningAgain: break
        }
    }

    mutating func endPoll() {
        switch poll {
        case .none, .due: break
        case .running:
            poll = .none
            inForce = timers
        case .runningAgain: poll = .due
        }
    }

    /// "less than the larger of bfd.DesiredMinTxInterval and bfd.RemoteMinRxInterval", microseconds.
    var agreedTx: UInt32 { max(inForce.tx, remote.requiredMinRx) }

    /// False before `started` and where section 6.8.7 forbids periodic packets: "if bfd.RemoteMinRxInterval is zero",
    /// and "if Demand mode is active on the remote system ... and a Poll Sequence is not being transmitted".
    var isPeriodic: Bool {
        let isDemandActive = remote.isDemanding && state == .up && remote.state == .up
        return lastSent != nil && remote.requiredMinRx != 0 && (!isDemandActive || poll != .none)
    }

    /// When the next periodic packet is due. It follows a change of the interval at once, as section 6.8.3 demands.
    var nextTransmission: Instant? {
        guard isPeriodic, let lastSent else { return nil }
        return lastSent + jitter.shorten(agreedTx)
    }

    /// When the next periodic packet may be sent.
    var earliestTransmission: Instant? {
        guard isPeriodic, let lastSent else { return nil }
        return lastSent + Jitter.shortest(agreedTx)
    }

    /// When silence has lasted for a Detection Time; nil while the peer is not heard.
    package var detectionDeadline: Instant? {
        guard let lastHeard = remote.lastHeard, let detectionTime else { return nil }
        let deadline = lastHeard + detectionTime
        return remote.excusedUntil.map { max($0, deadline) } ?? deadline
    }
}
