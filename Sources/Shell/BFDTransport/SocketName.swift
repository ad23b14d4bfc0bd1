import Glibc
import IPTypes

/// An address and port as the kernel wants them.
struct SocketName {
    private var name = sockaddr_in6()
    private let size: socklen_t

    /// `scope` is the index of the interface of a link-local address, or 0.
    init(_ address: IPAddress, port: UInt16, scope: UInt32 = 0) {
        switch address {
        case .v4(let address):
            var name4 = sockaddr_in()
            name4.sin_family = sa_family_t(AF_INET)
            name4.sin_port = port.bigEndian
            name4.sin_addr.s_addr = address.value.bigEndian
            size = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutableBytes(of: &name) { target in
                withUnsafeBytes(of: name4) { target.copyMemory(from: $0) }
            }
        case .v6(let address):
            name.sin6_family = sa_family_t(AF_INET6)
            name.sin6_port = port.bigEndian
            name.sin6_scope_id = scope
            size = socklen_t(MemoryLayout<sockaddr_in6>.size)
            withUnsafeMutableBytes(of: &name.sin6_addr) { $0.copyBytes(from: address.bytes) }
        }
    }

    /// Shows the name to a system call.
    func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, size) }
        }
    }
}
