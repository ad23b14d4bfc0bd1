import BFD
import Glibc
import IPTypes
import Testing

@testable import BFDTransport

@Suite struct SenderTests {
    private let endpoint = BFDEndpoint(remote: ScopedAddress(peerAddress), source: ourAddress, isMultihop: false)

    @Test("Source ports are in 49152...65535, and not always the same")
    func sourcePorts() throws {
        let senders = try (0..<50).map { _ in try BFDSender.open(endpoint) }
        #expect(senders.allSatisfy { (49152...65535).contains($0.sourcePort) })
        #expect(senders.allSatisfy { $0.socket.localPort == $0.sourcePort })
        #expect(Set(senders.map(\.sourcePort)).count == 50)
    }

    @Test("A port that is in use, or another session's, is passed over")
    func portInUse() throws {
        let first = try BFDSender.open(endpoint)
        let second = try BFDSender.open(endpoint, avoiding: [first.sourcePort])
        var candidates = [first.sourcePort, 50000, second.sourcePort, 51234, 51235, 51236].makeIterator()
        let third = try BFDSender.open(endpoint, port: 3784, avoiding: [50000]) { candidates.next() ?? 0 }
        #expect(third.sourcePort > 51233 && third.sourcePort < 51237)
    }

    @Test("When no port is free, that is told")
    func noPort() throws {
        let first = try BFDSender.open(endpoint)
        let failure = #expect(throws: BFDSocketFailure.self) {
            try BFDSender.open(endpoint, port: 3784) { first.sourcePort }
        }
        #expect(failure?.description == "cannot send BFD to 127.0.0.2: all source ports are taken")
    }

    @Test("Packets leave with TTL 255 and DSCP CS6, over both families")
    func marks() throws {
        let four = try BFDSender.open(endpoint)
        #expect(option(four, CInt(IPPROTO_IP), IP_TTL) == 255)
        #expect(option(four, CInt(IPPROTO_IP), IP_TOS) == 0xC0)
        let six = try BFDSender.open(BFDEndpoint(remote: ScopedAddress(localhost6), isMultihop: true))
        #expect(option(six, CInt(IPPROTO_IPV6), IPV6_UNICAST_HOPS) == 255)
        #expect(option(six, CInt(IPPROTO_IPV6), IPV6_TCLASS) == 0xC0)
    }

    @Test("What this node does not have is told in words")
    func missing() {
        let cases: [(BFDEndpoint, String)] = [
            (
                BFDEndpoint(
                    remote: ScopedAddress(peerAddress), source: .v4(IPv4Address(0xC000_0201)), isMultihop: false),
                "cannot send BFD to 127.0.0.2: this node has no such address"
            ),
            (
                BFDEndpoint(remote: ScopedAddress(peerAddress), interface: "nosuch0", isMultihop: false),
                "cannot send BFD to 127.0.0.2: this node has no such interface"
            ),
            (
                BFDEndpoint(
                    remote: ScopedAddress(.v6(IPv6Address(high: 0xFE80 << 48, low: 1)), zone: "nosuch0"),
                    isMultihop: false),
                "cannot send BFD to fe80::1%nosuch0: this node has no such interface"
            ),
        ]
        for (endpoint, words) in cases {
            let failure = #expect(throws: BFDSocketFailure.self) { try BFDSender.open(endpoint) }
            #expect(failure?.description == words)
        }
    }

    @Test("A packet that cannot be sent is told, and one after close is dropped")
    func failures() throws {
        // Nothing leaves the machine with a source on lo.
        let away = BFDEndpoint(
            remote: ScopedAddress(.v4(IPv4Address(0xC000_0201))), source: ourAddress, isMultihop: false)
        let sender = try BFDSender.open(away)
        let failure = #expect(throws: BFDSocketFailure.self) { try sender.send(packet(1)) }
        #expect(failure?.operation == "sendto")
        sender.close()
        sender.close()
        #expect(throws: Never.self) { try sender.send(packet(1)) }
    }

    private func option(_ sender: BFDSender, _ level: CInt, _ name: CInt) -> CInt? {
        var value: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(sender.socket.number, level, name, &value, &size) == 0 ? value : nil
    }
}
