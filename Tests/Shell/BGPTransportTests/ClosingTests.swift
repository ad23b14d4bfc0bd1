import BGPFSM
import BGPWire
import IPTypes
import NIOCore
import Testing

@testable import BGPTransport

/// Counts calls on the loop.
private typealias Counter = NIOLoopBoundBox<Int>

@Suite(.timeLimit(.minutes(1))) struct ClosingTests {
    /// A connection to a bare peer.
    private func connect(reads: Bool = true) async throws -> (Witness, RawPeer) {
        let listener = try await RawListener(reads: reads)
        let dialler = try await Witness.dial(endpoint(port: listener.port))
        let peer = try #require(await listener.next())
        #expect(await dialler.next() == .connected(Endpoints(local: localhost4, remote: localhost4)))
        return (dialler, peer)
    }

    @Test func allBytesAndThenTheEndReachThePeer() async throws {
        let (dialler, peer) = try await connect()
        let messages = [Message](repeating: .large, count: 500) + [.keepalive]
        let connection = dialler.connection
        try await loop.submit {
            for message in messages { connection.send(message) }
            connection.close()
            connection.close()
            connection.send(.keepalive)
        }.get()
        #expect(await peer.rest() == [.bytes(messages.bytes), .endOfFile])
        try await peer.close()
        await dialler.close()
    }

    @Test func unreadInputDestroysNothing() async throws {
        let (dialler, peer) = try await connect()
        try await peer.write([UInt8](repeating: 0, count: 1 << 20))
        guard case .malformed? = await dialler.next() else {
            Issue.record("zeros are no BGP")
            return
        }
        try await peer.write([UInt8](repeating: 0, count: 1 << 20))
        let connection = dialler.connection
        try await loop.submit {
            connection.send(.large)
            connection.close()
        }.get()
        try await peer.write([UInt8](repeating: 0, count: 1 << 20))
        #expect(await peer.rest() == [.bytes(Message.large.bytes), .endOfFile])
        try await peer.close()
        await dialler.close()
    }

    @Test func nothingIsToldAfterClose() async throws {
        let listener = try await RawListener()
        let told = Counter.makeBoxSendingValue(0, eventLoop: loop)
        let connection = try await loop.submit {
            PeerConnection.dial(endpoint(port: listener.port), on: loop) { connection, event in
                told.value += 1
                if case .received = event { connection.close() }
            }
        }.get()
        let peer = try #require(await listener.next())
        try await peer.write([Message](repeating: .keepalive, count: 1000).bytes)
        #expect(await peer.rest() == [.endOfFile])
        try await peer.close()
        await Witness(connection, AsyncStream { _ in }).close()
        // `connected` and the first KEEPALIVE.
        #expect(try await loop.submit { told.value }.get() == 2)
    }

    @Test func dialingIsCancelledWithoutAWord() async throws {
        // Documentation addresses answer nobody; a blackhole would do as well.
        let told = Counter.makeBoxSendingValue(0, eventLoop: loop)
        let acceptor = try await Acceptor.listen(keys: [localhost4: "secret"])
        let connection = try await loop.submit {
            PeerConnection.dial(endpoint(port: acceptor.port), on: loop) { _, _ in told.value += 1 }
        }.get()
        await Witness(connection, AsyncStream { _ in }).close()
        #expect(try await loop.submit { told.value }.get() == 0)
        try await acceptor.close()
    }

    @Test func aPeerThatNeverClosesIsLeftAfterOneSecond() async throws {
        let (dialler, peer) = try await connect()
        let start = ContinuousClock.now
        await dialler.close()
        #expect((Duration.milliseconds(950)...Duration.seconds(10)).contains(ContinuousClock.now - start))
        try await peer.close()
    }

    @Test func aPeerThatReadsNothingIsLeftAfterOneSecond() async throws {
        let (dialler, peer) = try await connect(reads: false)
        for _ in 0..<20 { try await dialler.send([Message](repeating: .large, count: 100)) }
        let start = ContinuousClock.now
        await dialler.close()
        #expect(ContinuousClock.now - start < .seconds(10))
        try await peer.close()
    }

    @Test func aPeerThatReadsNothingEndsTheConnectionAtTheBound() async throws {
        let (dialler, peer) = try await connect(reads: false)
        let most = PeerConnection.pendingLimit / Message.large.bytes.count
        try await dialler.send([Message](repeating: .large, count: most + 1))
        #expect(await dialler.next() == .ended(.unacknowledged))
        try await peer.close()
    }

    @Test func acknowledgedIsTrueOnceThePeersKernelHasAll() async throws {
        let (dialler, peer) = try await connect()
        try await dialler.send([.large, .keepalive])
        #expect(await dialler.isAcknowledged(within: .seconds(30)))
        #expect(await peer.read([Message.large, .keepalive].bytes.count) == [Message.large, .keepalive].bytes)
        try await peer.close()
    }

    @Test func acknowledgedIsFalseAtTheBoundWhileAPeerReadsNothing() async throws {
        let (dialler, peer) = try await connect(reads: false)
        // More than the kernel's buffers of both sides, but never too much at once for ours.
        try await dialler.send([Message](repeating: .large, count: 1000))
        var sent = 1000
        while await dialler.isAcknowledged(within: .milliseconds(50)), sent < 10_000 {
            try await dialler.send([Message](repeating: .large, count: 1000))
            sent += 1000
        }
        #expect(!(await dialler.isAcknowledged(within: .milliseconds(50))))
        try await peer.reset()
        #expect(await dialler.untilEnd() == [.ended(.reset)])
    }

    @Test func acknowledgedIsFalseOnceTheConnectionIsGone() async throws {
        let (dialler, peer) = try await connect()
        try await peer.reset()
        #expect(await dialler.untilEnd() == [.ended(.reset)])
        #expect(!(await dialler.isAcknowledged(within: .seconds(30))))
    }
}
