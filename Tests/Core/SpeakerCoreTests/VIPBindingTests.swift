import Deadlines
import Testing

@testable import SpeakerCore

/// State × event of the address of one VIP: the next state and the steps, for every pair.
struct VIPBindingTests {
    private typealias Change = (event: VIPBinding.Event, next: VIPBinding, steps: [VIPBinding.Step])

    private static let now = Instant(nanoseconds: 10_000_000_000)
    private static let later = now + .seconds(1)
    private static let refusal = VIPBinding.Refusal(reason: "busy", retry: later)
    private static let over = VIPBinding.Refusal(reason: "busy")

    private static let states: [VIPBinding] = [
        .unbound, .binding, .bound, .lingering(until: later), .leftover(until: later), .failed(refusal), .failed(over),
        .unbinding(afterRefusal: nil), .unbinding(afterRefusal: "busy"), .stuck(refusal), .stuck(over), .leftToOthers,
    ]

    private static let partings: [VIPBinding.Event] = [
        .unwanted(.immediate, at: now), .unwanted(.at(later), at: now), .unwanted(.at(now), at: now),
        .unwanted(.at(later), at: later), .unwanted(.withDeparture, at: now),
    ]
    private static let bindRefused = VIPBinding.Event.bindRefused(reason: "busy", retry: later)
    private static let unbindRefused = VIPBinding.Event.unbindRefused(reason: "busy", retry: later)
    private static let events: [VIPBinding.Event] =
        partings + [
            .wanted, .pauseOver, .confirmed, bindRefused, .removed, unbindRefused, .vanished(isWanted: true),
            .vanished(isWanted: false), .found(until: later), .assigned(isOurs: true), .assigned(isOurs: false),
        ]

    private static let refusedAnew: Change = (
        bindRefused, .failed(refusal), [.planRetry(later), .reportBindRefused("busy"), .noteAnswered]
    )
    private static let confirmed: Change = (.confirmed, .bound, [.reportBound])

    /// What someone who removes an address that is on the interface changes.
    private static func vanishing(_ state: VIPBinding) -> [Change] {
        [(.vanished(isWanted: true), state, [.reportVanished, .bind]), (.vanished(isWanted: false), .unbound, [])]
    }

    /// From an address that may linger.
    private static func parting(afterRefusal reason: String?) -> [Change] {
        let next = VIPBinding.unbinding(afterRefusal: reason)
        return [
            (partings[0], next, [.unbind]), (partings[1], .lingering(until: later), [.planEnd(later)]),
            (partings[2], next, [.unbind]), (partings[3], next, [.unbind]),
        ]
    }

    /// From an address whose time is over at `later`.
    private static let ending: [Change] = [
        (partings[0], .unbinding(afterRefusal: nil), [.unbind]),
        (partings[3], .unbinding(afterRefusal: nil), [.unbind]),
    ]

    /// What changes a state; all other events leave it as it is and ask for nothing.
    private static func changes(of state: VIPBinding) -> [Change] {
        switch state {
        case .unbound:
            return [
                (.wanted, .binding, [.bind]), confirmed,
                (.found(until: later), .leftover(until: later), [.planEnd(later), .reportAdopted]),
                (.assigned(isOurs: false), .leftToOthers, []),
            ]
        case .binding: return [confirmed, refusedAnew]
        case .bound: return parting(afterRefusal: nil) + [refusedAnew] + vanishing(state)
        case .lingering: return [(.wanted, .bound, [])] + ending + [refusedAnew] + vanishing(state)
        case .leftover: return [(.wanted, .bound, [.bind])] + ending + [refusedAnew] + vanishing(state)
        case .failed(let refusal):
            let retried: [Change] =
                refusal.retry == nil ? [(.wanted, state, [.bind])] : [(.pauseOver, .failed(over), [])]
            let removed: [Change] = partings.map { ($0, .unbinding(afterRefusal: nil), [.unbind]) }
            let again: Change = (bindRefused, .failed(Self.refusal), [.planRetry(later), .noteAnswered])
            return retried + removed + [confirmed, again]
        case .unbinding(let reason):
            let news: [VIPBinding.Step] = reason == nil ? [.reportUnbindRefused("busy")] : []
            return [
                (.removed, .unbound, [.reportUnbound, .noteAnswered]),
                (unbindRefused, .stuck(refusal), [.planRetry(later)] + news + [.noteAnswered]),
            ]
        case .stuck(let refusal):
            let waiting: [Change] = [(.pauseOver, .stuck(over), []), (.confirmed, .stuck(over), [])]
            return (refusal.retry == nil ? parting(afterRefusal: "busy") : waiting) + [refusedAnew] + vanishing(state)
        case .leftToOthers:
            return [(.found(until: later), state, [.unbind]), (.assigned(isOurs: true), .unbound, [])]
        }
    }

    @Test(arguments: states)
    func `every event in every state`(state: VIPBinding) {
        for event in Self.events {
            let change = Self.changes(of: state).first { $0.event == event }
            var binding = state
            let steps = binding.handle(event, isOurs: true)
            #expect(binding == change?.next ?? state, "\(state) \(event)")
            #expect(steps == change?.steps ?? [], "\(state) \(event)")
        }
    }

    @Test func `another refusal than before is reported`() {
        var binding = VIPBinding.failed(.init(reason: "full"))
        #expect(binding.handle(Self.bindRefused, isOurs: true).contains(.reportBindRefused("busy")))
        binding = .unbinding(afterRefusal: "full")
        #expect(binding.handle(Self.unbindRefused, isOurs: true).contains(.reportUnbindRefused("busy")))
    }

    @Test func `an address that is not ours any more is left to others once it is off`() {
        var binding = VIPBinding.unbinding(afterRefusal: nil)
        _ = binding.handle(.removed, isOurs: false)
        #expect(binding == .leftToOthers)
        binding = .bound
        _ = binding.handle(.vanished(isWanted: false), isOurs: false)
        #expect(binding == .leftToOthers)
    }
}
