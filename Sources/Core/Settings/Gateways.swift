package import IPTypes

/// Why the default gateways of this node cannot be peers.
package enum GatewayFailure: Error, Sendable, Hashable {
    /// There is no default route with a gateway that the peer list asks for; the first peer that does.
    case noDefaultRoute(peer: ScopedAddress)
    /// `gateway` is in the peer list by itself already, as `peer`.
    case isPeerAlready(gateway: ScopedAddress, peer: ScopedAddress)
}

extension GatewayFailure: CustomStringConvertible {
    /// What is wrong and what to do.
    package var description: String {
        switch self {
        case .noDefaultRoute(let peer):
            "the peer list says \(peer), but this node has no \(family(of: peer))default route with a gateway; "
                + "add the route, or give the peer's address"
        case .isPeerAlready(let gateway, let peer):
            gateway == peer
                ? "the default gateway \(gateway) is in the peer list by its address as well as by gateway; remove one"
                : "the default gateway \(gateway) is in the peer list as \(peer) as well as by gateway; remove one"
        }
    }

    private func family(of peer: ScopedAddress) -> String {
        peer == .gateway4 ? "IPv4 " : peer == .gateway6 ? "IPv6 " : ""
    }
}

extension Settings {
    /// True if a peer is `gateway`, so that these settings do for a node only after `expandingGateways`.
    package var namesGateways: Bool { peers.contains(where: \.address.isGateway) }

    /// The node's gateways that the peer list asks for, in the node's order.
    package func wanted(of gateways: [ScopedAddress]) -> [ScopedAddress] {
        gateways.filter { gateway in
            peers.contains { $0.address.isGateway && $0.address.isOfFamily(isIPv4: gateway.address.isIPv4) }
        }
    }

    /// The settings with one peer for each default gateway in place of the peer `gateway`, in that order; the same
    /// settings if there is no such peer. One gateway will do, of whatever family.
    package func expandingGateways(_ gateways: [ScopedAddress]) throws(GatewayFailure) -> Settings {
        for gateway in wanted(of: gateways) {
            if let peer = peer(listedFor: gateway) { throw .isPeerAlready(gateway: gateway, peer: peer) }
        }
        if wanted(of: gateways).isEmpty, let role = peers.map(\.address).first(where: \.isGateway) {
            throw .noDefaultRoute(peer: role)
        }
        return following(gateways)
    }

    /// The same while gateways come and go: a gateway that the node lacks is left out, and one that is in the
    /// peer list by itself is that peer. A source address goes to the gateways of its family only.
    package func following(_ gateways: [ScopedAddress]) -> Settings {
        guard namesGateways else { return self }
        let gateways = gateways.filter { peer(listedFor: $0) == nil }
        func expanded(_ role: ScopedAddress) -> [ScopedAddress] {
            gateways.filter { role.isOfFamily(isIPv4: $0.address.isIPv4) }
        }
        var settings = self
        settings.peers = peers.flatMap { peer in
            guard peer.address.isGateway else { return [peer] }
            return expanded(peer.address).map { gateway in
                var peer = peer
                peer.address = gateway
                peer.source = [peer.source, peer.otherSource].compactMap { $0 }
                    .first { $0.isIPv4 == gateway.address.isIPv4 }
                peer.otherSource = nil
                return peer
            }
        }
        for vip in settings.vips.indices {
            for role in settings.vips[vip].peers ?? [] where role.isGateway {
                settings.vips[vip].peers?.remove(role)
                settings.vips[vip].peers?.formUnion(expanded(role))
            }
        }
        return settings
    }

    /// The peer of the list that is this host without being called a gateway.
    private func peer(listedFor gateway: ScopedAddress) -> ScopedAddress? {
        peers.first { !$0.address.isGateway && $0.address.includes(gateway) }?.address
    }
}
