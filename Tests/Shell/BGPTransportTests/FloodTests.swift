import BGPFSM
import BGPWire
import Glibc
import NIOCore
import Testing

@testable import BGPTransport

/// What a peer may do to the others, and to the stream.
@Suite(.timeLimit(.minutes(1))) struct FloodTests {
    private func connect() async throws -> (Witness, RawPeer) {
        let listener = try await RawListener()
        let dialler = try await Witness.dial(endpoint(port: listener.port))
        return (dialler, try await listener.accept(dialler))
    }

    @Test func oneTurnOfTheLoopReadsOneSmallBuffer() async throws {
        let (dialler, peer) = try await connect()
        let connection = dialler.connection
        let options = try await loop.submit {
            let options = try #require(connection.channel?.syncOptions)
            let allocator = try options.getOption(.recvAllocator) as? FixedSizeRecvByteBufferAllocator
            return (try options.getOption(.maxMessagesPerRead), allocator?.capacity)
        }.get()
        #expect(options == (1, 16_384))
        try await peer.close()
    }

    @Test func anUrgentOctetStaysInTheStream() async throws {
        let (dialler, peer) = try await connect()
        let bytes = [Message.keepalive].bytes
        let channel = peer.channel
        try await peer.write(Array(bytes.dropLast()))
        _ = try await loop.submit {
            try channel.withDescriptor { descriptor throws(TransportFailure) in
                #expect(Glibc.send(descriptor.number, Array(bytes.suffix(1)), 1, CInt(MSG_OOB)) == 1)
            }
        }.get()
        #expect(await dialler.next() == .received(.keepalive))
        try await peer.write(bytes)
        #expect(await dialler.next() == .received(.keepalive))
        try await peer.close()
    }
}
