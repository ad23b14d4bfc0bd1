import Deadlines
import Health
import IPTypes
import Settings

extension Speaker {
    /// Feeds one event to a check and follows up on what it decides.
    mutating func handle(_ event: HealthCheck.Event, check index: Int, at now: Instant) {
        let name = checks[index].check.name
        let wasRefused = checks[index].isRefused
        let wasInDoubt = checks[index].isInDoubt
        reportSuppressedVerdicts(of: index, at: now)
        defer {
            // The service answers no more, so there is nothing to linger for; or what had to wait may be announced.
            if checks[index].isRefused && !wasRefused || wasInDoubt && !checks[index].isInDoubt {
                touched += vips.indices.filter { vips[$0].settings.checks.contains(name) }
            }
        }
        for action in checks[index].handle(event, at: now) {
            switch action {
            case .probe:
                effects.append(.probe(name))
            case .verdictChanged(let verdict):
                let isReported = verdictBudgets[index].spend(at: now)
                if isReported { effects.append(.report(.checkChanged(name, verdict))) }
                judgeVIPs(at: now, isReported: isReported)
            case .excused(let pause):
                effects.append(.report(.checkExcused(name, pause)))
            case .refusalAccepted(let reason):
                effects.append(.report(.refusalAccepted(name, reason: reason)))
            }
        }
    }

    /// Says how a check is whose verdicts were held back, because they change too often, once the budget allows.
    mutating func reportSuppressedVerdicts(of index: Int, at now: Instant) {
        guard let count = verdictBudgets[index].takeSuppressed(at: now) else { return }
        let check = checks[index]
        effects.append(.report(.verdictsSuppressed(check.check.name, count: count, check.verdict)))
    }

    /// Combines what is known of each VIP: all its checks must pass, and its condition hold. What follows from a change that is not reported is not
    /// reported either.
    mutating func judgeVIPs(at now: Instant, isReported: Bool) {
        var changed: [(verdict: Verdict, vips: [Int])] = []
        // There may be very many, and most have the checks of the one before.
        var last: (checks: [String], condition: Verdict, verdict: Verdict)?
        for index in vips.indices where !vips[index].isRemoved {
            let verdict: Verdict
            if let last, last.checks == vips[index].settings.checks, last.condition == vips[index].settings.condition {
                verdict = last.verdict
            } else {
                verdict = combinedVerdict(of: vips[index].settings)
                last = (vips[index].settings.checks, vips[index].settings.condition, verdict)
            }
            guard verdict != vips[index].verdict else { continue }
            // Another reason for the same verdict is no change that anything follows from.
            let isTransition = verdict.word != vips[index].verdict.word
            vips[index].verdict = verdict
            guard isTransition else { continue }
            vips[index].verdictSince = now
            vips[index].changesQuietly = !isReported
            hasQuietVIPs = hasQuietVIPs || !isReported
            if verdict == .healthy { vips[index].hasServed = true }
            touched.append(index)
            if changed.last?.verdict == verdict {
                changed[changed.count - 1].vips.append(index)
            } else {
                changed.append((verdict, [index]))
            }
        }
        guard isReported else { return }
        for (verdict, indices) in changed {
            effects.append(.report(.vipsChanged(prefixes(of: indices), verdict)))
            let kept = departure.step == .inService ? indices.filter { vips[$0].isLastResort } : []
            if !kept.isEmpty { effects.append(.report(.keptAsLastResort(prefixes(of: kept)))) }
        }
    }

    private func prefixes(of indices: [Int]) -> [IPPrefix] {
        indices.map { vips[$0].settings.prefix }
    }

    private func combinedVerdict(of vip: VIPSettings) -> Verdict {
        if case .unhealthy = vip.condition { return vip.condition }
        var isKnown = vip.condition == .healthy
        for name in vip.checks {
            guard let index = checkIndex[name] else { continue }
            switch checks[index].verdict {
            case .healthy: continue
            case .unknown: isKnown = false
            case .unhealthy(let reason): return .unhealthy(reason: "check \(name): \(reason)")
            }
        }
        return isKnown ? .healthy : .unknown
    }

    /// True if it is not to be said what becomes of the VIP: its verdict changes too often. What a drain makes of it is.
    func isQuiet(_ prefix: IPPrefix) -> Bool {
        guard hasQuietVIPs, departure.step == .inService, let index = vipIndex[prefix] else { return false }
        return vips[index].changesQuietly && vips[index].drain == nil
    }
}
