import BFD
import CLinuxShim
import Glibc
import IPTypes
import Testing

@testable import BFDTransport

@Suite(.timeLimit(.minutes(1))) struct SourceFilterTests {
    private let other4 = IPAddress.v4(IPv4Address(0x7F00_0063))

    @Test("Packets of strangers are dropped by the kernel, over both families and with many peers")
    func strangers() async throws {
        let many = (1...900).map { ScopedAddress(.v4(IPv4Address(0x0A00_0000 + UInt32($0)))) }
        let listener = try await Listener(on: peerAddress, from: many + [ScopedAddress(ourAddress)])
        try RawSender(other4).send(packet(1), to: peerAddress, port: listener.port, ttl: 255)
        try RawSender(ourAddress).send(packet(2), to: peerAddress, port: listener.port, ttl: 254)
        try RawSender(ourAddress).send(packet(3), to: peerAddress, port: listener.port, ttl: 255)
        #expect(await listener.nextNumber() == 3)
        try await listener.close()
    }

    @Test("A router's link-local address, an unnumbered link and a multihop peer")
    func programs() {
        let linkLocal = ScopedAddress(.v6(IPv6Address(high: 0xFE80 << 48, low: 1)), zone: "eth0")
        func filter(_ peers: [ScopedAddress], isIPv4: Bool = false, isSingleHop: Bool = true) -> SourceFilter {
            SourceFilter(isIPv4: isIPv4, isSingleHop: isSingleHop, peers: peers)
        }
        let packets: [(source: IPAddress, hops: UInt8)] = [
            (linkLocal.address, 255), (linkLocal.address, 254), (.v6(IPv6Address(high: 0xFE80 << 48, low: 2)), 255),
            (localhost6, 255), (.v6(IPv6Address(high: 0xFE80 << 48, low: 0x1_0000_0001)), 255),
        ]
        func verdicts(_ filter: SourceFilter) -> [Bool] {
            packets.map { run(filter.program, on: header6($0.source, $0.hops)) }
        }
        #expect(verdicts(filter([linkLocal])) == [true, false, false, false, false])
        #expect(verdicts(filter([linkLocal], isSingleHop: false)) == [true, true, false, false, false])
        #expect(verdicts(filter([ScopedAddress(localhost6), linkLocal])) == [true, false, false, true, false])
        #expect(verdicts(filter([.unnumbered("eth0")])) == [true, false, true, false, true])
        #expect(verdicts(filter([])) == [true, false, true, true, true])
        // More than the kernel takes: addresses are left to the session.
        #expect(verdicts(filter([ScopedAddress](repeating: linkLocal, count: 455))) == [true, false, true, true, true])
        #expect(filter([ScopedAddress](repeating: linkLocal, count: 455)).program.count == 4)
        #expect(filter([ScopedAddress](repeating: linkLocal, count: 454)).program.count == 4090)
    }

    private func header6(_ source: IPAddress, _ hops: UInt8) -> [UInt8] {
        [0x60, 0, 0, 0, 0, 32, 17, hops] + source.bytes + localhost6.bytes
    }

    /// What the kernel makes of a program, as far as ours go.
    private func run(_ program: [sock_filter], on header: [UInt8]) -> Bool {
        var accumulator: UInt32 = 0
        var index = 0
        while index < program.count {
            let instruction = program[index]
            index += 1
            switch CInt(instruction.code) {
            case BPF_RET | BPF_K: return instruction.k != 0
            case BPF_LD | BPF_W | BPF_ABS, BPF_LD | BPF_B | BPF_ABS:
                let start = Int(instruction.k &- UInt32(bitPattern: SKF_NET_OFF))
                let size = CInt(instruction.code) & 0x18 == BPF_B ? 1 : 4
                accumulator = header[start..<start + size].reduce(0) { $0 << 8 | UInt32($1) }
            case BPF_ALU | BPF_AND | BPF_K: accumulator &= instruction.k
            case BPF_JMP | BPF_JEQ | BPF_K:
                index += Int(accumulator == instruction.k ? instruction.jt : instruction.jf)
            default: return false
            }
        }
        return false
    }
}
