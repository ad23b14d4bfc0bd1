import CLinuxShim
import Glibc
import IPTypes
import Testing

@testable import Netlink

/// Questions about TCP sockets and their answers, as recorded on Linux 6.18.
@Suite struct TCPSocketTableTests {
    /// One connection from 127.0.0.1:40000 to 127.0.0.9:1790, on an IPv4 socket.
    static let ipv4 = hex(
        """
        7c 00 00 00 12 00 02 00 01 00 00 00 d0 3b 00 00  # length 124, TCPDIAG_GETSOCK, MULTI, sequence 1
        02 01 00 00  # AF_INET, established
        9c 40 06 fe  # ports 40000, 1790
        7f 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00
        7f 00 00 09 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00 01 00 00 00 00 00 00 00  # no interface, cookie
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  # expires, queues, user
        e5 e5 01 00  # inode
        05 00 08 00 00 00 00 00 08 00 0f 00 00 00 00 00 0c 00 15 00 01 00 00 00 00 00 00 00 06 00 16 00 52 00 00 00
        """)
    /// The same from port 40001 on an IPv6 socket, with IPv4-mapped addresses.
    static let mapped = hex(
        """
        7c 00 00 00 12 00 02 00 01 00 00 00 d0 3b 00 00
        0a 01 00 00  # AF_INET6
        9c 41 06 fe
        00 00 00 00 00 00 00 00 00 00 ff ff 7f 00 00 01
        00 00 00 00 00 00 00 00 00 00 ff ff 7f 00 00 09
        00 00 00 00 02 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        e7 e5 01 00
        05 00 08 00 00 00 00 00 08 00 0f 00 00 00 00 00 0c 00 15 00 01 00 00 00 00 00 00 00 06 00 16 00 12 00 00 00
        """)

    static func entry(
        _ local: String, _ localPort: UInt16, _ remote: String, _ remotePort: UInt16, interface: UInt32 = 0,
        inode: UInt32 = 7
    ) throws -> TCPSocketEntry {
        var entry = try TCPSocketEntry(parsing: NetlinkMessage.parse(ipv4)[0])
        (entry.local, entry.localPort) = (.of(local), localPort)
        (entry.remote, entry.remotePort) = (.of(remote), remotePort)
        (entry.interfaceIndex, entry.inode) = (interface, inode)
        return entry
    }

    @Test func `connections of both families are asked for in one go, and the kernel picks them`() throws {
        let socket = RecordedSocket([Self.ipv4, Self.mapped, done(1)])
        let found = try NetlinkExchange(socket: socket).tcpSockets(.remote([.of("127.0.0.9")]), states: 1 << 1)
        #expect(found.map(\.family) == [2, 10])
        #expect(found.map(\.local) == [.of("127.0.0.1"), .of("127.0.0.1")])
        #expect(found.map(\.localPort) == [40000, 40001])
        #expect(found.map(\.remote) == [.of("127.0.0.9"), .of("127.0.0.9")])
        #expect(found.map(\.remotePort) == [1790, 1790])
        #expect(found.map(\.inode) == [124_389, 124_391])
        #expect(found.map(\.interfaceIndex) == [0, 0])
        #expect(found[0].kernelIdentity == Array(Self.ipv4[20..<68]))
        #expect(
            socket.requests == [
                hex(
                    """
                    60 00 00 00 12 00 01 03 01 00 00 00 00 00 00 00  # length 96, TCPDIAG_GETSOCK, REQUEST DUMP
                    00 00 00 00  # any family
                    00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  # any socket
                    00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
                    02 00 00 00 00 00 00 00  # established
                    14 00 01 00  # INET_DIAG_REQ_BYTECODE
                    08 10 14 00  # remote address; yes: 16 bytes on, at the end; no: 20, behind it
                    02 20 00 00 ff ff ff ff 7f 00 00 09  # AF_INET, 32 bits, any port
                    """)
            ])
    }

    @Test func `our own end can be asked for, and an IPv6 address`() {
        #expect(
            TCPSocketCondition.local([.of("2001:db8::9")]).program
                == hex(
                    """
                    07 1c 20 00 0a 80 00 00 ff ff ff ff  # local address
                    20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 09
                    """))
    }

    @Test func `a condition that is met leads past the others`() {
        #expect(
            TCPSocketCondition.remote([.of("127.0.0.9"), .of("2001:db8::9"), .of("127.0.0.8")]).program
                == hex(
                    """
                    08 10 14 00 02 20 00 00 ff ff ff ff 7f 00 00 09  # no: 20 bytes on, behind the jump
                    01 04 34 00  # 52 bytes on, at the end
                    08 1c 20 00 0a 80 00 00 ff ff ff ff 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 09
                    01 04 14 00
                    08 10 14 00 02 20 00 00 ff ff ff ff 7f 00 00 08
                    """))
        #expect(
            TCPSocketCondition.ports(remote: 1790, local: 179).program
                == hex(
                    """
                    08 0c 10 00 00 00 00 00 fe 06 00 00  # any address, of any family
                    01 04 10 00
                    07 0c 10 00 00 00 00 00 b3 00 00 00
                    """))
    }

    @Test func `a message that is cut short is an error`() throws {
        var cut = Array(Self.ipv4.prefix(60))
        cut[0] = 60
        let socket = RecordedSocket([cut, done(1)])
        #expect(throws: NetlinkError.malformedAnswer(operation: "listing the TCP connections")) {
            try NetlinkExchange(socket: socket).tcpSockets(.remote([.of("127.0.0.9")]), states: 2)
        }
    }
}
