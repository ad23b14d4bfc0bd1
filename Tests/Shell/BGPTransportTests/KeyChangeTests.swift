import BGPFSM
import BGPWire
import Glibc
import IPTypes
import NIOCore
import NIOPosix
import Testing

@testable import BGPTransport

/// A TCP MD5 key that is replaced on a connection that is up.
@Suite(.timeLimit(.minutes(1))) struct KeyChangeTests {
    @Test(arguments: [localhost4, localhost6], [true, false])
    func aConnectionSurvivesWhicheverEndChangesFirst(address: IPAddress, diallerIsFirst: Bool) async throws {
        let acceptor = try await Acceptor.listen(on: address, keys: [address: "old"])
        let dialler = try await Witness.dial(endpoint(address, port: acceptor.port, key: "old"))
        let acceptee = try #require(await acceptor.next())
        _ = await dialler.next()
        _ = await acceptee.next()

        let (first, second) = diallerIsFirst ? (dialler, acceptee) : (acceptee, dialler)
        try await first.setMD5Key("new")
        // Neither end takes what the other one sends now.
        try await first.send([.keepalive])
        try await second.send([.sampleOpen])
        try await second.setMD5Key("new")
        #expect(await second.next() == .received(.keepalive))
        #expect(await first.next() == .received(.open(.sample)))
        #expect(try await first.retransmissions() > 0)
        #expect(try await second.retransmissions() > 0)

        try await first.setMD5Key(nil)
        try await second.setMD5Key(nil)
        try await first.send([.keepalive])
        #expect(await second.next() == .received(.keepalive))
        await dialler.close()
        #expect(await acceptee.next() == .ended(.closedByPeer))
        try await acceptor.close()
    }

    @Test func whatWasSentBeforeIsSignedWithTheOldKey() async throws {
        let acceptor = try await Acceptor.listen(keys: [localhost4: "old"])
        let dialler = try await Witness.dial(endpoint(port: acceptor.port, key: "old"))
        let acceptee = try #require(await acceptor.next())
        _ = await dialler.next()
        _ = await acceptee.next()
        let connection = dialler.connection
        try await loop.submit {
            connection.send(.keepalive)
            try connection.setMD5Key(Array("new".utf8))
        }.get()
        #expect(await acceptee.next() == .received(.keepalive))
        await dialler.close()
        try await acceptor.close()
    }

    @Test func aDialGoesOnWithTheNewKey() async throws {
        let acceptor = try await Acceptor.listen(keys: [localhost4: "new"])
        let dialler = try await Witness.dial(endpoint(port: acceptor.port, key: "old"), unanswered: true)
        #expect(await dialler.next() == .unanswered)
        try await dialler.setMD5Key("new")
        var event = await dialler.next()
        while event == .unanswered { event = await dialler.next() }
        #expect(event == .connected(Endpoints(local: localhost4, remote: localhost4, isSigned: true)))
        await dialler.close()
        try await acceptor.close()
    }

    @Test func aDialThatHasJustFailedTakesNoKey() async throws {
        let channel = try await ClientBootstrap(group: loop).connect(host: "127.0.0.1", port: Int(RawListener().port))
            .get()
        let isAsked = try await loop.submit {
            channel.close(promise: nil)
            return try channel.withDescriptor { _ in true }
        }.get()
        #expect(isAsked == nil)
    }

    @Test func aKeyThatTheKernelCannotTakeIsAnErrorAndTheOldOneStays() async throws {
        let acceptor = try await Acceptor.listen(keys: [localhost4: "old"])
        let dialler = try await Witness.dial(endpoint(port: acceptor.port, key: "old"))
        let acceptee = try #require(await acceptor.next())
        _ = await dialler.next()
        _ = await acceptee.next()
        await #expect(throws: TransportFailure.md5Unavailable(errno: EINVAL)) { try await dialler.setMD5Key("") }
        try await dialler.send([.keepalive])
        #expect(await acceptee.next() == .received(.keepalive))
        await dialler.close()
        try await acceptor.close()
    }
}

extension Witness {
    fileprivate func setMD5Key(_ key: String?) async throws {
        let connection = connection
        try await loop.submit { try connection.setMD5Key(key.map { Array($0.utf8) }) }.get()
    }

    /// How many segments were sent again.
    fileprivate func retransmissions() async throws -> UInt32 {
        let connection = connection
        return try await loop.submit {
            try connection.channel?.withDescriptor { descriptor in
                var information = tcp_info()
                var size = socklen_t(MemoryLayout<tcp_info>.size)
                getsockopt(descriptor.number, CInt(IPPROTO_TCP), TCP_INFO, &information, &size)
                return information.tcpi_total_retrans
            } ?? 0
        }.get()
    }
}
