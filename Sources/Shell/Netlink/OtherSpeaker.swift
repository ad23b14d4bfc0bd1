internal import CLinuxShim
internal import Glibc
package import IPTypes

extension NodeNetwork {
    /// Which other process of this node has a TCP connection to the BGP of this host, from the address that we would dial
    /// it from: nil if none has. Routers keep one session for each address of ours, and as a rule the newest connection.
    ///
    /// Not on the event loop: with many connections on the node the answer takes some tens of milliseconds.
    /// - Parameters:
    ///   - port: where the host listens for BGP.
    ///   - source: our address on the session; nil leaves it to the routing table.
    ///   - interface: the interface that the session is tied to; nil ties it to none.
    /// - Returns: The process by its name and number, as far as this one may know them.
    package static func otherSpeaker(
        with remote: ScopedAddress, port: UInt16, from source: IPAddress?, interface: String?
    ) throws(NetlinkError) -> String? {
        let sockets = try NetlinkExchange.aboutSockets().tcpSockets(
            .remote(remote.address), states: 1 << UInt32(TCP_ESTABLISHED))
        guard !sockets.isEmpty else { return nil }
        let peering = Peering(
            remote: remote.address, port: port, local: source ?? sourceAddress(to: remote, on: interface),
            interfaceIndex: remote.zone.map { if_nametoindex($0) } ?? 0)
        let sessions = sockets.filter(peering.isServed(by:))
        // A file without a number belongs to no process: it is closed already, or not accepted yet.
        guard !sessions.isEmpty, let own = ownInodes() else { return nil }
        guard let other = sessions.first(where: { $0.inode != 0 && !own.contains($0.inode) }) else { return nil }
        return process(with: other.inode) ?? "another process"
    }

    /// The numbers of the files that this process has open; nil if the system does not tell.
    private static func ownInodes() -> Set<UInt32>? {
        guard let names = names(in: "/proc/self/fd") else { return nil }
        return Set(
            names.compactMap { name in
                guard let descriptor = CInt(name) else { return nil }
                var status = stat()
                return fstat(descriptor, &status) == 0 ? UInt32(truncatingIfNeeded: status.st_ino) : nil
            })
    }

    /// The process that has this socket open, `bird (pid 812)`; nil if it cannot be found: in another process namespace, or
    /// without CAP_SYS_PTRACE.
    private static func process(with inode: UInt32) -> String? {
        for process in names(in: "/proc") ?? [] where Int(process) != nil {
            for descriptor in names(in: "/proc/\(process)/fd") ?? []
            where target(of: "/proc/\(process)/fd/\(descriptor)") == "socket:[\(inode)]" {
                let name = firstLine(of: "/proc/\(process)/comm") ?? "process"
                return "\(name) (pid \(process))"
            }
        }
        return nil
    }

    /// The address that the routing table picks for packets to this host; nil if it has none.
    static func sourceAddress(to remote: ScopedAddress, on interface: String?) -> IPAddress? {
        let isIPv4 = remote.address.isIPv4
        let descriptor = socket(
            isIPv4 ? AF_INET : AF_INET6, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        if let interface {
            setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, interface, socklen_t(interface.utf8.count))
        }
        // Nothing is sent: connecting a UDP socket only looks up the route. Any port does.
        let port: [UInt8] = [0, 179]
        let scope = withUnsafeBytes(of: remote.zone.map { if_nametoindex($0) } ?? 0) { [UInt8]($0) }
        let family = withUnsafeBytes(of: sa_family_t(isIPv4 ? AF_INET : AF_INET6)) { [UInt8]($0) }
        let address = remote.address.bytes
        var name =
            family + port + (isIPv4 ? address + [UInt8](repeating: 0, count: 8) : [0, 0, 0, 0] + address + scope)
        let isKnown = name.withUnsafeMutableBytes { bytes -> Bool in
            guard let start = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return false }
            var size = socklen_t(bytes.count)
            return connect(descriptor, start, size) == 0 && getsockname(descriptor, start, &size) == 0
        }
        return isKnown ? IPAddress(bytes: isIPv4 ? name[4..<8] : name[8..<24]) : nil
    }
}

/// A BGP session as a socket shows it.
struct Peering {
    var remote: IPAddress
    /// Where the peer listens.
    var port: UInt16
    /// Our address; nil if it is not known.
    var local: IPAddress?
    /// The interface of a link-local peer; 0 for others.
    var interfaceIndex: UInt32

    /// Where this node's own speakers listen.
    private static let bgp: UInt16 = 179

    /// True if a speaker of this node has this session on that socket, whichever side opened it.
    func isServed(by socket: TCPSocketEntry) -> Bool {
        guard socket.remote == remote, local.map({ $0 == socket.local }) ?? true,
            interfaceIndex == 0 || socket.interfaceIndex == 0 || socket.interfaceIndex == interfaceIndex
        else { return false }
        // Where both ends have one address, this is the end of a router that runs on this node itself.
        return socket.remotePort == port || (socket.localPort == Self.bgp && socket.local != remote)
    }
}

/// The names in a directory; nil if it cannot be read.
private func names(in directory: String) -> [String]? {
    guard let stream = opendir(directory) else { return nil }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        names.append(
            withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            })
    }
    return names
}

/// What a symbolic link says; nil if it cannot be read.
private func target(of link: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: 64)
    let count = buffer.withUnsafeMutableBytes { bytes in
        bytes.baseAddress.map { readlink(link, $0, bytes.count) } ?? -1
    }
    return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
}

/// The first line of a small file of the kernel's.
private func firstLine(of file: String) -> String? {
    let descriptor = open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 64)
    let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
    return count > 0 ? String(decoding: buffer.prefix(count).prefix { $0 != 10 }, as: UTF8.self) : nil
}
