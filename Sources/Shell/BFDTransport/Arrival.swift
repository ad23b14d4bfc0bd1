package import BFD
import Glibc
package import IPTypes
import NIOCore

/// A packet that was received.
package struct BFDArrival: Sendable, Hashable {
    /// What it says.
    package var packet: BFDPacket
    /// Where it came from; a link-local address with the present name of its interface.
    package var source: ScopedAddress
    /// True if it came to port 4784, where the TTL is not checked.
    package var isMultihop: Bool
}

/// Where things stand in `sockaddr_in` and `sockaddr_in6` on Linux. Their fields cannot be named here: to the compiler
/// they belong to a module of NIO's own.
private enum Layout {
    static let address4 = 4
    static let address6 = 8
    static let scope6 = 24
}

extension SocketAddress {
    /// The address without its port; nil for a Unix domain socket. The zone is the interface's present name.
    var scoped: ScopedAddress? {
        withSockAddr { name, size in
            let bytes = UnsafeRawBufferPointer(start: name, count: size)
            switch self {
            case .v4:
                let value = bytes.loadUnaligned(fromByteOffset: Layout.address4, as: UInt32.self)
                return ScopedAddress(.v4(IPTypes.IPv4Address(UInt32(bigEndian: value))))
            case .v6:
                let high = bytes.loadUnaligned(fromByteOffset: Layout.address6, as: UInt64.self)
                let low = bytes.loadUnaligned(fromByteOffset: Layout.address6 + 8, as: UInt64.self)
                let scope = bytes.loadUnaligned(fromByteOffset: Layout.scope6, as: UInt32.self)
                let address = IPTypes.IPv6Address(high: UInt64(bigEndian: high), low: UInt64(bigEndian: low))
                return ScopedAddress(.v6(address), zone: scope == 0 ? nil : interfaceName(scope))
            case .unixDomainSocket:
                return nil
            }
        }
    }
}

/// The name of the interface with this index; nil if it is gone.
private func interfaceName(_ index: UInt32) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { name in
        guard let start = name.baseAddress, if_indextoname(index, start) != nil else { return nil }
        return String(cString: start)
    }
}
