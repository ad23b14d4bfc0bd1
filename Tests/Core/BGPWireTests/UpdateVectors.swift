import BGPWire
import IPTypes

extension Vector {
    /// UPDATEs that BIRD 2.0.12, FRR 8.4.4, GoBGP 3.10 and ExaBGP 4.2.21 sent.
    static let updates: [Vector] = [
        Vector(
            "update-eor-ipv4",
            "00170200000000",
            .update(Update())),
        Vector(
            "update-eor-ipv6",
            "001d0200000006800f03000201",
            .update(
                Update(attributes: [
                    PathAttribute(flags: 0x80, value: .mpUnreach(MPUnreach(family: .ipv6Unicast, withdrawn: [])))
                ]))),
        Vector(
            "update-ipv4-vip-communities",
            """
            005502000000394001010040020602010000fde94003040a090101c00808fde90064ffff0000c010080002fde9000000\
            07c0200c0000fde90000000100000002200ac80001
            """,
            .update(
                Update(
                    attributes: [
                        PathAttribute(flags: 0x40, value: .origin(.igp)),
                        PathAttribute(flags: 0x40, value: .asPath([ASPathSegment(.sequence, [ASNumber(65001)])])),
                        PathAttribute(flags: 0x40, value: .nextHop(ipv4("10.9.1.1"))),
                        PathAttribute(
                            flags: 0xC0, value: .communities([Community(0xFDE90064), Community(0xFFFF0000)])),
                        PathAttribute(
                            flags: 0xC0, value: .extendedCommunities([ExtendedCommunity(0x0002FDE900000007)])),
                        PathAttribute(flags: 0xC0, value: .largeCommunities([LargeCommunity(65001, 1, 2)])),
                    ], nlri: [prefix("10.200.0.1/32")]))),
        Vector(
            "update-ipv4-vip-minimal",
            "003002000000144001010040020602010000fde94003040a090101200ac80002",
            .update(
                Update(
                    attributes: [
                        PathAttribute(flags: 0x40, value: .origin(.igp)),
                        PathAttribute(flags: 0x40, value: .asPath([ASPathSegment(.sequence, [ASNumber(65001)])])),
                        PathAttribute(flags: 0x40, value: .nextHop(ipv4("10.9.1.1"))),
                    ], nlri: [prefix("10.200.0.2/32")]))),
        Vector(
            "update-ipv4-frr-extlen-aspath-med",
            "0037020000001c400101005002000602010000fdea4003040a0901028004040000000018c63364",
            .update(
                Update(
                    attributes: [
                        PathAttribute(flags: 0x40, value: .origin(.igp)),
                        PathAttribute(flags: 0x50, value: .asPath([ASPathSegment(.sequence, [ASNumber(65002)])])),
                        PathAttribute(flags: 0x40, value: .nextHop(ipv4("10.9.1.2"))),
                        PathAttribute(flags: 0x80, value: .multiExitDiscriminator(0)),
                    ], nlri: [prefix("198.51.100.0/24")]))),
        Vector(
            "update-ipv6-mpreach-32",
            """
            005e0200000047900e00360002012020010db8000900000000000000000001fe800000000000004869dafffe94d56e00\
            8020010db80200000000000000000000014001010040020602010000fde9
            """,
            .update(
                Update(attributes: [
                    PathAttribute(
                        flags: 0x90,
                        value: .mpReach(
                            MPReach(
                                family: .ipv6Unicast,
                                nextHops: [address("2001:db8:9::1"), address("fe80::4869:daff:fe94:d56e")],
                                nlri: [prefix("2001:db8:200::1/128")]))),
                    PathAttribute(flags: 0x40, value: .origin(.igp)),
                    PathAttribute(flags: 0x40, value: .asPath([ASPathSegment(.sequence, [ASNumber(65001)])])),
                ]))),
        Vector(
            "update-ipv6-mpreach-frr-48",
            """
            005c0200000045900e002c0002012020010db8000900000000000000000002fe8000000000000028e76ffffea97fc300\
            3020010db85100400101005002000602010000fdea80040400000000
            """,
            .update(
                Update(attributes: [
                    PathAttribute(
                        flags: 0x90,
                        value: .mpReach(
                            MPReach(
                                family: .ipv6Unicast,
                                nextHops: [address("2001:db8:9::2"), address("fe80::28e7:6fff:fea9:7fc3")],
                                nlri: [prefix("2001:db8:5100::/48")]))),
                    PathAttribute(flags: 0x40, value: .origin(.igp)),
                    PathAttribute(flags: 0x50, value: .asPath([ASPathSegment(.sequence, [ASNumber(65002)])])),
                    PathAttribute(flags: 0x80, value: .multiExitDiscriminator(0)),
                ]))),
        Vector(
            "update-ipv4-prepended-path",
            "00350200000019400101005002000a02020000fdea0000fde94003040a090102200ac80002",
            .update(
                Update(
                    attributes: [
                        PathAttribute(flags: 0x40, value: .origin(.igp)),
                        PathAttribute(
                            flags: 0x50, value: .asPath([ASPathSegment(.sequence, [ASNumber(65002), ASNumber(65001)])])),
                        PathAttribute(flags: 0x40, value: .nextHop(ipv4("10.9.1.2"))),
                    ], nlri: [prefix("10.200.0.2/32")]))),
        Vector(
            "update-withdraw-ipv4-two",
            "002102000a200ac80001200ac800020000",
            .update(Update(withdrawn: [prefix("10.200.0.1/32"), prefix("10.200.0.2/32")]))),
        Vector(
            "update-withdraw-ipv6",
            "002f0200000018900f00140002018020010db8020000000000000000000001",
            .update(
                Update(attributes: [
                    PathAttribute(
                        flags: 0x90,
                        value: .mpUnreach(MPUnreach(family: .ipv6Unicast, withdrawn: [prefix("2001:db8:200::1/128")])))
                ]))),
        Vector(
            "update-ipv4-as4-origin-incomplete",
            "00300200000014400101024002060201fa56ea014003040a090101200ac80001",
            .update(
                Update(
                    attributes: [
                        PathAttribute(flags: 0x40, value: .origin(.incomplete)),
                        PathAttribute(flags: 0x40, value: .asPath([ASPathSegment(.sequence, [ASNumber(4200000001)])])),
                        PathAttribute(flags: 0x40, value: .nextHop(ipv4("10.9.1.1"))),
                    ], nlri: [prefix("10.200.0.1/32")]))),
        Vector(
            "update-ipv6-mpreach-16-last",
            """
            004d0200000036400101024002060201fa56ea01800e260002011020010db8000900000000000000000001008020010d\
            b8020000000000000000000001
            """,
            .update(
                Update(attributes: [
                    PathAttribute(flags: 0x40, value: .origin(.incomplete)),
                    PathAttribute(flags: 0x40, value: .asPath([ASPathSegment(.sequence, [ASNumber(4200000001)])])),
                    PathAttribute(
                        flags: 0x80,
                        value: .mpReach(
                            MPReach(
                                family: .ipv6Unicast, nextHops: [address("2001:db8:9::1")],
                                nlri: [prefix("2001:db8:200::1/128")]))),
                ]))),
        Vector(
            "update-graceful-shutdown-med",
            "003e0200000022400101004002060201fa56ea014003040a09010180040400000064c00804ffff0000200ac80001",
            .update(
                Update(
                    attributes: [
                        PathAttribute(flags: 0x40, value: .origin(.igp)),
                        PathAttribute(flags: 0x40, value: .asPath([ASPathSegment(.sequence, [ASNumber(4200000001)])])),
                        PathAttribute(flags: 0x40, value: .nextHop(ipv4("10.9.1.1"))),
                        PathAttribute(flags: 0x80, value: .multiExitDiscriminator(100)),
                        PathAttribute(flags: 0xC0, value: .communities([Community(0xFFFF0000)])),
                    ], nlri: [prefix("10.200.0.1/32")]))),
        Vector(
            "update-noexport-blackhole-large",
            """
            004a020000002e400101004002060201fa56ea014003040a090101c00808ffffff01fdea029ac0200cfa56ea01000000\
            0100000002200ac80003
            """,
            .update(
                Update(
                    attributes: [
                        PathAttribute(flags: 0x40, value: .origin(.igp)),
                        PathAttribute(flags: 0x40, value: .asPath([ASPathSegment(.sequence, [ASNumber(4200000001)])])),
                        PathAttribute(flags: 0x40, value: .nextHop(ipv4("10.9.1.1"))),
                        PathAttribute(
                            flags: 0xC0, value: .communities([Community(0xFFFFFF01), Community(0xFDEA029A)])),
                        PathAttribute(flags: 0xC0, value: .largeCommunities([LargeCommunity(4200000001, 1, 2)])),
                    ], nlri: [prefix("10.200.0.3/32")]))),
        Vector(
            "update-withdraw-ipv4-one",
            "001c020005200ac800010000",
            .update(Update(withdrawn: [prefix("10.200.0.1/32")]))),
        Vector(
            "update-withdraw-ipv6-flags80",
            "002e0200000017800f140002018020010db8020000000000000000000001",
            .update(
                Update(attributes: [
                    PathAttribute(
                        flags: 0x80,
                        value: .mpUnreach(MPUnreach(family: .ipv6Unicast, withdrawn: [prefix("2001:db8:200::1/128")])))
                ]))),
        Vector(
            "update-old-speaker-as4path",
            "0037020000001b4001010040020402015ba04003040a090102c011060201fa56ea0220cb007107",
            .update(
                Update(
                    attributes: [
                        PathAttribute(flags: 0x40, value: .origin(.igp)),
                        PathAttribute(flags: 0x40, value: .asPath([ASPathSegment(.sequence, [ASNumber(23456)])])),
                        PathAttribute(flags: 0x40, value: .nextHop(ipv4("10.9.1.2"))),
                        PathAttribute(flags: 0xC0, value: .as4Path([ASPathSegment(.sequence, [ASNumber(4200000002)])])),
                    ], nlri: [prefix("203.0.113.7/32")])),
            fourOctetAS: false),
        Vector(
            "update-old-speaker-2octet-path",
            "00400200000024400101004002040201fde94003040a0901018004040000000ac00808fde90001ffffff01200ac80001",
            .update(
                Update(
                    attributes: [
                        PathAttribute(flags: 0x40, value: .origin(.igp)),
                        PathAttribute(flags: 0x40, value: .asPath([ASPathSegment(.sequence, [ASNumber(65001)])])),
                        PathAttribute(flags: 0x40, value: .nextHop(ipv4("10.9.1.1"))),
                        PathAttribute(flags: 0x80, value: .multiExitDiscriminator(10)),
                        PathAttribute(
                            flags: 0xC0, value: .communities([Community(0xFDE90001), Community(0xFFFFFF01)])),
                    ], nlri: [prefix("10.200.0.1/32")])),
            fourOctetAS: false),
        Vector(
            "update-old-speaker-prepend3",
            """
            00410200000025400101024002080203fde9fde9fde94003040a090101c0200c0000fde90000000200000003200ac800\
            09
            """,
            .update(
                Update(
                    attributes: [
                        PathAttribute(flags: 0x40, value: .origin(.incomplete)),
                        PathAttribute(
                            flags: 0x40,
                            value: .asPath([
                                ASPathSegment(.sequence, [ASNumber(65001), ASNumber(65001), ASNumber(65001)])
                            ])),
                        PathAttribute(flags: 0x40, value: .nextHop(ipv4("10.9.1.1"))),
                        PathAttribute(flags: 0xC0, value: .largeCommunities([LargeCommunity(65001, 2, 3)])),
                    ], nlri: [prefix("10.200.0.9/32")])),
            fourOctetAS: false),
        Vector(
            "update-eor-ipv6-extlen",
            "001e0200000007900f0003000201",
            .update(
                Update(attributes: [
                    PathAttribute(flags: 0x90, value: .mpUnreach(MPUnreach(family: .ipv6Unicast, withdrawn: [])))
                ]))),
        Vector(
            "update-rfc8950-ibgp",
            """
            0043020000002c900e001a0001011020010db800090000000000000000000100200ac800014001010040020040050400\
            0000c8
            """,
            .update(
                Update(attributes: [
                    PathAttribute(
                        flags: 0x90,
                        value: .mpReach(
                            MPReach(
                                family: .ipv4Unicast, nextHops: [address("2001:db8:9::1")],
                                nlri: [prefix("10.200.0.1/32")]))),
                    PathAttribute(flags: 0x40, value: .origin(.igp)),
                    PathAttribute(flags: 0x40, value: .asPath([])),
                    PathAttribute(flags: 0x40, value: .localPreference(200)),
                ]))),
        Vector(
            "update-rfc8950-withdraw",
            "0023020000000c900f0008000101200ac80001",
            .update(
                Update(attributes: [
                    PathAttribute(
                        flags: 0x90,
                        value: .mpUnreach(MPUnreach(family: .ipv4Unicast, withdrawn: [prefix("10.200.0.1/32")])))
                ]))),
    ]
}
