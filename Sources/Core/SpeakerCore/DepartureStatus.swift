import Deadlines

/// Where a departure stands at one instant.
package struct DepartureStatus: Codable, Sendable, Hashable {
    /// `settling`, `acknowledging`, `lingering` or `away`.
    package var step: String
    /// Seconds in this step.
    package var stepSeconds: Double
    /// When this step began.
    package var stepSince: String?
    /// Seconds until the next step begins at the latest; absent once the node is away.
    package var nextSeconds: Double?
    /// Peers whose TCP has not acknowledged the withdrawal yet.
    package var awaited: [String]
    /// True if the process ends afterwards.
    package var exits: Bool
    /// True if the sessions stay up when the node is away.
    package var keepsSessions: Bool
    /// True if `bgpvip drain` keeps the node out of service.
    package var heldByCommand: Bool
    /// Path of the drain file, if it keeps the node out of service.
    package var heldByFile: String?

    package init(
        step: String, stepSeconds: Double, nextSeconds: Double? = nil, awaited: [String] = [], exits: Bool = false,
        keepsSessions: Bool = false, heldByCommand: Bool = false, heldByFile: String? = nil
    ) {
        self.step = step
        self.stepSeconds = stepSeconds
        self.nextSeconds = nextSeconds
        self.awaited = awaited
        self.exits = exits
        self.keepsSessions = keepsSessions
        self.heldByCommand = heldByCommand
        self.heldByFile = heldByFile
    }
}

extension Speaker {
    /// Where the departure stands; nil while in service.
    func departureStatus(at now: Instant) -> DepartureStatus? {
        guard departure.step != .inService, let since = departure.stepSince else { return nil }
        return DepartureStatus(
            step: departure.step.rawValue, stepSeconds: (now - since).inSeconds,
            nextSeconds: departure.deadline.map { max(0, ($0 - now).inSeconds) },
            awaited: departure.awaited.map { "\($0)" }.sorted(), exits: departure.exits,
            keepsSessions: departure.keepsSessions,
            heldByCommand: drainHolds.command != nil, heldByFile: drainFileInForce)
    }
}
