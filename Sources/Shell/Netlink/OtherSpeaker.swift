internal import CLinuxShim
internal import Glibc
package import IPTypes
internal import NIOCore

/// Who else on this node speaks BGP: routers keep one session for each address of ours, mostly the newest.
///
/// Used on one thread at a time, and not on the event loop: a look takes the kernel a millisecond, with many connections on
/// the node some tens of them. That confinement is what `@unchecked Sendable` stands for.
package final class OtherSpeakers: @unchecked Sendable {
    private let open: () throws(NetlinkError) -> NetlinkExchange
    private let now: () -> NIODeadline
    /// The connections of other processes at the last look.
    private var seen: (at: NIODeadline, port: UInt16, sockets: [TCPSocketEntry])?

    /// So long a look serves further questions: those about many peers come together. Who connects a moment after an answer is
    /// not seen anyway.
    private static let freshness = TimeAmount.milliseconds(10)

    /// Asks the kernel, in the network namespace of the thread that it is used on.
    package convenience init() {
        self.init(open: NetlinkExchange.aboutSockets, now: NIODeadline.now)
    }

    init(open: @escaping () throws(NetlinkError) -> NetlinkExchange, now: @escaping () -> NIODeadline) {
        self.open = open
        self.now = now
    }

    /// Which other process of this node has a TCP connection to the BGP of this host, from the address that we would dial
    /// it from: nil if none has.
    /// - Parameters:
    ///   - port: where the host listens for BGP.
    ///   - source: our address on the session; nil leaves it to the routing table.
    ///   - interface: the interface that the session is tied to; nil ties it to none.
    /// - Returns: The process by its name and number, as far as this one may know them.
    package func speaker(
        with remote: ScopedAddress, port: UInt16, from source: IPAddress?, interface: String?
    ) throws(NetlinkError) -> String? {
        let sockets = try look(for: port).filter { $0.remote == remote.address }
        guard !sockets.isEmpty else { return nil }
        let peering = Peering(
            remote: remote.address, port: port, local: source ?? NodeNetwork.sourceAddress(to: remote, on: interface),
            interfaceIndex: remote.zone.map { if_nametoindex($0) } ?? 0)
        guard let other = sockets.first(where: peering.isServed(by:)) else { return nil }
        return NodeNetwork.process(with: other.inode) ?? "another process"
    }

    /// Looks now for what is asked next about hosts that listen on this port.
    package func look(ahead port: UInt16) {
        // A question soon says what is wrong.
        _ = try? look(for: port)
    }

    /// The connections of BGP that other processes have, to hosts that listen on this port or from any.
    private func look(for port: UInt16) throws(NetlinkError) -> [TCPSocketEntry] {
        if let seen, seen.port == port, now() - seen.at < Self.freshness { return seen.sockets }
        var sockets = try open().tcpSockets(
            .ports(remote: port, local: Peering.bgp), states: 1 << UInt32(TCP_ESTABLISHED))
        if !sockets.isEmpty {
            let own = NodeNetwork.ownInodes()
            // A file without a number belongs to no process: it is closed already, or not accepted yet.
            sockets.removeAll { $0.inode == 0 || own?.contains($0.inode) ?? true }
        }
        seen = (now(), port, sockets)
        return sockets
    }
}

extension NodeNetwork {
    /// The numbers of the files that this process has open; nil if the system does not tell.
    fileprivate static func ownInodes() -> Set<UInt32>? {
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
    fileprivate static func process(with inode: UInt32) -> String? {
        for process in names(in: "/proc") ?? [] where Int(process) != nil {
            for descriptor in names(in: "/proc/\(process)/fd") ?? []
            where target(of: "/proc/\(process)/fd/\(descriptor)") == "socket:[\(inode)]" {
                let name = firstLine(of: "/proc/\(process)/comm") ?? "process"
                return "\(name) (pid \(process))"
            }
        }
        return nil
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
    static let bgp: UInt16 = 179

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
