import BFD
import Glibc
import IPTypes
import NIOCore
import NIOPosix
import Testing

@testable import BFDTransport

/// All sockets of a test live on one loop, as in the daemon.
let loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()

let ourAddress = IPAddress.v4(IPv4Address(0x7F00_0001))
let peerAddress = IPAddress.v4(IPv4Address(0x7F00_0002))
let localhost6 = IPAddress.v6(IPv6Address(high: 0, low: 1))

/// A packet that differs from others by its number.
func packet(_ number: UInt32) -> BFDPacket {
    BFDPacket(
        state: .up, multiplier: 3, myDiscriminator: number, yourDiscriminator: 7, desiredMinTx: 50_000,
        requiredMinRx: 50_000)
}

/// A receiver and what it has told, to be awaited event by event.
final class Listener {
    let receiver: BFDReceiver
    private var events: AsyncStream<BFDReceiverEvent>.Iterator

    init(
        on address: IPAddress, port: UInt16 = 0, isMultihop: Bool = false, from peers: [ScopedAddress] = []
    ) async throws {
        let (events, log) = AsyncStream.makeStream(of: BFDReceiverEvent.self)
        receiver = try await loop.submit {
            try BFDReceiver.open(on: address, port: port, isMultihop: isMultihop, from: peers, loop: loop) {
                log.yield($0)
            }
        }.get()
        self.events = events.makeAsyncIterator()
    }

    var port: UInt16 { receiver.port }

    /// The next event.
    func next() async -> BFDReceiverEvent? {
        await events.next(isolation: #isolation)
    }

    /// The number of the next packet.
    func nextNumber() async -> UInt32? {
        guard case .received(let arrival)? = await next() else { return nil }
        return arrival.packet.myDiscriminator
    }

    func close() async throws {
        let receiver = receiver
        try await loop.submit { receiver.close() }.get()
    }
}

/// A plain socket that sends what BFD would not.
final class RawSender: Sendable {
    let socket: UDPSocket

    init(_ source: IPAddress, port: UInt16 = 0) throws {
        socket = try UDPSocket(isIPv4: source.isIPv4, purpose: "raw")
        try socket.bind(to: SocketName(source, port: port))
    }

    deinit {
        socket.close()
    }

    /// Sends bytes with this TTL or hop limit.
    func send(_ bytes: [UInt8], to address: IPAddress, port: UInt16, ttl: CInt) throws {
        try socket.isIPv4
            ? socket.set(CInt(IPPROTO_IP), IP_TTL, ttl, "IP_TTL")
            : socket.set(CInt(IPPROTO_IPV6), IPV6_UNICAST_HOPS, ttl, "IPV6_UNICAST_HOPS")
        let sent = SocketName(address, port: port).withSockaddr { sendto(socket.number, bytes, bytes.count, 0, $0, $1) }
        #expect(sent == bytes.count)
    }

    func send(_ packet: BFDPacket, to address: IPAddress, port: UInt16, ttl: CInt) throws {
        let octets = packet.octets
        try send(octets.indices.map { octets[$0] }, to: address, port: port, ttl: ttl)
    }
}
