internal import CLinuxShim
internal import Glibc
package import IPTypes

/// Ends TCP connections that binding or unbinding a VIP cuts off (SOCK_DESTROY of sock_diag): their clients get a RST, or
/// ECONNABORTED on this node, and connect anew at once, instead of waiting for answers that cannot come.
///
/// May block for some tens of milliseconds with many sockets, so not on the event loop. Used on one thread at a time; that
/// confinement is what `@unchecked Sendable` stands for.
package final class BrokenConnections: @unchecked Sendable {
    /// Which connections a change cuts off.
    package enum Kind: Sendable, Hashable {
        /// Of remote clients to the VIP. Ended before the address goes, or the RST would have no way out.
        case fromRemote
        /// With the VIP at both ends, which clients on this node have: cut off when the address is gone.
        case fromVIP
        /// Of clients on this node to the VIP on another node: their answers now come from an address of this one.
        case toOtherNodes
    }

    private var exchange: NetlinkExchange?

    package init() {}

    /// Ends the connections of this kind, and says how many they were. Without CAP_NET_ADMIN, or on a kernel without
    /// CONFIG_INET_DIAG_DESTROY, throws `.refused` at the first.
    package func end(_ kind: Kind, of vips: some Sequence<IPAddress>) throws(NetlinkError) -> Int {
        let exchange = try opened()
        var count = 0
        var rest = Array(vips)[...]
        while !rest.isEmpty {
            let asked = Array(rest.prefix(Self.batch))
            rest = rest.dropFirst(Self.batch)
            // Sockets that listen stay, and those in TIME_WAIT are harmless.
            let sockets = try exchange.tcpSockets(
                kind == .toOtherNodes ? .remote(asked) : .local(asked), states: Self.living)
            let addresses = Set(asked)
            for socket in sockets where kind.includes(socket, of: addresses) {
                if try exchange.destroy(socket) { count += 1 }
            }
        }
        return count
    }

    /// The addresses that one question names: the kernel compares each socket with each of them.
    private static let batch = 256

    private func opened() throws(NetlinkError) -> NetlinkExchange {
        if let exchange { return exchange }
        let opened = try NetlinkExchange.aboutSockets()
        exchange = opened
        return opened
    }

    private static let living: UInt32 =
        [
            TCP_ESTABLISHED, TCP_SYN_SENT, TCP_SYN_RECV, TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_CLOSE_WAIT, TCP_LAST_ACK,
            TCP_CLOSING,
        ]
        .reduce(0) { $0 | 1 << UInt32($1) }
}

extension BrokenConnections.Kind {
    func includes(_ socket: TCPSocketEntry, of vips: Set<IPAddress>) -> Bool {
        switch self {
        case .fromRemote: vips.contains(socket.local) && socket.remote != socket.local
        case .fromVIP: vips.contains(socket.local) && socket.remote == socket.local
        case .toOtherNodes: vips.contains(socket.remote) && socket.local != socket.remote
        }
    }
}

extension NetlinkExchange {
    /// False if the socket is gone already.
    fileprivate func destroy(_ socket: TCPSocketEntry) throws(NetlinkError) -> Bool {
        var header = inet_diag_req_v2()
        header.sdiag_family = socket.family
        header.sdiag_protocol = UInt8(IPPROTO_TCP)
        header.idiag_states = .max
        withUnsafeMutableBytes(of: &header.id) { $0.copyBytes(from: socket.kernelIdentity) }
        do throws(NetlinkError) {
            try perform(
                NetlinkRequest(.destroySocket, flags: NLM_F_ACK, header: header), operation: "ending a TCP connection")
            return true
        } catch {
            guard case .refused(_, ENOENT, _) = error else { throw error }
            return false
        }
    }
}
