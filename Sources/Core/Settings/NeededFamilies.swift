package import BGPWire
package import IPTypes

/// Of which families the VIPs of each peer are.
package struct NeededFamilies: Sendable, Hashable {
    private var ofAll: Set<AddressFamily> = []
    private var common: Set<AddressFamily> = []
    private var special: [ScopedAddress: Set<AddressFamily>] = [:]

    package init(of vips: [VIPSettings]) {
        var last: AddressFamily?
        for vip in vips {
            let family = AddressFamily(of: vip.prefix)
            guard let peers = vip.peers else {
                // One look suffices for all that follow each other.
                if family == last { continue }
                last = family
                ofAll.insert(family)
                common.insert(family)
                continue
            }
            ofAll.insert(family)
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
