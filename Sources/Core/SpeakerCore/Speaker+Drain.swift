import Deadlines
import Settings

/// Who keeps the node out of service, and why. It drains with the first of them and comes back with the last.
struct DrainHolds: Sendable, Hashable {
    /// Set by `bgpvip drain`, and ended by `bgpvip undrain`.
    var command: String?
    /// Set while the drain file is there.
    var file: String?

    /// The reason of a command that came without one.
    static let unsaid = "operator's command"

    /// The reason that is shown and told the routers: what an operator typed says more than a file, and a command that
    /// came without a reason says less.
    var reason: String? { command == Self.unsaid ? file ?? command : command ?? file }
}

extension Speaker {
    /// One of those who can drain the node does, or says another reason.
    mutating func drain(
        by holder: WritableKeyPath<DrainHolds, String?>, reason: String, keepsSessions: Bool = false, at now: Instant
    ) {
        drainHolds[keyPath: holder] = reason
        if departure.step == .inService {
            depart(reason: reason, exits: false, isUrgent: false, keepsSessions: keepsSessions, at: now)
        } else {
            adoptDrainReason()
        }
    }

    /// One of those who can drain the node has no reason any more. The last one ends the drain.
    mutating func endDrain(by holder: WritableKeyPath<DrainHolds, String?>, at now: Instant) {
        guard drainHolds[keyPath: holder] != nil else { return }
        drainHolds[keyPath: holder] = nil
        if drainHolds.reason == nil {
            undrain(at: now)
        } else {
            adoptDrainReason()
        }
    }

    /// A drain that is under way goes on under the present reason; a process that ends has its own.
    private mutating func adoptDrainReason() {
        guard !departure.exits, let reason = drainHolds.reason, reason != departure.reason else { return }
        departure.reason = reason
        effects.append(.report(.drainReasonChanged(reason)))
    }

    /// The drain file, if it is what keeps the node out of service: then `undrain` alone cannot bring it back.
    package var drainFileInForce: String? { drainHolds.file == nil ? nil : settings[Settings.process.drainFile] }
}
