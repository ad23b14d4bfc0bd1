import BGPFSM
import Glibc
import IPTypes
import NIOCore

/// Where things stand in `sockaddr_in` and `sockaddr_in6` on Linux. Their fields cannot be named here: to the compiler
/// they belong to a module of NIO's own.
private enum Layout {
    static let address4 = 4..<8
    static let address6 = 8..<24
    static let scope6 = 24
}

extension SocketAddress {
    /// The socket address of a literal; no name is ever looked up. A zone, or else `interface`, becomes the scope of
    /// a link-local address.
    ///
    /// - Throws: `sourceUnavailable` if this node has no such interface.
    init(_ scoped: ScopedAddress, port: UInt16, interface: String? = nil) throws(TransportFailure) {
        do {
            try self.init(packedIPAddress: ByteBuffer(bytes: scoped.address.bytes), port: Int(port))
        } catch {
            throw .system(errno: EAFNOSUPPORT, operation: "connect")
        }
        guard case .v6(let literal) = self, case .v6(let address) = scoped.address, address.isLinkLocal,
            let zone = scoped.zone ?? interface
        else { return }
        let index = if_nametoindex(zone)
        guard index != 0 else { throw .sourceUnavailable }
        var name = literal.address
        withUnsafeMutableBytes(of: &name) { $0.storeBytes(of: index, toByteOffset: Layout.scope6, as: UInt32.self) }
        self.init(name)
    }

    /// The address without its port; nil for a Unix domain socket. The zone is the interface's present name.
    var scoped: ScopedAddress? {
        let bytes = withSockAddr { name, size in [UInt8](UnsafeRawBufferPointer(start: name, count: size)) }
        switch self {
        case .v4:
            return ScopedAddress(.v4(IPTypes.IPv4Address(bytes[Layout.address4].number())))
        case .v6:
            let high: UInt64 = bytes[Layout.address6].prefix(8).number()
            let low: UInt64 = bytes[Layout.address6].suffix(8).number()
            let index = bytes.withUnsafeBytes { $0.load(fromByteOffset: Layout.scope6, as: UInt32.self) }
            let address = IPTypes.IPv6Address(high: high, low: low)
            return ScopedAddress(.v6(address), zone: index == 0 ? nil : interfaceName(index))
        case .unixDomainSocket:
            return nil
        }
    }
}

extension ArraySlice<UInt8> {
    /// The bytes as a number in network order.
    fileprivate func number<Number: FixedWidthInteger>() -> Number {
        reduce(0) { $0 << 8 | Number($1) }
    }
}

/// The name of the interface with this index; nil if it is gone.
private func interfaceName(_ index: UInt32) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { name in
        guard let start = name.baseAddress, if_indextoname(index, start) != nil else { return nil }
        return String(cString: start)
    }
}
