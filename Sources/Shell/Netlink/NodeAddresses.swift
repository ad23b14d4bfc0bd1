internal import CLinuxShim
internal import Glibc
package import IPTypes

extension NodeNetwork {
    /// An address of the node, and whether bgpvip put it there.
    package struct PlacedAddress: Sendable, Hashable {
        package var address: IPAddress
        package var prefixLength: Int
        package var interface: String
        package var isOurs: Bool
    }

    /// All addresses of all interfaces.
    package static func placedAddresses() throws(NetlinkError) -> [PlacedAddress] {
        let exchange = try NetlinkExchange()
        let names = Dictionary(try exchange.links().map { ($0.index, $0.name) }) { first, _ in first }
        let keepsTags = OwnershipMark.runningKernelKeepsTags()
        return try exchange.addresses(operation: "listing the addresses").compactMap { found in
            names[found.interfaceIndex].map { name in
                PlacedAddress(
                    address: found.address, prefixLength: found.prefixLength, interface: name,
                    isOurs: OwnershipMark(interface: name, kernelKeepsTags: keepsTags).isOn(found))
            }
        }
    }

    /// The interfaces that are down, or have no carrier.
    package static func downInterfaces() throws(NetlinkError) -> Set<String> {
        Set(try NetlinkExchange().links().filter { !$0.isUp }.map(\.name))
    }

    /// The interface by which packets to this address leave; nil without a route. Nothing is sent.
    package static func interface(towards remote: ScopedAddress) throws(NetlinkError) -> String? {
        if let zone = remote.zone { return zone }
        guard let source = sourceAddress(to: remote, on: nil) else { return nil }
        return try placedAddresses().first { $0.address == source }?.interface
    }

    /// The address that the routing table picks for packets to this host; nil if it has none.
    static func sourceAddress(to remote: ScopedAddress, on interface: String?) -> IPAddress? {
        let isIPv4 = remote.address.isIPv4
        let descriptor = socket(
            isIPv4 ? AF_INET : AF_INET6, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        if let interface {
            setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, interface, socklen_t(interface.utf8.count))
        }
        // Nothing is sent: connecting a UDP socket only looks up the route. Any port does.
        let port: [UInt8] = [0, 179]
        let scope = withUnsafeBytes(of: remote.zone.map { if_nametoindex($0) } ?? 0) { [UInt8]($0) }
        let family = withUnsafeBytes(of: sa_family_t(isIPv4 ? AF_INET : AF_INET6)) { [UInt8]($0) }
        let address = remote.address.bytes
        var name =
            family + port + (isIPv4 ? address + [UInt8](repeating: 0, count: 8) : [0, 0, 0, 0] + address + scope)
        let isKnown = name.withUnsafeMutableBytes { bytes -> Bool in
            guard let start = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return false }
            var size = socklen_t(bytes.count)
            return connect(descriptor, start, size) == 0 && getsockname(descriptor, start, &size) == 0
        }
        return isKnown ? IPAddress(bytes: isIPv4 ? name[4..<8] : name[8..<24]) : nil
    }
}
