import Glibc
import Intent
import NIOCore
import Netlink
import Settings
import SpeakerCore
import ShellSystem
import Wording

// What the node tells: signals, and changes of addresses and links.

extension SpeakerHost {
    func watchSignals() throws {
        try machine.watchSignals(loop, callback { $0.signalled($1) }).assumeIsolated().whenFailure {
            self.link.fail($0)
        }
    }

    /// Someone changed an address. Only a VIP that is really gone matters: our own removals are not news.
    func addressChanged(_ change: AddressChange) {
        switch change {
        case .removed(let address):
            if speaker.isBound(address.hostPrefix) { addresses.lookSoon() }
            locality.addressChanged(address.address)
        case .linkChanged(let name, _):
            if name == start.settings.interface { addresses.lookSoon() }
            linksChanged(name)
        case .resynchronise:
            watchFault = nil
            addresses.lookSoon()
            linksChanged(nil)
        case .added(let address):
            locality.addressChanged(address.address)
        case .defaultRouteChanged:
            break
        case .interrupted(let error):
            guard watchFault != error else { return }
            watchFault = error
            link.log(.addressChangesUnseen(reason: "\(error)"))
        }
    }

    private func linksChanged(_ name: String?) {
        locality.look()
        listeners.linksChanged(name)
        network.lookSoon()
    }

    private func signalled(_ number: Int32) {
        switch Signals.Request(number) {
        case .leave where network.node.routerID == nil:
            finish(status: 0)
        case .leave(let isUrgent):
            take(.terminationRequested(reason: "stopped by \(Signals.name(of: number))", isUrgent: isUrgent))
        case .status:
            logStatus()
        case .giveWay:
            bfd.giveWay()
        case .reload:
            reload()
        case .nothing:
            link.log(.signalIgnored(name: Signals.name(of: number)))
        }
    }

    /// Whoever asks for it gets it, also where the log level would leave it out.
    private func logStatus() {
        var isFirst = true
        eachPage(of: StatusScope(routes: .none)) { [self] page in
            for line in LogLine.lines(of: page, withNode: isFirst) { link.write(line) }
            isFirst = false
        }
    }
}
