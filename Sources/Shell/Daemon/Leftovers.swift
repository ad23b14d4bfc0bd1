import IPTypes
import Netlink
import Settings
import Wording

/// Takes off the interface what an earlier run left there, for a process whose settings are wrong: it does not become the
/// daemon, and no other process would do it. Addresses of instances that live stay. What is done is logged to standard error.
package func removeLeftovers(of interface: String) {
    let log = LineLog.ofProcess(.logfmt)
    defer { log.finish() }
    removeLeftovers(of: interface, AddressLocks()) { log.write($0, from: .info) }
}

/// Takes off the interface what an earlier run left there, when this one cannot use it, and ends the connections that this
/// cuts off. `tell` gets what is done, and what cannot be.
func removeLeftovers(of interface: String, _ locks: AddressLocks, _ tell: (HostFact) -> Void) {
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
                tell(.leftoverTakenOff(prefix))
            case .failure(let error):
                tell(.leftoverStays(prefix, reason: "\(error)"))
            }
        }
        _ = try? connections.end(.fromVIP, of: vips)
    } catch NetlinkError.noSuchInterface {
        // Then there is nothing on it either.
    } catch {
        tell(.addressesUnreadable(interface: interface, reason: "\(error)"))
    }
}
