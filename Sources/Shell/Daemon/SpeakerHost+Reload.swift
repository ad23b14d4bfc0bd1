import Confinement
import Glibc
import IPTypes
import Intent
import NIOCore
import Netlink
package import Settings
import SpeakerCore
import ShellSystem
import Wording

/// Reads flags, environment and files anew, and says everything that is wrong. May block for as long as a file does.
package typealias SettingsSource = @Sendable () -> Result<LoadedSettings, InvalidSettings>

/// What came of reading the settings anew.
struct Reloads {
    /// Made for the first reload: files may hang.
    var thread: (any WorkThread)?
    /// The start counts as the first.
    var status = ReloadStatus(isSuccessful: true, lastSuccess: time(nil), errors: [])
}

/// What one reading of the settings has come to.
private enum Reading: Sendable {
    case valid(Settings, on: NodeIntent.Network, notices: [String])
    /// The lines that `bgpvip check` prints.
    case invalid([String])

    init(_ load: SettingsSource, _ look: NetworkLooks.Look) {
        switch load() {
        case .success(let loaded):
            let faults = faultsOfCheckFiles(in: loaded.settings)
            guard faults.isEmpty else {
                self = .invalid(faults.map { "error: \($0)" })
                return
            }
            // If it cannot be read, what counts of it stays.
            let network = try? look(loaded.settings).get()
            self = .valid(loaded.settings, on: network ?? NodeIntent.Network(), notices: loaded.notices)
        case .failure(let invalid):
            self = .invalid(invalid.lines)
        }
    }
}

extension SpeakerHost {
    /// Reads the settings anew and applies the difference, or only says what it would be. If anything is wrong with them,
    /// nothing changes.
    func reload(isDryRun: Bool = false, then reply: @escaping @Sendable (ReloadAnswer) -> Void = { _ in }) {
        let thread = reloads.thread ?? machine.makeThread(.later)
        reloads.thread = thread
        if !isDryRun { service.notifyReloading() }
        work(on: thread) { [load = start.load, look = machine.network] in
            Reading(load, look)
        } then: { reading in
            reply(self.take(reading, isDryRun: isDryRun))
            self.service.notify()
        }
    }

    private func take(_ reading: Reading, isDryRun: Bool) -> ReloadAnswer {
        switch reading {
        case .invalid(let lines):
            return refuse(lines, isDryRun: isDryRun)
        case .valid(let settings, let network, let notices):
            do {
                let obstacles = settings.obstacles(afterGivingUp: start.confinement.lost)
                if !obstacles.isEmpty { return refuse(obstacles.map { "error: \($0)" }, isDryRun: isDryRun) }
                let notices = notices + settings.shortcomings(afterGivingUp: start.confinement.lost)
                var next = self.network.node
                try next.configure(settings, on: network)
                try addresses.check(settings.boundAddresses)
                let change = self.change(to: next)
                if !isDryRun { try apply(next) }
                return ReloadAnswer(
                    outcome: change.isEmpty ? .unchanged : .changed, isDryRun: isDryRun, changes: change.lines,
                    needsRestart: change.needsRestart.map(\.name), notices: notices)
            } catch {
                return refuse(["error: \(error)"], isDryRun: isDryRun)
            }
        }
    }

    private func refuse(_ lines: [String], isDryRun: Bool) -> ReloadAnswer {
        if !isDryRun {
            reloads.status.isSuccessful = false
            reloads.status.errors = lines
            for line in lines where line.hasPrefix("error: ") {
                let reason = line.dropFirst("error: ".count)
                link.log(.settingsRefused(reason: String(reason)))
            }
        }
        return ReloadAnswer(outcome: .invalid, isDryRun: isDryRun, errors: lines)
    }

    private func change(to next: NodeIntent) -> IntentChange {
        if network.isIntending, let intended = next.intended {
            return speaker.change(to: intended)
        }
        return IntentChange(from: network.node.configured, to: next.configured)
    }

    private func apply(_ next: NodeIntent) throws(AddressInUse) {
        try addresses.hold(next.configured.boundAddresses)
        network.node = next
        reloads.status = ReloadStatus(isSuccessful: true, lastSuccess: time(nil), errors: [])
        // What has not begun begins with these.
        guard network.isIntending, let intended = next.intended else { return }
        take(.intended(intended))
        network.followRoutes()
    }
}

extension Settings {
    /// The addresses that this process binds.
    var boundAddresses: [IPAddress] { vips.filter(\.binds).map(\.prefix.address) }
}
