package import IPTypes

extension NodeNetwork {
    /// An address of the other family on the interface that has `local`: what a peer on that link can use as next hop
    /// for prefixes of that family. The first global one that is neither deprecated nor ours; nil if there is none.
    package static func alternate(to local: IPAddress) throws(NetlinkError) -> IPAddress? {
        try NetlinkExchange().alternate(to: local)
    }
}

extension NetlinkExchange {
    func alternate(to local: IPAddress) throws(NetlinkError) -> IPAddress? {
        let all = try addresses(operation: "listing the addresses")
        guard let interface = all.first(where: { $0.address == local })?.interfaceIndex else { return nil }
        return all.first {
            $0.interfaceIndex == interface && $0.address.isIPv4 != local.isIPv4 && $0.scope == .global
                && $0.preferredLifetime > 0 && $0.protocolTag != OwnershipMark.protocolTag
        }?
        .address
    }
}
