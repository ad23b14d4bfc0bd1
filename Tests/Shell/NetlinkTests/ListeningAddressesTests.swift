import Glibc
import IPTypes
import Testing

@testable import Netlink

/// Where the programs of a node accept connections, as the kernel tells.
@Suite struct ListeningAddressesTests {
    /// A socket that listens on this address; the caller closes it.
    private static func listen(_ address: String, port: UInt16, isIPv6Only: Bool = false) throws -> CInt {
        let isIPv6 = address.contains(":")
        let descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw SystemCallFailure(code: errno) }
        var only: CInt = isIPv6Only ? 1 : 0
        if isIPv6 {
            setsockopt(
                descriptor, CInt(IPPROTO_IPV6), IPV6_V6ONLY, &only, socklen_t(MemoryLayout<CInt>.size))
        }
        var name4 = sockaddr_in()
        name4.sin_family = sa_family_t(AF_INET)
        name4.sin_port = port.bigEndian
        inet_pton(AF_INET, address, &name4.sin_addr)
        var name6 = sockaddr_in6()
        name6.sin6_family = sa_family_t(AF_INET6)
        name6.sin6_port = port.bigEndian
        inet_pton(AF_INET6, address, &name6.sin6_addr)
        let bound =
            isIPv6
            ? withUnsafeBytes(of: &name6) { bind(descriptor, $0) }
            : withUnsafeBytes(of: &name4) { bind(descriptor, $0) }
        guard bound == 0, Glibc.listen(descriptor, 1) == 0 else { throw SystemCallFailure(code: errno) }
        return descriptor
    }

    private static func bind(_ descriptor: CInt, _ name: UnsafeRawBufferPointer) -> CInt {
        guard let address = name.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return -1 }
        return Glibc.bind(descriptor, address, socklen_t(name.count))
    }

    @Test(.enabled(if: NetworkNamespace.isPermitted))
    func `each listening socket counts for the addresses that it serves`() async throws {
        try await NetworkNamespace.with { namespace in
            try await namespace.run {
                try NetworkNamespace.ip("link set lo up")
                let sockets = [
                    try Self.listen("127.0.0.1", port: 8080), try Self.listen("0.0.0.0", port: 8081),
                    try Self.listen("::", port: 8082), try Self.listen("::", port: 8083, isIPv6Only: true),
                    try Self.listen("::1", port: 8084), try Self.listen("::ffff:127.0.0.1", port: 8085),
                    try Self.listen("0.0.0.0", port: 9000),
                ]
                defer { sockets.forEach { close($0) } }
                #expect(
                    try NodeNetwork.listeningAddresses(on: [8080, 8081, 8082, 8083, 8084, 8085, 8086]) == [
                        8080: [.of("127.0.0.1")], 8081: [.of("0.0.0.0")], 8082: [.of("0.0.0.0"), .of("::")],
                        8083: [.of("::")], 8084: [.of("::1")], 8085: [.of("127.0.0.1")],
                    ])
                #expect(try NodeNetwork.listeningAddresses(on: []) == [:])
            }
        }
    }
}
