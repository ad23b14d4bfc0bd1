import Deadlines
import IPTypes
import Testing

@testable import SpeakerCore

/// State × event of leaving: the next state and the steps, for every pair.
struct LeavingTests {
    private typealias Change = (event: Leaving.Event, next: Leaving, steps: [Leaving.Step])

    private static let end = Instant(nanoseconds: 10_000_000_000)
    private static let later = end + .seconds(1)
    private static let both: Set = [Rack.tor, Rack.secondToR]

    private static let states: [Leaving] = [
        .inService, .settling(until: end), .acknowledging(both, until: end), .acknowledging([Rack.tor], until: end),
        .acknowledging([], until: end), .lingering(until: end), .away,
    ]
    private static let events: [Leaving.Event] = [
        .marked(until: later), .withdrawn(from: both, until: later), .acknowledged(Rack.tor, isComplete: true),
        .acknowledged(Rack.tor, isComplete: false), .peerGone(Rack.tor), .lingered(until: later), .stepOver, .left,
    ]

    /// What changes a state; all other events leave it as it is and ask for nothing.
    private static func changes(of state: Leaving) -> [Change] {
        let withdrawn: Change = (.withdrawn(from: both, until: later), .acknowledging(both, until: later), [])
        switch state {
        case .inService: return [(.marked(until: later), .settling(until: later), []), withdrawn]
        case .settling: return [withdrawn, (.stepOver, state, [.withdraw])]
        case .acknowledging(let peers, _):
            let rest = Leaving.acknowledging(peers.subtracting([Rack.tor]), until: end)
            let isLast: [Leaving.Step] = peers.count == 1 ? [.linger] : []
            let answers: [Change] = [
                (.acknowledged(Rack.tor, isComplete: true), rest, isLast),
                (.acknowledged(Rack.tor, isComplete: false), rest, [.reportUnacknowledged(Rack.tor)] + isLast),
                (.peerGone(Rack.tor), rest, isLast),
            ]
            let late = [Rack.tor, Rack.secondToR].filter(peers.contains).map(Leaving.Step.reportUnacknowledged)
            let ends: [Change] = [
                (.lingered(until: later), .lingering(until: later), []),
                (.stepOver, .acknowledging([], until: end), late + [.linger]), (.left, .away, []),
            ]
            return (peers.isEmpty ? [] : answers) + ends
        case .lingering: return [(.stepOver, state, [.leave]), (.left, .away, [])]
        case .away: return []
        }
    }

    @Test(arguments: states)
    func `every event in every state`(state: Leaving) {
        for event in Self.events {
            let change = Self.changes(of: state).first { $0.event == event }
            var leaving = state
            let steps = leaving.handle(event)
            #expect(leaving == change?.next ?? state, "\(state) \(event)")
            #expect(steps == change?.steps ?? [], "\(state) \(event)")
        }
    }
}
