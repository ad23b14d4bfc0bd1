import BGPWire
import ControlSocket
import Deadlines
import Health
import IPTypes
import Intent
import NIOConcurrencyHelpers
import NIOCore
import Netlink
import Settings
import SpeakerCore
import ShellSystem
import Wording

extension SpeakerHost {
    /// Answers what comes by the control socket, or for metrics and health.
    var controlAnswer: ControlAnswer { callback { $0.answer($1, reply: $2) } }

    private func answer(_ request: ControlRequest, reply: @escaping @Sendable (ControlResponse) -> Void) {
        switch request {
        case .status(let scope):
            let page = statusPage(scope, listening: listening)
            threadForAnswers.submit { reply(.status(page)) }
        case .events(let number, let seconds):
            reply(.events(events(after: number, seconds: seconds)))
        case .services(let name):
            reply(.services(cluster.status(of: name)))
        case .page:
            answerPage(reply)
        case .metrics:
            answerMetrics(reply)
        case .livez:
            reply(.livez)
        case .readyz:
            reply(.readyz(unreadiness))
        case .drain(_, _, let vip?, _) where !speaker.hasVIP(vip), .undrain(let vip?) where !speaker.hasVIP(vip):
            reply(unknown(vip))
        case .drain(let reason, let wait, let vip?, _):
            take(.vipDrainRequested(vip, reason: reason))
            if wait {
                drainWaiters.append(reply, for: vip)
                answerDrainWaiters()
            } else {
                reply(.status(statusPage(StatusScope(vip: vip))))
            }
        case .undrain(let vip?):
            take(.vipUndrainRequested(vip))
            reply(.status(statusPage(StatusScope(vip: vip))))
        case .drain(let reason, let wait, nil, let keepsSessions):
            take(.drainRequested(reason: reason, keepsSessions: keepsSessions))
            if wait {
                drainWaiters.append(reply, for: nil)
                answerDrainWaiters()
            } else {
                reply(.status(statusPage(StatusScope())))
            }
        case .reload where speaker.phase == "leaving":
            reply(.text(409, "the daemon is ending"))
        case .reload(let isDryRun):
            reload(isDryRun: isDryRun) { reply(.reload($0)) }
        case .undrain(nil):
            take(.undrainRequested)
            if let file = speaker.drainFileInForce {
                reply(.text(409, "still out of service: the drain file \(file) is there; remove it"))
            } else {
                reply(.status(statusPage(StatusScope())))
            }
        }
    }

    /// Answers those who wait for a drain once it is over, one way or the other.
    func answerDrainWaiters() {
        guard !drainWaiters.isEmpty else { return }
        for waiter in drainWaiters.takeDue(speaker) {
            waiter.reply(.status(statusPage(StatusScope(vip: waiter.vip))))
        }
    }

    /// The events after this number, of the last seconds only if that is asked for.
    private func events(after number: Int, seconds: Int?) -> EventPage {
        let start = seconds.map { link.now + .seconds(-Int64(clamping: min($0, 1 << 32))) }
        return EventPage(startedAt: "\(startedAt)", events: reports.events.events(after: number, since: start))
    }

    private func unknown(_ vip: IPPrefix) -> ControlResponse {
        let known = speaker.settings.vips
        let listed = known.prefix(20).map { "\($0.prefix)" }.joined(separator: ", ")
        let more = known.count > 20 ? " and \(known.count - 20) more" : ""
        return .text(404, "there is no VIP \(vip); configured: \(listed)\(more)")
    }

    /// Who listens on the ports that checks ask; nil if the kernel does not tell.
    private var listening: [UInt16: Set<IPAddress>]? {
        try? NodeNetwork.listeningAddresses(on: speaker.checkedPorts)
    }

    /// Makes what is asked for page by page, and gives each page to `take`; the last one has no `next`. Each page has a turn
    /// of the loop of its own, so that BFD and withdrawals come in between.
    func eachPage(of scope: StatusScope, _ take: @escaping (Status) -> Void) {
        let page = statusPage(scope)
        take(page)
        guard let next = page.next else { return }
        var rest = scope
        rest.position = next
        after(Self.pagePause) {
            guard self.link.isRunning else { return }
            self.eachPage(of: rest, take)
        }
    }

    /// The next page comes when the loop has looked at its sockets: a task that is only queued comes before.
    static let pagePause = TimeAmount.microseconds(100)

    private func answerPage(_ reply: @escaping @Sendable (ControlResponse) -> Void) {
        var whole: Status?
        eachPage(of: .ofPage) { [self] page in
            if whole?.append(page) == nil { whole = page }
            guard page.next == nil, let whole else { return }
            let (events, counts) = (reports.events.latest(20), speaker.partCounts)
            threadForAnswers.submit { reply(.page(whole, events, of: counts)) }
        }
    }

    private func answerMetrics(_ reply: @escaping @Sendable (ControlResponse) -> Void) {
        let scope = speaker.metricsScope
        let metrics = NIOLockedValueBox(MetricsText(hasPairs: scope.routes == .all))
        let now = Double(WallTime.now().milliseconds) / 1000
        eachPage(of: scope) { [self] page in
            threadForAnswers.submit {
                metrics.withLockedValue { $0.append(page, now: now) }
                if page.next == nil { reply(.metrics(metrics.withLockedValue { $0 })) }
            }
        }
    }

    /// Where answers are written: it takes milliseconds, which the loop has only if there is no other thread to be had.
    private var threadForAnswers: any WorkThread {
        let thread = answerThread ?? machine.makeThread(.here)
        answerThread = thread
        return thread
    }

    private func statusPage(_ scope: StatusScope, listening: [UInt16: Set<IPAddress>]? = nil) -> Status {
        completed(speaker.statusPage(scope, version: start.version, listening: listening, at: link.now))
    }

    private var unreadiness: String? {
        network.waitsFor.map { LogLine(.networkAwaited(reason: $0)).message } ?? speaker.unreadiness
    }

    /// Adds what the Speaker does not know.
    private func completed(_ status: Status) -> Status {
        var status = status
        status.startedAt = "\(startedAt)"
        status.addTimes(.now())
        status.decisionToWire = HistogramStatus(reports.wireTimes)
        status.waitsFor = network.waitsFor
        if network.waitsFor != nil { status.unreadiness = unreadiness }
        status.routerIDDerivedFrom = network.node.routerID?.derivedFrom.map { "\($0)" }
        status.reload = reloads.status
        if !network.isIntending {
            status.interface = start.settings.interface
            status.localAS = network.node.configured.localAS.value
        }
        status.bfdScheduling = bfd.scheduling.map { "\($0)" }
        if bfd.scheduling != nil { status.bfdPacketsDiscarded = speaker.bfdPacketsDiscarded + bfd.discarded }
        return status
    }
}
