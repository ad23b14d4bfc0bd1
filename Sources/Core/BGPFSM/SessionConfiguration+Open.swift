package import BGPWire

extension SessionConfiguration {
    /// The OPEN we send (RFC 4271 section 4.2).
    package var open: Open {
        Open(
            myAS: localAS.twoOctets, holdTime: holdTime, identifier: identifier,
            parameters: offeredCapabilities.isEmpty ? [] : [.capabilities(offeredCapabilities)])
    }

    /// The capabilities we offer, all in one parameter (RFC 5492 section 4).
    package var offeredCapabilities: [Capability] {
        guard offersOptional else {
            // IPv4 unicast alone needs no capability (RFC 4760 section 8), but extended next hop builds on it.
            let isPlain = families == [.ipv4Unicast] && extendedNextHop.isEmpty
            return (isPlain ? [] : families.map(Capability.multiprotocol)) + extendedNextHop + fourOctetAS
        }
        var capabilities = families.map(Capability.multiprotocol)
        capabilities.append(.routeRefresh)
        capabilities += extendedNextHop
        capabilities.append(gracefulRestart)
        capabilities += fourOctetAS
        if let longLivedStaleTime { capabilities.append(longLivedGracefulRestart(longLivedStaleTime)) }
        if let hostName { capabilities.append(fqdn(hostName)) }
        return capabilities
    }

    private var extendedNextHop: [Capability] {
        offersExtendedNextHop && families.contains(.ipv4Unicast) ? [.extendedNextHop([.ipv4OverIPv6])] : []
    }

    private var fourOctetAS: [Capability] { offersFourOctetAS ? [.fourOctetAS(localAS)] : [] }

    /// Without LLGR only the promise of an End-of-RIB (RFC 4724 section 4): a listed family would make the peer prefer
    /// the routes of a node that has died for as long as the restart time. LLGR needs the families here as well
    /// (RFC 9494 section 3.1); a restart time of 0 skips that first phase, so that a dead path leaves ECMP at once and
    /// stays only as the last resort. Never the N bit (RFC 8538): our Cease must end the routes.
    private var gracefulRestart: Capability {
        let isLongLived = longLivedStaleTime != nil
        return .gracefulRestart(
            Capability.GracefulRestart(
                flags: 0, restartTime: isLongLived ? 0 : 120,
                families: isLongLived ? families.map { Capability.GracefulRestart.Family(family: $0, flags: 0) } : []))
    }

    /// The same families with the stale time (RFC 9494 section 3.1). The F bits stay clear: whether the address is
    /// still bound and its service alive is not known before the first check, so nothing may be said to be preserved.
    /// The peer then forgets the stale routes when the session is back (section 4.2), and ours follow at once.
    private func longLivedGracefulRestart(_ staleTime: UInt32) -> Capability {
        .longLivedGracefulRestart(
            families.map {
                Capability.LongLivedGracefulRestart(
                    family: $0, flags: 0, staleTime: min(staleTime, Capability.longestStaleTime))
            })
    }

    /// Host and domain are cut so that all capabilities fit into one parameter of 255 octets.
    private func fqdn(_ name: String) -> Capability {
        let parts = name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        return .fqdn(
            host: (parts.first ?? "").utf8Prefix(64), domain: parts.count > 1 ? parts[1].utf8Prefix(128) : [])
    }
}

extension Capability {
    /// 24 bits of seconds (RFC 9494 section 3.1).
    static let longestStaleTime: UInt32 = 0xFF_FFFF
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
