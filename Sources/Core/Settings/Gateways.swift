package import IPTypes

/// Why the default gateways of this node cannot be peers.
package enum GatewayFailure: Error, Sendable, Hashable {
    /// There is no default route with a gateway.
    case noDefaultRoute
    /// `gateway` is in the peer list by itself already, as `peer`.
    case isPeerAlready(gateway: ScopedAddress, peer: ScopedAddress)
}

extension GatewayFailure: CustomStringConvertible {
    /// What is wrong and what to do.
    package var description: String {
        switch self {
        case .noDefaultRoute:
            "the peer list says gateway, but this node has no default route with a gateway; "
                + "add the route, or give the peer's address"
        case .isPeerAlready(let gateway, let peer):
            gateway == peer
                ? "the default gateway \(gateway) is in the peer list by its address as well as by gateway; remove one"
                : "the default gateway \(gateway) is in the peer list as \(peer) as well as by gateway; remove one"
        }
    }
}

extension Settings {
    /// True if a peer is `gateway`, so that these settings do for a node only after `expandingGateways`.
    package var namesGateways: Bool { peers.contains(where: \.address.isGateway) }

    /// The settings with one peer for each default gateway in place of the peer `gateway`, in that order; the same
    /// settings if there is no such peer. A source address goes to the gateways of its family only.
    package func expandingGateways(_ gateways: [ScopedAddress]) throws(GatewayFailure) -> Settings {
        guard let index = peers.firstIndex(where: \.address.isGateway) else { return self }
        guard !gateways.isEmpty else { throw .noDefaultRoute }
        for gateway in gateways {
            if let peer = peers.first(where: { !$0.address.isGateway && $0.address.includes(gateway) }) {
                throw .isPeerAlready(gateway: gateway, peer: peer.address)
            }
        }
        var settings = self
        let expanded = gateways.map { gateway in
            var peer = peers[index]
            peer.address = gateway
            if peer.source?.isIPv4 != gateway.address.isIPv4 { peer.source = nil }
            return peer
        }
        settings.peers.replaceSubrange(index...index, with: expanded)
        for vip in settings.vips.indices where settings.vips[vip].peers?.contains(.gateway) ?? false {
            settings.vips[vip].peers?.remove(.gateway)
            settings.vips[vip].peers?.formUnion(gateways)
        }
        return settings
    }
}
