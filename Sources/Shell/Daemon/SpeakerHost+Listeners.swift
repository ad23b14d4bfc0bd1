import BGPTransport
import Glibc
import IPTypes
import Logging
import Settings

extension SpeakerHost {
    /// Opens the listening sockets, with a TCP MD5 key for each peer that has a password.
    func listen() throws {
        guard let listen = settings.listen else { return }
        for address in listenedOn {
            let listener = try PeerListener.listen(
                on: ScopedAddress(address), port: listen.port, keys: keys(on: nil),
                leavesRoom: isAnywhere6(address) && settings.peers.contains(where: \.hasKeyOfItsLink), on: loop
            ) { [self] connection in
                assumeIsolated { $0.accepted(connection) }
            }
            listeners.append(listener)
        }
        openTiedListeners()
    }

    /// Opens what is missing of the listeners that belong to an interface, or to any.
    func openTiedListeners(on interface: String? = nil) {
        for peer in settings.peers where interface == nil || peer.address.zone == interface {
            openTiedListener(for: peer)
        }
    }

    /// Opens the listener of a peer's interface if it has to have one and does not have it: the interface may come later,
    /// or be made anew. Without it nothing from that peer is accepted, because nothing would have to be signed.
    private func openTiedListener(for peer: PeerSettings) {
        guard let listen = settings.listen, peer.hasKeyOfItsLink, let interface = peer.address.zone,
            let address = listenedOn.first(where: isAnywhere6)
        else { return }
        let index = if_nametoindex(interface)
        guard index != 0, tiedListeners[interface]?.interfaceIndex != index else { return }
        tiedListeners.removeValue(forKey: interface)?.close()
        let unnumbered = settings.peers.first { $0.address.isUnnumbered && $0.address.zone == interface }
        do {
            tiedListeners[interface] = try PeerListener.listen(
                on: ScopedAddress(address), port: listen.port, interface: interface, keys: keys(on: interface),
                linkLocalKey: unnumbered?.password?.bytes, on: loop
            ) { [self] connection in
                assumeIsolated { $0.accepted(connection) }
            }
        } catch {
            logger.warning(
                "connections from this interface are refused: there is a password, and they cannot be checked",
                metadata: ["interface": "\(interface)", "reason": "\(error)"])
        }
    }

    /// The addresses to listen on: those configured, or any of each family that has peers; a node may have no IPv6 at all.
    private var listenedOn: [IPAddress] {
        guard let listen = settings.listen, listen.addresses.isEmpty else { return settings.listen?.addresses ?? [] }
        return [.v4(IPv4Address(0)), .v6(IPv6Address(high: 0, low: 0))]
            .filter { any in settings.peers.contains { $0.address.address.isIPv4 == any.isIPv4 } }
    }

    private func isAnywhere6(_ address: IPAddress) -> Bool { !address.isIPv4 && address.isUnspecified }

    /// The keys of a listener that is tied to this interface, or to none: of peers everywhere, and of those on that link.
    private func keys(on interface: String?) -> [IPAddress: [UInt8]] {
        var keys: [IPAddress: [UInt8]] = [:]
        for peer in settings.peers where !peer.address.isUnnumbered {
            guard let key = peer.password?.bytes else { continue }
            if peer.address.zone == nil || peer.address.zone == interface { keys[peer.address.address] = key }
        }
        return keys
    }
}

extension PeerSettings {
    /// True if the peer has a password for one link only: its address means something on that link alone.
    fileprivate var hasKeyOfItsLink: Bool { password != nil && address.zone != nil }
}
