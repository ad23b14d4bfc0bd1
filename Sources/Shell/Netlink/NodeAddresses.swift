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
}
