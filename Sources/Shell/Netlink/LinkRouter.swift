internal import CLinuxShim
internal import Glibc
package import IPTypes

/// Who the router on a link is, as far as the kernel knows.
package enum LinkRouter: Sendable, Hashable {
    /// The one host that can be meant, by its link-local address.
    case found(IPv6Address)
    /// Nobody is known who could be the router.
    case unknown
    /// Any of these could be meant, in ascending order.
    case ambiguous([IPv6Address])
}

extension NodeNetwork {
    /// The router on the link of an interface, from what the kernel knows now: the neighbour that has said it is a
    /// router, else the link-local gateway of a default route on the link, else the only neighbour there is. Nothing is
    /// sent and nothing waited for.
    ///
    /// The kernel marks a neighbour as router when it hears a router advertisement (also with accept_ra=0) or an answer
    /// to neighbour discovery that says so. Throws `.noSuchInterface`.
    package static func router(on interface: String) throws(NetlinkError) -> LinkRouter {
        let exchange = try NetlinkExchange()
        let index = if_nametoindex(interface)
        guard index != 0 else {
            throw .noSuchInterface(name: interface, existing: try exchange.links().map(\.name))
        }
        return try exchange.router(onLink: index)
    }

    /// Makes hosts on a link known to the kernel, so that `router(on:)` can say more some milliseconds later. What may
    /// be sent depends on permissions:
    ///
    /// * an echo request to all nodes (ping group range, or CAP_NET_RAW): who answers asks for our link-layer address
    ///   first, and from that the kernel has theirs;
    /// * a router solicitation to all routers (CAP_NET_RAW);
    /// * neighbour discovery for those in doubt (CAP_NET_ADMIN): routers say in their answer that they are, and who is
    ///   gone drops out.
    ///
    /// Answers are left to the kernel. Does not block.
    /// - Parameter candidates: those in doubt.
    /// - Returns: false if nothing could be sent, so that waiting is of no use.
    package static func solicitRouters(on interface: String, among candidates: [IPv6Address] = []) -> Bool {
        let index = if_nametoindex(interface)
        guard index != 0 else { return false }
        let confirmed = (try? NetlinkExchange().confirm(candidates, onLink: index)) ?? false
        let sent = candidates.isEmpty && sendSolicitations(onLink: index)
        return confirmed || sent
    }
}

extension NetlinkExchange {
    /// More neighbours than this are not asked one by one.
    private static let mostCandidates = 32

    func router(onLink index: UInt32) throws(NetlinkError) -> LinkRouter {
        let neighbours = try neighbours(onLink: index).filter { $0.state.answersARP != false }
        let routers = linkLocal(neighbours.filter(\.isRouter).map(\.address))
        if !routers.isEmpty { return LinkRouter(among: routers) }
        let gateways = linkLocal(try defaultRoutes().filter { $0.interfaceIndex == index }.compactMap(\.gateway))
        if !gateways.isEmpty { return LinkRouter(among: gateways) }
        return LinkRouter(among: linkLocal(neighbours.map(\.address)))
    }

    /// The IPv6 neighbours on one link.
    private func neighbours(onLink index: UInt32) throws(NetlinkError) -> [Neighbour] {
        var request = NetlinkRequest(dump: .getNeighbours, header: ndmsg(family: .ipv6))
        request.append(Int(NDA_IFINDEX), index)
        let all = try dump(request, operation: "listing the neighbours", parse: Neighbour.init(parsing:))
        // Old kernels ignore the index.
        return all.filter { $0.interfaceIndex == CInt(truncatingIfNeeded: index) }
    }

    /// Starts neighbour discovery for hosts that the kernel has in its table, but for those that were entered by hand.
    /// True if it did for any.
    func confirm(_ candidates: [IPv6Address], onLink index: UInt32) throws(NetlinkError) -> Bool {
        guard !candidates.isEmpty else { return false }
        let learned = linkLocal(try neighbours(onLink: index).filter { $0.state.answersARP == true }.map(\.address))
        var hasAsked = false
        for address in learned.filter(candidates.contains).prefix(Self.mostCandidates) {
            var header = ndmsg(family: .ipv6)
            header.ndm_ifindex = CInt(truncatingIfNeeded: index)
            header.ndm_state = UInt16(NUD_PROBE)
            var request = NetlinkRequest(.newNeighbour, flags: NLM_F_ACK | NLM_F_REPLACE, header: header)
            request.append(Int(NDA_DST), bytes: address.bytes)
            if (try? perform(request, operation: "confirming \(address)")) != nil { hasAsked = true }
        }
        return hasAsked
    }
}

extension LinkRouter {
    /// From the addresses that could be meant, each once and in ascending order.
    fileprivate init(among candidates: [IPv6Address]) {
        switch candidates.count {
        case 0: self = .unknown
        case 1: self = .found(candidates[0])
        default: self = .ambiguous(candidates)
        }
    }
}

/// The IPv6 link-local ones among some addresses, each once, in ascending order.
private func linkLocal(_ addresses: [IPAddress]) -> [IPv6Address] {
    let found = addresses.compactMap { address in
        if case .v6(let address) = address, address.isLinkLocal { address } else { nil as IPv6Address? }
    }
    return Set(found).sorted()
}

extension ndmsg {
    fileprivate init(family: AddressFamily) {
        self.init()
        ndm_family = family.number
    }
}
