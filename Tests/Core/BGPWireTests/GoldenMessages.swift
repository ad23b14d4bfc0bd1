import BGPWire
import IPTypes

/// One message of each kind, its octets annotated, written from the RFCs and not by the encoder.
enum Golden {
    static let open: [UInt8] = frame(
        type: 1,
        [
            0x04,  // version
            0x5B, 0xA0,  // My Autonomous System: AS_TRANS, because 4200000001 does not fit
            0x00, 0x09,  // hold time 9 s
            0x0A, 0x00, 0x00, 0x01,  // BGP identifier 10.0.0.1
            0x2E,  // optional parameters length: 46
            0x02, 0x2C,  // parameter: capabilities, 44 octets
            0x01, 0x04, 0x00, 0x01, 0x00, 0x01,  // multiprotocol, IPv4 unicast
            0x01, 0x04, 0x00, 0x02, 0x00, 0x01,  // multiprotocol, IPv6 unicast
            0x02, 0x00,  // route refresh
            0x05, 0x06, 0x00, 0x01, 0x00, 0x01, 0x00, 0x02,  // extended next hop: IPv4 unicast over IPv6
            0x40, 0x02, 0x00, 0x78,  // graceful restart: no flag, 120 s, no family
            0x41, 0x04, 0xFA, 0x56, 0xEA, 0x01,  // four-octet AS 4200000001
            0x47, 0x00,  // long-lived graceful restart without family
            0x49, 0x08, 0x06, 0x6E, 0x6F, 0x64, 0x65, 0x2D, 0x31, 0x00,  // host name "node-1", no domain
        ])

    static let openMessage = Message.open(
        Open(
            myAS: 23456, holdTime: 9, identifier: BGPIdentifier(0x0A00_0001),
            parameters: [
                .capabilities([
                    .multiprotocol(.ipv4Unicast), .multiprotocol(.ipv6Unicast), .routeRefresh,
                    .extendedNextHop([.init(family: .ipv4Unicast, nextHopAFI: 2)]),
                    .gracefulRestart(.init(flags: 0, restartTime: 120, families: [])),
                    .fourOctetAS(ASNumber(4_200_000_001)), .longLivedGracefulRestart([]),
                    .fqdn(host: Array("node-1".utf8), domain: []),
                ])
            ]))

    static let update: [UInt8] = frame(
        type: 2,
        [
            0x00, 0x05,  // withdrawn routes length
            0x20, 0x0A, 0xC8, 0x00, 0x02,  // 10.200.0.2/32
            0x00, 0x58,  // total path attribute length: 88
            0x40, 0x01, 0x01, 0x02,  // ORIGIN incomplete
            0x50, 0x02, 0x00, 0x0C,  // AS_PATH, extended length
            0x02, 0x01, 0x00, 0x00, 0xFD, 0xE9,  // sequence of 65001...
            0x01, 0x01, 0x00, 0x01, 0x11, 0x70,  // ... and set of 70000
            0x40, 0x03, 0x04, 0x0A, 0x00, 0x00, 0x01,  // NEXT_HOP 10.0.0.1
            0x80, 0x04, 0x04, 0x00, 0x00, 0x00, 0x64,  // MULTI_EXIT_DISC 100
            0x40, 0x05, 0x04, 0x00, 0x00, 0x00, 0xC8,  // LOCAL_PREF 200
            0x40, 0x06, 0x00,  // ATOMIC_AGGREGATE
            0xC0, 0x07, 0x08, 0x00, 0x01, 0x11, 0x70, 0x0A, 0x00, 0x00, 0x01,  // AGGREGATOR 70000 10.0.0.1
            0xC0, 0x08, 0x04, 0xFF, 0xFF, 0x00, 0x00,  // COMMUNITIES graceful-shutdown
            0xC0, 0x10, 0x08, 0x00, 0x02, 0xFD, 0xE9, 0x00, 0x00, 0x00, 0x07,  // EXTENDED COMMUNITIES rt:65001:7
            0xC0, 0x20, 0x0C, 0x00, 0x00, 0xFD, 0xE9, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x02,  // 65001:1:2
            0x00,  // 0.0.0.0/0
            0x09, 0x0A, 0x80,  // 10.128.0.0/9
            0x20, 0x0A, 0xC8, 0x00, 0x01,  // 10.200.0.1/32
        ])

    static let updateMessage = Message.update(
        Update(
            withdrawn: [prefix("10.200.0.2/32")],
            attributes: [
                PathAttribute(.origin(.incomplete)),
                PathAttribute(
                    flags: 0x50,
                    value: .asPath([
                        ASPathSegment(.sequence, [ASNumber(65001)]), ASPathSegment(.set, [ASNumber(70000)]),
                    ])),
                PathAttribute(.nextHop(ipv4("10.0.0.1"))),
                PathAttribute(.multiExitDiscriminator(100)),
                PathAttribute(.localPreference(200)),
                PathAttribute(.atomicAggregate),
                PathAttribute(.aggregator(ASNumber(70000), ipv4("10.0.0.1"))),
                PathAttribute(.communities([.gracefulShutdown])),
                PathAttribute(.extendedCommunities([ExtendedCommunity(0x0002_FDE9_0000_0007)])),
                PathAttribute(.largeCommunities([LargeCommunity(65001, 1, 2)])),
            ],
            nlri: [prefix("0.0.0.0/0"), prefix("10.128.0.0/9"), prefix("10.200.0.1/32")]))

    static let notification: [UInt8] = frame(
        type: 3,
        [
            0x06,  // Cease
            0x02,  // Administrative Shutdown
            0x03, 0x62, 0x79, 0x65,  // "bye"
        ])

    static let notificationMessage = Message.notification(.cease(subcode: 2, communication: "bye"))

    static let keepalive: [UInt8] = frame(type: 4, [])

    static let routeRefresh: [UInt8] = frame(
        type: 5,
        [
            0x00, 0x02,  // AFI: IPv6
            0x01,  // subtype: begin of refresh
            0x01,  // SAFI: unicast
            0xAA,  // what an ORF entry may be
        ])

    static let routeRefreshMessage = Message.routeRefresh(
        RouteRefresh(family: .ipv6Unicast, subtype: 1, rest: [0xAA]))

    static let all: [([UInt8], Message)] = [
        (open, openMessage), (update, updateMessage), (notification, notificationMessage), (keepalive, .keepalive),
        (routeRefresh, routeRefreshMessage),
    ]
}
