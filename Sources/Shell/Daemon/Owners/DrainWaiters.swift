import ControlSocket
import IPTypes
import SpeakerCore

/// Owns the replies to `drain --wait`, which are due when the drain is over, one way or the other.
struct DrainWaiters {
    typealias Reply = @Sendable (ControlResponse) -> Void

    /// By the VIP; nil for the node.
    private var waiters: [(vip: IPPrefix?, reply: Reply)] = []

    /// Waits for the node to be out of service, or this VIP.
    mutating func append(_ reply: @escaping Reply, for vip: IPPrefix?) { waiters.append((vip, reply)) }

    var isEmpty: Bool { waiters.isEmpty }

    /// Takes out the replies that are due: to those who wait for a drain that is done or was called off.
    mutating func takeDue(_ speaker: Speaker) -> [(vip: IPPrefix?, reply: Reply)] {
        func isDue(_ vip: IPPrefix?) -> Bool {
            guard let vip else { return [.away, .inService].contains(speaker.departureStep) }
            return speaker.drainStep(of: vip).map { $0 == .away } ?? true
        }
        let due = waiters.filter { isDue($0.vip) }
        if !due.isEmpty { waiters.removeAll { isDue($0.vip) } }
        return due
    }
}
