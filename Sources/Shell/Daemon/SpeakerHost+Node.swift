import Glibc
import Health
import HealthProbes
import IPTypes
import Logging
import NIOCore
import NIOPosix
import Netlink
import Settings
import SpeakerCore

extension SpeakerHost {
    /// Opens what the node must give before the first input: the interface, the checks, the sockets, the signals.
    func open() throws {
        let addresses = try InterfaceAddresses(interface: settings.interface)
        self.addresses = addresses
        try addresses.watch(on: loop) { [self] change in
            assumeIsolated { $0.addressChanged(change) }
        }
        for check in settings.checks {
            let name = check.name
            probers[name] = try Prober(check: check, on: loop) { [self] event in
                assumeIsolated { $0.probeEvent(event, check: name) }
            }
        }
        try listen()
        try openBFD()
        try Signals.watch(on: loop) { [self] number in
            assumeIsolated { $0.signalled(number) }
        }
        .whenFailure { [self] error in assumeIsolated { $0.fail(error) } }
    }

    private func probeEvent(_ event: ProbeEvent, check: String) {
        switch event {
        case .outcome(let outcome, let took):
            if isTracing { unlogged.append(.trace(.probed(check: check, outcome, took: took))) }
            take(.check(check, .outcome(outcome, took: took)))
        case .lateAnswer(let outcome): take(.check(check, .lateAnswer(outcome)))
        case .connectionLost: take(.check(check, .connectionLost))
        case .stoppedListening: take(.check(check, .stoppedListening))
        }
    }

    /// Someone changed an address. Only a VIP that is really gone matters: our own removals are not news.
    private func addressChanged(_ change: AddressChange) {
        switch change {
        case .removed(let address):
            if speaker.isBound(address.hostPrefix) { reassertSoon() }
            if localityLooks.asked.contains(address.address) { lookForLocalAddresses() }
        case .linkChanged(let name, _):
            if name == settings.interface { reassertSoon() }
            lookForLocalAddresses()
            openTiedListeners(on: name)
        case .resynchronise:
            addressFaults.watch = nil
            reassertSoon()
            lookForLocalAddresses()
            openTiedListeners()
        case .added(let address):
            if localityLooks.asked.contains(address.address) { lookForLocalAddresses() }
        case .interrupted(let error):
            guard addressFaults.watch != error else { return }
            addressFaults.watch = error
            logger.error(
                "changes of addresses are not seen for now, trying again each second", metadata: ["reason": "\(error)"])
        }
    }

    /// What the kernel's announcements may have missed is found this much later at the latest.
    private static let auditPause = TimeAmount.seconds(10)
    /// After a look that failed.
    private static let rereadPause = TimeAmount.milliseconds(100)

    /// Compares what is on the interface with what should be, for as long as the process runs.
    func startAudits() {
        audits = loop.scheduleRepeatedTask(initialDelay: Self.auditPause, delay: Self.auditPause) { [self] _ in
            assumeIsolated { $0.reassertSoon() }
        }
    }

    /// Looks once for all changes that came together.
    private func reassertSoon() {
        guard !isReassertPlanned else { return }
        isReassertPlanned = true
        loop.execute { [self] in assumeIsolated { $0.reassert() } }
    }

    /// Tells the speaker which of the VIPs that it takes for bound the kernel does not have, and which of ours are there
    /// that it does not know of. A look that fails is repeated until one succeeds.
    private func reassert() {
        isReassertPlanned = false
        guard onExit != nil, let addresses else { return }
        do {
            let present: [InterfaceAddress]
            do {
                present = try addresses.addresses()
            } catch NetlinkError.noSuchInterface {
                // The interface was deleted, and every address with it.
                present = []
            }
            addressFaults.look = nil
            let gone = speaker.boundVIPs.subtracting(present.map(\.hostPrefix)).sorted()
            if !gone.isEmpty { take(.vanished(gone)) }
            let configured = Set(settings.vips.map(\.prefix))
            let marked = addresses.leftovers(among: present).map(\.hostPrefix)
            let unknown = marked.filter { configured.contains($0) && !speaker.isBound($0) }
            if ownsLeftovers, !unknown.isEmpty { take(.leftoversFound(unknown)) }
        } catch {
            if addressFaults.look != error {
                logger.error("addresses of \(settings.interface) cannot be read", metadata: ["reason": "\(error)"])
            }
            addressFaults.look = error
            isReassertPlanned = true
            loop.scheduleTask(in: Self.rereadPause) { [self] in assumeIsolated { $0.reassert() } }
        }
    }

    private func signalled(_ number: Int32) {
        switch Signals.Request(number) {
        case .leave(let isUrgent):
            take(.terminationRequested(reason: "stopped by \(Signals.name(of: number))", isUrgent: isUrgent))
        case .status:
            logStatus()
        case .nothing:
            logger.notice(
                "\(Signals.name(of: number)) ignored: flags and environment cannot change while running")
        }
    }

    /// Whoever asks for it gets it, also where the log level would leave it out.
    private func logStatus() {
        var logger = logger
        logger.logLevel = min(logger.logLevel, .info)
        for line in LogLine.lines(of: status) { log(line, with: logger) }
    }
}
