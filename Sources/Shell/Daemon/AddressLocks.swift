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

/// Keeps the instances in one network namespace apart, whatever they see of the file system: no two bind the same address,
/// and none removes what another that lives has bound.
///
/// For each address a listening unix socket in the abstract namespace, which the kernel keeps for each network namespace and
/// which ends with the process, whatever ends it. An instance with many addresses has sockets for the first ones: two that
/// share any were, as a rule, given the same settings. A socket more then says that it has others.
struct AddressLocks {
    private static let most = 64
    /// What all names begin with.
    let prefix: String
    /// By name.
    private var descriptors: [String: CInt] = [:]
    /// All that are held, also those that there is no socket for.
    private(set) var own: Set<IPAddress> = []

    /// Those of a process that binds nothing.
    init(prefix: String = "bgpvip") {
        self.prefix = prefix
    }

    /// Holds these addresses. Throws if another instance has one of them.
    init(_ addresses: [IPAddress], prefix: String = "bgpvip") throws(AddressInUse) {
        self.prefix = prefix
        try hold(Set(addresses))
    }

    /// Holds these addresses from now on, and lets go of all others. If another instance has one of them, throws, and
    /// everything stays as it is. What a process without the rights of this one holds counts for nothing, or any local
    /// user could keep the daemon from starting.
    mutating func hold(_ addresses: Set<IPAddress>) throws(AddressInUse) {
        var new = AddressLocks(prefix: prefix)
        let wanted = Self.first(of: addresses)
        for address in wanted where descriptors[name(of: address)] == nil && !new.hold(name(of: address)) {
            guard let holder = holder(of: address) else { continue }
            new.release()
            throw AddressInUse(address: address, process: holder > 0 ? holder : nil)
        }
        own = addresses
        var names = Set(wanted.map(name))
        if own.count > Self.most, let surplus = surpluses.first(where: { descriptors[$0] != nil || new.hold($0) }) {
            names.insert(surplus)
        }
        for (name, descriptor) in descriptors where !names.contains(name) { close(descriptor) }
        descriptors = descriptors.filter { names.contains($0.key) }.merging(new.descriptors) { held, _ in held }
    }

    /// Throws if another instance has one of these addresses, as `hold` would. Changes nothing.
    func check(_ addresses: [IPAddress]) throws(AddressInUse) {
        for address in Self.first(of: addresses) where descriptors[name(of: address)] == nil {
            if let holder = holder(of: address) {
                throw AddressInUse(address: address, process: holder > 0 ? holder : nil)
            }
        }
    }

    /// Those that have a socket each, in order. To sort all of very many would hold up the loop.
    private static func first(of addresses: some Sequence<IPAddress>) -> [IPAddress] {
        var first: [IPAddress] = []
        for address in addresses {
            if first.count == most, let last = first.last, last <= address { continue }
            first.insert(address, at: first.firstIndex { address < $0 } ?? first.endIndex)
            if first.count > most { first.removeLast() }
        }
        return first
    }

    func release() {
        for descriptor in descriptors.values { close(descriptor) }
    }

    /// Those of the addresses with our mark that no other instance that lives can have bound.
    func leftovers(among marked: [IPPrefix]) -> [IPPrefix] {
        guard !marked.isEmpty else { return [] }
        let isAnySurplus = surpluses.contains { descriptors[$0] == nil && Self.isHeld($0) }
        return marked.filter {
            own.contains($0.address) || (!isAnySurplus && !Self.isHeld(name(of: $0.address)))
        }
    }

    /// False if the name is taken.
    private mutating func hold(_ name: String) -> Bool {
        let descriptor = socket(AF_UNIX, Self.type, 0)
        guard descriptor >= 0 else { return false }
        guard Self.call(bind, descriptor, name) == 0, listen(descriptor, 16) == 0 else {
            close(descriptor)
            return false
        }
        descriptors[name] = descriptor
        return true
    }

    private func name(of address: IPAddress) -> String { "\(prefix) \(address)" }

    /// What says that an instance has more addresses than sockets; one name for each such instance.
    private var surpluses: [String] { (0..<8).map { "\(prefix) surplus \($0)" } }

    /// The process that holds the address, 0 if it is not known which; nil if there is none that counts.
    private func holder(of address: IPAddress) -> pid_t? {
        Self.asking(name(of: address)) { descriptor in
            guard let descriptor else { return 0 }
            // pid, uid, gid of the one that listens; the pid is 0 if it is in another process namespace.
            var credentials: (pid_t, uid_t, gid_t) = (0, 0, 0)
            var size = socklen_t(MemoryLayout<(pid_t, uid_t, gid_t)>.size)
            guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0,
                credentials.1 == 0 || credentials.1 == geteuid()
            else { return nil }
            return credentials.0
        }
    }

    /// True if any process holds the name.
    private static func isHeld(_ name: String) -> Bool {
        asking(name) { _ in true } ?? false
    }

    /// What `body` makes of a connection to the holder of the name: nil instead of one if 16 have asked already, because
    /// none is ever accepted. Nil if the name is free.
    private static func asking<Value>(_ name: String, _ body: (CInt?) -> Value?) -> Value? {
        let descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        if call(connect, descriptor, name) == 0 { return body(descriptor) }
        return errno == EAGAIN ? body(nil) : nil
    }

    private static let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)

    private static func call(
        _ function: (CInt, UnsafePointer<sockaddr>, socklen_t) -> CInt, _ descriptor: CInt, _ name: String
    ) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // A name that begins with NUL is abstract.
        let bytes = [0] + Array(name.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes.prefix($0.count)) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { function(descriptor, $0, length) }
        }
    }
}
