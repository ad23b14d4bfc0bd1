import IPTypes
import Testing

struct IPAddressTests {
    @Test func bothFamiliesAreRead() {
        #expect(IPAddress("10.0.0.1") == .v4(IPv4Address(0x0A00_0001)))
        #expect(IPAddress("2001:db8::1") == .v6(IPv6Address(high: 0x2001_0DB8_0000_0000, low: 1)))
        #expect(IPAddress("::ffff:10.0.0.1")?.isIPv4 == false)
        #expect(IPAddress("localhost") == nil)
        #expect(IPAddress("10.0.0.1/32") == nil)
        #expect(IPAddress("fe80::1%eth0") == nil)
    }

    @Test func theNumberOfBytesTellsTheFamily() {
        #expect(IPAddress(bytes: [10, 0, 0, 1]) == IPAddress("10.0.0.1"))
        #expect(IPAddress(bytes: ArraySlice(repeating: 0, count: 15) + [1]) == IPAddress("::1"))
        #expect(IPAddress(bytes: []) == nil)
        #expect(IPAddress(bytes: ArraySlice(repeating: 0, count: 8)) == nil)
        #expect(IPAddress(bytes: ArraySlice(repeating: 0, count: 17)) == nil)
    }

    @Test func addressesAreOrderedByFamilyAndThenAsNumbers() {
        let texts = ["9.0.0.0", "10.0.0.0", "10.0.0.1", "255.0.0.0", "::", "::1", "1::", "1::1", "ff02::1"]
        #expect(texts.reversed().compactMap(IPAddress.init).sorted().map(\.description) == texts)
    }
}

struct ScopedAddressTests {
    @Test(arguments: ["10.0.0.1", "2001:db8::1", "fe80::1", "fe80::1%eth0", "fe80::1%enp0s31f6.1000", "fe80::1%a"])
    func anAddressMayHaveAZoneIfItIsLinkLocal(_ text: String) {
        #expect(ScopedAddress(text)?.description == text)
    }

    @Test func theZoneIsKeptApart() {
        #expect(
            ScopedAddress("fe80::1%eth0")
                == ScopedAddress(.v6(IPv6Address(high: 0xFE80_0000_0000_0000, low: 1)), zone: "eth0"))
        #expect(ScopedAddress("fe80::1")?.zone == nil)
    }

    @Test(
        arguments: [
            "", "%", "%eth0", "fe80::1%", "fe80::1%%", "fe80::1%eth0%eth1", "fe80::1%eth 0", "fe80::1%eth0/64",
            "fe80::1%abcdefghijklmnop", "fe80::1%.", "fe80::1%..", "fe80::1%eth0:1", "2001:db8::1%eth0",
            "10.0.0.1%eth0",
            "169.254.0.1%eth0", "ff02::1%eth0", "fe80::1%eth0\n",
        ])
    func nothingElseIsAScopedAddress(_ text: String) {
        #expect(ScopedAddress(text) == nil)
    }
}
