package import SpeakerCore

/// `bgpvip peers`: one row a peer.
package func peersTable(_ status: Status, _ style: TextStyle = .plain) -> String {
    (status.phaseSentence.map { $0 + "\n" } ?? "") + peerRows(status, style)
}

/// The peers without the phase of the node.
func peerRows(_ status: Status, _ style: TextStyle) -> String {
    if status.peers.isEmpty { return "no peers are configured\n" }
    var table = TextTable(["PEER", "AS", "STATE", "SINCE", "HOLD", "BFD", "VIPS"], sentence: "LAST-ERROR", style)
    for peer in status.peers {
        table.append(
            [
                peer.address, peer.asText, peer.state, spanText(peer.stateSeconds),
                peer.holdTime.map { "\($0)s" } ?? "-", peer.bfdWord, "\(peer.advertised)/\(peer.total)",
            ],
            [2: peer.isEstablished ? .good : .bad],
            sentence: peer.lastErrorCell)
    }
    return table.text
}

extension Status {
    /// The peers that an address on the command line means: usually one; several only if it lacks a zone.
    package func peers(at address: String) -> [PeerStatus] {
        let wanted = AddressText(address)
        return peers.filter { wanted.matches(AddressText($0.address)) }
    }

    /// The VIP that an address or prefix on the command line means.
    package func vip(at address: String) -> VIPStatus? {
        let wanted = AddressText(address)
        return vips.first { wanted.matches(AddressText($0.prefix)) }
    }
}
