/// Finds the session of a received packet (RFC 5880 section 6.8.6, RFC 5881 section 3, RFC 5883 section 4).
///
/// Single-hop and multihop sessions never get each other's packets: only the former are guarded by TTL 255.
package struct BFDDemultiplexer<Peer: Hashable & Sendable>: Sendable {
    private struct Path: Hashable {
        var peer: Peer
        var isMultihop: Bool
    }

    private var discriminators: [UInt32: Path] = [:]
    private var paths: [Path: UInt32] = [:]

    /// No sessions yet.
    package init() {}

    /// Adds a session. False, and nothing is added, if the discriminator is 0 or taken or the peer has a session.
    package mutating func insert(_ peer: Peer, discriminator: UInt32, isMultihop: Bool) -> Bool {
        let path = Path(peer: peer, isMultihop: isMultihop)
        guard discriminator != 0, discriminators[discriminator] == nil, paths[path] == nil else { return false }
        discriminators[discriminator] = path
        paths[path] = discriminator
        return true
    }

    /// Takes a session away.
    package mutating func remove(discriminator: UInt32) {
        guard let path = discriminators.removeValue(forKey: discriminator) else { return }
        paths[path] = nil
    }

    /// The peer whose session `packet` belongs to. `source` is where it came from, and `isMultihop` on which port.
    package func peer(
        for packet: BFDPacket, from source: Peer, isMultihop: Bool
    ) throws(BFDDiscard) -> Peer {
        let peer: Peer
        if packet.yourDiscriminator != 0 {
            // "If the Your Discriminator field is nonzero, it MUST be used to select the session"
            guard let path = discriminators[packet.yourDiscriminator], path.isMultihop == isMultihop else {
                throw .unknownDiscriminator(packet.yourDiscriminator)
            }
            peer = path.peer
        } else {
            // "If the Your Discriminator field is zero and the State field is not Down or AdminDown"
            guard packet.state == .down || packet.state == .adminDown else { throw .missingDiscriminator(packet.state) }
            // "the session MUST be selected based on some combination of other fields"
            guard paths[Path(peer: source, isMultihop: isMultihop)] != nil else { throw .unknownSource }
            peer = source
        }
        // "If the A bit is set and no authentication is in use (bfd.AuthType is zero)"
        guard !packet.isAuthenticated else { throw .authentication }
        return peer
    }
}
