import IPTypes
import Logging
import Netlink
import Settings

/// Takes off the interface what an earlier run left there, for a process whose settings are wrong: it does not become the
/// daemon, and no other process would do it. Addresses of instances that live stay. What is done is logged to standard error.
package func removeLeftovers(of interface: String) {
    let log = LineLog.ofProcess(.logfmt)
    defer { log.finish() }
    let logger = Logger(label: "bgpvip") { _ in LineLogHandler(log: log, logLevel: .info) }
    removeLeftovers(of: interface, AddressLocks(), logger)
}

/// Takes off the interface what an earlier run left there, when this one cannot use it, and ends the connections that this
/// cuts off. What cannot be removed is logged.
func removeLeftovers(of interface: String, _ locks: AddressLocks, _ logger: Logger) {
    do {
        let addresses = try InterfaceAddresses(interface: interface)
        let prefixes = locks.leftovers(among: try addresses.leftovers().map(\.hostPrefix))
        guard !prefixes.isEmpty else { return }
        let (connections, vips) = (BrokenConnections(), prefixes.map(\.address))
        _ = try? connections.end(.fromRemote, of: vips)
        var present: PresentAddresses?
        for (prefix, result) in zip(prefixes, addresses.unbind(contentsOf: prefixes, knowing: &present)) {
            switch result {
            case .success:
                logger.info("VIP of an earlier run taken off the interface", metadata: ["vip": "\(prefix)"])
            case .failure(let error):
                logger.error(
                    "VIP of an earlier run cannot be taken off the interface",
                    metadata: ["vip": "\(prefix)", "reason": "\(error)"])
            }
        }
        _ = try? connections.end(.fromVIP, of: vips)
    } catch NetlinkError.noSuchInterface {
        // Then there is nothing on it either.
    } catch {
        logger.error("addresses of \(interface) cannot be read", metadata: ["reason": "\(error)"])
    }
}
