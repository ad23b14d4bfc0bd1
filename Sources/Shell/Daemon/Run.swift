import CLinuxShim
import Confinement
import ControlSocket
import Glibc
import NIOCore
import NIOPosix
import Netlink
package import Settings
import Wording

/// What the daemon starts with.
struct DaemonStart {
    var settings: Settings
    var load: SettingsSource
    var version: String
    var addressLocks: AddressLocks
    /// Nil if no service manager has started us.
    var serviceManager: ServiceManager?
    /// What the process has given up.
    var confinement = Confinement.none
}

/// Runs the daemon until a signal ends it, and with it the process. The exit status is 0 after an orderly departure, 1 if a VIP
/// could not be taken off the interface, 2 if what the settings ask of the node cannot be had.
///
/// The caller's thread becomes the event loop on which everything happens. Others do what may block, and end soon after it.
/// - Parameters:
///   - configured: validated settings.
///   - notices: what the loading of the settings has to say; logged first.
///   - version: shown in the status.
///   - load: reads the settings anew; called on a thread of its own.
package func run(
    settings configured: Settings, notices: [String], version: String, load: @escaping SettingsSource
) -> Never {
    // Nearly everything is done by one thread: memory of their own for the few others would only be more.
    mallopt(M_ARENA_MAX, 1)
    occupyStandardDescriptors()
    Signals.block()
    // Before there is any thread: what is written to the log may need one.
    let confinement = confine(for: configured)
    let serviceManager = ServiceManager.fromEnvironment()
    let log = LineLog.ofProcess(configured[Settings.process.logFormat])
    let tell = { (fact: HostFact) in log.write(fact, from: configured[Settings.process.logLevel]) }
    for notice in notices + confinement.notices { tell(.remark(notice)) }

    let addressLocks: AddressLocks
    do throws(AddressInUse) {
        addressLocks = try AddressLocks(configured.boundAddresses)
    } catch {
        tell(.startFailed(reason: "\(error)"))
        removeLeftovers(of: configured.interface, AddressLocks(), tell)
        log.finish()
        exit(2)
    }
    let start = DaemonStart(
        settings: configured, load: load, version: version, addressLocks: addressLocks, serviceManager: serviceManager,
        confinement: confinement)
    MultiThreadedEventLoopGroup.withCurrentThreadAsEventLoop { loop in
        loop.execute {
            let machine = Machine.ofNode(dialling: configured.peers.first?.port)
            let host = SpeakerHost(start, on: machine, log: log, loop: loop)
            host.begin { status in
                // The loop is not shut down: NIO would tell of it on another thread, for which it waits without end where the
                // kernel gives none.
                log.finish()
                exit(status)
            }
        }
    }
    // Not reached: nothing ends the loop.
    exit(1)
}

/// Gives up what a daemon with these settings does not need.
private func confine(for settings: Settings) -> Confinement {
    let directory = settings[Settings.process.controlSocket].map { ControlServer.makeDirectory(for: $0) }
    return Confinement.enter(keeping: settings.rights, directory: directory)
}

/// Started without descriptors 0 to 2, we would open sockets under these numbers and log into them.
private func occupyStandardDescriptors() {
    var descriptor: Int32
    repeat {
        descriptor = open("/dev/null", O_RDWR)
    } while (0..<3).contains(descriptor)
    if descriptor > 2 { close(descriptor) }
}
