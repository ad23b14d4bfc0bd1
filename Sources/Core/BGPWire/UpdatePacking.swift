package import IPTypes

/// Many prefixes in few messages. An UPDATE never has more than one of withdrawn routes, NLRI, MP_REACH_NLRI and
/// MP_UNREACH_NLRI, and those two come first (RFC 7606 section 5.1).
extension Update {
    /// The End-of-RIB marker of a family (RFC 4724 section 2).
    package static func endOfRIB(_ family: AddressFamily) -> Update {
        guard family != .ipv4Unicast else { return Update() }
        return Update(attributes: [PathAttribute(.mpUnreach(MPUnreach(family: family, withdrawn: [])))])
    }

    /// Withdraws prefixes: IPv4 in the withdrawn routes field, IPv6 in MP_UNREACH_NLRI.
    ///
    /// Also for IPv4 prefixes that were announced in MP_REACH_NLRI because of their next hop (RFC 8950): a withdrawal
    /// has none, every router takes this form, and OpenBGPD resets the session on the other one.
    package static func packed(withdrawing prefixes: [IPPrefix]) -> [Update] {
        let room = MessageCodec.maximumLength - emptyLength
        let roomInAttribute = room - attributeHeaderLength - 3
        return prefixes.filter(\.address.isIPv4).split(room: room).map { Update(withdrawn: $0) }
            + prefixes.filter { !$0.address.isIPv4 }.split(room: roomInAttribute).map {
                let unreach = MPUnreach(family: .ipv6Unicast, withdrawn: $0)
                return Update(attributes: [PathAttribute(.mpUnreach(unreach))])
            }
    }

    /// Announces IPv4 prefixes in the NLRI field, with the next hop among the attributes. IPv6 prefixes cannot
    /// travel so and are left out. No UPDATE at all if the attributes leave no room for a prefix.
    package static func packed(
        announcing prefixes: [IPPrefix], attributes: [PathAttribute], fourOctetAS: Bool
    ) -> [Update] {
        let attributes = fourOctetAS ? attributes : attributes.loweredForTwoOctetAS()
        let room = MessageCodec.maximumLength - length(of: attributes, fourOctetAS: fourOctetAS)
        return prefixes.filter(\.address.isIPv4).split(room: room).map { Update(attributes: attributes, nlri: $0) }
    }

    /// Announces prefixes in MP_REACH_NLRI with these next hops: one address, or a global and a link-local one.
    /// No UPDATE at all if the attributes leave no room for a prefix.
    package static func packed(
        announcing prefixes: [IPPrefix], nextHops: [IPAddress], attributes: [PathAttribute], fourOctetAS: Bool
    ) -> [Update] {
        let attributes = fourOctetAS ? attributes : attributes.loweredForTwoOctetAS()
        let fixed = attributeHeaderLength + 5 + nextHops.reduce(0) { $0 + $1.bytes.count }
        let room = MessageCodec.maximumLength - length(of: attributes, fourOctetAS: fourOctetAS) - fixed
        return [AddressFamily.ipv4Unicast, .ipv6Unicast].flatMap { family in
            prefixes.filter { AddressFamily(of: $0) == family }.split(room: room).map {
                let reach = MPReach(family: family, nextHops: nextHops, nlri: $0)
                return Update(attributes: [PathAttribute(.mpReach(reach))] + attributes)
            }
        }
    }

    /// Octets of an UPDATE with nothing in it.
    private static let emptyLength = 23
    /// Octets in front of the value of an attribute with the Extended Length bit.
    private static let attributeHeaderLength = 4

    /// Octets of an UPDATE with these attributes and nothing else.
    private static func length(of attributes: [PathAttribute], fourOctetAS: Bool) -> Int {
        var bytes: [UInt8] = []
        for attribute in attributes where !attribute.append(to: &bytes, fourOctetAS: fourOctetAS) {
            return .max / 2
        }
        return emptyLength + bytes.count
    }
}

extension [IPPrefix] {
    /// Runs of prefixes, in order, that take at most `room` octets each; none if a prefix does not fit at all.
    fileprivate func split(room: Int) -> [[IPPrefix]] {
        var runs: [[IPPrefix]] = []
        var start = startIndex
        var used = 0
        for (index, prefix) in enumerated() {
            guard prefix.encodedCount <= room else { return [] }
            if used + prefix.encodedCount > room {
                runs.append(Array(self[start..<index]))
                start = index
                used = 0
            }
            used += prefix.encodedCount
        }
        if start < endIndex { runs.append(Array(self[start...])) }
        return runs
    }
}
