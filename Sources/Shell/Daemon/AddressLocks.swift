import CLinuxShim
import Glibc
import IPTypes

/// Another bgpvip of this network namespace has a VIP of ours: an old unit beside a new pod, for example.
struct AddressInUse: Error, CustomStringConvertible {
    var address: IPAddress
    /// Its number, as far as this process may know it.
    var process: pid_t?

    var description: String {
        let holder = "another bgpvip" + (process.map { " (pid \($0))" } ?? "")
        return
            "\(holder) on this node binds \(address) already; one of the two would take it from the other: stop that one "
            + "first, or give them different addresses"
    }
}

/// Keeps other instances in the network namespace from binding the same addresses, whatever they see of the file system.
///
/// For each address a listening unix socket in the abstract namespace, which the kernel keeps for each network namespace and
/// which ends with the process, whatever ends it. The first addresses do for all: two instances that share any were, as a
/// rule, given the same settings.
struct AddressLocks {
    private static let most = 64
    private var descriptors: [CInt] = []

    /// Throws if another instance has one of them. What somebody without the rights of this process holds counts for nothing,
    /// or any local user could keep the daemon from starting.
    init(_ addresses: [IPAddress]) throws(AddressInUse) {
        for address in addresses.sorted().prefix(Self.most) {
            let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | Self.flags, 0)
            guard descriptor >= 0 else { continue }
            if Self.call(bind, descriptor, address) == 0, listen(descriptor, 16) == 0 {
                descriptors.append(descriptor)
                continue
            }
            close(descriptor)
            guard let holder = Self.holder(of: address) else { continue }
            release()
            throw AddressInUse(address: address, process: holder > 0 ? holder : nil)
        }
    }

    func release() {
        for descriptor in descriptors { close(descriptor) }
    }

    private static let flags = CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)

    /// The process that holds the address, 0 if it is in another process namespace; nil if there is none that counts.
    private static func holder(of address: IPAddress) -> pid_t? {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | flags, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // EAGAIN: it does not accept, and 16 have asked already. Then it is not known who it is.
        guard call(connect, descriptor, address) == 0 else { return errno == EAGAIN ? 0 : nil }
        // pid, uid, gid of the one that listens.
        var credentials: (pid_t, uid_t, gid_t) = (0, 0, 0)
        var size = socklen_t(MemoryLayout<(pid_t, uid_t, gid_t)>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0,
            credentials.1 == 0 || credentials.1 == geteuid()
        else { return nil }
        return credentials.0
    }

    private static func call(
        _ function: (CInt, UnsafePointer<sockaddr>, socklen_t) -> CInt, _ descriptor: CInt, _ address: IPAddress
    ) -> CInt {
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        // A name that begins with NUL is abstract.
        let bytes = [0] + Array("bgpvip \(address)".utf8)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes.prefix($0.count)) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        return withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { function(descriptor, $0, length) }
        }
    }
}
