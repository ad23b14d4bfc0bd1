internal import CLinuxShim
internal import Glibc
package import IPTypes

/// Who the router on a link is, as far as the kernel knows.
package enum LinkRouter: Sendable, Hashable {
    /// The one host that can be meant, by its link-local address.
    case found(IPv6Address)
    /// No neighbour is known that could be the router.
    case unknown
    /// Any of these could be meant, in ascending order.
    case ambiguous([IPv6Address])
}

extension NodeNetwork {
    /// The router on the link of an interface: the neighbour that has said it is a router, else the link-local gateway
    /// of a default route on the link, else the only neighbour there is. Neighbours are those in the kernel's table and
    /// those who have answered `solicitation`. Nothing is sent and nothing waited for.
    ///
    /// The kernel marks a neighbour as router when it hears a router advertisement (also with accept_ra=0) or an answer
    /// to neighbour discovery that says so. Throws `.noSuchInterface`.
    package static func router(
        on interface: String, after solicitation: RouterSolicitation? = nil
    ) throws(NetlinkError) -> LinkRouter {
        let exchange = try NetlinkExchange()
        let index = if_nametoindex(interface)
        guard index != 0 else {
            throw .noSuchInterface(name: interface, existing: try exchange.links().map(\.name))
        }
        let answers = solicitation?.answers() ?? (routers: [], hosts: [])
        return try exchange.router(onLink: index, heard: answers.routers, answered: answers.hosts)
    }

    /// Asks on a link, so that `router(on:after:)` can say more some milliseconds later. What may be sent depends on
    /// permissions; nothing blocks.
    ///
    /// * With no host in doubt: an echo request to all nodes (ping group range, or CAP_NET_RAW) and a router solicitation
    ///   to all routers (CAP_NET_RAW).
    /// * With several in doubt: neighbour discovery by the kernel for each of them (CAP_NET_ADMIN). Routers say in their
    ///   answer that they are, and who is gone drops out.
    ///
    /// - Returns: nil if nothing could be sent, so that waiting is of no use.
    package static func solicitRouters(
        on interface: String, among candidates: [IPv6Address] = []
    ) -> RouterSolicitation? {
        let index = if_nametoindex(interface)
        guard index != 0 else { return nil }
        if candidates.isEmpty { return RouterSolicitation(onLink: index) }
        let isAsked = (try? NetlinkExchange().confirm(candidates, onLink: index)) ?? false
        return isAsked ? RouterSolicitation(leftToKernelOnLink: index) : nil
    }
}

extension NetlinkExchange {
    /// More neighbours than this are not asked one by one.
    private static let mostCandidates = 32

    /// - Parameters:
    ///   - routers: who has been heard to be a router.
    ///   - hosts: who has been heard otherwise.
    func router(
        onLink index: UInt32, heard routers: [IPv6Address] = [], answered hosts: [IPv6Address] = []
    ) throws(NetlinkError) -> LinkRouter {
        let neighbours = try neighbours(onLink: index).filter { $0.state.answersARP != false }
        let routers = linkLocal(neighbours.filter(\.isRouter).map(\.address)) + routers
        if !routers.isEmpty { return LinkRouter(among: routers) }
        let gateways = linkLocal(try defaultRoutes().filter { $0.interfaceIndex == index }.compactMap(\.gateway))
        if !gateways.isEmpty { return LinkRouter(among: gateways) }
        return LinkRouter(among: linkLocal(neighbours.map(\.address)) + hosts)
    }

    /// The IPv6 neighbours on one link.
    private func neighbours(onLink index: UInt32) throws(NetlinkError) -> [Neighbour] {
        var request = NetlinkRequest(dump: .getNeighbours, header: ndmsg(family: .ipv6))
        request.append(Int(NDA_IFINDEX), index)
        let all = try dump(request, operation: "listing the neighbours", parse: Neighbour.init(parsing:))
        // Old kernels ignore the index.
        return all.filter { $0.interfaceIndex == CInt(truncatingIfNeeded: index) }
    }

    /// Starts neighbour discovery for hosts, but for those that were entered by hand. True if it did for any.
    func confirm(_ candidates: [IPv6Address], onLink index: UInt32) throws(NetlinkError) -> Bool {
        let known = try neighbours(onLink: index)
        var isAsked = false
        for address in candidates.prefix(Self.mostCandidates) {
            let neighbour = known.first { $0.address == .v6(address) }
            if neighbour?.state == .permanent { continue }
            var header = ndmsg(family: .ipv6)
            header.ndm_ifindex = CInt(truncatingIfNeeded: index)
            // One that has a link-layer address is asked at once; one without, as if a packet were on its way to it.
            let isLearned = neighbour?.state.answersARP == true
            if isLearned { header.ndm_state = UInt16(NUD_PROBE) } else { header.ndm_flags = UInt8(NTF_USE) }
            let flags = isLearned ? NLM_F_REPLACE : NLM_F_CREATE
            var request = NetlinkRequest(.newNeighbour, flags: NLM_F_ACK | flags, header: header)
            request.append(Int(NDA_DST), bytes: address.bytes)
            if (try? perform(request, operation: "confirming \(address)")) != nil { isAsked = true }
        }
        return isAsked
    }
}

extension LinkRouter {
    /// From the addresses that could be meant.
    fileprivate init(among addresses: [IPv6Address]) {
        let candidates = Set(addresses).sorted()
        switch candidates.count {
        case 0: self = .unknown
        case 1: self = .found(candidates[0])
        default: self = .ambiguous(candidates)
        }
    }
}

/// The IPv6 link-local ones among some addresses.
private func linkLocal(_ addresses: [IPAddress]) -> [IPv6Address] {
    addresses.compactMap { if case .v6(let address) = $0, address.isLinkLocal { address } else { nil } }
}

extension ndmsg {
    fileprivate init(family: AddressFamily) {
        self.init()
        ndm_family = family.number
    }
}
