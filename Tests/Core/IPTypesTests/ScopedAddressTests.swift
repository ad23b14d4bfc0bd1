import Testing

@testable import IPTypes

@Suite struct `Scoped addresses and roles` {
    static let router = IPv6Address(high: 0xFE80 << 48, low: 1)

    @Test(arguments: [
        ("192.0.2.1", ScopedAddress(.v4(IPv4Address(0xC000_0201)))),
        ("fe80::1%eth0", ScopedAddress(.v6(router), zone: "eth0")),
        ("unnumbered:eth0", ScopedAddress(.v6(IPv6Address(high: 0, low: 0)), zone: "eth0")),
        ("unnumbered:bond0.100@x", .unnumbered("bond0.100@x")),
        ("gateway", .gateway), ("gateway4", .gateway4), ("gateway6", .gateway6),
        ("0.0.0.0", ScopedAddress(.v4(IPv4Address(0)))),
        ("::", ScopedAddress(.v6(IPv6Address(high: 0, low: 0)))),
    ]) func `are printed as they are read`(text: String, address: ScopedAddress) {
        #expect(ScopedAddress(text) == address)
        #expect(address.description == text)
    }

    @Test(arguments: [
        "", "unnumbered", "unnumbered:", "unnumbered:.", "unnumbered:..", "unnumbered:a/b", "unnumbered:a:b",
        "unnumbered:a b", "unnumbered:eth0%eth0", "unnumbered:sixteenletters00", "Unnumbered:eth0", "gateway%eth0",
        "Gateway", "::%eth0", "0.0.0.0%default", "2001:db8::1%eth0", "fe80::1%",
    ]) func `are nothing else`(text: String) {
        #expect(ScopedAddress(text) == nil)
    }

    @Test func `only roles are roles`() {
        #expect(ScopedAddress.unnumbered("eth0").isUnnumbered)
        #expect(!ScopedAddress.unnumbered("eth0").isGateway)
        #expect(ScopedAddress.gateway.isGateway && ScopedAddress.gateway4.isGateway && ScopedAddress.gateway6.isGateway)
        let families = [ScopedAddress.gateway, .gateway4, .gateway6].map { role in
            [true, false].filter { role.isOfFamily(isIPv4: $0) }
        }
        #expect(families == [[true, false], [true], [false]])
        #expect(!ScopedAddress.gateway.isUnnumbered)
        for text in ["0.0.0.0", "::", "fe80::1%eth0", "192.0.2.1"] {
            #expect(ScopedAddress(text).map { !$0.isUnnumbered && !$0.isGateway } == true, "\(text)")
        }
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false),
        ("2001:db8::1", "2001:db8::1", true),
        ("fe80::1", "fe80::1%eth0", true), ("fe80::1%eth0", "fe80::1%eth0", true),
        ("fe80::1%eth0", "fe80::1%eth1", false), ("fe80::1%eth0", "fe80::1", false),
        ("unnumbered:eth0", "fe80::1%eth0", true), ("unnumbered:eth0", "fe80::2%eth0", true),
        ("unnumbered:eth0", "fe80::1%eth1", false), ("unnumbered:eth0", "fe80::1", false),
        ("unnumbered:eth0", "2001:db8::1", false), ("unnumbered:eth0", "192.0.2.1", false),
    ]) func `include the hosts that are meant`(meant: String, host: String, isIncluded: Bool) throws {
        let (meant, host) = (try #require(ScopedAddress(meant)), try #require(ScopedAddress(host)))
        #expect(meant.includes(host) == isIncluded)
    }
}
