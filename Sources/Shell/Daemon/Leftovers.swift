import CLinuxShim
import Glibc
import IPTypes
import Logging
import Netlink

/// Takes off the interface what an earlier run left there, when this one cannot use it, and ends the connections that this
/// cuts off. What cannot be removed is logged.
func removeLeftovers(of interface: String, _ logger: Logger) {
    do {
        let addresses = try InterfaceAddresses(interface: interface)
        let prefixes = try addresses.leftovers().map(\.hostPrefix)
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

/// Tells the instances in one network namespace from what dead ones left: while one lives, an address with our mark may
/// be its own, and nobody else treats it as a leftover.
///
/// It is a unix socket in the abstract namespace, which the kernel keeps for each network namespace and which ends with
/// the process, whatever ends it.
struct InstanceLock {
    private let descriptor: CInt

    /// Nil if another instance holds it.
    init?(interface: String) {
        let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // A name that begins with NUL is abstract.
        let name = [0] + Array("bgpvip \(interface)".utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name.prefix($0.count)) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        guard bound == 0 else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
    }

    func release() {
        close(descriptor)
    }
}
