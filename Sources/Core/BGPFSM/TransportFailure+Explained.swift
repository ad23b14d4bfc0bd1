/// What the tables of this node's kernel say of the way to a peer.
package struct PathFacts: Sendable, Hashable {
    /// Whether the peer answers ARP or neighbour discovery; nil if not known.
    package var answersARP: Bool?
    /// True if the peer is in a subnet of this node.
    package var isConnected: Bool
    /// True if there is a route to the peer.
    package var hasRoute: Bool
    /// True if the peer's address is one of this node's own.
    package var isOwn: Bool

    package init(answersARP: Bool?, isConnected: Bool, hasRoute: Bool, isOwn: Bool = false) {
        self.answersARP = answersARP
        self.isConnected = isConnected
        self.hasRoute = hasRoute
        self.isOwn = isOwn
    }
}

extension TransportFailure {
    /// The failure of a dial with what this node knows of the way to the peer. `isForOneHop` tells whether our packets
    /// end at the first router, because the peer is dialled as if it were on the link. The tables may be long, so they are
    /// read only for a failure that means different things.
    package func explained(by facts: @autoclosure () -> PathFacts, isForOneHop: Bool) -> TransportFailure {
        switch self {
        case .hostUnreachable, .networkUnreachable, .timedOut, .prohibited, .refused: break
        default: return self
        }
        let facts = facts()
        let lacksMultihop = isForOneHop && !facts.isConnected
        return switch self {
        case .timedOut where lacksMultihop, .hostUnreachable where lacksMultihop: .beyondLink
        case .timedOut(let md5, nil): .timedOut(md5: md5, onLink: facts.answersARP)
        // Through a router, or from a host that the link reaches: it was an answer.
        case .hostUnreachable where facts.answersARP == true || !facts.isConnected: .rejectedOnTheWay
        case .refused where facts.isOwn: .ownAddress
        // No rule of ours: EACCES is also what ICMPv6 "administratively prohibited" becomes.
        case .prohibited where facts.hasRoute: .rejectedOnTheWay
        case .networkUnreachable where facts.hasRoute: lacksMultihop ? .beyondLink : .rejectedOnTheWay
        default: self
        }
    }
}
