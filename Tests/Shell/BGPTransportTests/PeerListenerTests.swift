import BGPFSM
import BGPWire
import Glibc
import IPTypes
import NIOCore
import Testing

@testable import BGPTransport

@Suite(.timeLimit(.minutes(1))) struct PeerListenerTests {
    @Test(arguments: [localhost4, localhost6])
    func theRightKeyOpensBothDirections(address: IPAddress) async throws {
        let acceptor = try await Acceptor.listen(on: address, keys: [address: "secret"])
        let dialler = try await Witness.dial(endpoint(address, port: acceptor.port, key: "secret"))
        let acceptee = try #require(await acceptor.next())
        let connected = ConnectionEvent.connected(Endpoints(local: address, remote: address, isSigned: true))
        #expect(await dialler.next() == connected)
        #expect(await acceptee.next() == connected)
        try await dialler.send([.sampleOpen])
        #expect(await acceptee.next() == .received(.open(.sample)))
        try await acceptee.send([.sampleOpen, .keepalive])
        #expect(await dialler.next() == .received(.open(.sample)))
        #expect(await dialler.next() == .received(.keepalive))
        await dialler.close()
        #expect(await acceptee.next() == .ended(.closedByPeer))
        try await acceptor.close()
    }

    @Test(arguments: [localhost4, localhost6], ["other", nil])
    func anotherKeyOrNoneTimesOut(address: IPAddress, key: String?) async throws {
        let acceptor = try await Acceptor.listen(on: address, keys: [address: "secret"])
        let dialler = try await Witness.dial(
            endpoint(address, port: acceptor.port, key: key, connectTimeout: .milliseconds(300)), unanswered: true)
        #expect(await dialler.untilEnd() == [.unanswered, .ended(.timedOut(md5: key != nil, onLink: nil))])
        try await acceptor.close()
    }

    @Test func aKeyThatTheListenerDoesNotHaveTimesOut() async throws {
        let acceptor = try await Acceptor.listen()
        let dialler = try await Witness.dial(
            endpoint(port: acceptor.port, key: "secret", connectTimeout: .milliseconds(300)), unanswered: true)
        #expect(await dialler.untilEnd() == [.unanswered, .ended(.timedOut(md5: true, onLink: nil))])
        try await acceptor.close()
    }

    @Test func aPeerThatBeginsToAnswerIsReachedByALaterSYN() async throws {
        let acceptor = try await Acceptor.listen()
        let dialler = try await Witness.dial(
            endpoint(port: acceptor.port, key: "secret", connectTimeout: .seconds(55)), unanswered: true)
        #expect(await dialler.next() == .unanswered)
        let listener = acceptor.listener
        try await loop.submit { try listener.setMD5Key(Array("secret".utf8), for: localhost4) }.get()
        // SYNs that were sent before the key was there stay without an answer, several of them on a busy machine.
        var event = await dialler.next()
        while event == .unanswered { event = await dialler.next() }
        #expect(event == .connected(Endpoints(local: localhost4, remote: localhost4, isSigned: true)))
        try await dialler.send([.keepalive])
        // Several SYNs may have been answered: the first is used, and the other connections are closed.
        var events: [ConnectionEvent?] = []
        var acceptee: Witness
        repeat {
            acceptee = try #require(await acceptor.next())
            events = [await acceptee.next(), await acceptee.next()]
        } while events.last != .received(.keepalive)
        await dialler.close()
        #expect(await acceptee.next() == .ended(.closedByPeer))
        try await acceptor.close()
    }

    @Test func keysAreSetAndTakenAwayWhileListening() async throws {
        let acceptor = try await Acceptor.listen()
        let listener = acceptor.listener
        try await loop.submit { try listener.setMD5Key(Array("secret".utf8), for: localhost4) }.get()
        let signed = try await Witness.dial(endpoint(port: acceptor.port, key: "secret"))
        let acceptee = try #require(await acceptor.next())
        #expect(await signed.next() == .connected(Endpoints(local: localhost4, remote: localhost4, isSigned: true)))
        try await loop.submit {
            try listener.setMD5Key(nil, for: localhost4)
            try listener.setMD5Key(nil, for: localhost4)
        }.get()
        let unsigned = try await Witness.dial(endpoint(port: acceptor.port))
        #expect(await unsigned.next() == .connected(Endpoints(local: localhost4, remote: localhost4)))
        // The older connection keeps the key it was opened with.
        try await signed.send([.keepalive])
        _ = await acceptee.next()
        #expect(await acceptee.next() == .received(.keepalive))
        await signed.close()
        await unsigned.close()
        try await acceptor.close()
    }

    @Test(arguments: ["", String(repeating: "x", count: 81)])
    func aKeyThatTheKernelCannotTakeIsAnError(key: String) async throws {
        let dialler = try await Witness.dial(endpoint(port: 1, key: key))
        #expect(await dialler.untilEnd() == [.ended(.md5Unavailable(errno: EINVAL))])
        let acceptor = try await Acceptor.listen()
        let listener = acceptor.listener
        await #expect(throws: TransportFailure.md5Unavailable(errno: EINVAL)) {
            try await loop.submit { try listener.setMD5Key(Array(key.utf8), for: localhost4) }.get()
        }
        let failure = await #expect(throws: ListenFailure.self) { try await Acceptor.listen(keys: [localhost4: key]) }
        #expect(
            failure?.description
                == "cannot listen on 127.0.0.1 port 0: the kernel refused a TCP MD5 key: Invalid argument")
        try await acceptor.close()
    }

    @Test func aPortInUseOrAnAddressThatIsNotOursIsSaidInWords() async throws {
        let acceptor = try await Acceptor.listen()
        let port = acceptor.port
        let inUse = await #expect(throws: ListenFailure.self) {
            try await loop.submit {
                try PeerListener.listen(on: ScopedAddress(localhost4), port: port, on: loop) { _ in }
            }.get()
        }
        #expect(
            inUse?.description == "cannot listen on 127.0.0.1 port \(port): another program uses this port")
        let foreign = await #expect(throws: ListenFailure.self) {
            try await Acceptor.listen(on: .v6(IPv6Address(high: 0x2001_0DB8_0000_0000, low: 1)))
        }
        #expect(
            foreign?.description
                == "cannot listen on 2001:db8::1 port 0: this node has no such address or interface")
        let notAllowed = ListenFailure(
            address: ScopedAddress(localhost4), port: 179, cause: .system(errno: EACCES, operation: "bind"))
        #expect(
            notAllowed.description == "cannot listen on 127.0.0.1 port 179: ports below 1024 need CAP_NET_BIND_SERVICE")
        try await acceptor.close()
    }

    @Test func bothFamiliesListenOnOnePort() async throws {
        let (any6, any4) = try await listenersOnOnePort()
        let port = any6.port
        let dialler = try await Witness.dial(endpoint(localhost6, port: port))
        let acceptee = try #require(await any6.next())
        #expect(acceptee.connection.remote == ScopedAddress(localhost6))
        await dialler.close()
        let rejected = try await Witness.dial(endpoint(localhost4, port: port))
        #expect(await rejected.next() == .connected(Endpoints(local: localhost4, remote: localhost4)))
        #expect(await rejected.next() == .ended(.closedByPeer))
        try await loop.submit { any4.close() }.get()
        try await any6.close()
    }

    /// A port that the kernel picked for IPv6 may be in use for IPv4 by another test: then it picks the next one.
    private func listenersOnOnePort() async throws -> (Acceptor, PeerListener) {
        for _ in 0..<50 {
            let any6 = try await Acceptor.listen(on: .v6(IPv6Address(high: 0, low: 0)))
            let port = any6.port
            let any4 = try? await loop.submit {
                try PeerListener.listen(on: ScopedAddress(.v4(IPv4Address(0))), port: port, on: loop) { $0.reject() }
            }.get()
            if let any4 { return (any6, any4) }
            try await any6.close()
        }
        throw NoFreePort()
    }

    private struct NoFreePort: Error {}

    @Test func aListenerTiedToAnInterfaceComesBeforeTheOneThatLeavesRoom() async throws {
        // With the key of all link-local peers, so that the kernel takes it; loopback has no such peer to dial from.
        let (open, arrivals) = AsyncStream.makeStream(of: String.self)
        let any6 = ScopedAddress(.v6(IPv6Address(high: 0, low: 0)))
        let (wide, tied) = try await loop.submit {
            let wide = try PeerListener.listen(on: any6, port: 0, leavesRoom: true, on: loop) { connection in
                arrivals.yield("wide")
                connection.reject()
            }
            let tied = try PeerListener.listen(
                on: any6, port: wide.port, interface: "lo", linkLocalKey: Array("secret".utf8), on: loop
            ) { connection in
                arrivals.yield("tied")
                connection.reject()
            }
            return (wide, tied)
        }.get()
        #expect(tied.interfaceIndex == if_nametoindex("lo"))
        #expect(wide.interfaceIndex == nil)
        _ = await (try RawPeer.dial(localhost6, port: wide.port)).rest()
        try await loop.submit { tied.close() }.get()
        _ = await (try RawPeer.dial(localhost6, port: wide.port)).rest()
        var names = open.makeAsyncIterator()
        #expect(await names.next() == "tied")
        #expect(await names.next() == "wide")
        // A second program on the port is an error all the same.
        let port = wide.port
        await #expect(throws: ListenFailure.self) {
            try await loop.submit { try PeerListener.listen(on: any6, port: port, leavesRoom: true, on: loop) { _ in } }
                .get()
        }
        try await loop.submit { wide.close() }.get()
    }

    @Test func aConnectionThatIsNotDecidedOnIsClosed() async throws {
        let listener = try await loop.submit {
            try PeerListener.listen(on: ScopedAddress(localhost4), port: 0, on: loop) { _ in }
        }.get()
        let dialler = try await Witness.dial(endpoint(port: listener.port))
        #expect(await dialler.untilEnd().last == .ended(.closedByPeer))
        try await loop.submit { listener.close() }.get()
    }

    @Test func aClosedListenerRefusesAndItsConnectionsLiveOn() async throws {
        let acceptor = try await Acceptor.listen()
        let dialler = try await Witness.dial(endpoint(port: acceptor.port))
        let acceptee = try #require(await acceptor.next())
        _ = await dialler.next()
        _ = await acceptee.next()
        try await acceptor.close()
        try await acceptor.close()
        #expect(await (try Witness.dial(endpoint(port: acceptor.port))).untilEnd() == [.ended(.refused)])
        try await dialler.send([.keepalive])
        #expect(await acceptee.next() == .received(.keepalive))
        await dialler.close()
    }
}
