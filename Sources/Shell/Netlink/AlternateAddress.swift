internal import CLinuxShim
internal import Glibc
package import IPTypes

extension NodeNetwork {
    /// An address of the other family on the interface that has `local`: what a peer on that link can use as next hop
    /// for prefixes of that family. The first global one that is neither deprecated nor ours; nil if there is none. The
    /// zone of a link-local address tells apart interfaces that have the same one.
    package static func alternate(to local: ScopedAddress) throws(NetlinkError) -> IPAddress? {
        try NetlinkExchange().alternate(to: local)
    }

    /// The global IPv6 address that stands beside the link-local address `local` as next hop (RFC 2545 section 3). Only
    /// one of a connected subnet will do, since the peer has to share it, and only one that stays: neither temporary,
    /// deprecated, tentative nor ours. Nil if there is none.
    package static func global(beside local: ScopedAddress) throws(NetlinkError) -> IPv6Address? {
        try NetlinkExchange().global(beside: local)
    }
}

extension NetlinkExchange {
    func alternate(to local: ScopedAddress) throws(NetlinkError) -> IPAddress? {
        try nextHops(beside: local).first { $0.address.isIPv4 != local.address.isIPv4 }?.address
    }

    func global(beside local: ScopedAddress) throws(NetlinkError) -> IPv6Address? {
        let unfit = UInt32(IFA_F_TEMPORARY | IFA_F_TENTATIVE | IFA_F_DADFAILED)
        for candidate in try nextHops(beside: local) where !candidate.isHost && candidate.flags & unfit == 0 {
            if case .v6(let address) = candidate.address { return address }
        }
        return nil
    }

    /// The addresses on the interface of `local` that a peer can be told as next hop.
    private func nextHops(beside local: ScopedAddress) throws(NetlinkError) -> [InterfaceAddress] {
        let all = try addresses(operation: "listing the addresses")
        let index = local.zone.map { if_nametoindex($0) } ?? all.first { $0.address == local.address }?.interfaceIndex
        return all.filter {
            $0.interfaceIndex == index && $0.scope == .global && $0.preferredLifetime > 0
                && $0.protocolTag != OwnershipMark.protocolTag
        }
    }
}
