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
    /// Those with one of these addresses at our end.
    case local([IPAddress])
    /// Those with one of these addresses at the other end.
    case remote([IPAddress])
    /// Those with this port at the other end, or that one at ours.
    case ports(remote: UInt16, local: UInt16)

    /// A program for the kernel: a socket is shown if it meets any of the conditions.
    var program: [UInt8] {
        // Made from the end, because a step says how far it is to there. Behind the end is yes, four bytes further is no. A step
        // is struct inet_diag_bc_op (its code, the ways of yes and no) and a condition.
        steps.reversed().reduce(into: []) { rest, step in
            let length = step.count + 3
            let (next, end) = (length + 4, UInt16(rest.count + 4))
            let condition = [step[0], UInt8(length), UInt8(next), 0] + step.dropFirst()
            // The kernel wants a way of yes through all steps, so that one that is met leads to a jump to the end.
            let jump = [UInt8(INET_DIAG_BC_JMP), 4, UInt8(end & 0xFF), UInt8(end >> 8)]
            rest = rest.isEmpty ? condition : condition + jump + rest
        }
    }

    /// The code of each condition and its struct inet_diag_hostcond: whole addresses with any port, or the other way round.
    private var steps: [[UInt8]] {
        let (ours, theirs) = (UInt8(INET_DIAG_BC_S_COND), UInt8(INET_DIAG_BC_D_COND))
        func step(_ code: UInt8, _ address: IPAddress) -> [UInt8] {
            let bytes = address.bytes
            return [code, AddressFamily(address).number, UInt8(bytes.count * 8), 0, 0, 0xFF, 0xFF, 0xFF, 0xFF] + bytes
        }
        func step(_ code: UInt8, _ port: UInt16) -> [UInt8] {
            [code, 0, 0, 0, 0] + withUnsafeBytes(of: UInt32(port)) { [UInt8]($0) }
        }
        return switch self {
        case .local(let addresses): addresses.map { step(ours, $0) }
        case .remote(let addresses): addresses.map { step(theirs, $0) }
        case .ports(let remote, let local): [step(theirs, remote), step(ours, local)]
        }
    }
}

extension NetlinkExchange {
    /// The TCP sockets of both families in these states (a bit for each, 1 << TCP_ESTABLISHED for example) that meet the
    /// condition, of at most a thousand addresses.
    ///
    /// The kernel goes through its whole table of sockets for it, that of the machine: a millisecond where there are few, some
    /// tens of them for fifty thousand. So not on the event loop, and once for all that is asked at a time: this is the old
    /// form of the request (`TCPDIAG_GETSOCK`), in which both families are read in one go.
    func tcpSockets(
        _ condition: TCPSocketCondition, states: UInt32
    ) throws(NetlinkError) -> [TCPSocketEntry] {
        var header = inet_diag_req()
        header.idiag_states = states
        var request = NetlinkRequest(dump: .tcpSockets, header: header)
        request.append(Int(INET_DIAG_REQ_BYTECODE), bytes: condition.program)
        return try dump(request, operation: "listing the TCP connections") { message throws(MalformedMessage) in
            guard message.type == .tcpSockets else { return nil }
            return try TCPSocketEntry(parsing: message)
        }
    }
}
