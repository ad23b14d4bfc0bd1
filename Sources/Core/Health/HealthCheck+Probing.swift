import Deadlines

extension HealthCheck {
    /// Other numbers hold from now on. If something else is asked, the verdict stays until the first outcome decides alone,
    /// or until it is overdue.
    mutating func change(to check: Check, at now: Instant) -> [Action] {
        let asksElse = check.kind != self.check.kind
        self.check = check
        interval = max(check.interval, .milliseconds(1))
        slack = max(interval / 2, .milliseconds(250))
        rise = max(check.rise, 1)
        if fall != max(check.fall, 1) {
            fall = max(check.fall, 1)
            history = OutcomeHistory(fall: fall)
            isCondemned = false
        }
        guard nextProbe != nil else { return [] }
        failingSince = nil
        if asksElse {
            passesInARow = 0
            failuresInARow = 0
            history.clear()
            isCondemned = false
            lateFailure = nil
            refusedSince = nil
            hasSaidRefusal = false
            acceptedRefusal = nil
            isRefused = false
        }
        // What was asked before the change is no answer to it.
        giveAnotherTry(at: now, decidesAlone: asksElse)
        return probe(at: now)
    }

    /// Probes come this often from now on. That is no news of the service: what runs goes on.
    mutating func pace(_ wanted: Duration, at now: Instant) {
        let isSlower = wanted > check.interval
        check.interval = wanted
        interval = max(wanted, .milliseconds(1))
        slack = max(interval / 2, .milliseconds(250))
        failingSince = failingSince == nil ? nil : probeStart
        if !isSlower { hastenedAt = now }
        nextProbe = nextProbe.map { isSlower ? now + splay(within: interval) : min($0, now + interval) }
    }

    /// The verdict gets the time for one more probe, and nothing that began before counts.
    mutating func giveAnotherTry(at now: Instant, decidesAlone: Bool = true) {
        excusedAt = now
        isOnProbation = isOnProbation || decidesAlone && verdict != .unknown
    }

    /// When the running probe is given up.
    var givenUpAt: Instant? {
        probeStart.map { $0 + check.timeout + slack }
    }

    mutating func probe(at now: Instant) -> [Action] {
        probeStart = now
        failingSince = failingSince ?? now
        nextProbe = now + interval
        return [.probe]
    }

    mutating func probeIfDue(at now: Instant) -> [Action] {
        guard let due = probeStart == nil ? nextProbe : givenUpAt, now >= due else { return [] }
        return probe(at: now)
    }

    mutating func probeAtOnce(budget: Int, at now: Instant) -> [Action] {
        let refill = min(interval, .seconds(1))
        guard verdict == .healthy, probeStart == nil, budgetIsFull <= now + refill * (budget - 1) else { return [] }
        budgetIsFull = max(budgetIsFull, now) + refill
        return probe(at: now)
    }
}
