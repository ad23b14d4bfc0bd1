import CLinuxShim
import Glibc
import IPTypes
import Testing

@testable import Netlink

/// Default routes and neighbours, as recorded on Linux 6.18.
@Suite struct RouteParsingTests {
    static let routeDump = hex(
        """
        50 00 00 00  # length 80
        18 00 22 00 01 00 00 00 dc e1 0a ed  # RTM_NEWROUTE, MULTI | DUMP_FILTERED, sequence 1
        02 00 00 00 fe 03 00 01 00 00 00 00  # AF_INET, default, main, boot, universe, unicast
        08 00 0f 00 fe 00 00 00  # RTA_TABLE main
        08 00 06 00 07 00 00 00  # RTA_PRIORITY 7
        24 00 09 00  # RTA_MULTIPATH
        10 00 00 00 03 00 00 00 08 00 05 00 c0 00 02 07  # interface 3, RTA_GATEWAY
        10 00 00 00 03 00 00 00 08 00 05 00 c0 00 02 08
        4c 00 00 00  # length 76
        18 00 22 00 01 00 00 00 dc e1 0a ed
        02 00 00 00 fe 03 00 01 00 00 00 00
        08 00 0f 00 fe 00 00 00
        08 00 06 00 09 00 00 00  # RTA_PRIORITY 9
        16 00 12 00 0a 00 fe 80 00 00 00 00 00 00 00 00 00 00 00 00 00 09 00 00  # RTA_VIA fe80::9, padding
        08 00 04 00 03 00 00 00  # RTA_OIF 3
        3c 00 00 00  # length 60
        18 00 22 00 01 00 00 00 dc e1 0a ed
        02 18 00 00 fe 02 fd 01 00 00 00 00  # a connected subnet
        08 00 0f 00 fe 00 00 00
        08 00 01 00 c0 00 02 00
        08 00 07 00 c0 00 02 01
        08 00 04 00 03 00 00 00
        74 00 00 00  # length 116
        18 00 22 00 01 00 00 00 dc e1 0a ed
        0a 00 00 00 fe 03 00 01 00 00 00 00  # AF_INET6, default, main
        08 00 0f 00 fe 00 00 00
        08 00 06 00 00 04 00 00  # RTA_PRIORITY 1024
        14 00 05 00 fe 80 00 00 00 00 00 00 00 00 00 00 00 00 00 01  # RTA_GATEWAY
        08 00 04 00 03 00 00 00  # RTA_OIF 3
        24 00 0c 00  # RTA_CACHEINFO
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        05 00 14 00 00 00 00 00  # RTA_PREF
        """)

    static let neighbourDump = hex(
        """
        4c 00 00 00  # length 76
        1c 00 02 00 01 00 00 00 dc e1 0a ed  # RTM_NEWNEIGH, MULTI, sequence 1
        02 00 00 00 03 00 00 00 04 00 00 01  # AF_INET, interface 3, NUD_STALE, unicast
        08 00 01 00 c0 00 02 08  # NDA_DST
        0a 00 02 00 02 00 00 00 00 01 00 00  # NDA_LLADDR
        08 00 04 00 00 00 00 00
        14 00 03 00 70 17 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        40 00 00 00  # length 64
        1c 00 02 00 01 00 00 00 dc e1 0a ed
        02 00 00 00 03 00 00 00 20 00 00 01  # NUD_FAILED
        08 00 01 00 c0 00 02 07
        08 00 04 00 00 00 00 00
        14 00 03 00 70 17 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        14 00 00 00  # NLMSG_DONE
        03 00 02 00 01 00 00 00 dc e1 0a ed
        00 00 00 00
        """)

    static func exchange(_ datagrams: [UInt8]...) -> NetlinkExchange {
        NetlinkExchange(socket: RecordedSocket(datagrams))
    }

    @Test func `gateways come from RTA_GATEWAY, RTA_VIA and RTA_MULTIPATH`() throws {
        #expect(
            try Self.exchange(Self.routeDump, done(1)).defaultRoutes() == [
                DefaultRoute(gateway: .of("192.0.2.7"), interfaceIndex: 3, metric: 7, isIPv4: true),
                DefaultRoute(gateway: .of("192.0.2.8"), interfaceIndex: 3, metric: 7, isIPv4: true),
                DefaultRoute(gateway: .of("fe80::9"), interfaceIndex: 3, metric: 9, isIPv4: true),
                DefaultRoute(gateway: .of("fe80::1"), interfaceIndex: 3, metric: 1024, isIPv4: false),
            ])
    }

    @Test func `every truncation of a route message is malformed or loses whole attributes`() {
        let boundaries: Set = [28, 36, 44]
        for length in 16..<80 {
            var cut = Array(Self.routeDump.prefix(length))
            cut[0] = UInt8(length)
            let result = Result { try Self.exchange(cut, done(1)).defaultRoutes() }
            if boundaries.contains(length) {
                #expect((try? result.get()) == [], "cut to \(length) bytes")
            } else {
                #expect(throws: NetlinkError.malformedAnswer(operation: "listing the routes"), "\(length) bytes") {
                    try result.get()
                }
            }
        }
    }

    @Test func `a next hop longer than its attribute, or too short to be one, is malformed`() {
        for length: UInt8 in [0, 7, 33, 0xFF] {
            var hostile = Self.routeDump
            hostile[48] = length
            #expect(throws: NetlinkError.malformedAnswer(operation: "listing the routes")) {
                try Self.exchange(hostile, done(1)).defaultRoutes()
            }
        }
    }

    @Test(arguments: [(17, 8), (32, 0xFF), (23, 6), (25, 2)] as [(Int, UInt8)])
    func `subnets, other tables, blackholes and cache entries are no default routes`(position: Int, value: UInt8) throws
    {
        var other = Array(Self.routeDump.prefix(80))
        other[position] = value
        #expect(try Self.exchange(other, done(1)).defaultRoutes() == [])
    }

    @Test func `a gateway is named once, and a link-local one with its interface`() throws {
        let links = link(1, index: 1, name: "lo") + link(1, index: 3, name: "eth0")
        var routes = Self.routeDump + Self.routeDump
        for start in messageStarts(routes) { routes[start + 8] = 2 }
        #expect(
            try Self.exchange(links, done(1), routes, done(2)).defaultGateways() == [
                ScopedAddress(.of("192.0.2.7")), ScopedAddress(.of("192.0.2.8")),
                ScopedAddress(.of("fe80::9"), zone: "eth0"), ScopedAddress(.of("fe80::1"), zone: "eth0"),
            ])
    }

    @Test func `a link-local gateway on an interface that went away is left out`() throws {
        var routes = Self.routeDump
        for start in messageStarts(routes) { routes[start + 8] = 2 }
        #expect(
            try Self.exchange(link(1, index: 1, name: "lo"), done(1), routes, done(2)).defaultGateways()
                == [ScopedAddress(.of("192.0.2.7")), ScopedAddress(.of("192.0.2.8"))])
    }

    @Test(arguments: [("192.0.2.8", NeighbourState.stale, true), ("192.0.2.7", .failed, false)])
    func `a neighbour is found by its address`(text: String, state: NeighbourState, answers: Bool) throws {
        let found = try Self.exchange(Self.neighbourDump).neighbour(of: ScopedAddress(.of(text)))
        #expect(found == state)
        #expect(found?.answersARP == answers)
    }

    @Test func `an unknown neighbour is nil, as is one on another interface`() throws {
        #expect(try Self.exchange(Self.neighbourDump).neighbour(of: ScopedAddress(.of("192.0.2.1"))) == nil)
        var table = Self.neighbourDump
        for start in messageStarts(table) { table[start + 8] = 2 }
        #expect(
            try Self.exchange(link(1, index: 4, name: "eth1"), done(1), table)
                .neighbour(of: ScopedAddress(.of("192.0.2.8"), zone: "eth1")) == nil)
    }

    @Test func `of a neighbour known on several links the one that answers counts`() throws {
        var table = Self.neighbourDump
        // The second line becomes 192.0.2.8 as well, and the first one failed.
        table[24] = UInt8(NUD_FAILED)
        table[76 + 24] = UInt8(NUD_REACHABLE)
        table.replaceSubrange((76 + 32)..<(76 + 36), with: [192, 0, 2, 8])
        #expect(try Self.exchange(table).neighbour(of: ScopedAddress(.of("192.0.2.8"))) == .reachable)
    }

    @Test func `each neighbour state tells whether the host answers`() {
        let states: [(CInt, NeighbourState?, Bool?)] = [
            (NUD_INCOMPLETE, .incomplete, false), (NUD_REACHABLE, .reachable, true), (NUD_STALE, .stale, true),
            (NUD_DELAY, .delay, true), (NUD_PROBE, .probe, true), (NUD_FAILED, .failed, false),
            (NUD_NOARP, .permanent, nil), (NUD_PERMANENT, .permanent, nil), (NUD_NONE, nil, nil),
        ]
        for (number, state, answers) in states {
            #expect(NeighbourState(kernelState: UInt16(number)) == state)
            #expect(NeighbourState(kernelState: UInt16(number))?.answersARP == answers)
        }
    }
}

/// Where the messages of a datagram begin.
func messageStarts(_ datagram: [UInt8]) -> [Int] {
    var starts: [Int] = []
    var start = 0
    while start + 4 <= datagram.count {
        starts.append(start)
        start += Int(datagram[start]) + Int(datagram[start + 1]) << 8
    }
    return starts
}

/// The candidate for the BGP identifier.
@Suite struct NodeAddressTests {
    static func nodeAddress(
        addresses: [[UInt8]], routes: [[UInt8]] = [], excluding vips: Set<IPAddress> = []
    ) throws -> String? {
        let links =
            link(1, index: 1, name: "lo", flags: IFF_UP | IFF_LOOPBACK) + link(1, index: 2, name: "eth0")
            + link(1, index: 3, name: "eth1")
        let exchange = NetlinkExchange(
            socket: RecordedSocket(
                [links, done(1)] + [addresses.flatMap { $0 } + done(2)] + [routes.flatMap { $0 } + done(3)]))
        return try exchange.nodeAddress(excluding: vips).map { "\($0)" }
    }

    static func global(_ text: String, on interface: UInt32, flags: UInt32 = 0x80, tag: UInt8? = nil) throws -> [UInt8]
    {
        try address(2, text, on: interface, scope: .global, flags: flags, tag: tag)
    }

    static func defaultRoute(
        over interface: UInt32, gateway: String? = nil, metric: UInt32 = 0, source: String? = nil
    ) -> [UInt8] {
        var header = rtmsg()
        header.rtm_family = UInt8(AF_INET)
        header.rtm_table = UInt8(RT_TABLE_MAIN.rawValue)
        header.rtm_type = UInt8(RTN_UNICAST)
        var message = NetlinkRequest(.newRoute, flags: NLM_F_MULTI, header: header)
        message.append(Int(RTA_OIF.rawValue), interface)
        message.append(Int(RTA_PRIORITY.rawValue), metric)
        if let gateway { message.append(Int(RTA_GATEWAY.rawValue), bytes: IPAddress.of(gateway).bytes) }
        if let source { message.append(Int(RTA_PREFSRC.rawValue), bytes: IPAddress.of(source).bytes) }
        return message.encoded(sequence: 3)
    }

    @Test func `the default route's source wins, then its subnet, then its interface's first address`() throws {
        let addresses = [
            try Self.global("198.51.100.1/24", on: 2), try Self.global("203.0.113.1/24", on: 3),
            try Self.global("192.0.2.1/24", on: 3),
        ]
        let viaSubnet = Self.defaultRoute(over: 3, gateway: "192.0.2.254", metric: 20)
        let viaFirst = Self.defaultRoute(over: 3, metric: 10)
        let viaSource = Self.defaultRoute(over: 3, source: "10.255.0.1")
        #expect(try Self.nodeAddress(addresses: addresses, routes: [viaSubnet]) == "192.0.2.1")
        #expect(try Self.nodeAddress(addresses: addresses, routes: [viaSubnet, viaFirst]) == "203.0.113.1")
        #expect(try Self.nodeAddress(addresses: addresses, routes: [viaSubnet, viaFirst, viaSource]) == "10.255.0.1")
    }

    @Test func `without a default route it is the first global address, loopback last`() throws {
        let loopback = try Self.global("10.255.0.1/32", on: 1)
        let ethernet = [try Self.global("192.0.2.1/24", on: 3), try Self.global("198.51.100.1/24", on: 2)]
        #expect(try Self.nodeAddress(addresses: [loopback] + ethernet) == "198.51.100.1")
        #expect(try Self.nodeAddress(addresses: [loopback]) == "10.255.0.1")
    }

    @Test func `VIPs, deprecated addresses, near scopes and IPv6 are passed over`() throws {
        let addresses = [
            try Self.global("192.0.2.1/32", on: 2, tag: 179), try Self.global("192.0.2.2/32", on: 2),
            try Self.global("192.0.2.3/32", on: 2, flags: 0xA0),
            try address(2, "127.0.0.1/8", scope: .host, flags: 0x80), try Self.global("2001:db8::1/64", on: 2),
        ]
        let route = Self.defaultRoute(over: 2, source: "192.0.2.2")
        #expect(try Self.nodeAddress(addresses: addresses, routes: [route], excluding: [.of("192.0.2.2")]) == nil)
    }
}
