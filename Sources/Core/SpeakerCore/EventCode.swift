import Health

/// What kind of event a report is, as a stable word.
package enum EventCode: String, Sendable, Hashable, CaseIterable {
    case reloaded
    case sessionUp = "session-up"
    case sessionClosed = "session-closed"
    case sessionLost = "session-lost"
    case sessionFails = "session-fails"
    case sessionWaits = "session-waits"
    case malformedUpdate = "malformed-update"
    case peerEventsOmitted = "peer-events-omitted"
    case bfdUp = "bfd-up"
    case bfdDown = "bfd-down"
    case bfdAdminDown = "bfd-admin-down"
    case bfdFails = "bfd-fails"
    case checkUnknown = "check-unknown"
    case checkHealthy = "check-healthy"
    case checkUnhealthy = "check-unhealthy"
    case checkEventsOmitted = "check-events-omitted"
    case checkExcused = "check-excused"
    case refusalAccepted = "refusal-accepted"
    case vipUnknown = "vip-unknown"
    case vipHealthy = "vip-healthy"
    case vipUnhealthy = "vip-unhealthy"
    case vipLastResort = "vip-last-resort"
    case vipBound = "vip-bound"
    case vipUnbound = "vip-unbound"
    case vipBindFailed = "vip-bind-failed"
    case vipUnbindFailed = "vip-unbind-failed"
    case vipLeftBound = "vip-left-bound"
    case vipNotLocal = "vip-not-local"
    case vipLocal = "vip-local"
    case vipVanished = "vip-vanished"
    case vanishingOmitted = "vip-vanished-omitted"
    case vipAdopted = "vip-adopted"
    case leftoverRemoved = "leftover-removed"
    case advertised
    case withdrawn
    case notCarried = "not-carried"
    case withdrawalUnacknowledged = "withdrawal-unacknowledged"
    case drainStarted = "drain-started"
    case leaving
    case drainReason = "drain-reason"
    case drainSettling = "drain-settling"
    case drainWithdrawn = "drain-withdrawn"
    case drainLingering = "drain-lingering"
    case drained
    case undrained
    case vipDrainStarted = "vip-drain-started"
    case vipDrainSettling = "vip-drain-settling"
    case vipDrainWithdrawn = "vip-drain-withdrawn"
    case vipDrainLingering = "vip-drain-lingering"
    case vipDrained = "vip-drained"
    case vipUndrained = "vip-undrained"
    case programFailed = "program-failed"
    case changesLeftOut = "changes-left-out"
}

extension Report {
    /// What kind of event this is.
    package var code: EventCode {
        switch self {
        case .intentChanged: .reloaded
        case .sessionEstablished: .sessionUp
        case .sessionClosed: .sessionClosed
        case .sessionLost: .sessionLost
        case .attemptFailed: .sessionFails
        case .waitingForBFD: .sessionWaits
        case .malformedUpdate: .malformedUpdate
        case .suppressed: .peerEventsOmitted
        case .bfdUp: .bfdUp
        case .bfdDown: .bfdDown
        case .bfdShutDownByPeer: .bfdAdminDown
        case .bfdNotUp: .bfdFails
        case .checkChanged(_, .unknown): .checkUnknown
        case .checkChanged(_, .healthy): .checkHealthy
        case .checkChanged(_, .unhealthy): .checkUnhealthy
        case .verdictsSuppressed: .checkEventsOmitted
        case .checkExcused: .checkExcused
        case .refusalAccepted: .refusalAccepted
        case .vipsChanged(_, .unknown): .vipUnknown
        case .vipsChanged(_, .healthy): .vipHealthy
        case .vipsChanged(_, .unhealthy): .vipUnhealthy
        case .keptAsLastResort: .vipLastResort
        case .bound: .vipBound
        case .unbound: .vipUnbound
        case .bindFailed: .vipBindFailed
        case .unbindFailed: .vipUnbindFailed
        case .leftBound: .vipLeftBound
        case .notLocal: .vipNotLocal
        case .becameLocal: .vipLocal
        case .vanished: .vipVanished
        case .vanishingSuppressed: .vanishingOmitted
        case .adopted: .vipAdopted
        case .leftoverRemoved: .leftoverRemoved
        case .advertised: .advertised
        case .withdrawn: .withdrawn
        case .notCarried: .notCarried
        case .withdrawalUnacknowledged: .withdrawalUnacknowledged
        case .departureStarted(_, let exits): exits ? .leaving : .drainStarted
        case .drainReasonChanged: .drainReason
        case .departureStep(.settling, _): .drainSettling
        case .departureStep(.acknowledging, _): .drainWithdrawn
        case .departureStep(.lingering, _): .drainLingering
        case .departureStep(.away, _): .drained
        case .departureStep(.inService, _), .undrained: .undrained
        case .vipDrainStarted: .vipDrainStarted
        case .vipDrainStep(_, .settling): .vipDrainSettling
        case .vipDrainStep(_, .acknowledging): .vipDrainWithdrawn
        case .vipDrainStep(_, .lingering): .vipDrainLingering
        case .vipDrainStep(_, .away): .vipDrained
        case .vipDrainStep(_, .inService), .vipUndrained: .vipUndrained
        case .programFailed: .programFailed
        case .changesLeftOut: .changesLeftOut
        }
    }
}
