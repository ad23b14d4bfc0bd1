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
/// - Returns: the exit status: 0 after an orderly departure, 1 if a VIP could not be taken off the interface, 2 if the node does not fit the settings.
package func run(settings configured: Settings, notices: [String], version: String) -> Int32 {
    occupyStandardDescriptors()
    Signals.block()
    let log = LineLog(format: configured.logFormat)
    let level = Logger.Level(configured.logLevel)
    let logger = Logger(label: "bgpvip") { _ in LineLogHandler(log: log, logLevel: level) }
    for notice in notices { logger.notice("\(notice)") }

    let settings: Settings
    let identifier: BGPIdentifier
    do {
        settings = try configured.expandingGateways(configured.namesGateways ? NodeNetwork.defaultGateways() : [])
        identifier = try routerID(for: settings)
    } catch {
        logger.error("cannot start: \(error)")
        return 2
    }
    let exitStatus = NIOLockedValueBox<Int32>(0)
    MultiThreadedEventLoopGroup.withCurrentThreadAsEventLoop { loop in
        let host = SpeakerHost(
            settings: settings, identifier: identifier, version: version, logger: logger, loop: loop)
        loop.execute {
            host.start { status in
                exitStatus.withLockedValue { $0 = status }
                loop.shutdownGracefully { _ in }
            }
        }
    }
    return exitStatus.withLockedValue { $0 }
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
private func routerID(for settings: Settings) throws -> BGPIdentifier {
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
