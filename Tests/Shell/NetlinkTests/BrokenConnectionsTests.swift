import Glibc
import IPTypes
import Testing

@testable import Netlink

/// Against the real kernel: which connections end, and which go on.
@Suite(
    .enabled(if: NetworkNamespace.isPermitted, "needs permission to make network namespaces, and iproute2"),
    .timeLimit(.minutes(1)))
struct BrokenConnectionsTests {
    /// Two ends of a TCP connection on this host, from one address to another.
    final class Connection {
        let client: CInt
        let server: CInt

        init(from source: String, to target: String, port: UInt16 = 0) throws {
            let family = target.contains(":") ? AF_INET6 : AF_INET
            let listener = socket(family, CInt(SOCK_STREAM.rawValue), 0)
            defer { close(listener) }
            let client = socket(family, CInt(SOCK_STREAM.rawValue), 0)
            self.client = client
            try Self.with(target, port: port) { try #require(bind(listener, $0, $1) == 0) }
            try #require(listen(listener, 1) == 0)
            try Self.with(source, port: 0) { try #require(bind(client, $0, $1) == 0) }
            var name = sockaddr_storage()
            var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let failure = withUnsafeMutablePointer(to: &name) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    getsockname(listener, $0, &size) == 0 && connect(client, $0, size) == 0 ? 0 : errno
                }
            }
            try #require(failure == 0)
            server = accept(listener, nil, nil)
            try #require(server >= 0)
        }

        deinit {
            close(client)
            close(server)
        }

        /// What a read at the client's end says: EAGAIN while the connection lives.
        var state: CInt {
            var byte: UInt8 = 0
            return recv(client, &byte, 1, CInt(MSG_DONTWAIT)) < 0 ? errno : 0
        }

        private static func with(
            _ address: String, port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Void
        ) throws {
            let bytes = IPAddress.of(address).bytes
            let family = sa_family_t(bytes.count == 4 ? AF_INET : AF_INET6)
            let name =
                withUnsafeBytes(of: family) { [UInt8]($0) } + withUnsafeBytes(of: port.bigEndian) { [UInt8]($0) }
                + (bytes.count == 4 ? [] : [0, 0, 0, 0]) + bytes + [UInt8](repeating: 0, count: 8)
            try name.withUnsafeBytes { buffer in
                guard let start = buffer.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return }
                try body(start, socklen_t(bytes.count == 4 ? 16 : 28))
            }
        }
    }

    @Test(arguments: [("192.0.2.9", "192.0.2.1", "192.0.2.7"), ("2001:db8::9", "2001:db8::1", "2001:db8::7")])
    func `each kind ends its connections and no others`(vip: String, other: String, third: String) async throws {
        try await NetworkNamespace.with { namespace in
            try await namespace.run { () throws in
                try NetworkNamespace.ip("link set lo up")
                for address in [vip, other, third] {
                    try NetworkNamespace.add(address, to: "lo")
                }
                let broken = BrokenConnections()
                let address = IPAddress.of(vip)
                let vips: [IPAddress] = [.of("203.0.113.5"), address, .of("2001:db8::5")]
                func connections() throws -> [Connection] {
                    [
                        try Connection(from: other, to: vip), try Connection(from: vip, to: vip),
                        try Connection(from: other, to: third),
                    ]
                }
                // Both ends are on this host here, so that the end of one is the end of the other. All stay open until
                // the end: one that is being closed may still count.
                let first = try connections()
                #expect(try broken.end(.fromRemote, of: vips) == 1)
                #expect(first.map(\.state) == [ECONNRESET, EAGAIN, EAGAIN])
                #expect(try broken.end(.fromRemote, of: [address]) == 0)

                let second = try connections()
                #expect(try broken.end(.fromVIP, of: [address]) > 0)
                #expect(first[1].state != EAGAIN && second[1].state != EAGAIN)
                #expect(second[0].state == EAGAIN && second[2].state == EAGAIN)

                let third = try connections()
                #expect(try broken.end(.toOtherNodes, of: vips) == 2)
                #expect(second[0].state == ECONNABORTED)
                #expect(third.map(\.state) == [ECONNABORTED, EAGAIN, EAGAIN])
            }
        }
    }
}
