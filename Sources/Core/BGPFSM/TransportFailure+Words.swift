import BGPWire
import IPTypes

extension TransportFailure {
    /// One line for `peer` ("peer 10.0.0.1"): what TCP met, and where to look.
    package func words(_ peer: String) -> String {
        switch self {
        case .refused:
            "\(peer) refuses TCP connections. Likely: no BGP listens on that port, "
                + "the router has no neighbor entry for our address (or one without multihop, if it is not on the link), "
                + "or a firewall rejects them"
        case .timedOut(let md5, let onLink):
            md5 ? silentWithPassword(peer, onLink) : silentWithoutPassword(peer, onLink)
        case .hostUnreachable:
            "\(peer) is unreachable: nothing answers ARP or neighbor discovery for it "
                + "(host down, wrong address or VLAN)"
        case .rejectedOnTheWay:
            "\(peer) is unreachable although the link to it works: a router or firewall on the way, or the peer itself, "
                + "rejects our packets (ICMP); or the peer is more hops away than the TTL that multihop sets"
        case .beyondLink:
            "\(peer) is on none of this node's subnets, and the session is for one hop only: set multihop for it, "
                + "or correct the address"
        case .prohibited:
            "this node itself forbids connections to \(peer): look at its firewall and at routes of type prohibit"
        case .ownAddress:
            "\(peer) is this node itself: give the address of the router"
        case .networkUnreachable:
            "no route to \(peer): this node has no route to that address; add one, or correct the address"
        case .noNeighbour(let interface):
            "no router is known on \(interface) for \(peer): turn on IPv6 router advertisements on the switch port and "
                + "see that \(interface) is up and has IPv6 (a link-local address), "
                + "or give the router's address as [fe80::1%\(interface)]:AS"
        case .severalNeighbours(let interface, let candidates):
            "\(peer) could be any of \(candidates.map(\.description).joined(separator: ", ")): "
                + "give the right one as [fe80::1%\(interface)]:AS, "
                + "or let only the router send router advertisements on that link"
        case .sourceUnavailable:
            "the source address or interface configured for \(peer) is not on this node: correct it, or bring it up"
        case .inUse(let process):
            occupied(peer, by: String(escaping: process.utf8))
        case .closedByPeer:
            "\(peer) closed the connection without a NOTIFICATION: BGP on the router was stopped or restarted"
        case .reset:
            "\(peer) reset the connection: the router restarted, or something between dropped the connection"
        case .unacknowledged:
            "\(peer) accepted the connection and acknowledges nothing of what we send on it. Likely: only one side has "
                + "TTL security, or a firewall or the path drops what follows the SYN"
        case .md5Unavailable(let errno):
            "the kernel refuses TCP MD5 signatures for \(peer) (errno \(errno)): "
                + "it needs CONFIG_TCP_MD5SIG, and the password at most 80 bytes"
        case .system(let errno, let operation):
            "\(operation) failed for \(peer) (errno \(errno))"
        }
    }
}

/// The peer has, or may have, a session with another speaker of this node.
func occupied(_ peer: String, by process: String) -> String {
    "\(process) on this node has a connection to the BGP of \(peer) from the same address; a router keeps one session for "
        + "each address, so bgpvip waits: give it an address of its own (sourceAddress) that the router knows as a "
        + "neighbor, or another address of the router as peer"
}

/// A SYN with a wrong signature is dropped without a word, so a differing password cannot be told from a dead host; the
/// neighbour table narrows it down.
private func silentWithPassword(_ peer: String, _ onLink: Bool?) -> String {
    switch onLink {
    case true:
        "\(peer) is on the link but does not answer our signed SYN: a differing MD5 password looks exactly like this; "
            + "compare the passwords, then TTL security, then firewalls"
    case false:
        "\(peer) answers neither our signed SYN nor ARP or neighbor discovery: check host, cable, VLAN and address; "
            + "only then the MD5 password"
    case nil:
        "\(peer) does not answer our signed SYN: a differing MD5 password looks exactly like this, "
            + "as do a firewall and a host that is down"
    }
}

private func silentWithoutPassword(_ peer: String, _ onLink: Bool?) -> String {
    switch onLink {
    case true:
        "\(peer) is on the link but does not answer our SYN: a firewall drops it, the router demands an MD5 password "
            + "and none is configured here, or only one side has TTL security"
    case false:
        "\(peer) answers neither our SYN nor ARP or neighbor discovery: check host, cable, VLAN and address"
    case nil:
        "\(peer) does not answer our SYN: a firewall drops it, the host is down, the router demands an MD5 password "
            + "and none is configured here, or only one side has TTL security"
    }
}
