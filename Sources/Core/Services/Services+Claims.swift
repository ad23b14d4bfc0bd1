import Deadlines
import IPTypes

/// A request for an address that is to be claimed for one family of a Service.
struct ClaimRequest: Sendable, Hashable {
    var address: IPAddress
    /// When it may be sent; nodes differ, so that as a rule one of them does it.
    var dueAt: Instant
    /// True while its answer is awaited.
    var isSent = false
    var failures = 0
    /// Why it failed last.
    var failure: String?
}

extension Services {
    /// In how much time the nodes begin to claim an address.
    static let claimSpread = Duration.milliseconds(500)
    /// How long an address stays claimed that no Service has.
    static let releasePause = Duration.seconds(60)
    /// In how much time the nodes release it.
    static let releaseSpread = Duration.seconds(5)

    /// This node's moment within `spread` for something that one node does for all.
    func turn(for subject: String, within spread: Duration, after now: Instant) -> Instant {
        now + StableHash(nodeName, subject).part(of: spread)
    }

    /// Claims what the Service needs, when it is this node's turn.
    /// - Returns: when to look again; nil if nothing is to be claimed.
    mutating func claim(for entry: inout Entry, _ turn: inout Turn) -> Instant? {
        var next: Instant?
        for family in Set(entry.requests.keys).union(entry.places.keys).sorted() {
            guard case .needs(let address)? = entry.places[family] else {
                // An answer that is awaited comes all the same.
                if entry.requests[family]?.isSent != true { entry.requests[family] = nil }
                continue
            }
            var request =
                entry.requests[family]
                ?? ClaimRequest(
                    address: address,
                    dueAt: self.turn(for: entry.service.uid, within: Self.claimSpread, after: turn.now))
            if !request.isSent {
                request.address = address
                if !isFresh {
                    waitingForAPI.insert(entry.service.name)
                } else if request.dueAt > turn.now {
                    next = earlier(next, request.dueAt)
                } else if claims[address] == nil, pendingClaims[address] == nil {
                    request.isSent = true
                    pendingClaims[address] = entry.service.name
                    turn.steps.append(.claim(address, for: entry.holders[0]))
                }
            }
            entry.requests[family] = request
        }
        return next
    }

    /// The Lease was created: the address is ours to give.
    mutating func noteCreated(_ claim: Claim, _ turn: inout Turn) {
        turn.dirty.formUnion(interested[claim.address] ?? [])
        if let name = endRequest(for: claim.address) { entries[name]?.statusWrite.isOurs = true }
        store(claim, list: feeds[.claims]?.list ?? 0, &turn)
    }

    /// Another client has created the Lease, usually for the same Service.
    mutating func noteRefused(_ address: IPAddress, by claim: Claim?, _ turn: inout Turn) {
        turn.dirty.formUnion(interested[address] ?? [])
        _ = endRequest(for: address)
        if let claim { store(claim, list: feeds[.claims]?.list ?? 0, &turn) }
    }

    mutating func noteClaimFailed(_ address: IPAddress, reason: String, _ turn: inout Turn) {
        turn.dirty.formUnion(interested[address] ?? [])
        guard let name = pendingClaims.removeValue(forKey: address), var entry = entries[name] else { return }
        for (family, request) in entry.requests where request.address == address && request.isSent {
            let pause = Duration.seconds(1 << min(request.failures, 5))
            entry.requests[family] = ClaimRequest(
                address: address, dueAt: turn.now + pause, failures: request.failures + 1, failure: reason)
        }
        entries[name] = entry
    }

    /// - Returns: whose request it was.
    private mutating func endRequest(for address: IPAddress) -> ObjectName? {
        guard let name = pendingClaims.removeValue(forKey: address) else { return nil }
        for (family, request) in entries[name]?.requests ?? [:] where request.address == address && request.isSent {
            entries[name]?.requests[family] = nil
        }
        return name
    }

    /// Plans or calls off the release of an address, as its claim is of use or not.
    mutating func considerRelease(of address: IPAddress, _ now: Instant) {
        guard hasDecided, let claim = claims[address]?.claim, !isNeeded(claim) else {
            return deadlines[.release(address)] = nil
        }
        if case .stranger = claim.holder { return }
        if releasing[address] == claim { return }
        let isReplaced =
            if case .service(let name, _) = claim.holder { entries[name] != nil && isVacant(claim) } else { false }
        let planned =
            isReplaced
            ? turn(for: claim.uid, within: Self.claimSpread, after: now)
            : turn(for: claim.uid, within: Self.releaseSpread, after: now + Self.releasePause)
        deadlines[.release(address)] = min(deadlines[.release(address)] ?? planned, planned)
    }

    /// The time of a claim that is of no use is over.
    mutating func release(_ address: IPAddress, _ turn: inout Turn) {
        guard let claim = claims[address]?.claim, !isNeeded(claim) else { return }
        // Again after a while, if nothing comes of it.
        deadlines[.release(address)] = turn.now + Self.releasePause
        guard isFresh else { return }
        releasing[address] = claim
        turn.steps.append(.release(claim))
    }

    /// True if a Service has the address of this claim, or is about to.
    private func isNeeded(_ claim: Claim) -> Bool {
        (interested[claim.address] ?? []).contains { name in
            // One that is ours keeps its address even while something is wrong with it.
            guard let entry = entries[name], entry.isFollowed else { return false }
            return (entry.shows(claim.address) || entry.uses(claim.address)) && isUsable(claim.address, by: entry)
        }
    }
}
