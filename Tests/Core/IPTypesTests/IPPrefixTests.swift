import IPTypes
import Testing

struct IPPrefixTests {
    @Test(
        arguments: [
            "0.0.0.0/0", "10.0.0.0/8", "10.128.0.0/9", "10.0.0.1/32", "255.255.255.254/31", "::/0", "2001:db8::/32",
            "2001:db8::/64", "2001:db8:0:0:8000::/65", "2001:db8::1/128", "fe80::/10",
        ])
    func aPrefixIsReadAndPrinted(_ text: String) throws {
        let prefix = try #require(IPPrefix(parsing: text))
        #expect(prefix.description == text)
    }

    @Test func aBareAddressIsItsHostRoute() {
        #expect(IPPrefix(parsing: "10.0.0.1")?.description == "10.0.0.1/32")
        #expect(IPPrefix(parsing: "2001:db8::1")?.description == "2001:db8::1/128")
        #expect(IPPrefix(parsing: "10.0.0.1")?.isHost == true)
        #expect(IPPrefix(parsing: "10.0.0.0/31")?.isHost == false)
        #expect(IPPrefix(parsing: "2001:db8::1")?.isHost == true)
        #expect(IPPrefix(parsing: "::/32")?.isHost == false)
    }

    @Test(
        arguments: [
            "", "/", "/24", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08", "10.0.0.0/8/8",
            "10.0.0.0 /8", "10.0.0.0/255.0.0.0", "10/8", "::/129", "::/", "fe80::1%eth0/128",
            "10.0.0.0/9999999999999999999",
        ])
    func nothingElseIsAPrefix(_ text: String) {
        #expect(IPPrefix(parsing: text) == nil)
    }

    @Test(arguments: ["10.0.0.1/24", "10.0.0.1/0", "2001:db8::1/64", "2001:db8::/16"])
    func bitsBehindTheLengthAreRefusedInText(_ text: String) {
        #expect(IPPrefix(parsing: text) == nil)
    }

    @Test(arguments: 0...32)
    func bitsBehindTheLengthAreClearedInIPv4(_ length: Int) throws {
        let prefix = try #require(IPPrefix(.v4(IPv4Address(.max)), length: length))
        #expect(prefix.address == .v4(IPv4Address(UInt32(truncatingIfNeeded: UInt64(0xFFFF_FFFF) << (32 - length)))))
        #expect(prefix.length == length)
    }

    @Test(arguments: 0...128)
    func bitsBehindTheLengthAreClearedInIPv6(_ length: Int) throws {
        let prefix = try #require(IPPrefix(.v6(IPv6Address(high: .max, low: .max)), length: length))
        let bits = (0..<128).map { $0 < length ? "1" : "0" }.joined()
        #expect(
            prefix.address
                == .v6(
                    IPv6Address(
                        high: UInt64(bits.prefix(64), radix: 2) ?? 0, low: UInt64(bits.suffix(64), radix: 2) ?? 0)))
    }

    @Test func aLengthThatDoesNotFitTheFamilyIsNoPrefix() {
        #expect(IPPrefix(.v4(IPv4Address(0)), length: 33) == nil)
        #expect(IPPrefix(.v4(IPv4Address(0)), length: -1) == nil)
        #expect(IPPrefix(.v6(IPv6Address(high: 0, low: 0)), length: 129) == nil)
    }

    @Test(
        arguments: [
            ("10.0.0.0/8", "10.255.255.255", true), ("10.0.0.0/8", "11.0.0.0", false), ("0.0.0.0/0", "1.2.3.4", true),
            ("10.0.0.1/32", "10.0.0.1", true), ("10.0.0.1/32", "10.0.0.0", false), ("0.0.0.0/0", "::", false),
            ("::/0", "0.0.0.0", false), ("2001:db8::/32", "2001:db8:ffff::", true),
            ("2001:db8::/32", "2001:db9::", false),
            ("2001:db8::/96", "2001:db8::1:0:0", false), ("10.0.0.0/8", "10.1.0.0/16", true),
            ("10.1.0.0/16", "10.0.0.0/8", false), ("10.0.0.0/8", "10.0.0.0/8", true),
            ("10.0.0.0/8", "10.0.0.0/7", false),
        ])
    func aPrefixContainsWhatIsInsideIt(_ prefix: String, _ inner: String, _ contains: Bool) throws {
        let prefix = try #require(IPPrefix(parsing: prefix))
        if let address = IPAddress(inner) { #expect(prefix.contains(address) == contains) }
        if let other = IPPrefix(parsing: inner) { #expect(prefix.contains(other) == contains) }
    }

    @Test func prefixesAreOrderedByAddressAndThenLength() {
        let texts = ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/16", "10.1.0.0/16", "::/0", "2001:db8::/32"]
        #expect(texts.reversed().compactMap { IPPrefix(parsing: $0) }.sorted().map(\.description) == texts)
    }
}
