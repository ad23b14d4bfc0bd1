import BGPWire
import IPTypes

extension Notification {
    /// One line on a NOTIFICATION that the peer sent: what it means for us, with the peer's own words quoted.
    func receivedWords(_ configuration: SessionConfiguration) -> String {
        let peer = "peer \(configuration.peer)"
        switch (code, subcode) {
        case (2, 2):
            return "\(peer) rejects our AS \(configuration.localAS) (it sent Bad Peer AS): "
                + "fix our local AS, or the remote AS that the router has configured for us"
        case (2, 3):
            return "\(peer) rejects our BGP identifier \(configuration.identifier): "
                + "another speaker may have the same; give each node its own router ID"
        case (2, 6):
            return "\(peer) rejects our hold time of \(configuration.holdTime) s: raise it, "
                + "or lower the minimum on the router"
        case (2, 7) where !capabilities.isEmpty:
            return "\(peer) rejects our OPEN because of capabilities: "
                + capabilities.map(\.description).joined(separator: ", ")
                + "; it demands what we do not offer, or does not know it"
        case (2, _):
            return "\(peer) rejects our OPEN: \(self); compare what both sides are configured to offer"
        case (4, _):
            return "\(peer) heard nothing from us for its hold time: our packets are lost on the way, "
                + "or this node was stalled"
        case (6, _):
            return CeaseSubcode(rawValue: subcode).map { "\(peer) \(ceased($0))" }
                ?? "\(peer) closed the session: \(self)"
        case (8, _):
            return "\(peer) could send us nothing for its send-hold time: this node was stalled, "
                + "or the path from it loses packets"
        default:
            return "\(peer) found our messages wrong: \(self); "
                + (configuration.peer.address.isLoopback
                    ? "what listens there may be no BGP speaker"
                    : "one of the two programs has an error, please report it")
        }
    }

    private func ceased(_ subcode: CeaseSubcode) -> String {
        let quoted = communication.map { ": \"\($0)\"" }
        return switch subcode {
        case .maximumPrefixesReached: "closed the session: we announce more prefixes than its maximum; raise it there"
        case .administrativeShutdown:
            "was shut down by its operator" + (quoted ?? ", who gave no reason: enable the neighbor on the router")
        case .peerDeconfigured: "closed the session: the router's neighbor entry for us was removed"
        case .administrativeReset: "was reset by its operator" + (quoted ?? ", who gave no reason")
        case .connectionRejected:
            "rejects the connection: the router has no neighbor entry for our address, or accepts no more sessions"
        case .otherConfigurationChange: "closed the session: its configuration changed"
        case .connectionCollision:
            "closed this connection because it keeps another one with our address: if this repeats, another BGP speaker on "
                + "this node has that session; give bgpvip an address of its own (sourceAddress) that the router knows as "
                + "a neighbor, or another address of the router as peer"
        case .outOfResources: "closed the session: the router is out of resources"
        case .hardReset: "closed the session: \(self)"
        case .bfdDown: "closed the session: BFD says that the path is down"
        }
    }
}
