import IPTypes
import Testing

@testable import Netlink

/// What goes to the kernel, byte by byte.
@Suite struct RequestEncodingTests {
    @Test func `an IPv4 VIP is added with scope host, preferred lifetime 0, our label and our tag`() throws {
        let (addresses, socket) = try recordedLoopback(acknowledgement(2))
        #expect(try addresses.bind(.of("192.0.2.9/32")) == .added)
        #expect(
            socket.requests.last
                == hex(
                    """
                    54 00 00 00  # length 84
                    14 00 05 06  # RTM_NEWADDR, REQUEST ACK | EXCL CREATE
                    02 00 00 00  # sequence 2
                    00 00 00 00  # to the kernel
                    02 20 00 fe  # AF_INET, /32, no flags, RT_SCOPE_HOST
                    01 00 00 00  # interface 1
                    08 00 02 00  # IFA_LOCAL
                    c0 00 02 09
                    08 00 01 00  # IFA_ADDRESS
                    c0 00 02 09
                    0e 00 03 00  # IFA_LABEL
                    6c 6f 3a 62 67 70 76 69 70 00 00 00  # "lo:bgpvip", NUL, padding
                    14 00 06 00  # IFA_CACHEINFO
                    00 00 00 00  # preferred: never
                    ff ff ff ff  # valid: for ever
                    00 00 00 00 00 00 00 00
                    05 00 0b 00  # IFA_PROTO
                    b3 00 00 00  # 179, padding
                    """))
    }

    @Test func `an IPv6 VIP is added without duplicate address detection, prefix route and label`() throws {
        let (addresses, socket) = try recordedLoopback(acknowledgement(2))
        #expect(try addresses.bind(.of("2001:db8::9/128")) == .added)
        #expect(
            socket.requests.last
                == hex(
                    """
                    64 00 00 00  # length 100
                    14 00 05 06  # RTM_NEWADDR, REQUEST ACK | EXCL CREATE
                    02 00 00 00  # sequence 2
                    00 00 00 00
                    0a 80 00 fe  # AF_INET6, /128, flags below, RT_SCOPE_HOST
                    01 00 00 00  # interface 1
                    14 00 02 00  # IFA_LOCAL
                    20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 09
                    14 00 01 00  # IFA_ADDRESS
                    20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 09
                    14 00 06 00  # IFA_CACHEINFO
                    00 00 00 00 ff ff ff ff 00 00 00 00 00 00 00 00
                    05 00 0b 00  # IFA_PROTO
                    b3 00 00 00
                    08 00 08 00  # IFA_FLAGS
                    02 02 00 00  # IFA_F_NODAD | IFA_F_NOPREFIXROUTE
                    """))
    }

    @Test(arguments: ["192.0.2.9/32", "2001:db8::9/128"])
    func `global scope is one byte`(prefix: String) throws {
        let (addresses, socket) = try recordedLoopback(acknowledgement(2), acknowledgement(3))
        _ = try addresses.bind(.of(prefix))
        _ = try addresses.bind(.of(prefix), globalScope: true)
        var expected = socket.requests[1]
        expected[8] = 3
        expected[19] = 0
        #expect(socket.requests[2] == expected)
    }

    @Test func `a VIP is removed by address, length, interface and label`() throws {
        let (addresses, socket) = try recordedLoopback(
            address(2, "192.0.2.9/32", tag: 179, label: "lo:bgpvip"), done(2), acknowledgement(3))
        #expect(try addresses.unbind(.of("192.0.2.9/32")))
        #expect(
            socket.requests.last
                == hex(
                    """
                    38 00 00 00  # length 56
                    15 00 05 00  # RTM_DELADDR, REQUEST ACK
                    03 00 00 00  # sequence 3
                    00 00 00 00
                    02 20 00 00  # AF_INET, /32
                    01 00 00 00  # interface 1
                    08 00 02 00  # IFA_LOCAL
                    c0 00 02 09
                    08 00 01 00  # IFA_ADDRESS
                    c0 00 02 09
                    0e 00 03 00  # IFA_LABEL
                    6c 6f 3a 62 67 70 76 69 70 00 00 00  # "lo:bgpvip", NUL, padding
                    """))
    }

    @Test func `the addresses of one interface are asked for by its index`() throws {
        let (addresses, socket) = try recordedLoopback(done(2))
        #expect(try addresses.addresses() == [])
        #expect(
            socket.requests == [
                hex(
                    """
                    20 00 00 00  # length 32
                    12 00 01 03  # RTM_GETLINK, REQUEST | DUMP
                    01 00 00 00  # sequence 1
                    00 00 00 00
                    00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  # struct ifinfomsg
                    """),
                hex(
                    """
                    18 00 00 00  # length 24
                    16 00 01 03  # RTM_GETADDR, REQUEST | DUMP
                    02 00 00 00  # sequence 2
                    00 00 00 00
                    00 00 00 00  # any family
                    01 00 00 00  # interface 1
                    """),
            ])
    }

    @Test func `routes and neighbours are asked for as whole tables`() throws {
        let socket = RecordedSocket([done(1), done(2)])
        let exchange = NetlinkExchange(socket: socket)
        #expect(try exchange.defaultRoutes() == [])
        #expect(try exchange.neighbour(of: ScopedAddress(.of("2001:db8::1"))) == nil)
        #expect(
            socket.requests == [
                hex(
                    """
                    1c 00 00 00  # length 28
                    1a 00 01 03  # RTM_GETROUTE, REQUEST | DUMP
                    01 00 00 00  # sequence 1
                    00 00 00 00
                    00 00 00 00 00 00 00 00 00 00 00 00  # struct rtmsg: any family, any table
                    """),
                hex(
                    """
                    1c 00 00 00  # length 28
                    1e 00 01 03  # RTM_GETNEIGH, REQUEST | DUMP
                    02 00 00 00  # sequence 2
                    00 00 00 00
                    0a 00 00 00 00 00 00 00 00 00 00 00  # struct ndmsg: AF_INET6
                    """),
            ])
    }
}
