import BGPFSM
import Deadlines
import IPTypes
import Settings

/// What of the UPDATEs of an Established session the peer's TCP has acknowledged. Sent is not yet known: a router that reads
/// nothing goes on using routes that are withdrawn.
struct Delivery: Sendable, Hashable {
    /// UPDATEs with withdrawals that were sent together.
    private struct Withdrawal: Sendable, Hashable {
        /// How many UPDATEs had been sent then, these included.
        var update: Int
        var at: Instant
        var vips: [IPPrefix]
    }

    private var sent = 0
    private var acknowledged = 0
    /// When the peer's TCP last took something, or was last owed nothing; counts while something is not acknowledged.
    private var progressAt: Instant?
    /// The withdrawals that are not acknowledged, the oldest first.
    private var withdrawals: [Withdrawal] = []

    /// So many UPDATEs go out, which withdraw these VIPs.
    mutating func send(_ updates: Int, withdrawing vips: [IPPrefix], at now: Instant) {
        if sent == acknowledged { progressAt = now }
        sent += updates
        if !vips.isEmpty { withdrawals.append(Withdrawal(update: sent, at: now, vips: vips)) }
    }

    /// The peer's TCP has so many of them.
    mutating func acknowledge(_ updates: Int, at now: Instant) {
        guard updates > acknowledged else { return }
        acknowledged = min(updates, sent)
        progressAt = now
        withdrawals.removeAll { $0.update <= acknowledged }
    }

    /// When the oldest withdrawal that is not acknowledged was sent; nil if there is none.
    var withdrawnAt: Instant? { withdrawals.first?.at }

    /// The VIPs whose withdrawal is not acknowledged.
    var withdrawn: Set<IPPrefix> { Set(withdrawals.lazy.flatMap(\.vips)) }

    /// How many VIPs that is.
    var withdrawnCount: Int { withdrawals.reduce(0) { $0 + $1.vips.count } }

    /// Since when the peer's TCP has acknowledged nothing of what it has been sent; nil if it has everything.
    var stalledSince: Instant? { sent == acknowledged ? nil : progressAt }

    /// How long a withdrawal may be without an acknowledgement: as long as the router may keep us for dead, the hold time. A
    /// session without one gets the 90 s that RFC 4271 section 10 suggests; a shorter send-hold time counts.
    static func patience(holdTime: UInt16, sendHoldTime: Duration) -> Duration {
        min(sendHoldTime, .seconds(holdTime == 0 ? 90 : Int64(holdTime)))
    }
}

extension Speaker {
    /// When a peer has ignored a withdrawal for too long; nil if it owes no acknowledgement.
    func withdrawalDeadline(of index: Int) -> Instant? { peers[index].withdrawalDeadline }

    /// Ends the session of a peer that goes on using what was withdrawn: the end of the connection takes all our routes
    /// from it.
    mutating func endIfWithdrawalIgnored(_ index: Int, at now: Instant) {
        guard let deadline = withdrawalDeadline(of: index), deadline <= now,
            let withdrawnAt = peers[index].delivery.withdrawnAt
        else { return }
        let seconds = Int(clamping: (now - withdrawnAt).components.seconds)
        handle(.withdrawalIgnored(seconds: seconds), peer: index, at: now)
    }

    /// The withdrawals that a peer has not acknowledged, or that it has acknowledged nothing for a second or longer; nil if
    /// it has everything. Only these VIPs are listed; nil is all.
    func undelivered(to index: Int, showing shown: Set<IPPrefix>?, at now: Instant) -> UndeliveredStatus? {
        let delivery = peers[index].delivery
        let stalledSince = delivery.stalledSince.flatMap { now - $0 < .seconds(1) ? nil : $0 }
        guard let since = delivery.withdrawnAt ?? stalledSince else { return nil }
        let withdrawn = shown.map { delivery.withdrawn.intersection($0) } ?? delivery.withdrawn
        return UndeliveredStatus(
            seconds: (now - since).inSeconds, withdrawn: withdrawn.sorted().map { "\($0)" },
            resetInSeconds: withdrawalDeadline(of: index).map { ($0 - now).inSeconds })
    }
}
