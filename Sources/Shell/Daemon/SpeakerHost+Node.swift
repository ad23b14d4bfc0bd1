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
        questions.start()
    }

    private func probeEvent(_ event: ProbeEvent, check: String) {
        switch event {
        case .outcome(let outcome, let took):
            if isTracing { unlogged.append(.trace(.probed(check: check, outcome, took: took))) }
            take(.check(check, .outcome(outcome, took: took)))
        case .connectionLost: take(.check(check, .connectionLost))
        case .stoppedListening: take(.check(check, .stoppedListening))
        }
    }

    /// Someone changed an address. Only a VIP that is really gone matters: our own removals are not news.
    private func addressChanged(_ change: AddressChange) {
        switch change {
        case .removed(let address):
            if speaker.isBound(address.hostPrefix) { reassertSoon() }
        case .linkChanged(let name, _):
            if name == settings.interface { reassertSoon() }
            openTiedListeners(on: name)
        case .resynchronise:
            reassertSoon()
            openTiedListeners()
        case .added:
            break
        case .interrupted(let error):
            logger.error(
                "changes of addresses are not seen for now, trying again each second", metadata: ["reason": "\(error)"])
        }
    }

    /// Looks once for all changes that came together.
    private func reassertSoon() {
        guard !isReassertPlanned else { return }
        isReassertPlanned = true
        loop.execute { [self] in assumeIsolated { $0.reassert() } }
    }

    /// Tells the speaker which of the VIPs that it takes for bound the kernel does not have.
    private func reassert() {
        isReassertPlanned = false
        do {
            let present: Set<IPPrefix>
            do {
                present = Set(try addresses?.addresses().map(\.hostPrefix) ?? [])
            } catch NetlinkError.noSuchInterface {
                // The interface was deleted, and every address with it.
                present = []
            }
            let gone = speaker.boundVIPs.subtracting(present).sorted()
            if !gone.isEmpty { take(.vanished(gone)) }
        } catch {
            logger.error("addresses of \(settings.interface) cannot be read", metadata: ["reason": "\(error)"])
        }
    }

    private func signalled(_ number: Int32) {
        switch number {
        case SIGTERM: take(.terminationRequested(reason: "stopped by SIGTERM", isUrgent: false))
        case SIGINT: take(.terminationRequested(reason: "stopped by SIGINT", isUrgent: true))
        default: logger.notice("signal \(number) ignored: flags and environment cannot change while running")
        }
    }
}
