import Glibc
import IPTypes

/// An address and port as the kernel wants them: the bytes of `sockaddr_in` or `sockaddr_in6` on Linux. Their fields
/// cannot be named here: to the compiler they belong to a module of NIO's own.
struct SocketName {
    private var bytes: [UInt8]
    /// Where the port stands in both.
    static let port = 2..<4

    /// `scope` is the index of the interface of a link-local address, or 0.
    init(_ address: IPAddress, port: UInt16, scope: UInt32 = 0) {
        let family = sa_family_t(address.isIPv4 ? AF_INET : AF_INET6)
        bytes = Self.native(family) + [UInt8(port >> 8), UInt8(port & 0xFF)]
        switch address {
        case .v4(let address): bytes += address.bytes + [UInt8](repeating: 0, count: 8)
        case .v6(let address): bytes += [0, 0, 0, 0] + address.bytes + Self.native(scope)
        }
    }

    /// Shows the name to a system call.
    func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>?, socklen_t) -> Result) -> Result {
        bytes.withUnsafeBytes { body($0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count)) }
    }

    private static func native<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number) { [UInt8]($0) }
    }
}
