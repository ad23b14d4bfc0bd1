import BGPTransport
import BGPWire
import ControlSocket
import Deadlines
import Glibc
import Health
import HealthProbes
import IPTypes
import Intent
import NIOCore
import Netlink
import Settings
import SpeakerCore
import ShellSystem
import Wording

/// Turns what happens into inputs of the Speaker, performs its effects and keeps the one timer. What is open belongs to an
/// owner, one for each kind of it.
///
/// All of it lives on the loop, so there is no lock and no hop between a failed check and the withdrawal on the wire.
final class SpeakerHost: LoopConfined {
    let loop: any EventLoop
    let start: DaemonStart
    let machine: Machine
    let log: LineLog
    let startedAt = WallTime.now()

    private var effects: EffectLoop
    private var timer: (deadline: Instant, task: Scheduled<Void>)?
    /// When the input that is being handled was seen.
    private var seenAt = Instant(nanoseconds: 0)
    /// What was reported, and is to be logged.
    var reports = Reports()
    var reloads = Reloads()
    var drainWaiters = DrainWaiters()
    /// What runs the program of `onChange`; made when it is needed.
    var changeProgram: ChangeProgram?
    /// Where answers are written as JSON, HTML or metrics; made for the first.
    var answerThread: (any WorkThread)?
    private var audits: RepeatedTask?
    private var idleMemory = IdleMemory()
    /// The last trouble with watching the addresses that was logged.
    var watchFault: NetlinkError?
    /// What to exit with, once the process only waits for the last bytes to leave.
    private var exitStatus: Int32?
    /// Called once, with the exit status.
    private var onExit: (@Sendable (Int32) -> Void)?

    private(set) lazy var link = HostLink(
        loop: loop,
        logLevel: start.settings[Settings.process.logLevel], write: { [log] in log.write($0) },
        calls: HostLink.Calls(
            take: { self.take($0) }, fail: { self.fail($0) }, flush: { self.flush() }, speaker: { self.speaker }))
    private(set) lazy var bfd = BFDEndpoints(link, kernel: machine.bfd)
    private(set) lazy var peers = PeerConnections(
        link, kernel: machine.peers, thread: machine.thread,
        onLocalAddress: { self.bfd.follow(local: $0, of: $1) }, onClosed: { self.finishIfNothingIsLeft() })
    private(set) lazy var listeners = Listeners(link) { listener throws(ListenFailure) in
        try self.machine.listen(listener, self.loop, self.peers.callback { $0.accepted($1) })
    }
    private(set) lazy var probes = Probes(
        link,
        make: { check, tell throws(CheckUnusable) in try self.machine.probe(check, self.loop, tell) },
        trace: { self.reports.append(.trace($0)) })
    private(set) lazy var addresses = VIPAddresses(
        link, interface: start.settings.interface, locks: start.addressLocks,
        connections: ConnectionEnding(link, thread: machine.thread, end: machine.endConnections), on: machine)
    private(set) lazy var locality = LocalityLooks(link, thread: machine.thread, ask: machine.locality)
    private(set) lazy var network = NetworkLooks(
        link, node: NodeIntent(start.settings), thread: machine.thread, look: machine.network,
        watchRoutes: machine.watchRoutes, tell: { self.note($0) })
    private(set) lazy var drainFile = DrainFileLooks(
        link, makeThread: { [machine] in machine.makeThread(.later) }, look: machine.drainFile,
        watch: machine.watchFile,
        onKnown: { self.beginService() })
    private(set) lazy var cluster = ClusterServices(
        link, client: { self.machine.serviceClient($0, $1, $2) },
        prober: { check, tell throws(CheckUnusable) in try self.machine.probe(check, self.loop, tell) })
    private(set) lazy var loopRules = LoopRules(
        link, thread: machine.thread, uplinks: machine.uplinks, set: machine.setLoopRules)
    private(set) lazy var control = ControlServers(
        link, openControl: { self.machine.openControl($0, self.loop, self.controlAnswer) },
        openMonitoring: { self.machine.openMonitoring($0, self.loop, self.controlAnswer) })
    private(set) lazy var service = ServiceNotifier(link, manager: start.serviceManager)

    init(_ start: DaemonStart, on machine: Machine, log: LineLog, loop: any EventLoop) {
        self.loop = loop
        self.start = start
        self.machine = machine
        self.log = log
        var generator = SystemRandomNumberGenerator()
        effects = EffectLoop(
            Speaker(
                hostName: Self.hostName(), seed: generator.next(),
                at: Instant(nanoseconds: loop.now.uptimeNanoseconds)))
    }

    /// What decides; everything that happens to it goes through `take`.
    var speaker: Speaker { effects.speaker }
}

// MARK: - From the start to service

extension SpeakerHost {
    /// Opens what must be open before the first input, then starts the speaker. On the loop.
    func begin(onExit: @escaping @Sendable (Int32) -> Void) {
        self.onExit = onExit
        do { try watchSignals() } catch { return fail(error) }
        guard let path = start.settings[Settings.process.controlSocket] else { return beginLooking() }
        // Before all else: a second daemon on the same control socket must not touch the first one's routes.
        control.openControl(at: path) { self.beginLooking() }
    }

    /// From here on the daemon can be asked how it is, also while it waits for the network.
    private func beginLooking() {
        guard link.isRunning else { return }
        for endpoint in network.node.configured.monitored { control.openMonitoring(at: endpoint) }
        network.lookNow()
    }

    private func note(_ news: NetworkLooks.News) {
        switch news {
        case .waits(let reason, let isFirst):
            // Nothing is advertised while we wait, so this node must not answer for it.
            if isFirst { addresses.removeLeftovers() }
            let line = LogLine(.networkAwaited(reason: reason))
            link.log(line)
            service.say(line.message)
        case .ready(let settings):
            // A file that hangs must not keep the daemon from starting.
            machine.unusableFile(settings.checks, loop) { fault in
                guard self.link.isRunning else { return }
                if let fault { self.fail(fault) } else { self.intend() }
            }
        case .changed(let settings):
            link.log(.gatewaysChanged(peers: settings.peers.map(\.address)))
            take(.intended(settings))
        case .failed(let error):
            fail(error)
        }
    }

    private func intend() {
        // What was loaded meanwhile counts, as far as it needs no restart.
        guard let settings = network.node.intended?.keeping(from: start.settings) else { return }
        do throws(NetlinkError) {
            try addresses.begin(onChange: callback { $0.addressChanged($1) })
            network.isIntending = true
            // Opened while the network was waited for.
            control.keepMonitoring(at: settings.monitored)
            take(.intended(settings))
            guard link.isRunning else { return }
            link.log(
                .started(
                    version: start.version, localAS: settings.localAS, routerID: speaker.identifier,
                    peers: settings.peers.count, vips: settings.vips.count))
            let leftovers = try addresses.leftovers()
            if !leftovers.isEmpty { take(.leftoversFound(leftovers)) }
        } catch .noSuchInterface {
            // Then there is nothing on it either; it may come.
        } catch {
            return fail(error)
        }
        audits = every(Self.auditPause) { host in
            host.addresses.lookSoon()
            host.network.lookSoon()
            host.lookAtMemory()
        }
        // A flood may come before the first audit.
        lookAtMemory()
        service.startWatchdog()
        network.followRoutes()
        if !drainFile.isFollowing { beginService() }
    }

    /// What the kernel's announcements may have missed is found this much later at the latest.
    private static let auditPause = TimeAmount.seconds(10)

    /// Everything that can keep the node out of service is known.
    func beginService() {
        guard !link.isServing, network.isIntending else { return }
        link.isServing = true
        take(.started)
        // Before the code for it is given back with all else that only the start needs.
        after(.seconds(8)) { self.loopRules.removeLeftovers() }
        after(.seconds(10)) {
            giveBackStartCode()
            giveBackStartStack()
            // What was read and forgotten has left whole pages of the heap empty.
            self.machine.giveBackHeap()
        }
    }

    /// Gives back what a flood has left free in the heap.
    private func lookAtMemory() {
        if let resident = machine.ownMemory(), idleMemory.look(at: resident) { machine.giveBackHeap() }
    }

    /// Says why the daemon cannot run, and ends it. No process looks after what an earlier run left, then.
    private func fail(_ error: any Error) {
        guard link.isRunning else { return }
        let line = LogLine(.startFailed(reason: "\(error)"))
        link.log(line)
        service.say(line.message)
        addresses.removeLeftovers()
        finish(status: 2)
    }
}

// MARK: - Inputs, effects and time

extension SpeakerHost {
    /// Handles one input and all that follow from it, then arms the timer for the next deadline.
    func take(_ input: Input) {
        guard effects.add(input) else { return }
        seenAt = link.now
        while let turn = effects.next(at: seenAt) {
            if link.isTracing { reports.append(.trace(.input(turn.input))) }
            for effect in turn.effects {
                if link.isTracing { reports.append(.trace(.effect(effect))) }
                perform(effect)
            }
            if link.isTracing, case .session(let peer, _) = turn.input, let pause = turn.redial {
                reports.append(.trace(.retry(peer, pause: pause)))
            }
            flush()
            seenAt = link.now
        }
        answerDrainWaiters()
        armTimer()
        service.notifyIfDue()
    }

    /// Hands everything that was sent to the kernel. Nothing waits behind an address that is being unbound, nor behind the
    /// log.
    private func flush() {
        if peers.flush() { reports.wireTimes.add(link.now - seenAt) }
        logReports()
    }

    private func armTimer() {
        guard link.isRunning, let next = effects.nextDeadline else { return }
        // The next part of much that is told to peers comes when the loop has looked at its sockets: a task that is only queued
        // comes before.
        let deadline = effects.speaker.hasBacklog ? max(next, link.now + Self.turnPause) : next
        if let timer {
            // A timer that fires too early finds nothing due and is armed anew; moving it each time would cost more.
            if timer.deadline <= deadline { return }
            timer.task.cancel()
        }
        let task = loop.assumeIsolated().scheduleTask(deadline: .uptimeNanoseconds(deadline.nanoseconds)) {
            self.timerFired()
        }
        timer = (deadline, task)
    }

    private static let turnPause = Duration.microseconds(100)

    private func timerFired() {
        guard let due = timer?.deadline else { return }
        timer = nil
        switch effects.wake(
            due: due, at: link.now, hasUnread: { self.peers.hasUnread }, hasUnreadBFD: { self.bfd.hasUnread })
        {
        case .early:
            armTimer()
        case .readFirst(let due):
            // Behind what connections report of what they have read.
            let task = after(TimeAmount(EffectLoop.readingPause)) {
                self.loop.assumeIsolated().execute { self.timerFired() }
            }
            timer = (due, task)
        case .due(let stall):
            if let stall {
                link.log(.stalled(stall))
                take(.stalled)
            }
            take(.deadlineReached)
        }
    }
}

// MARK: - The end

extension SpeakerHost {
    /// Ends the process once the last NOTIFICATION has left and the program of `onChange` has been given all, or after a
    /// second.
    func exitWhenClosed(status: Int32) {
        guard peers.closing > 0 || speaker.isRunningProgram else { return finish(status: status) }
        exitStatus = status
        after(.seconds(1)) { self.finish(status: status) }
    }

    /// Ends the process if that is all it waits for.
    func finishIfNothingIsLeft() {
        if peers.closing == 0, !speaker.isRunningProgram, let exitStatus { finish(status: exitStatus) }
    }

    /// Ends the process's work.
    func finish(status: Int32) {
        timer?.task.cancel()
        timer = nil
        guard link.isRunning else { return }
        logReports()
        answerDrainWaiters()
        link.isRunning = false
        probes.endAll()
        listeners.closeAll()
        control.closeAll()
        // Clients on this node are waiting for what is under way.
        machine.thread.drain(seconds: 0.5)
        audits?.cancel()
        service.end()
        locality.end()
        cluster.end()
        loopRules.end()
        bfd.endAll()
        drainFile.end()
        network.end()
        addresses.end()
        onExit?(status)
        onExit = nil
    }

    /// The node's name without its domain, for the FQDN capability; nil if it has none.
    private static func hostName() -> String? {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return nil }
        let name = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return name.isEmpty || name == "localhost" ? nil : name
    }
}

extension Settings {
    /// The ports for metrics and health.
    fileprivate var monitored: Set<SocketTarget> {
        Set([self[Self.process.metrics], self[Self.process.health]].compactMap { $0 })
    }
}
