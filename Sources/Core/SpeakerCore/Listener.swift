package import IPTypes
package import Settings

/// A port on which peers may dial us, with a TCP MD5 key for each peer that has a password.
package struct Listener: Sendable, Hashable {
    package struct ID: Sendable, Hashable {
        package var address: IPAddress
        package var port: UInt16
        /// The interface that it is tied to; nil if to none. The interface may come later.
        package var interface: String?
    }

    package var id: ID
    /// Keys by the peer's address.
    package var keys: [IPAddress: Secret]
    /// The key of all link-local peers that are not among those.
    package var linkLocalKey: Secret?
    /// True if others are opened on the same port, each tied to an interface.
    package var leavesRoom: Bool
}

extension Settings {
    /// The listeners that the peers need: one for each address, and one for each interface on whose link a peer has a
    /// password, because that peer's address means something there alone.
    var listeners: [Listener] {
        guard let listen else { return [] }
        let addresses = listenedOn(listen)
        let tied = peers.filter(\.hasKeyOfItsLink).compactMap(\.address.zone)
        let general = addresses.map { address in
            Listener(
                id: .init(address: address, port: listen.port), keys: keys(on: nil),
                leavesRoom: address.isAnyIPv6 && !tied.isEmpty)
        }
        guard let any = addresses.first(where: \.isAnyIPv6) else { return general }
        return general
            + Set(tied).sorted().map { interface in
                let unnumbered = peers.first { $0.address == .unnumbered(interface) }
                return Listener(
                    id: .init(address: any, port: listen.port, interface: interface), keys: keys(on: interface),
                    linkLocalKey: unnumbered?.password, leavesRoom: false)
            }
    }

    /// The addresses to listen on: those configured, or any of each family that has peers; a node may have no IPv6 at all.
    private func listenedOn(_ listen: ListenSettings) -> [IPAddress] {
        guard listen.addresses.isEmpty else { return listen.addresses }
        return [.v4(IPv4Address(0)), .v6(IPv6Address(high: 0, low: 0))]
            .filter { any in peers.contains { $0.address.address.isIPv4 == any.isIPv4 } }
    }

    /// The keys of a listener that is tied to this interface, or to none: of peers everywhere, and of those on that link.
    private func keys(on interface: String?) -> [IPAddress: Secret] {
        var keys: [IPAddress: Secret] = [:]
        for peer in peers where !peer.address.isUnnumbered {
            guard let key = peer.password else { continue }
            if peer.address.zone == nil || peer.address.zone == interface { keys[peer.address.address] = key }
        }
        return keys
    }
}

extension PeerSettings {
    /// True if the peer has a password for one link only: its address means something on that link alone.
    fileprivate var hasKeyOfItsLink: Bool { password != nil && address.zone != nil }
}

extension IPAddress {
    fileprivate var isAnyIPv6: Bool { !isIPv4 && isUnspecified }
}
