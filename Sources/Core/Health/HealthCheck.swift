package import Deadlines

/// Outcomes of one check's probes → the verdict on its service.
///
/// ```
///              first outcome passed                 fall in a row, definitive failure,
///   unknown ────────────────────────▶ healthy ──── half of the window, no result in time ───▶ unhealthy
///      └──────── first outcome failed ─────────────────────────▶ unhealthy ── rise in a row ─▶ healthy
/// ```
/// * The first outcome decides alone, and so does the first pass of all: a server that starts is in service as soon as it is
///   ready. Afterwards `rise` passes in a row lift a verdict and `fall` failures in a row, or one definitive failure when
///   the check fails fast, end it.
/// * Probes never overlap, so with a timeout longer than the interval `fall` failures can take `fall` × timeout. A service
///   without any *good answer* is not given that long: its verdict ends when `fall` probes would have run out that start an
///   interval apart. A service that is *slow* is: its good answers come, only too late, and taking a node away makes the
///   others slower yet.
/// * A service that alternates never fails `fall` times in a row. `OutcomeHistory` condemns it by its failure ratio, and
///   holds that verdict until the ratio has dropped; it holds back no recovery from any other failure.
/// * A healthy verdict is valid only while outcomes are fresh: without one for `interval` + `timeout` + `slack` it ends
///   (dead-man). Time is looked at before the event, so an overdue outcome never rescues a verdict.
/// * If the process itself did not run for up to `longestStall` (it was stopped, or its machine paused), nothing is known
///   of that time. Outcomes of then do not count; a probe starts at once, and if the verdict had run out, its outcome
///   alone decides. No second such excuse before a probe has passed, so a process that hardly runs withdraws.
/// * Probes start `interval` after the start of the one before, or up to five seconds earlier if the check is paced to be
///   rare; never two at a time; one that takes longer is followed at once. A probe without an outcome after `timeout` +
///   `slack` is given up and asked for again, so that no lost outcome can end the probing.
/// * A lost connection is asked about at once, because it is how a crash looks. A budget of two such extra probes that
///   refills by one each interval, or each second if that is shorter, keeps a service that closes every connection from
///   causing a storm; two, because the kernel may still accept the first one for a service that is dying. A third is kept
///   for the news that the port has no listener any more, which no normal close looks like. One that finds a crash costs
///   nothing, so that the next crash is found as soon. While the verdict is not healthy there is nothing to detect, and
///   extra passes would undermine `rise`: then none is made.
package struct HealthCheck: Sendable, Hashable {
    /// How late a deadline may be before it means that the process did not run.
    private static let stall = Duration.milliseconds(20)
    /// A longer stall is no excuse: a session at the default hold time does not survive it, and a verdict that old must
    /// not be announced anew.
    private static let longestStall = Duration.seconds(6)
    /// An API server that starts answers 403 for about a second, until its roles are there. Longer than this it is no start.
    private static let startTime = Duration.seconds(3)

    /// The configuration this check runs with.
    package internal(set) var check: Check
    /// What is known of the service. The reason is the one that ended the healthy verdict.
    package private(set) var verdict: Verdict = .unknown
    /// Since when the verdict is healthy, unhealthy or unknown; nil before `started`.
    package private(set) var verdictSince: Instant?
    /// The latest failure in words; nil once a probe has passed again.
    package private(set) var lastFailure: String?
    /// True while the latest outcome is a definitive failure, whether the check fails fast or not: no client is served.
    package internal(set) var isRefused = false
    /// The latest outcome in words, if it passed only because the check accepts that the server refuses.
    package internal(set) var acceptedRefusal: String?
    /// Outcomes that passed, since the start.
    package private(set) var passed = 0
    /// Outcomes that failed, since the start.
    package private(set) var failed = 0
    /// How long the probes took.
    package private(set) var durations = DurationHistogram.forProbes
    /// The latest 64 outcomes; bit 0 is the last, and a set bit is a failure.
    private(set) var failureBits: UInt64 = 0
    /// How late an outcome may be before it counts as missing: half the interval, but at least 250 ms, because the
    /// scheduler of a loaded machine is that late without anything being wrong.
    package internal(set) var slack: Duration

    var interval: Duration
    private let splay: Duration
    var rise: Int
    var fall: Int
    private let isTrusted: Bool
    var passesInARow = 0
    var failuresInARow = 0
    var history: OutcomeHistory
    /// True while the failure ratio holds the verdict, which then ends by the ratio too.
    var isCondemned = false
    /// When the running probe started; nil while none runs.
    var probeStart: Instant?
    /// When the next probe is due; nil before `started`.
    var nextProbe: Instant?
    /// True while probes start at moments that many checks have in common.
    var isOnGrid = false
    private var lastOutcome: Instant?
    /// When probes were wanted more often than before: the verdict has the time for the first of them.
    var hastenedAt: Instant?
    /// The start of the first probe since the last good answer; late ones count. Nil if the last probe passed.
    var failingSince: Instant?
    /// The latest answer that came too late and was a failure, since the last pass.
    var lateFailure: String?
    /// When it was last found that the process had not run.
    var excusedAt: Instant?
    /// False from an excuse until a probe passes.
    private var canBeExcused = true
    /// True while the verdict has run out because the process did not run, and the next outcome decides alone.
    package internal(set) var isOnProbation = false
    /// True while the latest outcome does not support the healthy verdict: nothing new may be announced.
    package var isInDoubt: Bool { isOnProbation || verdict == .healthy && failuresInARow > 0 }
    /// Since when the server has refused every anonymous request.
    var refusedSince: Instant?
    var hasSaidRefusal = false
    /// When the budget of extra probes is full again.
    var budgetIsFull = Instant(nanoseconds: 0)
    /// When `deadlineReached` is wanted next; nil before `started`. Kept here because all checks are asked at every input.
    package private(set) var nextDeadline: Instant?

    /// A check that has not started.
    ///
    /// `splay` shifts the schedule after the first probe, which starts at once: the second one starts `splay` (modulo
    /// `interval`) after it instead of `interval`. One that `isTrusted` counts as healthy from `started` on, until its first
    /// outcome decides; nothing new may be announced on that.
    package init(check: Check, splay: Duration = .zero, isTrusted: Bool = false) {
        self.isTrusted = isTrusted
        self.check = check
        interval = max(check.interval, .milliseconds(1))
        slack = max(interval / 2, .milliseconds(250))
        self.splay = max(splay, .zero)
        rise = max(check.rise, 1)
        fall = max(check.fall, 1)
        history = OutcomeHistory(fall: fall)
    }

    /// The part of this time after which the check does what is not to be done by many at once.
    func splay(within time: Duration) -> Duration {
        let part = splay.nanoseconds % time.nanoseconds
        return part == 0 ? time : .nanoseconds(part)
    }

    private func findDeadline() -> Instant? {
        earlier(earlier(probeStart == nil ? nextProbe : givenUpAt, freshUntil), patientUntil)
    }

    /// Any event is legal at any time.
    package mutating func handle(_ event: Event, at now: Instant) -> [Action] {
        defer { nextDeadline = findDeadline() }
        let expired = noteStall(at: now) + expire(at: now) + losePatience(at: now)
        switch event {
        case .started:
            guard nextProbe == nil else { return expired }
            verdictSince = now
            if isTrusted {
                verdict = .healthy
                lastOutcome = now
                giveAnotherTry(at: now)
            }
            let actions = probe(at: now)
            nextProbe = now + splay(within: interval)
            return actions
        case .changed(let check):
            return expired + change(to: check, at: now)
        case .paced(let interval):
            pace(interval, at: now)
            return expired + probeIfDue(at: now)
        case .wanted(let time):
            nextProbe = nextProbe.map { min($0, now + (time > .zero ? splay(within: time) : .zero)) }
            return expired + probeIfDue(at: now)
        case .outcome(let outcome, let took):
            // An outcome that is not waited for is no news of the service.
            guard probeStart != nil else { return expired }
            probeStart = nil
            // What began before a stall says nothing of now.
            let isOverdue = excuse(lateness: took - check.timeout, at: now)
            if isOverdue || excusedAt.map({ now < $0 + took }) ?? false { return expired + probe(at: now) }
            lastOutcome = now
            return expired + count(outcome, took: took, at: now) + probeIfDue(at: now)
        case .lateAnswer(let outcome):
            noteLate(outcome)
            return expired
        case .connectionLost:
            return expired + probeAtOnce(budget: 2, at: now)
        case .stoppedListening:
            return expired + probeAtOnce(budget: 3, at: now)
        case .deadlineReached:
            return expired + probeIfDue(at: now)
        }
    }
}

// MARK: - Judging

extension HealthCheck {
    /// Until when the healthy verdict is valid without a further outcome.
    private var freshUntil: Instant? {
        guard verdict == .healthy, let lastOutcome else { return nil }
        let fresh = max(lastOutcome, hastenedAt ?? lastOutcome) + interval + check.timeout + slack
        return max(fresh, excusedAt.map { $0 + check.timeout + slack } ?? fresh)
    }

    /// A deadline that is handled this late says that the process did not run: neither could it probe, nor be told.
    private mutating func noteStall(at now: Instant) -> [Action] {
        guard verdict == .healthy, let due = nextDeadline, excuse(lateness: now - due, at: now) else { return [] }
        return isOnProbation ? [.excused(now - due)] : []
    }

    /// Gives the verdict the time for one more probe; false if that late means no stall, or too long a one, or if it has
    /// had that time since the last pass.
    private mutating func excuse(lateness: Duration, at now: Instant) -> Bool {
        guard canBeExcused, lateness > Self.stall, lateness <= Self.longestStall else { return false }
        canBeExcused = false
        isOnProbation = freshUntil.map { $0 <= now } ?? false
        excusedAt = now
        // Nothing could be heard meanwhile.
        failingSince = lateness <= slack ? failingSince.map { $0 + lateness } : nil
        return true
    }

    /// The dead-man: ends a healthy verdict that no fresh outcome supports.
    private mutating func expire(at now: Instant) -> [Action] {
        guard let freshUntil, now >= freshUntil, let lastOutcome else { return [] }
        let cause =
            probeStart.map { "the probe started \((now - $0).milliseconds) ms ago has not ended" }
            ?? "no probe was started"
        let reason = "no result for \((now - lastOutcome).milliseconds) ms: \(cause)"
        lastFailure = reason
        passesInARow = 0
        failuresInARow = 0
        return change(to: .unhealthy(reason: reason), at: now)
    }

    /// When a service without a good answer is declared unhealthy. Nil if its last answer was good, if counting failures is
    /// as fast, or if late answers are not read, so that one that hangs looks slow.
    private var patientUntil: Instant? {
        let patience = interval * (fall - 1) + check.timeout
        guard verdict == .healthy, check.hearsLateAnswers, patience < check.timeout * fall else { return nil }
        return failingSince.map { $0 + patience }
    }

    private mutating func losePatience(at now: Instant) -> [Action] {
        guard let patientUntil, now >= patientUntil, let failingSince else { return [] }
        passesInARow = 0
        let words = "no good answer for \((now - failingSince).milliseconds) ms"
        return change(to: .unhealthy(reason: words + (lastFailure.map { ": \($0)" } ?? "")), at: now)
    }

    /// What comes too late is a failure all the same; but it tells a slow service from one that fails, and may say why.
    private mutating func noteLate(_ outcome: Outcome) {
        switch outcome {
        case .anonymousRefused where check.acceptsAnonymousRefusal, .passed:
            failingSince = probeStart
        case .failed(let reason, _), .anonymousRefused(let reason, _):
            if lateFailure == nil, let earlier = lastFailure { lastFailure = Self.reason(earlier, late: reason) }
            lateFailure = reason
        }
    }

    private static func reason(_ reason: String, late: String) -> String { "\(reason); too late came \(late)" }

    private mutating func count(_ outcome: Outcome, took: Duration, at now: Instant) -> [Action] {
        acceptedRefusal = nil
        durations.add(took)
        let isTimeout = if case .failed = outcome { took >= check.timeout } else { false }
        let isRefusal = if case .anonymousRefused = outcome { true } else { false }
        refusedSince = isRefusal ? refusedSince ?? now : nil
        switch outcome {
        case .failed(let reason, let definitive):
            let late = isTimeout ? lateFailure : nil
            return countFailure(
                late.map { Self.reason(reason, late: $0) } ?? reason, definitive: definitive, at: now)
        case .anonymousRefused(let reason, _) where !check.acceptsAnonymousRefusal:
            return countFailure(reason, definitive: false, at: now)
        case .passed where took > check.timeout, .anonymousRefused where took > check.timeout:
            // The loop was held up, so it is not known how old this answer is.
            failingSince = nil
            let late = "the answer was seen after \(took.milliseconds) ms, later than the timeout"
            return countFailure(late, definitive: false, at: now)
        case .passed:
            return countPass(at: now)
        case .anonymousRefused(let reason, let isUnauthenticated):
            let hasLasted = refusedSince.map { now - $0 >= Self.startTime } ?? false
            guard isUnauthenticated || verdict == .healthy || hasLasted else {
                passesInARow = 0
                isRefused = false
                lastFailure = "\(reason) (a server that is starting answers the same; waiting whether it lasts)"
                return []
            }
            let news: [Action] = hasSaidRefusal ? [] : [.refusalAccepted(reason: reason)]
            hasSaidRefusal = true
            acceptedRefusal = reason
            return news + countPass(at: now)
        }
    }

    private mutating func countPass(at now: Instant) -> [Action] {
        passed += 1
        failureBits <<= 1
        lastFailure = nil
        lateFailure = nil
        failingSince = nil
        isRefused = false
        passesInARow += 1
        failuresInARow = 0
        canBeExcused = true
        let decidesAlone = isOnProbation
        isOnProbation = false
        history.append(failed: false)
        return judgePass(decidesAlone: decidesAlone, at: now)
    }

    private mutating func countFailure(_ reason: String, definitive: Bool, at now: Instant) -> [Action] {
        failed += 1
        failureBits = failureBits << 1 | 1
        lastFailure = reason
        isRefused = definitive
        failuresInARow += 1
        passesInARow = 0
        history.append(failed: true)
        return judgeFailure(reason, definitive: definitive && check.failFast, at: now)
    }

    private mutating func judgePass(decidesAlone: Bool, at now: Instant) -> [Action] {
        switch verdict {
        case .healthy:
            return []
        case .unknown:
            return change(to: .healthy, at: now)
        case .unhealthy:
            guard decidesAlone || passesInARow >= rise || passed == 1, !isCondemned || history.relents else {
                return []
            }
            // What lies before a recovery must not count against the service again.
            isCondemned = false
            history.clear()
            return change(to: .healthy, at: now)
        }
    }

    private mutating func judgeFailure(_ reason: String, definitive: Bool, at now: Instant) -> [Action] {
        let hasFallen = definitive || failuresInARow >= fall || isOnProbation
        isOnProbation = false
        switch verdict {
        case .unhealthy:
            // An outage that follows the alternation ends like any other outage.
            if hasFallen { isCondemned = false }
            return []
        case .unknown:
            return change(to: .unhealthy(reason: reason), at: now)
        case .healthy where hasFallen:
            let inARow = failuresInARow > 1 ? " (\(failuresInARow) failures in a row)" : ""
            return change(to: .unhealthy(reason: reason + inARow), at: now)
        case .healthy where history.condemns:
            isCondemned = true
            let ratio = "\(history.failures) of the last \(history.size) probes failed"
            return change(to: .unhealthy(reason: "\(ratio), the last one: \(reason)"), at: now)
        case .healthy:
            return []
        }
    }

    private mutating func change(to verdict: Verdict, at now: Instant) -> [Action] {
        self.verdict = verdict
        verdictSince = now
        isOnProbation = false
        if verdict != .healthy { budgetIsFull = min(budgetIsFull, now) }
        return [.verdictChanged(verdict)]
    }
}
