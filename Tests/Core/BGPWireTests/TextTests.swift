import BGPWire
import IPTypes
import Testing

/// What operators write and read: numbers, families and communities.
struct TextTests {
    @Test(
        arguments: [
            ("0", 0), ("1", 1), ("65001", 65001), ("4294967295", .max), ("0.1", 1), ("1.0", 65536),
            ("64086.59905", 4_200_000_001), ("65535.65535", .max),
        ] as [(String, UInt32)])
    func anASNumberIsReadPlainAndInASDotAndPrintedPlain(_ text: String, _ value: UInt32) {
        #expect(ASNumber(text) == ASNumber(value))
        #expect(ASNumber(value).description == "\(value)")
    }

    @Test(
        arguments: [
            "", "4294967296", "-1", "+1", "01", "AS65001", "1.", ".1", "1.2.3", "65536.1", "1.65536", "1.02", "1 ",
            "1e3", ".",
        ])
    func nothingElseIsAnASNumber(_ text: String) {
        #expect(ASNumber(text) == nil)
    }

    @Test func aPeerASIsANumberOrAWord() {
        #expect(PeerAS("65001") == .exactly(ASNumber(65001)))
        #expect(PeerAS("1.1") == .exactly(ASNumber(65537)))
        #expect(PeerAS("external") == .external)
        #expect(PeerAS("internal") == .internal)
        #expect(PeerAS("any") == nil)
        #expect(
            [PeerAS.exactly(ASNumber(65537)), .external, .internal].map(\.description) == [
                "65537", "external", "internal",
            ])
    }

    @Test func anIdentifierIsWrittenLikeAnAddress() {
        #expect(BGPIdentifier("10.0.0.1") == BGPIdentifier(0x0A00_0001))
        #expect(BGPIdentifier(0x0A00_0001).description == "10.0.0.1")
        #expect(BGPIdentifier("0.0.0.0") == BGPIdentifier(0))
        #expect(BGPIdentifier("1") == nil)
        #expect(BGPIdentifier("::1") == nil)
    }

    @Test(
        arguments: [
            ("ipv4-unicast", 1, 1), ("ipv6-unicast", 2, 1), ("ipv4-vpn", 1, 128), ("l2vpn-evpn", 25, 70),
            ("ipv6-flowspec", 2, 133), ("link-state", 16388, 71), ("25/77", 25, 77), ("0/0", 0, 0),
            ("65535/255", 65535, 255),
        ] as [(String, UInt16, UInt8)])
    func aFamilyHasANameOrItsTwoNumbers(_ text: String, _ afi: UInt16, _ safi: UInt8) {
        #expect(AddressFamily(text) == AddressFamily(afi: afi, safi: safi))
        #expect(AddressFamily(afi: afi, safi: safi).description == text)
    }

    @Test(arguments: ["", "ipv4", "IPv4-unicast", "1/256", "65536/1", "1/1/1", "1/", "/1", "a/1"])
    func nothingElseIsAFamily(_ text: String) {
        #expect(AddressFamily(text) == nil)
    }
}

struct CommunityTextTests {
    @Test(
        arguments: [
            ("65000:100", 0xFDE8_0064), ("0:0", 0), ("65535:65535", 0xFFFF_FFFF), ("graceful-shutdown", 0xFFFF_0000),
            ("accept-own", 0xFFFF_0001), ("llgr-stale", 0xFFFF_0006), ("no-llgr", 0xFFFF_0007),
            ("blackhole", 0xFFFF_029A),
            ("no-export", 0xFFFF_FF01), ("no-advertise", 0xFFFF_FF02), ("no-export-subconfed", 0xFFFF_FF03),
            ("no-peer", 0xFFFF_FF04), ("65535:667", 0xFFFF_029B),
        ] as [(String, UInt32)])
    func aCommunityIsReadAndPrinted(_ text: String, _ value: UInt32) {
        #expect(Community(text) == Community(value))
        #expect(Community(value).description == text)
    }

    @Test(arguments: [("65535:0", "graceful-shutdown"), ("65535:65281", "no-export"), ("65535:666", "blackhole")])
    func aWellKnownCommunityIsPrintedByItsName(_ text: String, _ name: String) {
        #expect(Community(text)?.description == name)
    }

    @Test(arguments: [
        "", ":", "1", "1:", ":1", "65536:1", "1:65536", "1:2:3", "1:+2", "1:02", "no_export", "NO-EXPORT", "1: 2",
    ])
    func nothingElseIsACommunity(_ text: String) {
        #expect(Community(text) == nil)
    }

    @Test(
        arguments: [
            ("rt:65001:7", 0x0002_FDE9_0000_0007), ("ro:65001:4294967295", 0x0003_FDE9_FFFF_FFFF),
            ("rt:10.0.0.1:7", 0x0102_0A00_0001_0007), ("rt:4200000001:7", 0x0202_FA56_EA01_0007),
            ("ro:65536:65535", 0x0203_0001_0000_FFFF), ("rt:0:0", 0x0002_0000_0000_0000),
            ("lb:65001:125000000", 0x4004_FDE9_4CEE_6B28), ("lb:0:0", 0x4004_0000_0000_0000),
            // Half a byte per second, a negative one and infinity have no short form.
            ("0x4004fde93f000000", 0x4004_FDE9_3F00_0000), ("0x4004fde9bf800000", 0x4004_FDE9_BF80_0000),
            ("0x4004fde97f800000", 0x4004_FDE9_7F80_0000),
            ("0x4302000000000001", 0x4302_0000_0000_0001),
            ("0x0000000000000000", 0), ("0xffffffffffffffff", .max),
        ] as [(String, UInt64)])
    func anExtendedCommunityIsReadAndPrinted(_ text: String, _ value: UInt64) {
        #expect(ExtendedCommunity(text) == ExtendedCommunity(value))
        #expect(ExtendedCommunity(value).description == text)
    }

    @Test func aRouteOriginMayBeCalledSiteOfOriginAndABandwidthIsRoundedToItsFloat() {
        #expect(ExtendedCommunity("soo:65001:7") == ExtendedCommunity("ro:65001:7"))
        #expect(ExtendedCommunity("soo:10.0.0.1:7")?.description == "ro:10.0.0.1:7")
        #expect(ExtendedCommunity("lb:65001:125000001")?.description == "lb:65001:125000000")
        #expect(ExtendedCommunity("lb:4200000001:125000000")?.description == "lb:23456:125000000")
    }

    @Test func anASThatFitsTwoOctetsInAFieldOfFourIsPrintedAsOctets() {
        // "rt:65001:7" would be read as another value, so it must not be printed for this one.
        #expect(ExtendedCommunity(0x0202_0000_FDE9_0007).description == "0x02020000fde90007")
        #expect(ExtendedCommunity("0x0002FDE900000007")?.description == "rt:65001:7")
    }

    @Test(
        arguments: [
            "", "rt", "rt:1", "rt:1:", "rt::1", "rt:1:2:3", "rt:65001:4294967296", "rt:65536:65536", "rt:4294967296:1",
            "rt:10.0.0.1:65536", "rt:10.0.0:1", "rt:1.1:1", "xx:1:2", "RT:1:2", "0x", "0x1", "0x00000000000000000",
            "lb:65001", "lb:10.0.0.1:1", "lb:65001:-1", "lb:65001:1.5", "lb:65001:1:1", "lb:4294967296:1",
            "soo:65001", "0x000000000000000g", "0x+000000000000001", "0002fde900000007",
        ])
    func nothingElseIsAnExtendedCommunity(_ text: String) {
        #expect(ExtendedCommunity(text) == nil)
    }

    @Test func aLargeCommunityIsReadAndPrinted() {
        #expect(LargeCommunity("4294967295:0:65001") == LargeCommunity(.max, 0, 65001))
        #expect(LargeCommunity(.max, 0, 65001).description == "4294967295:0:65001")
        for text in ["", "1:2", "1:2:3:4", "1::3", "4294967296:1:1", "1:1:01", "1:1:-1", "a:1:1"] {
            #expect(LargeCommunity(text) == nil)
        }
    }
}

struct WordsTests {
    @Test(
        arguments: [
            (.multiprotocol(.ipv6Unicast), "multiprotocol ipv6-unicast"),
            (.routeRefresh, "route refresh"),
            (
                .extendedNextHop([
                    .init(family: .ipv4Unicast, nextHopAFI: 2), .init(family: .init(afi: 1, safi: 128), nextHopAFI: 9),
                ]), "extended next hop ipv4-unicast via IPv6, ipv4-vpn via AFI 9"
            ),
            (.extendedMessage, "extended message"),
            (.gracefulRestart(.init(flags: 0, restartTime: 120, families: [])), "graceful restart 120 s"),
            (
                .gracefulRestart(
                    .init(
                        flags: 12, restartTime: 0,
                        families: [.init(family: .ipv4Unicast, flags: 0x80), .init(family: .ipv6Unicast, flags: 0)])),
                "graceful restart 0 s, restarted, also on NOTIFICATION, ipv4-unicast (forwarding kept), ipv6-unicast"
            ),
            (.fourOctetAS(ASNumber(4_200_000_001)), "four-octet AS 4200000001"),
            (.enhancedRouteRefresh, "enhanced route refresh"),
            (.longLivedGracefulRestart([]), "long-lived graceful restart"),
            (
                .longLivedGracefulRestart([.init(family: .ipv4Unicast, flags: 0, staleTime: 3600)]),
                "long-lived graceful restart ipv4-unicast 3600 s"
            ),
            (.fqdn(host: Array("tor1".utf8), domain: []), "host name tor1"),
            (.fqdn(host: Array("tor1".utf8), domain: Array("rack.example".utf8)), "host name tor1.rack.example"),
            (.fqdn(host: Array("a\n\u{1B}[2J".utf8), domain: []), #"host name a\n\u{1b}[2J"#),
            (.other(code: 9, value: [3]), "role customer"),
            (.other(code: 9, value: [77]), "role 77"),
            (.other(code: 9, value: []), "role"),
            (.other(code: 69, value: [0, 1, 1, 3]), "additional paths (00010103)"),
            (.other(code: 75, value: [3] + Array("1.2".utf8)), "software version 1.2"),
            (.other(code: 75, value: [9] + Array("1.2".utf8)), "software version (09312e32)"),
            (.other(code: 75, value: []), "software version"),
            (.other(code: 1, value: [0]), "multiprotocol (00)"),
            (.other(code: 128, value: []), "route refresh (before RFC 2918)"),
            (.other(code: 200, value: []), "capability 200"),
            (
                .other(code: 200, value: Array(repeating: 1, count: 33)),
                "capability 200 (\(String(repeating: "01", count: 32))…)"
            ),
        ] as [(Capability, String)])
    func aCapabilityHasWords(_ capability: Capability, _ words: String) {
        #expect(capability.description == words)
    }

    @Test(
        arguments: [
            (.origin(.igp), "ORIGIN IGP"), (.origin(.egp), "ORIGIN EGP"), (.origin(.incomplete), "ORIGIN incomplete"),
            (.asPath([]), "AS_PATH"),
            (
                .asPath([
                    ASPathSegment(.sequence, [ASNumber(1), ASNumber(2)]),
                    ASPathSegment(.set, [ASNumber(3), ASNumber(4)]),
                    ASPathSegment(.confederationSequence, [ASNumber(5), ASNumber(6)]),
                    ASPathSegment(.confederationSet, [ASNumber(7), ASNumber(8)]),
                ]), "AS_PATH 1 2 {3,4} (5 6) [7,8]"
            ),
            (.nextHop(IPv4Address(0x0A00_0001)), "NEXT_HOP 10.0.0.1"),
            (.multiExitDiscriminator(100), "MULTI_EXIT_DISC 100"), (.localPreference(200), "LOCAL_PREF 200"),
            (.atomicAggregate, "ATOMIC_AGGREGATE"),
            (.aggregator(ASNumber(65001), IPv4Address(0x0A00_0001)), "AGGREGATOR 65001 10.0.0.1"),
            (.communities([.gracefulShutdown, Community(0xFDE8_0064)]), "COMMUNITIES graceful-shutdown 65000:100"),
            (.extendedCommunities([ExtendedCommunity(0x0002_FDE9_0000_0007)]), "EXTENDED COMMUNITIES rt:65001:7"),
            (.largeCommunities([LargeCommunity(1, 2, 3)]), "LARGE_COMMUNITY 1:2:3"),
            (.as4Path([ASPathSegment(.sequence, [ASNumber(70000)])]), "AS4_PATH 70000"),
            (.as4Aggregator(ASNumber(70000), IPv4Address(1)), "AS4_AGGREGATOR 70000 0.0.0.1"),
            (
                .mpReach(
                    MPReach(
                        family: .ipv6Unicast, nextHops: [address("2001:db8::1"), address("fe80::1")],
                        nlri: [prefix("::1/128"), prefix("::2/128")])),
                "MP_REACH_NLRI ipv6-unicast via 2001:db8::1 fe80::1: ::1/128 ::2/128"
            ),
            (
                .mpUnreach(MPUnreach(family: .ipv6Unicast, withdrawn: [prefix("::1/128")])),
                "MP_UNREACH_NLRI ipv6-unicast: ::1/128"
            ),
            (.other(type: 35, value: [0, 0, 0, 1]), "ONLY_TO_CUSTOMER 00000001"),
            (.other(type: 240, value: [1]), "attribute 240 01"),
        ] as [(PathAttribute.Value, String)])
    func aPathAttributeHasWords(_ value: PathAttribute.Value, _ words: String) {
        #expect(PathAttribute(value).description == words)
    }
}
