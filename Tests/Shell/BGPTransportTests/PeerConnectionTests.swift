import BGPFSM
import BGPWire
import Glibc
import IPTypes
import NIOCore
import Testing

@testable import BGPTransport

@Suite(.timeLimit(.minutes(1))) struct PeerConnectionTests {
    @Test(arguments: [localhost4, localhost6])
    func bothSidesExchangeOpenAndKeepalive(address: IPAddress) async throws {
        let acceptor = try await Acceptor.listen(on: address)
        let dialler = try await Witness.dial(endpoint(address, port: acceptor.port))
        let acceptee = try #require(await acceptor.next())
        let endpoints = Endpoints(local: address, remote: address)
        #expect(await dialler.next() == .connected(endpoints))
        #expect(await acceptee.next() == .connected(endpoints))
        #expect(acceptee.connection.remote == ScopedAddress(address))
        try await dialler.send([.sampleOpen, .keepalive])
        #expect(await acceptee.next() == .received(.open(.sample)))
        #expect(await acceptee.next() == .received(.keepalive))
        try await acceptee.send([.sampleOpen])
        try await acceptee.send([.keepalive])
        #expect(await dialler.next() == .received(.open(.sample)))
        #expect(await dialler.next() == .received(.keepalive))
        await dialler.close()
        #expect(await acceptee.next() == .ended(.closedByPeer))
        try await acceptor.close()
    }

    @Test func theSourceAddressIsTheOneAskedFor() async throws {
        let source = IPAddress.v4(IPv4Address(0x7F00_0002))
        let acceptor = try await Acceptor.listen()
        let dialler = try await Witness.dial(endpoint(port: acceptor.port, source: source))
        let acceptee = try #require(await acceptor.next())
        #expect(await dialler.next() == .connected(Endpoints(local: source, remote: localhost4)))
        #expect(await acceptee.next() == .connected(Endpoints(local: localhost4, remote: source)))
        await dialler.close()
        try await acceptor.close()
    }

    @Test(arguments: [(Hops.direct, Int32(1)), (.multihop(7), 7), (.ttlSecurity(1), 255), (.kernelDefault, 64)])
    func theHopLimitIsSetOnBothSides(hops: Hops, limit: Int32) async throws {
        for (address, level, sent, least) in [
            (localhost4, CInt(IPPROTO_IP), IP_TTL, IP_MINTTL),
            (localhost6, CInt(IPPROTO_IPV6), IPV6_UNICAST_HOPS, IPV6_MINHOPCOUNT),
        ] {
            let acceptor = try await Acceptor.listen(on: address, hops: hops)
            let dialler = try await Witness.dial(endpoint(address, port: acceptor.port, hops: hops))
            let acceptee = try #require(await acceptor.next())
            _ = await dialler.next()
            for side in [dialler, acceptee] {
                #expect(try await side.option(level, sent) == limit)
                #expect(try await side.option(level, least) == (hops == .ttlSecurity(1) ? 255 : 0))
            }
            await dialler.close()
            try await acceptor.close()
        }
    }

    @Test func packetsAreMarkedAsNetworkControlAndNotHeldBack() async throws {
        for (address, level, name) in [
            (localhost4, CInt(IPPROTO_IP), IP_TOS), (localhost6, CInt(IPPROTO_IPV6), IPV6_TCLASS),
        ] {
            let acceptor = try await Acceptor.listen(on: address)
            let dialler = try await Witness.dial(endpoint(address, port: acceptor.port))
            let acceptee = try #require(await acceptor.next())
            _ = await dialler.next()
            for side in [dialler, acceptee] {
                #expect(try await side.option(level, name) == 0xC0)
                #expect(try await side.option(CInt(IPPROTO_TCP), TCP_NODELAY) == 1)
                #expect(try await side.option(CInt(IPPROTO_TCP), TCP_USER_TIMEOUT) == 600_000)
            }
            await dialler.close()
            try await acceptor.close()
        }
    }

    @Test func aConnectionThatThePeerHasForgottenIsFound() async throws {
        let acceptor = try await Acceptor.listen(on: localhost4)
        let dialler = try await Witness.dial(endpoint(port: acceptor.port))
        let acceptee = try #require(await acceptor.next())
        _ = await dialler.next()
        for side in [dialler, acceptee] {
            #expect(try await side.option(SOL_SOCKET, SO_KEEPALIVE) == 1)
            #expect(try await side.option(CInt(IPPROTO_TCP), TCP_KEEPIDLE) == 3)
            #expect(try await side.option(CInt(IPPROTO_TCP), TCP_KEEPINTVL) == 1)
        }
        await dialler.close()
        try await acceptor.close()
    }

    @Test func nobodyListeningIsRefused() async throws {
        // Port 1 of an address that nothing else uses.
        let dialler = try await Witness.dial(endpoint(.v4(IPv4Address(0x7F00_4D4D)), port: 1))
        #expect(await dialler.untilEnd() == [.ended(.refused)])
    }

    @Test func aSourceThatIsNotOursIsUnavailable() async throws {
        let source = IPAddress.v4(IPv4Address(0xC000_0201))
        let dialler = try await Witness.dial(endpoint(port: 1, source: source))
        #expect(await dialler.untilEnd() == [.ended(.sourceUnavailable)])
    }

    @Test func aZoneOrInterfaceThatIsNotThereIsUnavailable() async throws {
        let linkLocal = IPAddress.v6(IPv6Address(high: 0xFE80_0000_0000_0000, low: 1))
        var target = endpoint(linkLocal, port: 1)
        target.remote.zone = "nosuch0"
        #expect(await (try Witness.dial(target)).untilEnd() == [.ended(.sourceUnavailable)])
        target = endpoint(port: 1)
        target.interface = "nosuch0"
        #expect(await (try Witness.dial(target)).untilEnd() == [.ended(.sourceUnavailable)])
    }

    @Test func aPeerThatClosesOrResetsIsTold() async throws {
        let listener = try await RawListener()
        let first = try await Witness.dial(endpoint(port: listener.port))
        try await listener.accept(first).close()
        #expect(await first.untilEnd() == [.ended(.closedByPeer)])
        let second = try await Witness.dial(endpoint(port: listener.port))
        try await listener.accept(second).reset()
        #expect(await second.untilEnd() == [.ended(.reset)])
    }

    @Test func aWindowProbeDisturbsNoConnectionAndFindsOutThatThePeerHasNone() async throws {
        let listener = try await RawListener()
        let dialler = try await Witness.dial(endpoint(port: listener.port))
        let peer = try await listener.accept(dialler)
        try await dialler.probeWindow()
        #expect(try await dialler.option(SOL_SOCKET, SO_REUSEADDR) == 1)
        try await dialler.send([.keepalive])
        #expect(await peer.read(19) == Message.keepalive.bytes)
        try await peer.vanish()
        try await dialler.probeWindow()
        #expect(await dialler.untilEnd() == [.ended(.reset)])
    }

    @Test func whatHasArrivedAndWasNotReadIsSeen() async throws {
        let listener = try await RawListener()
        let dialler = try await Witness.dial(endpoint(port: listener.port))
        let (connection, peer) = (dialler.connection, try await listener.accept(dialler).channel)
        let isUnread = try await loop.submit {
            let before = connection.hasUnread
            peer.writeAndFlush(ByteBuffer(bytes: Message.keepalive.bytes), promise: nil)
            return [before, connection.hasUnread]
        }.get()
        #expect(isUnread == [false, true])
        #expect(await dialler.next() == .received(.keepalive))
        #expect(try await loop.submit { connection.hasUnread }.get() == false)
    }

    @Test func aNotificationIsToldBeforeTheEndThatFollowsIt() async throws {
        let listener = try await RawListener()
        let dialler = try await Witness.dial(endpoint(port: listener.port))
        let peer = try await listener.accept(dialler)
        let cease = Notification(code: 6, subcode: 2)
        try await peer.write(Message.notification(cease).bytes)
        try await peer.close()
        #expect(await dialler.untilEnd() == [.received(.notification(cease)), .ended(.closedByPeer)])
    }

    @Test func aMalformedHeaderIsToldBeforeItsBodyAndNothingAfterIt() async throws {
        let listener = try await RawListener()
        let dialler = try await Witness.dial(endpoint(port: listener.port))
        let peer = try await listener.accept(dialler)
        try await peer.write(Message.keepalive.bytes + header(length: 4097, type: 2))
        #expect(await dialler.next() == .received(.keepalive))
        guard case .malformed(let error)? = await dialler.next() else {
            Issue.record("no malformed header")
            return
        }
        #expect(error.notification == Notification(code: 1, subcode: 2, data: [0x10, 0x01]))
        try await peer.write([Message.keepalive, .keepalive].bytes)
        try await peer.close()
        #expect(await dialler.untilEnd() == [.ended(.closedByPeer)])
    }

    @Test func aFloodOfPrefixesIsSummedUp() async throws {
        let listener = try await RawListener()
        let dialler = try await Witness.dial(endpoint(port: listener.port))
        let peer = try await listener.accept(dialler)
        try await peer.write([Message](repeating: .announcing(800), count: 125).bytes)
        try await peer.write(Message.keepalive.bytes)
        var sum = UpdateSummary(announced: 0, withdrawn: 0, messages: 0)
        var events = 0
        while case .received(.update(let summary))? = await dialler.next() {
            events += 1
            sum.announced += summary.announced
            sum.messages += summary.messages
        }
        #expect(sum == UpdateSummary(announced: 100_000, withdrawn: 0, messages: 125))
        #expect(events < 60)
        try await peer.close()
    }

    @Test func anActorPinnedToTheLoopEntersFromTheCallbacks() async throws {
        let acceptor = try await Acceptor.listen()
        let (finished, finish) = AsyncStream.makeStream(of: [ConnectionEvent].self)
        let owner = Owner(finish)
        await owner.dial(endpoint(port: acceptor.port))
        let acceptee = try #require(await acceptor.next())
        _ = await acceptee.next()
        #expect(await acceptee.next() == .received(.open(.sample)))
        try await acceptee.send([.sampleOpen])
        #expect(await acceptee.next() == .ended(.closedByPeer))
        var results = finished.makeAsyncIterator()
        #expect(
            await results.next() == [
                .connected(Endpoints(local: localhost4, remote: localhost4)), .received(.open(.sample)),
            ])
        try await acceptor.close()
    }
}

/// What the daemon is to a connection: an actor on the same loop.
private actor Owner {
    private var events: [ConnectionEvent] = []
    private let finish: AsyncStream<[ConnectionEvent]>.Continuation

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.executor.asUnownedSerialExecutor() }

    init(_ finish: AsyncStream<[ConnectionEvent]>.Continuation) {
        self.finish = finish
    }

    func dial(_ endpoint: PeerEndpoint) {
        _ = PeerConnection.dial(endpoint, on: loop) { connection, event in
            self.assumeIsolated { $0.handle(event, of: connection) }
        }
    }

    private func handle(_ event: ConnectionEvent, of connection: PeerConnection) {
        // When they come is the choice of the kernel and of a busy machine.
        if event == .openAcknowledged || event == .unanswered { return }
        events.append(event)
        switch event {
        case .connected: connection.send(.sampleOpen)
        case .received:
            connection.close()
            finish.yield(events)
        case .unanswered, .openAcknowledged, .acknowledged, .malformed, .ended: break
        }
    }
}
