import BGPWire
import IPTypes

extension Vector {
    /// OPENs that BIRD 2.0.12, FRR 8.4.4, GoBGP 3.10 and ExaBGP 4.2.21 sent.
    static let opens: [Vector] = [
        Vector(
            "open-bird-extmsg",
            "003d0104fde9005a0a09010120021e010400010001010400020001020006004002007841040000fde946004700",
            .open(
                Open(
                    myAS: 65001, holdTime: 90, identifier: BGPIdentifier(ipv4("10.9.1.1")),
                    parameters: [
                        .capabilities([
                            .multiprotocol(.ipv4Unicast),
                            .multiprotocol(.ipv6Unicast),
                            .routeRefresh,
                            .extendedMessage,
                            .gracefulRestart(.init(flags: 0, restartTime: 120, families: [])),
                            .fourOctetAS(ASNumber(65001)),
                            .enhancedRouteRefresh,
                            .longLivedGracefulRestart([]),
                        ])
                    ]))),
        Vector(
            "open-frr-many-params",
            """
            00710104fdea00090a0901025402060104000100010206010400020001020280000202020002024600020641040000fd\
            ea02020600020a450800010101000201010206490402766d0002044002c0780210470e00010180000000000201800000\
            00
            """,
            .open(
                Open(
                    myAS: 65002, holdTime: 9, identifier: BGPIdentifier(ipv4("10.9.1.2")),
                    parameters: [
                        .capabilities([
                            .multiprotocol(.ipv4Unicast)
                        ]),
                        .capabilities([
                            .multiprotocol(.ipv6Unicast)
                        ]),
                        .capabilities([
                            .other(code: 128, value: [])
                        ]),
                        .capabilities([
                            .routeRefresh
                        ]),
                        .capabilities([
                            .enhancedRouteRefresh
                        ]),
                        .capabilities([
                            .fourOctetAS(ASNumber(65002))
                        ]),
                        .capabilities([
                            .extendedMessage
                        ]),
                        .capabilities([
                            .other(code: 69, value: [0x00, 0x01, 0x01, 0x01, 0x00, 0x02, 0x01, 0x01])
                        ]),
                        .capabilities([
                            .fqdn(host: Array("vm".utf8), domain: Array("".utf8))
                        ]),
                        .capabilities([
                            .gracefulRestart(.init(flags: 12, restartTime: 120, families: []))
                        ]),
                        .capabilities([
                            .longLivedGracefulRestart([
                                .init(family: .ipv4Unicast, flags: 128, staleTime: 0),
                                .init(family: .ipv6Unicast, flags: 128, staleTime: 0),
                            ])
                        ]),
                    ]))),
        Vector(
            "open-gobgp-as4trans-gr-n-bit",
            """
            004d01045ba000090a09010130022e0200490402766d000104000100010104000200014104fa56ea01400a4078000101\
            00000201000506000100010002
            """,
            .open(
                Open(
                    myAS: 23456, holdTime: 9, identifier: BGPIdentifier(ipv4("10.9.1.1")),
                    parameters: [
                        .capabilities([
                            .routeRefresh,
                            .fqdn(host: Array("vm".utf8), domain: Array("".utf8)),
                            .multiprotocol(.ipv4Unicast),
                            .multiprotocol(.ipv6Unicast),
                            .fourOctetAS(ASNumber(4200000001)),
                            .gracefulRestart(
                                .init(
                                    flags: 4, restartTime: 120,
                                    families: [
                                        .init(family: .ipv4Unicast, flags: 0), .init(family: .ipv6Unicast, flags: 0),
                                    ])),
                            .extendedNextHop([.init(family: .ipv4Unicast, nextHopAFI: 2)]),
                        ])
                    ]))),
        Vector(
            "open-bird-extnh-gr",
            """
            004b0104fdea00090a0901022e022c01040001000101040002000102000506000100010002400a007800010100000201\
            0041040000fdea46004700
            """,
            .open(
                Open(
                    myAS: 65002, holdTime: 9, identifier: BGPIdentifier(ipv4("10.9.1.2")),
                    parameters: [
                        .capabilities([
                            .multiprotocol(.ipv4Unicast),
                            .multiprotocol(.ipv6Unicast),
                            .routeRefresh,
                            .extendedNextHop([.init(family: .ipv4Unicast, nextHopAFI: 2)]),
                            .gracefulRestart(
                                .init(
                                    flags: 0, restartTime: 120,
                                    families: [
                                        .init(family: .ipv4Unicast, flags: 0), .init(family: .ipv6Unicast, flags: 0),
                                    ])),
                            .fourOctetAS(ASNumber(65002)),
                            .enhancedRouteRefresh,
                            .longLivedGracefulRestart([]),
                        ])
                    ]))),
        Vector(
            "open-exabgp-no-as4",
            "00390104fde900090a0901011c02060104000100010206010400020001020202000202460002020600",
            .open(
                Open(
                    myAS: 65001, holdTime: 9, identifier: BGPIdentifier(ipv4("10.9.1.1")),
                    parameters: [
                        .capabilities([
                            .multiprotocol(.ipv4Unicast)
                        ]),
                        .capabilities([
                            .multiprotocol(.ipv6Unicast)
                        ]),
                        .capabilities([
                            .routeRefresh
                        ]),
                        .capabilities([
                            .enhancedRouteRefresh
                        ]),
                        .capabilities([
                            .extendedMessage
                        ]),
                    ]))),
        Vector(
            "open-bird-extnh-ibgp",
            """
            00430104fde900090a090101260224010400010001010400020001020005060001000100024002007841040000fde946\
            004700
            """,
            .open(
                Open(
                    myAS: 65001, holdTime: 9, identifier: BGPIdentifier(ipv4("10.9.1.1")),
                    parameters: [
                        .capabilities([
                            .multiprotocol(.ipv4Unicast),
                            .multiprotocol(.ipv6Unicast),
                            .routeRefresh,
                            .extendedNextHop([.init(family: .ipv4Unicast, nextHopAFI: 2)]),
                            .gracefulRestart(.init(flags: 0, restartTime: 120, families: [])),
                            .fourOctetAS(ASNumber(65001)),
                            .enhancedRouteRefresh,
                            .longLivedGracefulRestart([]),
                        ])
                    ]))),
    ]
}
