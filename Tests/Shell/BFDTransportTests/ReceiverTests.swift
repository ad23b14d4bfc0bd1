import BFD
import Glibc
import IPTypes
import NIOCore
import Testing

@testable import BFDTransport

@Suite(.timeLimit(.minutes(1))) struct ReceiverTests {
    @Test("A packet arrives with its source")
    func arrival() async throws {
        let listener = try await Listener(on: .v4(IPv4Address(0)))
        let endpoint = BFDEndpoint(remote: ScopedAddress(peerAddress), source: ourAddress, isMultihop: false)
        let sender = try BFDSender.open(endpoint, port: listener.port) { .random(in: BFDSender.sourcePorts) }
        try sender.send(packet(1))
        #expect(
            await listener.next()
                == .received(
                    BFDArrival(
                        packet: packet(1), source: ScopedAddress(ourAddress), isMultihop: false)))
        try await listener.close()
    }

    @Test("The same over IPv6")
    func arrival6() async throws {
        let listener = try await Listener(on: .v6(IPv6Address(high: 0, low: 0)))
        let endpoint = BFDEndpoint(remote: ScopedAddress(localhost6), interface: "lo", isMultihop: false)
        let sender = try BFDSender.open(endpoint, port: listener.port) { .random(in: BFDSender.sourcePorts) }
        try sender.send(packet(1))
        #expect(
            await listener.next()
                == .received(
                    BFDArrival(
                        packet: packet(1), source: ScopedAddress(localhost6), isMultihop: false)))
        try await listener.close()
    }

    @Test("On single hop only TTL 255 is let in", arguments: [(ourAddress, peerAddress), (localhost6, localhost6)])
    func hopLimit(_ source: IPAddress, _ address: IPAddress) async throws {
        let listener = try await Listener(on: address)
        let raw = try RawSender(source)
        for ttl in [1, 64, 254] as [CInt] {
            try raw.send(packet(1), to: address, port: listener.port, ttl: ttl)
        }
        try raw.send(packet(2), to: address, port: listener.port, ttl: 255)
        #expect(await listener.nextNumber() == 2)
        try await listener.close()
    }

    @Test("On multihop any TTL is let in")
    func multihop() async throws {
        let listener = try await Listener(on: peerAddress, isMultihop: true)
        let raw = try RawSender(ourAddress)
        try raw.send(packet(1), to: peerAddress, port: listener.port, ttl: 64)
        guard case .received(let arrival)? = await listener.next() else {
            Issue.record("nothing received")
            return
        }
        #expect(arrival.packet == packet(1))
        #expect(arrival.isMultihop)
        try await listener.close()
    }

    @Test(
        "The peers that packets are taken from can change",
        arguments: [(ourAddress, peerAddress), (localhost6, localhost6)])
    func peersChange(_ source: IPAddress, _ address: IPAddress) async throws {
        let stranger = ScopedAddress(source.isIPv4 ? peerAddress : .v6(IPv6Address(high: 0x2001_0DB8 << 32, low: 1)))
        let listener = try await Listener(on: address, from: [stranger])
        let raw = try RawSender(source)
        let receiver = listener.receiver
        try raw.send(packet(1), to: address, port: listener.port, ttl: 255)
        try await loop.submit { try receiver.receive(from: [stranger, ScopedAddress(source)]) }.get()
        try raw.send(packet(2), to: address, port: listener.port, ttl: 255)
        #expect(await listener.nextNumber() == 2)
        try await loop.submit { try receiver.receive(from: [stranger]) }.get()
        try raw.send(packet(3), to: address, port: listener.port, ttl: 255)
        try await loop.submit { try receiver.receive(from: [ScopedAddress(source)]) }.get()
        try raw.send(packet(4), to: address, port: listener.port, ttl: 254)
        try raw.send(packet(5), to: address, port: listener.port, ttl: 255)
        #expect(await listener.nextNumber() == 5)
        try await listener.close()
    }

    @Test("What is no packet is told with its reason, and reading goes on")
    func discarded() async throws {
        let listener = try await Listener(on: peerAddress)
        let raw = try RawSender(ourAddress)
        let source = ScopedAddress(ourAddress)
        try raw.send([], to: peerAddress, port: listener.port, ttl: 255)
        try raw.send([0x40, 0x40, 3, 24], to: peerAddress, port: listener.port, ttl: 255)
        try raw.send([UInt8](repeating: 0x20, count: 2000), to: peerAddress, port: listener.port, ttl: 255)
        try raw.send(packet(3), to: peerAddress, port: listener.port, ttl: 255)
        #expect(await listener.next() == .discarded(.truncated(octets: 0), from: source))
        #expect(await listener.next() == .discarded(.version(2), from: source))
        // 2000 octets 0x20: state AdminDown, poll, length 32, discriminators 0x20202020.
        guard case .received(let long)? = await listener.next() else {
            Issue.record("a long datagram is read as far as its length says")
            return
        }
        #expect(long.packet.myDiscriminator == 0x2020_2020)
        #expect(await listener.nextNumber() == 3)
        try await listener.close()
    }

    @Test("A port in use is told in words")
    func portInUse() async throws {
        let listener = try await Listener(on: peerAddress)
        let port = listener.port
        let failure = await #expect(throws: BFDSocketFailure.self) {
            try await loop.submit {
                _ = try BFDReceiver.open(on: .v4(IPv4Address(0)), port: port, isMultihop: false, loop: loop) { _ in }
            }.get()
        }
        #expect(
            failure?.description
                == "cannot receive BFD on 0.0.0.0 port \(port): another BFD daemon on this node uses the port; "
                + "only one of them can run")
        try await listener.close()
    }

    @Test("After close nothing is told, even from inside an event, and the port is free again")
    func close() async throws {
        let told = NIOLoopBoundBox.makeBoxSendingValue(0, eventLoop: loop)
        let (events, log) = AsyncStream.makeStream(of: Void.self)
        let closing = NIOLoopBoundBox<BFDReceiver?>.makeBoxSendingValue(nil, eventLoop: loop)
        let port = try await loop.submit {
            let receiver = try BFDReceiver.open(on: peerAddress, port: 0, isMultihop: false, loop: loop) { _ in
                told.value += 1
                closing.value?.close()
                log.yield()
            }
            closing.value = receiver
            return receiver.port
        }.get()
        let raw = try RawSender(ourAddress)
        // All wait in the socket while this runs, so they are read in one go.
        try await loop.submit {
            for number in 1...10 { try raw.send(packet(UInt32(number)), to: peerAddress, port: port, ttl: 255) }
        }.get()
        for await _ in events { break }
        let listener = try await Listener(on: peerAddress, port: port)
        try raw.send(packet(11), to: peerAddress, port: port, ttl: 255)
        #expect(await listener.nextNumber() == 11)
        #expect(try await loop.submit { told.value }.get() == 1)
        try await listener.close()
    }

    @Test("A receiver that is closed at once lets go of its port at once")
    func closeAtOnce() async throws {
        try await loop.submit {
            let first = try BFDReceiver.open(on: peerAddress, port: 0, isMultihop: false, loop: loop) { _ in }
            first.close()
            first.close()
            try BFDReceiver.open(on: peerAddress, port: first.port, isMultihop: false, loop: loop) { _ in }.close()
        }.get()
    }
}
