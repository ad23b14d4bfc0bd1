import BGPTransport
import BGPWire
import ControlSocket
import Deadlines
import Glibc
import Health
import HealthProbes
import IPTypes
import Logging
import NIOCore
import Netlink
import Settings
import SpeakerCore

/// Owns the Speaker on the event loop: turns what happens into inputs, performs the effects, keeps the one timer.
///
/// An actor pinned to the loop: everything that calls in already runs there and enters with `assumeIsolated`, so there
/// is no lock and no hop between a failed check and the withdrawal on the wire.
actor SpeakerHost {
    let loop: any EventLoop
    let settings: Settings
    let version: String
    let logger: Logger

    var speaker: Speaker
    /// The interface the VIPs are on; nil before `start`.
    var addresses: InterfaceAddresses?
    var probers: [String: Prober] = [:]
    var connections: [ScopedAddress: PeerConnections] = [:]
    var listeners: [PeerListener] = []
    /// Listeners for the peers of one interface that have a password.
    var tiedListeners: [String: PeerListener] = [:]
    /// Where the kernel is asked, and told, what may take it a while: all that concerns the node's TCP connections.
    let socketThread = BlockingThread()
    var controlServers: [ControlServer] = []
    var bfd = BFDSockets()
    var drainFile = DrainFileLooks()
    var connectionEnding = ConnectionEnding()
    var localityLooks = LocalityLooks()
    /// True while changes of addresses wait to be looked at.
    var isReassertPlanned = false
    /// The looks at the addresses that nothing gives rise to.
    var audits: RepeatedTask?
    /// The last troubles with looking at the addresses and with watching them that were logged.
    var addressFaults: (look: NetlinkError?, watch: NetlinkError?)
    /// VIPs that someone else has put there.
    var foreignVIPs: Set<IPPrefix> = []
    /// True if no other instance lives in this network namespace, so that a marked address must be an earlier run's.
    let ownsLeftovers: Bool
    /// The last trouble with each port for metrics and health that was logged.
    var monitoringFaults: [SocketTarget: String] = [:]
    /// Connections that have been sent something in this turn.
    var unflushed: [PeerConnection] = []
    /// What is logged when that has left, in order.
    var unlogged: [LogEntry] = []
    /// True if what happens is logged, beside what is decided.
    let isTracing: Bool
    /// Replies to `drain --wait` that are due when the node is out of service.
    var drainWaiters: [@Sendable (ControlResponse) -> Void] = []
    /// The same for the drain of one VIP.
    var vipDrainWaiters: [(vip: IPPrefix, reply: @Sendable (ControlResponse) -> Void)] = []
    /// Connections that were told to close and have not ended yet; an exit waits for them, for a bounded time.
    var closing = 0
    /// What to exit with, once the process only waits for the last bytes to leave.
    var exitStatus: Int32?
    /// Called once, with the exit status.
    private(set) var onExit: (@Sendable (Int32) -> Void)?

    private var inputs = Deque()
    private var isHandling = false
    /// True if the sockets have been looked at since a timer was found to be late.
    private var hasLooked = false
    private var timer: (deadline: Instant, task: Scheduled<Void>)?

    /// Inputs that wait while another is being handled: an effect can cause an input at once.
    private struct Deque {
        private var items: [Input] = []
        private var next = 0

        mutating func append(_ input: Input) { items.append(input) }

        mutating func popFirst() -> Input? {
            guard next < items.count else {
                items.removeAll(keepingCapacity: true)
                next = 0
                return nil
            }
            defer { next += 1 }
            return items[next]
        }
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.executor.asUnownedSerialExecutor() }

    init(
        settings: Settings, identifier: BGPIdentifier, version: String, logger: Logger, loop: any EventLoop,
        ownsLeftovers: Bool
    ) {
        self.loop = loop
        self.ownsLeftovers = ownsLeftovers
        self.settings = settings
        self.version = version
        self.logger = logger
        isTracing = logger.logLevel <= .debug
        var generator = SystemRandomNumberGenerator()
        speaker = Speaker(
            settings: settings, identifier: identifier, hostName: Self.hostName(), seed: generator.next(),
            at: Self.now())
    }

    /// Opens what must be open before the first input, then starts the speaker. On the loop.
    nonisolated func start(onExit: @escaping @Sendable (Int32) -> Void) {
        assumeIsolated { $0.begin(onExit: onExit) }
    }

    private func begin(onExit: @escaping @Sendable (Int32) -> Void) {
        self.onExit = onExit
        do {
            try open()
        } catch {
            fail(error)
            return
        }
        // A file that hangs must not keep the daemon from starting.
        firstUnusableFile(of: settings.checks, on: loop, within: .seconds(1)) { [self] fault in
            assumeIsolated { host in
                if let fault { host.fail(fault) } else { host.openAndStart() }
            }
        }
    }

    private func openAndStart() {
        guard onExit != nil else { return }
        // Only then: a second daemon on the same control socket must not touch the first one's routes.
        openControl { [self] result in
            assumeIsolated { host in
                switch result {
                case .success: host.startSpeaker()
                case .failure(let error): host.fail(error)
                }
            }
        }
    }

    /// Says why the daemon cannot run, and ends it. Nobody looks after what an earlier run left, then.
    func fail(_ error: any Error) {
        logger.error("cannot start: \(error)")
        if ownsLeftovers { removeLeftovers(of: settings.interface, logger) }
        finish(status: 2)
    }

    private func startSpeaker() {
        // A signal may have ended it already.
        guard onExit != nil else { return }
        logger.info(
            "bgpvip \(version) starts",
            metadata: [
                "local_as": .number(settings.localAS.value), "router_id": "\(speaker.identifier)",
                "peers": .number(settings.peers.count), "vips": .number(settings.vips.count),
            ])
        do {
            if ownsLeftovers, let leftovers = try addresses?.leftovers(), !leftovers.isEmpty {
                take(.leftoversFound(leftovers.map(\.hostPrefix)))
            }
        } catch {
            fail(error)
            return
        }
        startAudits()
        startLocalityLooks()
        watchDrainFile()
    }

    /// Everything that can keep the node out of service is known.
    func beginService() {
        take(.started)
        loop.scheduleTask(in: .seconds(10)) { giveBackStartCode() }
    }

    /// Handles one input and all that follow from it, then arms the timer for the next deadline.
    func take(_ input: Input) {
        inputs.append(input)
        guard !isHandling else { return }
        isHandling = true
        while let input = inputs.popFirst() {
            if isTracing {
                handleTracing(input)
            } else {
                for effect in speaker.handle(input, at: Self.now()) { perform(effect) }
            }
            flush()
        }
        isHandling = false
        answerDrainWaiters()
        armTimer()
    }

    /// Ends the process's work: called by the `exit` effect and when starting fails.
    func finish(status: Int32) {
        timer?.task.cancel()
        timer = nil
        guard onExit != nil else { return }
        logReports()
        answerDrainWaiters()
        for prober in probers.values { prober.stop() }
        for listener in listeners + tiedListeners.values { listener.close() }
        for server in controlServers { server.stop() }
        // Clients on this node are waiting for what is under way.
        socketThread.drain(seconds: 0.5)
        audits?.cancel()
        localityLooks.task?.cancel()
        addresses?.stopWatching()
        closeBFD()
        drainFile.watch?.stop()
        onExit?(status)
        onExit = nil
    }

    private func armTimer() {
        guard onExit != nil, let deadline = speaker.nextDeadline else { return }
        if let timer {
            // A timer that fires too early finds nothing due and is armed anew; moving it each time would cost more.
            if timer.deadline <= deadline { return }
            timer.task.cancel()
        }
        let task = loop.scheduleTask(deadline: .uptimeNanoseconds(deadline.nanoseconds)) { [self] in
            assumeIsolated { $0.timerFired() }
        }
        timer = (deadline, task)
    }

    private func timerFired() {
        let due = timer?.deadline
        timer = nil
        if let deadline = speaker.nextDeadline, deadline <= Self.now() {
            if let due, Self.now() - due > Self.stall, !hasLooked {
                // The process did not run: what came meanwhile (KEEPALIVEs, answers) is read before anything is overdue.
                hasLooked = true
                let task = loop.scheduleTask(in: .microseconds(200)) { [self] in assumeIsolated { $0.timerFired() } }
                timer = (due, task)
                return
            }
            hasLooked = false
            if mustReadBFDFirst() {
                let task = loop.scheduleTask(in: .microseconds(200)) { [self] in assumeIsolated { $0.timerFired() } }
                timer = (deadline, task)
                return
            }
            if let due { excuseBFD(ifLateSince: due) }
            take(.deadlineReached)
        } else {
            armTimer()
        }
    }

    /// How late a timer may be before it means that the process did not run.
    static let stall = Duration.milliseconds(20)

    /// The monotonic clock, the same that the loop's deadlines are on.
    static func now() -> Instant {
        Instant(nanoseconds: NIODeadline.now().uptimeNanoseconds)
    }

    /// The node's name without its domain, for the FQDN capability; nil if it has none.
    private static func hostName() -> String? {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return nil }
        let name = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return name.isEmpty || name == "localhost" ? nil : name
    }
}
