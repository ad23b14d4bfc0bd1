import Deadlines

/// Where the address of one VIP is, between what this process wants and what the kernel says:
///
///     unbound ──wanted──► binding ──confirmed──► bound ──unwanted──► lingering ──► unbinding ──► unbound
///                            │ refused             ▲                     │             │ refused
///                            ▼                     └────wanted again─────┘             ▼
///                          failed ──pause──► asked again                             stuck ──pause──► asked again
///
/// `leftover` is where an address begins that an earlier run left, and `leftToOthers` where one stays that is not ours.
enum VIPBinding: Sendable, Hashable {
    /// What the kernel refused, and when to ask it again; nil once the pause is over.
    struct Refusal: Sendable, Hashable {
        var reason: String
        var retry: Instant?
    }

    case unbound
    /// The kernel has been asked to add the address.
    case binding
    case bound
    /// Withdrawn, and on the interface until then: routers need time to move the route, and what they still send can be
    /// answered.
    case lingering(until: Instant)
    /// Left by an earlier run and without a verdict: it stays as it is until then, and is brought into shape when it is
    /// wanted.
    case leftover(until: Instant)
    /// The kernel refused to add the address.
    case failed(Refusal)
    /// The kernel has been asked to remove the address; it refused before for this reason.
    case unbinding(afterRefusal: String?)
    /// The kernel refused to remove the address: it is still there.
    case stuck(Refusal)
    /// Not ours to bind.
    case leftToOthers

    /// When an address goes that is not wanted any more.
    enum Parting: Sendable, Hashable {
        /// There would be no answer, or the time for it is over.
        case immediate
        /// Once the routers have had time to move the route; this may be over.
        case at(Instant)
        /// The departure has its own wait, and ends with the address off the interface.
        case withDeparture
    }

    enum Event: Sendable, Hashable {
        case wanted
        case unwanted(Parting, at: Instant)
        /// The pause after a refusal is over.
        case pauseOver
        /// The kernel says that the address is there.
        case confirmed
        /// The kernel refuses to add it; ask again at `retry`.
        case bindRefused(reason: String, retry: Instant)
        /// The kernel has removed it for us.
        case removed
        /// The kernel refuses to remove it; ask again at `retry`.
        case unbindRefused(reason: String, retry: Instant)
        /// Someone else has removed it.
        case vanished(isWanted: Bool)
        /// An earlier run left it on the interface; without a verdict it stays until then.
        case found(until: Instant)
        /// It is ours to bind from now on, or left to others.
        case assigned(isOurs: Bool)
    }

    enum Step: Sendable, Hashable {
        case bind
        case unbind
        /// What the kernel has refused is asked for again then.
        case planRetry(Instant)
        /// The time of the address is over then.
        case planEnd(Instant)
        case reportBound
        case reportUnbound
        case reportAdopted
        case reportVanished
        case reportBindRefused(String)
        case reportUnbindRefused(String)
        /// The kernel will say nothing more of what it was asked.
        case noteAnswered
    }

    /// Takes one event; `isOurs` tells where an address ends that is off the interface.
    mutating func handle(_ event: Event, isOurs: Bool) -> [Step] {
        let away = isOurs ? VIPBinding.unbound : .leftToOthers
        let (next, steps): (VIPBinding, [Step]) =
            switch event {
            case .wanted: want()
            case .unwanted(let parting, let now): part(parting, at: now)
            case .pauseOver:
                switch self {
                case .failed(let refusal): (.failed(Refusal(reason: refusal.reason)), [])
                case .stuck(let refusal): (.stuck(Refusal(reason: refusal.reason)), [])
                default: (self, [])
                }
            case .confirmed:
                switch self {
                // One that is not wanted any more by now is there all the same, and has to go.
                case .unbound, .binding, .failed: (.bound, [.reportBound])
                case .stuck(let refusal): (.stuck(Refusal(reason: refusal.reason)), [])
                case .bound, .lingering, .leftover, .unbinding, .leftToOthers: (self, [])
                }
            case .bindRefused(let reason, let retry): refuseBind(reason, retry)
            case .removed:
                if case .unbinding = self { (away, [.reportUnbound, .noteAnswered]) } else { (self, []) }
            case .unbindRefused(let reason, let retry): refuseUnbind(reason, retry)
            // The routes stay: the gap is shorter than a withdrawal would be.
            case .vanished(isWanted: true): (self, isOnInterface ? [.reportVanished, .bind] : [])
            // It should be gone, and could not be removed before: someone else has done it.
            case .vanished(isWanted: false): (isOnInterface ? away : self, [])
            case .found(let end):
                switch self {
                case .unbound: (.leftover(until: end), [.planEnd(end), .reportAdopted])
                case .leftToOthers: (self, [.unbind])
                default: (self, [])
                }
            case .assigned(isOurs: true): (self == .leftToOthers ? .unbound : self, [])
            case .assigned(isOurs: false): (self == .unbound ? .leftToOthers : self, [])
            }
        self = next
        return steps
    }

    private func want() -> (VIPBinding, [Step]) {
        switch self {
        case .unbound: (.binding, [.bind])
        case .failed(let refusal): (self, refusal.retry == nil ? [.bind] : [])
        // Once, so that its scope is what this run wants; the kernel keeps what is right already.
        case .leftover: (.bound, [.bind])
        case .lingering: (.bound, [])
        case .binding, .bound, .unbinding, .stuck, .leftToOthers: (self, [])
        }
    }

    private func part(_ parting: Parting, at now: Instant) -> (VIPBinding, [Step]) {
        let removal: (VIPBinding, [Step]) = (.unbinding(afterRefusal: refusal?.reason), [.unbind])
        switch self {
        case .stuck(let refusal) where refusal.retry != nil: return (self, [])
        case .bound, .stuck:
            switch parting {
            case .withDeparture: return (self, [])
            case .at(let end) where end > now: return (.lingering(until: end), [.planEnd(end)])
            case .at, .immediate: return removal
            }
        case .lingering(let end), .leftover(let end):
            return parting == .immediate || end <= now ? removal : (self, [])
        // It may be there all the same: the kernel may refuse to change an address, or answer too late.
        case .failed: return (.unbinding(afterRefusal: nil), [.unbind])
        case .unbound, .binding, .unbinding, .leftToOthers: return (self, [])
        }
    }

    private func refuseBind(_ reason: String, _ retry: Instant) -> (VIPBinding, [Step]) {
        let failed = VIPBinding.failed(Refusal(reason: reason, retry: retry))
        switch self {
        case .unbound, .unbinding, .leftToOthers: return (self, [])
        case .failed(let known) where known.reason == reason: return (failed, [.planRetry(retry), .noteAnswered])
        case .binding, .bound, .lingering, .leftover, .failed, .stuck:
            return (failed, [.planRetry(retry), .reportBindRefused(reason), .noteAnswered])
        }
    }

    /// The address is still there: it is taken off again after a pause, or used if it is wanted by then.
    private func refuseUnbind(_ reason: String, _ retry: Instant) -> (VIPBinding, [Step]) {
        guard case .unbinding(let before) = self else { return (self, []) }
        let news: [Step] = before == reason ? [] : [.reportUnbindRefused(reason)]
        return (.stuck(Refusal(reason: reason, retry: retry)), [.planRetry(retry)] + news + [.noteAnswered])
    }
}

extension VIPBinding {
    /// True while the address is taken to be on the interface, because we have put it there.
    var isOnInterface: Bool {
        switch self {
        case .bound, .lingering, .leftover, .stuck: true
        case .unbound, .binding, .failed, .unbinding, .leftToOthers: false
        }
    }

    /// True until the kernel has removed it.
    var isPresent: Bool { if case .unbinding = self { true } else { isOnInterface } }

    /// Until when the address stays although it is not wanted any more.
    var lingersUntil: Instant? { if case .lingering(let end) = self { end } else { nil } }

    /// True while the kernel owes an answer.
    var isAsked: Bool {
        switch self {
        case .binding, .unbinding: true
        default: false
        }
    }

    /// What the kernel refused last; nil if it did what it was asked.
    var refusal: Refusal? {
        switch self {
        case .failed(let refusal), .stuck(let refusal): refusal
        default: nil
        }
    }

    /// When something is due about the address that nothing else gives rise to.
    var deadline: Instant? {
        switch self {
        case .lingering(let end), .leftover(let end): end
        default: refusal?.retry
        }
    }
}
