extension TransportFailure {
    /// The failure of a dial with what this node knows of the way to the peer.
    /// - Parameters:
    ///   - answersARP: whether the peer answers ARP or neighbour discovery; nil if not known.
    ///   - isConnected: whether the peer is in a subnet of this node.
    ///   - isForOneHop: whether it is dialled as if it were.
    package func explained(answersARP: Bool?, isConnected: Bool, isForOneHop: Bool) -> TransportFailure {
        switch self {
        case .hostUnreachable where !isConnected && isForOneHop: .beyondLink
        case .timedOut where !isConnected && isForOneHop: .beyondLink
        case .timedOut(let md5, nil): .timedOut(md5: md5, onLink: answersARP)
        // Through a router, or from a host that the link reaches: somebody has said so.
        case .hostUnreachable where answersARP == true || !isConnected: .rejectedOnTheWay
        default: self
        }
    }
}
