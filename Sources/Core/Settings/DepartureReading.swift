extension Reading {
    /// How long the steps of leaving take.
    mutating func departure() -> DepartureSettings? {
        let settle = value(.settle) { text throws(Complaint) in
            try ValueText.duration(text, in: DepartureSettings.steps)
        }
        let linger = value(.linger) { text throws(Complaint) in
            try ValueText.duration(text, in: DepartureSettings.steps)
        }
        guard let settle, let linger else { return nil }
        let departure = DepartureSettings(settle: settle, linger: linger)
        if departure.longest > .seconds(25) {
            notices.append(
                "leaving takes up to \(ValueText.spelled(departure.longest)) with this \(name(.settle)) and "
                    + "\(name(.linger)): the process must get more time than that before it is killed "
                    + "(terminationGracePeriodSeconds, 30 s if not given; TimeoutStopSec)")
        }
        return departure
    }

    /// What becomes of the VIPs, or of the one being read, while a check fails.
    mutating func onUnhealthy() -> UnhealthyAction {
        value(.onUnhealthy) { text throws(Complaint) in
            guard let action = UnhealthyAction(rawValue: text) else {
                throw Complaint(
                    "\(ValueText.quoted(text)) is not a value of on-unhealthy", "write withdraw or last-resort")
            }
            return action
        } ?? .withdraw
    }
}

extension DepartureSettings {
    /// What `settle` and `linger` can be.
    package static let steps: ClosedRange<Duration> = .zero ... .seconds(3600)

    /// What leaving takes if every step takes as long as it may, with the second that the last messages get.
    package var longest: Duration { settle + acknowledgement + linger + .seconds(1) }
}
