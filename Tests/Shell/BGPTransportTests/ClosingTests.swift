import BGPFSM
import BGPWire
import Glibc
import IPTypes
import NIOCore
import Testing

@testable import BGPTransport

/// Counts calls on the loop.
private typealias Counter = NIOLoopBoundBox<Int>

@Suite(.timeLimit(.minutes(1))) struct ClosingTests {
    /// A connection to a bare peer.
    private func connect(
        reads: Bool = true, receiveBuffer: Int? = nil, acknowledgements: Bool = false
    ) async throws -> (Witness, RawPeer) {
        let listener = try await RawListener(reads: reads, receiveBuffer: receiveBuffer)
        let dialler = try await Witness.dial(endpoint(port: listener.port), acknowledgements: acknowledgements)
        return (dialler, try await listener.accept(dialler))
    }

    @Test func allBytesAndThenTheEndReachThePeer() async throws {
        let (dialler, peer) = try await connect()
        let messages = [Message](repeating: .large, count: 200) + [.keepalive]
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
        let target = endpoint(port: listener.port)
        let connection = try await loop.submit {
            PeerConnection.dial(target, on: loop) { connection, event in
                // On a loaded machine a SYN may seem to be without an answer, here and below.
                if case .unanswered = event { return }
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
        let told = Counter.makeBoxSendingValue(0, eventLoop: loop)
        // Nobody answers a SYN without the key.
        let acceptor = try await Acceptor.listen(keys: [localhost4: "secret"])
        let target = endpoint(port: acceptor.port)
        let connection = try await loop.submit {
            PeerConnection.dial(target, on: loop) { _, event in
                if case .unanswered = event { return }
                told.value += 1
            }
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
        try await dialler.send([Message](repeating: .large, count: 1000))
        let start = ContinuousClock.now
        await dialler.close()
        #expect((Duration.milliseconds(950)...Duration.seconds(10)).contains(ContinuousClock.now - start))
        // It has been reset, so that it may be closed already.
        try? await peer.close()
    }

    @Test func aPeerThatReadsNothingIsResetAtTheEndAndAtOnceIfAborted() async throws {
        for isAborted in [false, true] {
            let (dialler, peer) = try await connect(reads: false)
            try await dialler.send([Message](repeating: .large, count: 1000))
            if isAborted { await dialler.abort() } else { await dialler.close() }
            // What the peer's kernel has taken is gone with the connection, as a FIN behind the rest would not do.
            #expect(try await peer.isReset())
            try? await peer.close()
        }
    }

    @Test func theOpenIsReportedWhenThePeersKernelHasIt() async throws {
        let (dialler, peer) = try await connect(acknowledgements: true)
        try await dialler.send([.sampleOpen])
        #expect(await dialler.next() == .openAcknowledged)
        await dialler.close()
        try? await peer.close()
    }

    @Test func theLastUpdateIsReportedWhenThePeersKernelHasIt() async throws {
        let (dialler, peer) = try await connect(acknowledgements: true)
        try await dialler.send([.update(Update()), .update(Update()), .keepalive])
        var event = await dialler.next()
        #expect(event == .acknowledged(updates: 1) || event == .acknowledged(updates: 2))
        if event == .acknowledged(updates: 1) { event = await dialler.next() }
        #expect(event == .acknowledged(updates: 2))
        try await peer.reset()
        #expect(await dialler.untilEnd() == [.ended(.reset)])
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

    @Test func acknowledgedIsFalseAtTheBoundWhileAPeerTakesNothing() async throws {
        // Our kernel takes all of it and the peer's next to nothing, so NIO has nothing left to write.
        let (dialler, peer) = try await connect(reads: false, receiveBuffer: 4096)
        let connection = dialler.connection
        try await loop.submit {
            _ = try connection.channel?.withDescriptor { descriptor throws(TransportFailure) in
                try descriptor.set(SOL_SOCKET, SO_SNDBUF, CInt(1 << 17), "SO_SNDBUF")
            }
        }.get()
        try await dialler.send([Message](repeating: .large, count: 16))
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
