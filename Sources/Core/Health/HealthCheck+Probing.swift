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
        isOnGrid = interval >= Self.grid * 4
        failingSince = failingSince == nil ? nil : probeStart
        if !isSlower { hastenedAt = now }
        nextProbe = nextProbe.map {
            isSlower ? moment(after: splay(within: interval), now) : min($0, moment(after: interval, now))
        }
    }

    /// Probes of checks that are paced to be rare start at full multiples of this. Such checks are many, and it costs less to
    /// wake up for some of them together than for each.
    private static let grid = Duration.seconds(5)

    /// When a probe is due that may start after this pause: never later, unless that would be now.
    private func moment(after pause: Duration, _ now: Instant) -> Instant {
        let due = now + pause
        guard isOnGrid else { return due }
        let step = UInt64(Self.grid.nanoseconds)
        let moment = Instant(nanoseconds: due.nanoseconds / step * step)
        return moment > now ? moment : moment + Self.grid
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
        nextProbe = moment(after: interval, now)
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
