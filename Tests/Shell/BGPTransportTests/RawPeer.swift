import BGPFSM
import Glibc
import IPTypes
import NIOCore
import NIOPosix
import Testing

@testable import BGPTransport

/// The other side of a connection as bare bytes: it says and reads exactly what a test wants.
final class RawPeer {
    enum Arrival: Sendable, Equatable {
        case bytes([UInt8])
        case endOfFile
        case failed
    }

    let channel: any Channel
    private var arrivals: AsyncStream<Arrival>.Iterator

    init(_ channel: any Channel, _ arrivals: AsyncStream<Arrival>) {
        self.channel = channel
        self.arrivals = arrivals.makeAsyncIterator()
    }

    func write(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    func close() async throws {
        try await channel.close()
    }

    /// Closes with RST.
    func reset() async throws {
        let channel = channel
        _ = try await loop.submit {
            try channel.withDescriptor { descriptor throws(TransportFailure) in
                try descriptor.set(SOL_SOCKET, SO_LINGER, linger(l_onoff: 1, l_linger: 0), "SO_LINGER")
            }
        }.get()
        try await channel.close()
    }

    /// Is gone without a packet, as after a loss of power. Needs CAP_NET_ADMIN.
    func vanish() async throws {
        let channel = channel
        _ = try await loop.submit {
            try channel.withDescriptor { descriptor throws(TransportFailure) in
                try descriptor.set(CInt(IPPROTO_TCP), TCP_REPAIR, CInt(1), "TCP_REPAIR")
            }
        }.get()
        try await channel.close()
    }

    /// True if the connection has been reset: the kernel has forgotten it, or the channel has noticed.
    func isReset() async throws -> Bool {
        let channel = channel
        return try await loop.submit {
            let isClosed = try? channel.withDescriptor { descriptor throws(TransportFailure) in
                var information = tcp_info()
                var size = socklen_t(MemoryLayout<tcp_info>.size)
                getsockopt(descriptor.number, CInt(IPPROTO_TCP), TCP_INFO, &information, &size)
                return Int(information.tcpi_state) == Int(TCP_CLOSE)
            }
            return isClosed ?? true
        }.get()
    }

    /// All that arrives until the connection ends, bytes joined.
    func rest() async -> [Arrival] {
        var bytes: [UInt8] = []
        while let arrival = await arrivals.next(isolation: #isolation) {
            guard case .bytes(let more) = arrival else { return bytes.isEmpty ? [arrival] : [.bytes(bytes), arrival] }
            bytes += more
        }
        return [.bytes(bytes)]
    }

    /// The next bytes, this many.
    func read(_ count: Int) async -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count, case .bytes(let more)? = await arrivals.next(isolation: #isolation) { bytes += more }
        return bytes
    }
}

extension RawPeer {
    /// Connects from one socket, with one SYN as far as we send them: a `PeerConnection` may dial several times on a busy
    /// machine, and each time is a connection to whom listens.
    static func dial(_ address: IPAddress, port: UInt16) async throws -> RawPeer {
        let (stream, log) = AsyncStream.makeStream(of: RawPeer.Arrival.self)
        let channel = try await ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(RawHandler(log))
                }
            }
            .connect(host: "\(address)", port: Int(port)).get()
        return RawPeer(channel, stream)
    }
}

/// Waits for one connection.
final class RawListener {
    let channel: any Channel
    private var accepted: AsyncStream<RawPeer>.Iterator

    var port: UInt16 { channel.localAddress?.port.flatMap(UInt16.init(exactly:)) ?? 0 }

    /// A listener on 127.0.0.1; its connections read only if `reads`, into a kernel buffer of this size.
    init(reads: Bool = true, receiveBuffer: Int? = nil) async throws {
        let (stream, arrivals) = AsyncStream.makeStream(of: RawPeer.self)
        accepted = stream.makeAsyncIterator()
        let bootstrap = ServerBootstrap(group: loop)
        channel = try await
            (receiveBuffer.map { bootstrap.serverChannelOption(.socketOption(.so_rcvbuf), value: .init($0)) }
            ?? bootstrap)
            .childChannelOption(.autoRead, value: reads)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                let (stream, log) = AsyncStream.makeStream(of: RawPeer.Arrival.self)
                arrivals.yield(RawPeer(channel, stream))
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(RawHandler(log))
                }
            }
            .bind(to: SocketAddress(ipAddress: "127.0.0.1", port: 0)).get()
    }

    func next() async -> RawPeer? {
        await accepted.next(isolation: #isolation)
    }

    /// The other end of a connection that is being dialled, once it is up. On a busy machine there are dials that came
    /// too late beside it; they are left out.
    func accept(_ dialler: Witness) async throws -> RawPeer {
        #expect(await dialler.next() == .connected(Endpoints(local: localhost4, remote: localhost4)))
        let connection = dialler.connection
        let port = try await loop.submit { connection.channel?.localAddress?.port }.get()
        while let peer = await next() {
            if peer.channel.remoteAddress?.port == port { return peer }
        }
        throw ChannelError.eof
    }
}

private final class RawHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let log: AsyncStream<RawPeer.Arrival>.Continuation

    init(_ log: AsyncStream<RawPeer.Arrival>.Continuation) {
        self.log = log
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        log.yield(.bytes(Array(unwrapInboundIn(data).readableBytesView)))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { log.yield(.endOfFile) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        log.yield(.failed)
    }

    func channelInactive(context: ChannelHandlerContext) {
        log.finish()
    }
}
