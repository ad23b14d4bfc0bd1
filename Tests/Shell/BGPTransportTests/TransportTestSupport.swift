import BGPFSM
import BGPWire
import Glibc
import IPTypes
import NIOCore
import NIOPosix
import Testing

@testable import BGPTransport

/// All sockets of a test live on one loop, as in the daemon.
let loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()

let localhost4 = IPAddress.v4(IPv4Address(0x7F00_0001))
let localhost6 = IPAddress.v6(IPv6Address(high: 0, low: 1))

/// An endpoint on this machine.
func endpoint(
    _ remote: IPAddress = localhost4, port: UInt16, source: IPAddress? = nil, hops: Hops = .kernelDefault,
    key: String? = nil, connectTimeout: Duration = .seconds(5)
) -> PeerEndpoint {
    PeerEndpoint(
        remote: ScopedAddress(remote), port: port, source: source, hops: hops, md5Key: key.map { Array($0.utf8) },
        connectTimeout: connectTimeout, userTimeout: .seconds(600))
}

/// A connection and what it has told, to be awaited event by event.
final class Witness {
    let connection: PeerConnection
    private var events: AsyncStream<ConnectionEvent>.Iterator

    init(_ connection: PeerConnection, _ events: AsyncStream<ConnectionEvent>) {
        self.connection = connection
        self.events = events.makeAsyncIterator()
    }

    /// Dials, and shows that nothing is called back from inside `dial`. Acknowledgements and SYNs without an answer are
    /// kept only if they are wanted: when they come is the choice of the kernel and of a busy machine.
    static func dial(
        _ endpoint: PeerEndpoint, acknowledgements: Bool = false, unanswered: Bool = false
    ) async throws -> Witness {
        let (events, log) = AsyncStream.makeStream(of: ConnectionEvent.self)
        let inside = NIOLoopBoundBox.makeBoxSendingValue(false, eventLoop: loop)
        let connection = try await loop.submit {
            inside.value = true
            defer { inside.value = false }
            return PeerConnection.dial(endpoint, on: loop) { _, event in
                #expect(!inside.value)
                switch event {
                case .acknowledged, .openAcknowledged: if acknowledgements { log.yield(event) }
                case .unanswered: if unanswered { log.yield(event) }
                case .connected, .received, .malformed, .ended: log.yield(event)
                }
            }
        }.get()
        return Witness(connection, events)
    }

    /// The next event.
    func next() async -> ConnectionEvent? {
        await events.next(isolation: #isolation)
    }

    /// The events up to and with the end of the connection.
    func untilEnd() async -> [ConnectionEvent] {
        var all: [ConnectionEvent] = []
        while let event = await next() {
            all.append(event)
            if case .ended = event { break }
        }
        return all
    }

    func send(_ messages: [Message]) async throws {
        let connection = connection
        try await loop.submit { for message in messages { connection.send(message) } }.get()
    }

    func probeWindow() async throws {
        let connection = connection
        try await loop.submit { connection.probeWindow() }.get()
    }

    /// Closes and waits until the socket is closed.
    func close() async {
        let connection = connection
        await withCheckedContinuation { closed in
            loop.execute { connection.close { closed.resume() } }
        }
    }

    /// Resets and waits until the socket is closed.
    func abort() async {
        let connection = connection
        await withCheckedContinuation { closed in
            loop.execute { connection.abort { closed.resume() } }
        }
    }

    func isAcknowledged(within limit: Duration) async -> Bool {
        let connection = connection
        return await withCheckedContinuation { answer in
            loop.execute { connection.whenAcknowledged(within: limit) { answer.resume(returning: $0) } }
        }
    }

    /// The value of a socket option.
    func option(_ level: Int32, _ name: Int32) async throws -> Int32? {
        let connection = connection
        return try await loop.submit {
            try connection.channel?.withDescriptor { descriptor in
                var value: Int32 = -1
                var size = socklen_t(MemoryLayout<Int32>.size)
                return getsockopt(descriptor.number, level, name, &value, &size) == 0 ? value : nil
            } ?? nil
        }.get()
    }
}

/// A listener that adopts whatever comes.
final class Acceptor {
    let listener: PeerListener
    private var accepted: AsyncStream<Witness>.Iterator

    var port: UInt16 { listener.port }

    private init(_ listener: PeerListener, _ accepted: AsyncStream<Witness>) {
        self.listener = listener
        self.accepted = accepted.makeAsyncIterator()
    }

    static func listen(
        on address: IPAddress = localhost4, keys: [IPAddress: String] = [:], hops: Hops = .kernelDefault
    ) async throws -> Acceptor {
        let (accepted, arrivals) = AsyncStream.makeStream(of: Witness.self)
        let listener = try await loop.submit {
            try PeerListener.listen(
                on: ScopedAddress(address), port: 0, keys: keys.mapValues { Array($0.utf8) }, on: loop
            ) { connection in
                let (events, log) = AsyncStream.makeStream(of: ConnectionEvent.self)
                let endpoint = PeerEndpoint(remote: connection.remote, hops: hops, userTimeout: .seconds(600))
                connection.adopt(endpoint) { _, event in
                    switch event {
                    case .acknowledged, .openAcknowledged: break
                    case .connected, .unanswered, .received, .malformed, .ended: log.yield(event)
                    }
                }
                arrivals.yield(Witness(connection, events))
            }
        }.get()
        return Acceptor(listener, accepted)
    }

    func next() async -> Witness? {
        await accepted.next(isolation: #isolation)
    }

    func close() async throws {
        let listener = listener
        try await loop.submit { listener.close() }.get()
    }
}
