import BGPWire
import IPTypes
package import Settings

extension SwitchSide {
    /// The sides of the switches in the peer list: one for each entry, or one in all for those that are named.
    /// - Parameters:
    ///   - switches: how the peer list names one switch, several if the nodes reach it by several addresses; none for
    ///     every switch.
    ///   - nodes: the switch's neighbours.
    package static func all(
        in settings: Settings, for switches: [String], nodes: NodeSelection
    ) throws(SwitchSideError) -> [SwitchSide] {
        try nodes.checkUse(in: settings.peers)
        guard !switches.isEmpty else {
            var sides: [SwitchSide] = []
            for peer in settings.peers { sides.append(try SwitchSide(settings, peers: [peer], nodes)) }
            return sides
        }
        var peers: [PeerSettings] = []
        for name in switches.flatMap({ $0.split(separator: ",") }) {
            let text = name.filter { $0 != " " }
            guard let address = ScopedAddress(text), let peer = settings.peers.first(where: { $0.address == address })
            else {
                let known = settings.peers.map { "\($0.address)" }.joined(separator: ", ")
                throw SwitchSideError(
                    "--for \(text): no peer of the settings has this address", "the peers are \(known)")
            }
            if !peers.contains(peer) { peers.append(peer) }
        }
        return [try SwitchSide(settings, peers: peers, nodes)]
    }

    private init(_ settings: Settings, peers: [PeerSettings], _ nodes: NodeSelection) throws(SwitchSideError) {
        sessions = []
        prefixes = Set(settings.vips.map(\.prefix)).sorted()
        pools = settings.servicePools.filter { !prefixes.contains($0) }
        longLivedStaleTime = settings.longLivedStaleTime
        for peer in peers {
            for neighbours in try nodes.neighbours(of: peer) {
                sessions.append(
                    SwitchSession(
                        number: sessions.count + 1, peer: peer, nodes: neighbours,
                        nodeAS: peer.localAS ?? settings.localAS, nodePort: settings.listen?.port ?? 179))
            }
        }
        let numbers = Set(sessions.map(\.switchAS))
        guard numbers.count <= 1 else {
            throw SwitchSideError(
                "the peers \(peers.map { "\($0.address)" }.joined(separator: ", ")) have different ASes",
                "they are different switches: give --for once for each")
        }
        switchAS = numbers.first ?? nil
    }
}

extension SwitchSession {
    /// The switch's AS, as far as the settings say it.
    fileprivate var switchAS: ASNumber? {
        switch peer.peerAS {
        case .exactly(let number): number
        case .internal: nodeAS
        case .external: nil
        }
    }
}

extension NodeSelection {
    /// The switch's neighbours on the sessions of one peer; for `gateway`, in each family that has any.
    fileprivate func neighbours(of peer: PeerSettings) throws(SwitchSideError) -> [SwitchSession.Nodes] {
        let address = peer.address
        if address.isUnnumbered || address.address.isLinkLocal && !address.address.isIPv4 {
            guard !ports.isEmpty else {
                throw SwitchSideError(
                    "the peer \(address) is reached by its link, and nothing says which ports of the switch the nodes are on",
                    "give --node PORT,…, for example --node swp1,swp2")
            }
            return [.ports(ports)]
        }
        let families = [true, false].filter { address.isOfFamily(isIPv4: $0) }
        var found: [SwitchSession.Nodes] = []
        for isIPv4 in families {
            let addresses = addresses.filter { $0.isIPv4 == isIPv4 }
            let ranges = ranges.filter { $0.address.isIPv4 == isIPv4 }
            if !addresses.isEmpty { found.append(.addresses(addresses)) }
            if !ranges.isEmpty { found.append(.ranges(ranges)) }
        }
        guard !found.isEmpty else {
            let family = families.count > 1 ? "" : families == [true] ? "IPv4 " : "IPv6 "
            throw SwitchSideError(
                "nothing says which \(family)addresses the nodes have towards the peer \(address)",
                "give --node ADDRESS,… with one for each node, or --nodes PREFIX")
        }
        if peer.isPassive, !ranges.isEmpty {
            throw SwitchSideError(
                "the peer \(address) is passive: the switch has to dial the nodes, which no prefix tells it",
                "give --node ADDRESS,… with one for each node")
        }
        if addresses.contains(address.address) {
            throw SwitchSideError("--node \(address) is the switch's own address", "give the addresses of the nodes")
        }
        return found
    }

    /// Refuses what no peer could make use of.
    fileprivate func checkUse(in peers: [PeerSettings]) throws(SwitchSideError) {
        let isOnLink = peers.map {
            $0.address.isUnnumbered || !$0.address.address.isIPv4 && $0.address.address.isLinkLocal
        }
        func isUsed(isIPv4: Bool) -> Bool {
            zip(peers, isOnLink).contains { !$1 && $0.address.isOfFamily(isIPv4: isIPv4) }
        }
        if let port = ports.first, !isOnLink.contains(true) {
            throw SwitchSideError(
                "--node \(port): not an address, and no peer of the settings is reached by its link",
                "give the addresses of the nodes")
        }
        let texts = addresses.map { ("--node \($0)", $0.isIPv4) } + ranges.map { ("--nodes \($0)", $0.address.isIPv4) }
        for (text, isIPv4) in texts where !isUsed(isIPv4: isIPv4) {
            throw SwitchSideError(
                "\(text): no peer of the settings has an \(isIPv4 ? "IPv4" : "IPv6") address", "leave it out")
        }
    }
}
