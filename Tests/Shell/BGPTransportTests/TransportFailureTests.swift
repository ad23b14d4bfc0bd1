import BGPFSM
import Glibc
import IPTypes
import NIOCore
import Testing

@testable import BGPTransport

@Suite struct TransportFailureTests {
    @Test(arguments: [
        (ECONNREFUSED, TransportFailure.refused), (ETIMEDOUT, .timedOut(md5: true, onLink: nil)),
        (EHOSTUNREACH, .hostUnreachable), (ENETUNREACH, .networkUnreachable), (EADDRNOTAVAIL, .sourceUnavailable),
        (ENODEV, .sourceUnavailable), (EPERM, .prohibited), (EACCES, .prohibited),
        (ENOPROTOOPT, .rejectedOnTheWay), (ENONET, .rejectedOnTheWay), (EOPNOTSUPP, .rejectedOnTheWay),
        (EPROTO, .rejectedOnTheWay),
        (EBADF, .system(errno: EBADF, operation: "connect")),
    ])
    func errorsOfDialing(code: CInt, failure: TransportFailure) {
        #expect(TransportFailure(dialling: IOError(errnoCode: code, reason: ""), md5: true) == failure)
    }

    @Test(arguments: [
        (ECONNRESET, TransportFailure.reset), (EPIPE, .reset), (ETIMEDOUT, .unacknowledged),
        (EHOSTUNREACH, .hostUnreachable), (EBADF, .system(errno: EBADF, operation: "read or write")),
        (EPERM, .system(errno: EPERM, operation: "read or write")),
    ])
    func errorsOfAnOpenConnection(code: CInt, failure: TransportFailure) {
        #expect(TransportFailure(open: IOError(errnoCode: code, reason: "")) == failure)
    }

    @Test func theKeyIsPrintedNowhere() {
        let endpoint = endpoint(port: 179, key: "secret")
        var dumped = ""
        dump(endpoint, to: &dumped)
        for text in ["\(endpoint)", String(reflecting: endpoint), "\([endpoint])", dumped] {
            #expect(!text.contains("secret") && !text.contains("115, 101, 99"), "\(text)")
        }
    }

    @Test func addressesSurviveTheWayToTheKernelAndBack() throws {
        let linkLocal = ScopedAddress(
            .v6(IPv6Address(high: 0xFE80_0000_0000_0000, low: 0x0102_0304_0506_0708)), zone: "lo")
        for address in [
            ScopedAddress(localhost4), ScopedAddress(localhost6), linkLocal,
            ScopedAddress(.v4(IPv4Address(0xC0A8_FE01))),
            ScopedAddress(.v6(IPv6Address(high: 0x2001_0DB8_0102_0304, low: 0xFFFE_FDFC_0000_0001))),
        ] {
            let name = try SocketAddress(address, port: 1179)
            #expect(name.scoped == address)
            #expect(name.port == 1179)
        }
        #expect(throws: TransportFailure.sourceUnavailable) {
            try SocketAddress(ScopedAddress(linkLocal.address, zone: "nosuch0"), port: 179)
        }
    }
}
