package import BFD
import Glibc
package import IPTypes

/// The socket that one session sends from, with a source port of its own for the session's life (RFC 5881 section 4).
///
/// It has no timer and nothing is ever sent but by `send`: when the loop that decides is stuck, the peer hears nothing.
/// It is not a NIO channel, as it never reads: a packet is one system call and no allocation.
package final class BFDSender {
    /// RFC 5881 section 4: "The source port MUST be in the range 49152 through 65535."
    package static let sourcePorts: ClosedRange<UInt16> = 49152...65535

    /// The port that all packets of the session come from.
    package let sourcePort: UInt16
    /// The host that packets go to.
    package let remote: ScopedAddress
    let socket: UDPSocket
    private let name: SocketName
    private var isOpen = true

    private init(socket: UDPSocket, sourcePort: UInt16, remote: ScopedAddress, name: SocketName) {
        self.socket = socket
        self.sourcePort = sourcePort
        self.remote = remote
        self.name = name
    }

    /// Opens a socket on the source port `preferred`, or else on a random one, that is not in `taken`: ports have to be
    /// unique among all sessions, and the kernel sees to that only for the same local address.
    package static func open(
        _ endpoint: BFDEndpoint, preferring preferred: UInt16? = nil, avoiding taken: Set<UInt16> = []
    ) throws(BFDSocketFailure) -> BFDSender {
        var preferred = preferred
        return try open(
            endpoint, port: endpoint.isMultihop ? BFDReceiver.multihopPort : BFDReceiver.singleHopPort,
            avoiding: taken
        ) {
            defer { preferred = nil }
            return preferred ?? UInt16.random(in: sourcePorts)
        }
    }

    /// The same to any port, with another source of randomness.
    static func open(
        _ endpoint: BFDEndpoint, port: UInt16, avoiding taken: Set<UInt16> = [], random: () -> UInt16
    ) throws(BFDSocketFailure) -> BFDSender {
        let address = endpoint.remote.address
        let purpose = "cannot send BFD to \(endpoint.remote)"
        let scope = (endpoint.remote.zone ?? endpoint.interface).map { if_nametoindex($0) } ?? 0
        if address.isLinkLocal, !address.isIPv4, scope == 0 {
            throw BFDSocketFailure(purpose, "interface", errno: ENODEV)
        }
        let socket = try UDPSocket(isIPv4: address.isIPv4, purpose: purpose)
        do throws(BFDSocketFailure) {
            try socket.mark()
            if let interface = endpoint.interface { try socket.bind(toInterface: interface) }
            let any: IPAddress = address.isIPv4 ? .v4(IPv4Address(0)) : .v6(IPv6Address(high: 0, low: 0))
            let source = endpoint.source ?? any
            let sourcePort = try bind(
                socket, to: source, scope: source.isLinkLocal ? scope : 0, avoiding: taken, random)
            return BFDSender(
                socket: socket, sourcePort: sourcePort, remote: endpoint.remote,
                name: SocketName(address, port: port, scope: scope))
        } catch {
            socket.close()
            throw error
        }
    }

    private static func bind(
        _ socket: UDPSocket, to source: IPAddress, scope: UInt32, avoiding taken: Set<UInt16>, _ random: () -> UInt16
    ) throws(BFDSocketFailure) -> UInt16 {
        // A port in two may be taken and this still succeeds.
        for _ in 0..<64 {
            let port = random()
            guard !taken.contains(port) else { continue }
            do throws(BFDSocketFailure) {
                try socket.bind(to: SocketName(source, port: port, scope: scope))
                return port
            } catch {
                guard error.errno == EADDRINUSE else { throw error }
            }
        }
        throw BFDSocketFailure(socket.purpose, "source port", errno: EADDRINUSE)
    }

    /// Sends now. What cannot be sent is lost, as on the wire; the next packet may go again.
    package func send(_ packet: BFDPacket) throws(BFDSocketFailure) {
        guard isOpen else { return }
        let octets = packet.octets
        let result = withUnsafeBytes(of: octets) { bytes in
            name.withSockaddr { name, size in
                sendto(socket.number, bytes.baseAddress, bytes.count, CInt(MSG_DONTWAIT), name, size)
            }
        }
        guard result >= 0 else { throw socket.failure("sendto") }
    }

    /// Closes the socket; what is sent from now on is dropped.
    package func close() {
        guard isOpen else { return }
        isOpen = false
        socket.close()
    }

    deinit {
        close()
    }
}
