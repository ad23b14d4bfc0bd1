import IPTypes
import Testing

struct IPv6AddressTests {
    /// Text, the same as RFC 5952 prints it, and the two halves.
    struct Sample: Sendable, CustomTestStringConvertible {
        var testDescription: String { text }
        var text: String
        var canonical: String
        var high: UInt64
        var low: UInt64

        init(_ text: String, printed canonical: String? = nil, _ high: UInt64, _ low: UInt64) {
            self.text = text
            self.canonical = canonical ?? text
            self.high = high
            self.low = low
        }
    }

    static let samples = [
        Sample("::", 0, 0),
        Sample("::1", 0, 1),
        Sample("1::", 0x0001_0000_0000_0000, 0),
        Sample("2001:db8::1", 0x2001_0DB8_0000_0000, 1),
        Sample(
            "fe80::4869:dafF:fe94:D56e", printed: "fe80::4869:daff:fe94:d56e", 0xFE80_0000_0000_0000,
            0x4869_DAFF_FE94_D56E),
        Sample("1:2:3:4:5:6:7:8", 0x0001_0002_0003_0004, 0x0005_0006_0007_0008),
        // Leading zeros go, one group of zeros is not shortened, the longest run is, of equal ones the first.
        Sample("2001:0db8:0000:0000:0000:0000:0000:0001", printed: "2001:db8::1", 0x2001_0DB8_0000_0000, 1),
        Sample("2001:db8:0:1:1:1:1:1", 0x2001_0DB8_0000_0001, 0x0001_0001_0001_0001),
        Sample("2001:db8::1:1:1:1:1", printed: "2001:db8:0:1:1:1:1:1", 0x2001_0DB8_0000_0001, 0x0001_0001_0001_0001),
        Sample("2001:db8:0:0:1:0:0:1", printed: "2001:db8::1:0:0:1", 0x2001_0DB8_0000_0000, 0x0001_0000_0000_0001),
        Sample("2001:0:0:1:0:0:0:1", printed: "2001:0:0:1::1", 0x2001_0000_0000_0001, 1),
        Sample("0:0:1:1:1:1:0:0", printed: "::1:1:1:1:0:0", 0x0000_0000_0001_0001, 0x0001_0001_0000_0000),
        Sample("1:2:3:4:5:6:7::", printed: "1:2:3:4:5:6:7:0", 0x0001_0002_0003_0004, 0x0005_0006_0007_0000),
        Sample("::2:3:4:5:6:7:8", printed: "0:2:3:4:5:6:7:8", 0x0000_0002_0003_0004, 0x0005_0006_0007_0008),
        // The last 32 bits may be written in dots; only mapped addresses are printed so.
        Sample("::ffff:192.0.2.128", 0, 0x0000_FFFF_C000_0280),
        Sample("::ffff:c000:280", printed: "::ffff:192.0.2.128", 0, 0x0000_FFFF_C000_0280),
        Sample("::FFFF:0.0.0.0", printed: "::ffff:0.0.0.0", 0, 0x0000_FFFF_0000_0000),
        Sample("::1.2.3.4", printed: "::102:304", 0, 0x0102_0304),
        Sample("64:ff9b::192.0.2.33", printed: "64:ff9b::c000:221", 0x0064_FF9B_0000_0000, 0xC000_0221),
        Sample("1:2:3:4:5:6:1.2.3.4", printed: "1:2:3:4:5:6:102:304", 0x0001_0002_0003_0004, 0x0005_0006_0102_0304),
        Sample("1::5:6:1.2.3.4", printed: "1::5:6:102:304", 0x0001_0000_0000_0000, 0x0005_0006_0102_0304),
        Sample(
            "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", printed: "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", .max,
            .max),
    ]

    @Test(arguments: samples)
    func textIsReadAndPrintedInItsOneCanonicalForm(_ sample: Sample) {
        let address = IPv6Address(high: sample.high, low: sample.low)
        #expect(IPv6Address(sample.text) == address)
        #expect(address.description == sample.canonical)
        #expect(IPv6Address(sample.canonical) == address)
    }

    @Test(
        arguments: [
            "", ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8",
            "1:2:3:4::5:6:7:8", "1::2::3", "::1::", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", ":1::", "1:::2", "12345::",
            "g::",
            "::+1", "::-1", "0x1::", "::1 ", " ::1", "::1%eth0", "::1/128", "[::1]", "1.2.3.4", "1.2.3.4::", "::1.2.3",
            "::1.2.3.4.5", "::1.2.3.256", "::01.2.3.4", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:1.2.3.4",
            "::ffff:1.2.3.4 ", "::１", "::1\n",
        ])
    func nothingElseIsAnAddress(_ text: String) {
        #expect(IPv6Address(text) == nil)
    }

    @Test func bytesAreInNetworkOrder() {
        let bytes: [UInt8] = [0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 255]
        let address = IPv6Address(high: 0x2001_0DB8_0000_0000, low: 0x0102_0304_0506_07FF)
        #expect(address.bytes == bytes)
        #expect(IPv6Address(bytes: bytes[...]) == address)
        #expect(IPv6Address(bytes: bytes.dropLast()) == nil)
        #expect(IPv6Address(bytes: (bytes + [0])[...]) == nil)
    }

    @Test(
        arguments: [
            ("::", "unspecified"), ("::1", "loopback"), ("::2", ""), ("0:0:0:1::1", ""), ("fe7f::1", ""),
            ("fe80::1", "link-local"), ("febf:ffff::1", "link-local"), ("fec0::1", ""), ("feff::", ""),
            ("ff00::", "multicast"), ("ff02::1", "multicast"), ("2001:db8::1", ""), ("::ffff:127.0.0.1", ""),
        ])
    func addressesHaveTheirKinds(_ text: String, _ kind: String) throws {
        #expect(kinds(of: .v6(try #require(IPv6Address(text)))) == kind)
    }

    @Test func aMappedAddressTellsTheIPv4AddressInIt() {
        #expect(IPv6Address("::ffff:10.0.0.1")?.mappedIPv4 == IPv4Address("10.0.0.1"))
        #expect(IPv6Address("::fffe:10.0.0.1")?.mappedIPv4 == nil)
        #expect(IPv6Address("1::ffff:10.0.0.1")?.mappedIPv4 == nil)
    }
}
