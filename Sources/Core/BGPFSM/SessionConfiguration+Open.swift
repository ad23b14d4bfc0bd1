package import BGPWire

extension SessionConfiguration {
    /// The OPEN we send (RFC 4271 section 4.2).
    package var open: Open {
        Open(
            myAS: localAS.twoOctets, holdTime: holdTime, identifier: identifier,
            parameters: [.capabilities(offeredCapabilities)])
    }

    /// The capabilities we offer, all in one parameter (RFC 5492 section 4).
    package var offeredCapabilities: [Capability] {
        var capabilities = families.map(Capability.multiprotocol)
        capabilities.append(.routeRefresh)
        if offersExtendedNextHop, families.contains(.ipv4Unicast) {
            capabilities.append(.extendedNextHop([.ipv4OverIPv6]))
        }
        // Only the promise of an End-of-RIB (RFC 4724 section 4). A listed family or the N bit would make the peer
        // keep the routes of a node that has died.
        capabilities.append(.gracefulRestart(Capability.GracefulRestart(flags: 0, restartTime: 120, families: [])))
        capabilities.append(.fourOctetAS(localAS))
        if let hostName { capabilities.append(fqdn(hostName)) }
        return capabilities
    }

    /// Host and domain are cut so that all capabilities fit into one parameter of 255 octets.
    private func fqdn(_ name: String) -> Capability {
        let parts = name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        return .fqdn(
            host: (parts.first ?? "").utf8Prefix(64), domain: parts.count > 1 ? parts[1].utf8Prefix(128) : [])
    }
}

extension Capability.ExtendedNextHop {
    /// IPv4 unicast prefixes with IPv6 next hops (RFC 8950 section 4).
    static let ipv4OverIPv6 = Self(family: .ipv4Unicast, nextHopAFI: AddressFamily.ipv6Unicast.afi)
}

extension StringProtocol {
    /// The UTF-8 of as many leading characters as fit into `limit` bytes.
    func utf8Prefix(_ limit: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for character in self {
            let encoded = character.utf8
            if bytes.count + encoded.count > limit { break }
            bytes.append(contentsOf: encoded)
        }
        return bytes
    }
}
