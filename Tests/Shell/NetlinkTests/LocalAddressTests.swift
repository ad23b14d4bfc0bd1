import CLinuxShim
import Glibc
import IPTypes
import Testing

@testable import Netlink

/// Whether packets to an address end on this node.
@Suite struct LocalAddressTests {
    private static func answer(_ type: Int) -> [UInt8] {
        var header = rtmsg()
        header.rtm_family = UInt8(AF_INET)
        header.rtm_dst_len = 32
        header.rtm_type = UInt8(type)
        return NetlinkRequest(.newRoute, flags: 0, header: header).encoded(sequence: 1)
    }

    @Test func `the kernel is asked for the route to the one address`() throws {
        for (address, bytes) in [
            (
                "192.0.2.9",
                """
                24 00 00 00  # length 36
                1a 00 01 00  # RTM_GETROUTE, REQUEST
                01 00 00 00  # sequence 1
                00 00 00 00
                02 20 00 00 00 00 00 00 00 00 00 00  # AF_INET, /32
                08 00 01 00 c0 00 02 09  # RTA_DST
                """
            ),
            (
                "2001:db8::9",
                """
                30 00 00 00  # length 48
                1a 00 01 00  # RTM_GETROUTE, REQUEST
                01 00 00 00  # sequence 1
                00 00 00 00
                0a 80 00 00 00 00 00 00 00 00 00 00  # AF_INET6, /128
                14 00 01 00 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 09  # RTA_DST
                """
            ),
        ] {
            let socket = RecordedSocket([Self.answer(Int(RTN_LOCAL))])
            #expect(try NetlinkExchange(socket: socket).isLocal(.of(address)))
            #expect(socket.requests == [hex(bytes)])
        }
    }

    @Test(arguments: [RTN_UNICAST, RTN_BROADCAST, RTN_BLACKHOLE, RTN_UNREACHABLE])
    func `a route of any other type leads elsewhere`(_ type: Int) throws {
        let socket = RecordedSocket([Self.answer(type)])
        #expect(try !NetlinkExchange(socket: socket).isLocal(.of("192.0.2.9")))
    }

    @Test(arguments: [ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL])
    func `no route, and one that refuses, is not local`(_ code: CInt) throws {
        let socket = RecordedSocket([acknowledgement(1, error: code)])
        #expect(try !NetlinkExchange(socket: socket).isLocal(.of("192.0.2.9")))
    }

    @Test func `for want of memory the kernel is asked again, and at last nothing is known`() throws {
        let socket = RecordedSocket([
            acknowledgement(1, error: ENOBUFS),
            NetlinkRequest(.newRoute, flags: 0, header: rtmsg()).encoded(sequence: 2),
        ])
        #expect(try !NetlinkExchange(socket: socket).isLocal(.of("192.0.2.9")))
        #expect(
            throws: NetlinkError.refused(operation: "looking up the route to 192.0.2.9", code: ENOBUFS, kernelText: nil)
        ) {
            try NetlinkExchange(socket: RecordedSocket((1...5).map { acknowledgement($0, error: ENOBUFS) })).isLocal(
                .of("192.0.2.9"))
        }
    }
}

extension KernelTests {
    @Test func `an address is local on any interface and by a local route, and nowhere else`() async throws {
        try await NetworkNamespace.with { namespace in
            try await namespace.run { () throws in
                func ip(_ words: String) throws { try NetworkNamespace.ip(words) }
                try ip("link set lo up")
                try ip("link add left type veth peer name right")
                try ip("link set left up")
                try ip("link set right up")
                try NetworkNamespace.add("192.0.2.1/24", to: "left")
                try NetworkNamespace.add("2001:db8::1/64", to: "left")
                let asked: Set<IPAddress> = [
                    .of("192.0.2.1"), .of("192.0.2.9"), .of("198.51.100.9"), .of("203.0.113.7"), .of("203.0.113.200"),
                    .of("2001:db8::1"), .of("2001:db8::9"), .of("2001:db8:1::7"),
                ]
                #expect(
                    try NodeNetwork.localAddresses(among: asked) == [.of("192.0.2.1"), .of("2001:db8::1")])
                // One local route for many; one by a table of its own.
                try ip("route add local 203.0.113.0/25 dev lo")
                try ip("-6 route add local 2001:db8:1::/64 dev lo")
                try ip("route add local 198.51.100.0/24 dev lo table 77")
                try ip("rule add to 198.51.100.0/24 lookup 77")
                #expect(
                    try NodeNetwork.localAddresses(among: asked) == [
                        .of("192.0.2.1"), .of("2001:db8::1"), .of("203.0.113.7"), .of("2001:db8:1::7"),
                        .of("198.51.100.9"),
                    ])
            }
        }
    }
}
