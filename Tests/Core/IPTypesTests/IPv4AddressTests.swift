import IPTypes
import Testing

struct IPv4AddressTests {
    @Test(
        arguments: [
            ("0.0.0.0", 0), ("10.0.0.1", 0x0A00_0001), ("127.0.0.1", 0x7F00_0001), ("192.168.100.200", 0xC0A8_64C8),
            ("255.255.255.255", 0xFFFF_FFFF),
        ] as [(String, UInt32)])
    func fourNumbersBetweenDotsAreAnAddress(_ text: String, _ value: UInt32) {
        #expect(IPv4Address(text) == IPv4Address(value))
        #expect(IPv4Address(value).description == text)
    }

    @Test(
        arguments: [
            "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.256", "1.2.3.-4", "1.2.3.+4",
            "01.2.3.4",
            "1.2.3.04", "1.2.3.00", "0x1.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4/32", "1.2.3.4%lo", "1.2.3.a",
            "1,2,3,4",
            "1.2.3.١", "1.2.3.4\n", "99999999999999999999.1.1.1", "::1", "1.2.3.4:80",
        ])
    func nothingElseIs(_ text: String) {
        #expect(IPv4Address(text) == nil)
    }

    @Test func bytesAreInNetworkOrder() {
        #expect(IPv4Address(0x0102_03FF).bytes == [1, 2, 3, 255])
        #expect(IPv4Address(bytes: [1, 2, 3, 255]) == IPv4Address(0x0102_03FF))
        #expect(IPv4Address(bytes: [1, 2, 3]) == nil)
        #expect(IPv4Address(bytes: [1, 2, 3, 4, 5]) == nil)
    }

    @Test(
        arguments: [
            ("0.0.0.0", "unspecified"), ("0.0.0.1", ""), ("126.255.255.255", ""), ("127.0.0.0", "loopback"),
            ("127.255.255.255", "loopback"), ("128.0.0.0", ""), ("169.253.255.255", ""), ("169.254.0.0", "link-local"),
            ("169.254.255.255", "link-local"), ("169.255.0.0", ""), ("223.255.255.255", ""), ("224.0.0.0", "multicast"),
            ("239.255.255.255", "multicast"), ("240.0.0.0", ""), ("255.255.255.255", ""),
        ])
    func addressesHaveTheirKinds(_ text: String, _ kind: String) throws {
        let address = try #require(IPv4Address(text))
        #expect(address.isUnspecified == (kind == "unspecified"))
        #expect(address.isLoopback == (kind == "loopback"))
        #expect(address.isLinkLocal == (kind == "link-local"))
        #expect(address.isMulticast == (kind == "multicast"))
        #expect(kinds(of: .v4(address)) == kind)
    }
}

/// The one kind the predicates of `address` tell, or all of them between commas.
func kinds(of address: IPAddress) -> String {
    [
        address.isUnspecified ? "unspecified" : nil, address.isLoopback ? "loopback" : nil,
        address.isLinkLocal ? "link-local" : nil, address.isMulticast ? "multicast" : nil,
    ].compactMap { $0 }.joined(separator: ",")
}
