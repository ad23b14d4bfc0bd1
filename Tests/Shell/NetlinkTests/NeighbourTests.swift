import CLinuxShim
import Glibc
import IPTypes
import Testing

@testable import Netlink

/// Giving up a host that does not answer, from tables a kernel could have.
@Suite struct NeighbourTests {
    private static func socket(_ state: CInt, error: CInt = 0) -> RecordedSocket {
        let table =
            LinkRouterTests.neighbour(1, "192.0.2.9", NUD_FAILED)
            + LinkRouterTests.neighbour(1, "192.0.2.8", on: 4, state)
        return RecordedSocket([table + done(1), acknowledgement(2, error: error)])
    }

    private static func giveUp(_ socket: RecordedSocket) throws(NetlinkError) {
        try NetlinkExchange(socket: socket).giveUpIfSilent(ScopedAddress(.of("192.0.2.8")))
    }

    @Test func `the line of a host that is being asked is marked as failed on its link`() throws {
        let socket = Self.socket(NUD_INCOMPLETE)
        try Self.giveUp(socket)
        #expect(
            socket.requests.dropFirst() == [
                hex(
                    """
                    24 00 00 00  # length 36
                    1c 00 05 01  # RTM_NEWNEIGH, REQUEST | ACK | REPLACE
                    02 00 00 00  # sequence 2
                    00 00 00 00
                    02 00 00 00  # AF_INET
                    04 00 00 00  # interface 4
                    20 00 00 00  # NUD_FAILED
                    08 00 01 00 c0 00 02 08  # NDA_DST 192.0.2.8
                    """)
            ])
    }

    @Test(arguments: [NUD_FAILED, NUD_REACHABLE, NUD_STALE, NUD_DELAY, NUD_PROBE, NUD_PERMANENT, NUD_NOARP])
    func `the line of any other host stays`(_ state: CInt) throws {
        let socket = Self.socket(state)
        try Self.giveUp(socket)
        #expect(socket.requests.count == 1)
    }

    @Test func `a line that is gone already is no error, one that may not be changed is`() throws {
        try Self.giveUp(Self.socket(NUD_INCOMPLETE, error: ENOENT))
        #expect(
            throws: NetlinkError.refused(
                operation: "giving up the neighbour 192.0.2.8", code: EPERM, kernelText: nil)
        ) {
            try Self.giveUp(Self.socket(NUD_INCOMPLETE, error: EPERM))
        }
    }
}
