import BGPWire
import Glibc
import IPTypes
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Netlink
package import Settings

/// Runs the daemon until a signal ends it.
///
/// One thread: the caller's thread becomes the event loop on which everything happens.
/// - Parameters:
///   - configured: validated settings.
///   - notices: what the loading of the settings has to say; logged first.
///   - version: shown in the status.
/// - Returns: the exit status: 0 after an orderly departure, 1 if a VIP could not be taken off the interface, 2 if what the
///   settings ask of the node cannot be had.
package func run(settings configured: Settings, notices: [String], version: String) -> Int32 {
    occupyStandardDescriptors()
    Signals.block()
    let log = LineLog(
        format: configured.logFormat, journalStream: getenv("JOURNAL_STREAM").map { String(cString: $0) })
    defer { log.finish() }
    let level = Logger.Level(configured.logLevel)
    let logger = Logger(label: "bgpvip") { _ in LineLogHandler(log: log, logLevel: level) }
    for notice in notices { logger.notice("\(notice)") }

    let addressLocks: AddressLocks
    do throws(AddressInUse) {
        addressLocks = try AddressLocks(configured.vips.filter(\.binds).map(\.prefix.address))
    } catch {
        logger.error("cannot start: \(error)")
        return 2
    }
    defer { addressLocks.release() }
    // Held until the process ends.
    let lock = InstanceLock(interface: configured.interface)
    defer { lock?.release() }
    let onNode: (Settings, BGPIdentifier)?
    do throws(GatewayFailure) {
        onNode = try whenNetworkIsUp(configured, logger) {
            // Nothing is advertised while we wait, so this node must not answer for it.
            if lock != nil { removeLeftovers(of: configured.interface, logger) }
        }
    } catch {
        logger.error("cannot start: \(error)")
        if lock != nil { removeLeftovers(of: configured.interface, logger) }
        return 2
    }
    guard let (settings, identifier) = onNode else { return 0 }
    let exitStatus = NIOLockedValueBox<Int32>(0)
    MultiThreadedEventLoopGroup.withCurrentThreadAsEventLoop { loop in
        let host = SpeakerHost(
            settings: settings, identifier: identifier, version: version, logger: logger, loop: loop,
            ownsLeftovers: lock != nil)
        loop.execute {
            host.start { status in
                exitStatus.withLockedValue { $0 = status }
                loop.shutdownGracefully { _ in }
            }
        }
    }
    return exitStatus.withLockedValue { $0 }
}

/// The settings with the node's default gateways, and the router ID, as soon as the node has both: at boot its network
/// may come up after us. Nil if a signal ended the waiting.
///
/// A node whose network comes up may get its default gateways one after the other: then they count once they have stayed
/// the same for two seconds.
/// - Parameter onWaiting: called once, when it turns out that there is something to wait for.
/// - Throws: what no waiting can mend.
private func whenNetworkIsUp(
    _ configured: Settings, _ logger: Logger, onWaiting: () -> Void
) throws(GatewayFailure) -> (Settings, BGPIdentifier)? {
    var told = ""
    var seen: (settings: Settings, turns: Int)?
    while true {
        do {
            let gateways = configured.namesGateways ? try NodeNetwork.defaultGateways() : []
            let settings = try configured.expandingGateways(gateways)
            let identifier = try routerID(for: settings)
            let turns = seen?.settings == settings ? (seen?.turns ?? 0) + 1 : 0
            seen = (settings, turns)
            if told.isEmpty || !configured.namesGateways || turns >= 10 { return (settings, identifier) }
        } catch GatewayFailure.isPeerAlready(let gateway, let peer) {
            throw .isPeerAlready(gateway: gateway, peer: peer)
        } catch {
            seen = nil
            let reason = "\(error)"
            if told.isEmpty { onWaiting() }
            if reason != told { logger.warning("waiting for the network: \(reason)") }
            told = reason
        }
        guard let signal = Signals.pause(milliseconds: 200) else { continue }
        switch Signals.Request(signal) {
        case .leave: return nil
        case .status: logger.notice("waiting for the network: \(told)")
        case .nothing: break
        }
    }
}

/// Started without descriptors 0 to 2, we would open sockets under these numbers and log into them.
private func occupyStandardDescriptors() {
    var descriptor: Int32
    repeat {
        descriptor = open("/dev/null", O_RDWR)
    } while (0..<3).contains(descriptor)
    if descriptor > 2 { close(descriptor) }
}

/// Why no router ID could be found.
private struct NoRouterID: Error, CustomStringConvertible {
    var description: String
}

/// The configured router ID, else an IPv4 address of the configured interface, else the node's own. A VIP cannot be it:
/// all nodes share that one.
func routerID(for settings: Settings) throws -> BGPIdentifier {
    if let configured = settings.routerID { return configured }
    if let interface = settings.routerInterface {
        let vips = Set(settings.vips.map(\.prefix.address))
        for candidate in try NodeNetwork.addresses(of: interface) where !vips.contains(candidate.address) {
            guard candidate.preferredLifetime > 0 else { continue }
            if case .v4(let address) = candidate.address, !address.isLoopback { return BGPIdentifier(address.value) }
        }
        throw NoRouterID(description: "\(interface) has no IPv4 address to take the router ID from; give --router-id")
    }
    guard let address = try NodeNetwork.nodeAddress(excluding: Set(settings.vips.map(\.prefix.address))) else {
        throw NoRouterID(
            description: "no router ID is set and this node has no IPv4 address to take it from; give --router-id")
    }
    return BGPIdentifier(address.value)
}
