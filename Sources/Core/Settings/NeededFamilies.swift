package import BGPWire
package import IPTypes

/// Of which families the VIPs of each peer are.
package struct NeededFamilies: Sendable, Hashable {
    private var ofAll: Set<AddressFamily> = []
    private var common: Set<AddressFamily> = []
    private var special: [ScopedAddress: Set<AddressFamily>] = [:]

    package init(of vips: [VIPSettings]) {
        for vip in vips {
            let family = AddressFamily(of: vip.prefix)
            ofAll.insert(family)
            guard let peers = vip.peers else {
                common.insert(family)
                continue
            }
            for peer in peers { special[peer, default: []].insert(family) }
        }
    }

    /// The families of the VIPs that are meant for this peer, in order. For one that none is meant for they are those of all
    /// VIPs: its session comes up all the same, and the log says what it is without.
    package subscript(peer: ScopedAddress) -> [AddressFamily] {
        let meant = common.union(special[peer] ?? [])
        let needed = meant.isEmpty ? ofAll : meant
        return needed.isEmpty ? [.ipv4Unicast] : needed.sorted()
    }
}
