package import Deadlines
package import IPTypes

/// How far leaving has got, of the node or of one VIP. Every step but the last has an end, so that no peer can hold it up.
package enum Leaving: Sendable, Hashable {
    case inService
    /// The routes are marked with GRACEFUL_SHUTDOWN (RFC 8326), and still there.
    case settling(until: Instant)
    /// The routes are withdrawn, which the TCP of these peers has not acknowledged.
    case acknowledging(Set<ScopedAddress>, until: Instant)
    /// The routers know; what is in flight still arrives.
    case lingering(until: Instant)
    case away

    enum Event: Sendable, Hashable {
        /// The routes have been marked, and are so until then.
        case marked(until: Instant)
        /// The routes are withdrawn from these peers, which have until then to acknowledge it.
        case withdrawn(from: Set<ScopedAddress>, until: Instant)
        /// The peer's TCP has everything, or has not in time.
        case acknowledged(ScopedAddress, isComplete: Bool)
        /// Nothing more will come from this peer: its session is gone.
        case peerGone(ScopedAddress)
        /// What is in flight is waited for until then.
        case lingered(until: Instant)
        /// The present step has taken as long as it may, or has nothing to wait for.
        case stepOver
        /// Nothing is waited for any more.
        case left
    }

    enum Step: Sendable, Hashable {
        case withdraw
        /// Wait for what is in flight, if anything is: answer with `lingered` or `left`.
        case linger
        case leave
        /// This peer's TCP did not acknowledge the withdrawal in time.
        case reportUnacknowledged(ScopedAddress)
    }

    mutating func handle(_ event: Event) -> [Step] {
        let (next, steps): (Leaving, [Step]) =
            switch (self, event) {
            case (.inService, .marked(let end)): (.settling(until: end), [])
            case (.inService, .withdrawn(let peers, let end)), (.settling, .withdrawn(let peers, let end)):
                (.acknowledging(peers, until: end), [])
            case (.acknowledging(let peers, let end), .acknowledged(let peer, let isComplete))
            where peers.contains(peer):
                (
                    .acknowledging(peers.subtracting([peer]), until: end),
                    (isComplete ? [] : [.reportUnacknowledged(peer)]) + (peers.count == 1 ? [.linger] : [])
                )
            case (.acknowledging(let peers, let end), .peerGone(let peer)) where peers.contains(peer):
                (.acknowledging(peers.subtracting([peer]), until: end), peers.count == 1 ? [.linger] : [])
            case (.acknowledging, .lingered(let end)): (.lingering(until: end), [])
            case (.settling, .stepOver): (self, [.withdraw])
            case (.acknowledging(let peers, let end), .stepOver):
                (
                    .acknowledging([], until: end),
                    peers.sorted { $0.address < $1.address }.map(Step.reportUnacknowledged) + [.linger]
                )
            case (.lingering, .stepOver): (self, [.leave])
            case (.acknowledging, .left), (.lingering, .left): (.away, [])
            default: (self, [])
            }
        self = next
        return steps
    }
}

extension Leaving {
    /// The name of the step.
    package var step: Departure.Step {
        switch self {
        case .inService: .inService
        case .settling: .settling
        case .acknowledging: .acknowledging
        case .lingering: .lingering
        case .away: .away
        }
    }

    /// When the step ends at the latest; nil in service and away.
    package var deadline: Instant? {
        switch self {
        case .settling(let end), .acknowledging(_, let end), .lingering(let end): end
        case .inService, .away: nil
        }
    }

    /// The peers whose acknowledgement is awaited.
    package var awaited: Set<ScopedAddress> {
        if case .acknowledging(let peers, _) = self { peers } else { [] }
    }
}
