import IPTypes

extension Reading {
    /// The next hops that an entry of the peer list gives in place of our own addresses on the session, at most one of
    /// each family.
    mutating func nextHops(of entry: PeerEntry) -> (ipv4: IPv4Address?, ipv6: IPv6Address?) {
        var ipv4: IPv4Address?
        var ipv6: IPv6Address?
        let peer = entry.peer.value
        do throws(Complaint) {
            switch try peer.multiprotocol.nextHop(towards: peer.address.address) {
            case .v4(let address): ipv4 = address
            case .v6(let address): ipv6 = address
            case nil:
                notices += [peer.multiprotocol.unusedNotice(towards: peer.address.address)].compactMap { $0 }
            }
        } catch {
            errors.append(entry.peer.error(error.problem, error.remedy))
        }
        for text in entry.item?.fields["nextHop"] ?? [] {
            for part in text.isEntry ? [text.text] : ListEntry.separatedByCommas(text.text).map(\.text) {
                let given = value(GivenText(text: part, origin: text.origin)) { text throws(Complaint) in
                    try ValueText.nextHop(text, towards: entry.peer.value.address.address)
                }
                switch given {
                case .v4(let address) where ipv4 == nil: ipv4 = address
                case .v6(let address) where ipv6 == nil: ipv6 = address
                case .v4, .v6:
                    errors.append(
                        SettingError(
                            origin: text.origin, problem: "\(part) is a second next hop of its family",
                            remedy: "give at most one IPv4 and one IPv6 address"))
                case nil: break
                }
            }
        }
        return (ipv4, ipv6)
    }
}

extension ValueText {
    /// The address of a router or node that packets to the VIPs are to be sent to, as `peer` sees it.
    static func nextHop(_ text: String, towards peer: IPAddress) throws(Complaint) -> IPAddress {
        let nextHop = try address(text)
        // RFC 4271 section 5.1.3: "A BGP speaker MUST NOT advertise the address of a peer to that peer as a NEXT_HOP".
        guard nextHop != peer else {
            throw Complaint(
                "\(nextHop) is the peer itself, which would send the packets back to itself",
                "give an address of this node, or leave nextHop out")
        }
        if case .v6(let address) = nextHop, let mapped = address.mappedIPv4 {
            throw Complaint("\(address) is an IPv4-mapped IPv6 address, which no router routes", "write \(mapped)")
        }
        let isLinkLocal = !nextHop.isIPv4 && nextHop.isLinkLocal
        guard !nextHop.isUnspecified, !nextHop.isLoopback, !nextHop.isMulticast, !isLinkLocal else {
            throw Complaint(
                "\(nextHop) cannot be the next hop of a route", "give an address of this node that the peer reaches")
        }
        return nextHop
    }
}
