import BGPFSM
import BGPWire
import Testing

/// The capabilities of long-lived graceful restart in our OPEN, byte for byte.
@Suite("Long-lived graceful restart in the OPEN")
struct LongLivedGracefulRestartTests {
    /// The octets of our OPEN behind its fixed part: length of the parameters, type and length of the only one, value.
    private func parameters(_ adapt: (inout SessionConfiguration) -> Void) -> [UInt8] {
        var codec = MessageCodec()
        let message = codec.encode(.open(configured(adapt).open))
        return Array(message.dropFirst(28))
    }

    @Test("Without it, graceful restart lists no family and promises only End-of-RIB")
    func off() {
        #expect(
            parameters { _ in } == [
                20, 2, 18,
                1, 4, 0, 1, 0, 1,
                2, 0,
                64, 2, 0x00, 0x78,
                65, 4, 0, 0, 0xFD, 0xE9,
            ])
    }

    @Test("With it, both capabilities list the families, with restart time 0 and no flag at all")
    func on() {
        #expect(
            parameters {
                $0.families = [.ipv4Unicast, .ipv6Unicast]
                $0.longLivedStaleTime = 86400
            } == [
                50, 2, 48,
                1, 4, 0, 1, 0, 1,
                1, 4, 0, 2, 0, 1,
                2, 0,
                64, 10, 0x00, 0x00, 0, 1, 1, 0, 0, 2, 1, 0,
                65, 4, 0, 0, 0xFD, 0xE9,
                71, 14, 0, 1, 1, 0, 0x01, 0x51, 0x80, 0, 2, 1, 0, 0x01, 0x51, 0x80,
            ])
    }

    @Test(
        "The stale time has 24 bits",
        arguments: [(0, [0, 0, 0]), (16_777_215, [255, 255, 255]), (.max, [255, 255, 255])]
            as [(UInt32, [UInt8])])
    func staleTime(_ seconds: UInt32, _ octets: [UInt8]) {
        #expect(parameters { $0.longLivedStaleTime = seconds }.suffix(9) == [71, 7, 0, 1, 1, 0] + octets)
    }

    @Test("All capabilities together still fit into one parameter")
    func length() {
        let name = String(repeating: "h", count: 80) + "." + String(repeating: "d", count: 200)
        let octets = parameters {
            $0.families = [.ipv4Unicast, .ipv6Unicast]
            $0.offersExtendedNextHop = true
            $0.longLivedStaleTime = 1
            $0.hostName = name
        }
        #expect(octets.prefix(3) == [UInt8(octets.count - 1), 2, UInt8(octets.count - 3)])
        #expect(octets.count <= 255)
    }
}
