internal import CLinuxShim
internal import Glibc
internal import IPTypes

/// A TCP socket of this network namespace, as the kernel shows it (struct inet_diag_msg).
struct TCPSocketEntry: Equatable {
    /// Our end and the other one. An IPv4-mapped IPv6 address is given as the IPv4 address it means.
    var local: IPAddress
    var localPort: UInt16
    var remote: IPAddress
    var remotePort: UInt16
    /// The interface that the socket is bound to, that of a link-local address for example; 0 if it is bound to none.
    var interfaceIndex: UInt32
    /// The number of the file that a process has open; 0 if no process has it, or not yet.
    var inode: UInt32
    /// The socket's own family, AF_INET or AF_INET6, and how the kernel names it: what a request about this very socket
    /// has to contain.
    var family: UInt8
    var kernelIdentity: [UInt8]

    /// Reads one message of a dump.
    init(parsing message: NetlinkMessage) throws(MalformedMessage) {
        let (header, _) = try message.body(inet_diag_msg.self)
        guard let family = AddressFamily(CInt(header.idiag_family)) else { throw MalformedMessage() }
        let identity = header.id
        local = try Self.address(identity.idiag_src, family)
        remote = try Self.address(identity.idiag_dst, family)
        localPort = UInt16(bigEndian: identity.idiag_sport)
        remotePort = UInt16(bigEndian: identity.idiag_dport)
        interfaceIndex = identity.idiag_if
        inode = header.idiag_inode
        self.family = header.idiag_family
        kernelIdentity = withUnsafeBytes(of: identity) { [UInt8]($0) }
    }

    private static func address(
        _ words: (UInt32, UInt32, UInt32, UInt32), _ family: AddressFamily
    ) throws(MalformedMessage) -> IPAddress {
        let bytes = withUnsafeBytes(of: words) { [UInt8]($0) }
        switch family {
        case .ipv4: return try family.address(bytes.prefix(4))
        case .ipv6:
            let isMapped = bytes.prefix(12).elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF])
            return try isMapped ? AddressFamily.ipv4.address(bytes.suffix(4)) : family.address(bytes[...])
        }
    }
}

/// Which sockets a dump is to show; the kernel picks them.
enum TCPSocketCondition {
    /// Those with this address at our end.
    case local(IPAddress)
    /// Those with this address at the other end.
    case remote(IPAddress)

    var address: IPAddress {
        switch self {
        case .local(let address), .remote(let address): address
        }
    }

    /// A program of one instruction (struct inet_diag_bc_op and struct inet_diag_hostcond): any port, whole address.
    var program: [UInt8] {
        let code: UInt8 =
            switch self {
            case .local: UInt8(INET_DIAG_BC_S_COND)
            case .remote: UInt8(INET_DIAG_BC_D_COND)
            }
        let bytes = address.bytes
        let length = UInt8(MemoryLayout<inet_diag_bc_op>.size + 8 + bytes.count)
        // Behind the end is yes, four bytes further is no.
        return [code, length, length + 4, 0, AddressFamily(address).number, UInt8(bytes.count * 8), 0, 0]
            + [0xFF, 0xFF, 0xFF, 0xFF] + bytes
    }
}

extension NetlinkExchange {
    /// The TCP sockets in these states (a bit for each, 1 << TCP_ESTABLISHED for example) that meet the condition. The
    /// kernel goes through all sockets of the namespace for it: a fraction of a millisecond for a few, some tens of them
    /// for fifty thousand, so not on the event loop.
    func tcpSockets(
        _ condition: TCPSocketCondition, states: UInt32
    ) throws(NetlinkError) -> [TCPSocketEntry] {
        // Sockets of the other family may have IPv4 addresses too.
        let families: [AddressFamily] = condition.address.isIPv4 ? [.ipv4, .ipv6] : [.ipv6]
        var sockets: [TCPSocketEntry] = []
        for family in families {
            var header = inet_diag_req_v2()
            header.sdiag_family = family.number
            header.sdiag_protocol = UInt8(IPPROTO_TCP)
            header.idiag_states = states
            var request = NetlinkRequest(dump: .socketsByFamily, header: header)
            request.append(Int(INET_DIAG_REQ_BYTECODE), bytes: condition.program)
            sockets += try dump(request, operation: "listing the TCP connections") { message throws(MalformedMessage) in
                guard message.type == .socketsByFamily else { return nil }
                return try TCPSocketEntry(parsing: message)
            }
        }
        return sockets
    }
}
