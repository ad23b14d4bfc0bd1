import IPTypes

extension Update {
    /// Appends the body; false if a length does not fit its field.
    func append(to bytes: inout [UInt8], fourOctetAS: Bool) -> Bool {
        let withdrawnLength = bytes.count
        bytes += [0, 0]
        for prefix in withdrawn { prefix.append(to: &bytes) }
        guard bytes.closeLength16(at: withdrawnLength) else { return false }
        let attributesLength = bytes.count
        bytes += [0, 0]
        for attribute in fourOctetAS ? attributes : attributes.loweredForTwoOctetAS() {
            guard attribute.append(to: &bytes, fourOctetAS: fourOctetAS) else { return false }
        }
        guard bytes.closeLength16(at: attributesLength) else { return false }
        for prefix in nlri { prefix.append(to: &bytes) }
        return true
    }
}

extension IPPrefix {
    /// Octets of this prefix on the wire (RFC 4271 section 4.3).
    var encodedCount: Int { 1 + (length + 7) / 8 }

    /// Appends the length and as many octets of the address as it needs.
    func append(to bytes: inout [UInt8]) {
        bytes.append(UInt8(truncatingIfNeeded: length))
        bytes += address.bytes.prefix((length + 7) / 8)
    }
}

extension PathAttribute {
    /// Appends flags, type, length and value. Longer values than 255 octets get the Extended Length bit; shorter ones
    /// keep it if it is among the flags. False if the value is longer than 65535 octets.
    func append(to bytes: inout [UInt8], fourOctetAS: Bool) -> Bool {
        let encoded = value.encoded(fourOctetAS: fourOctetAS)
        guard let length = UInt16(exactly: encoded.count) else { return false }
        if flags & 0x10 != 0 || length > 255 {
            bytes += [flags | 0x10, type]
            bytes.append(bigEndian: length)
        } else {
            bytes += [flags, type, UInt8(truncatingIfNeeded: length)]
        }
        bytes += encoded
        return true
    }
}

extension PathAttribute.Value {
    fileprivate func encoded(fourOctetAS: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        switch self {
        case .origin(let origin): bytes.append(origin.rawValue)
        case .asPath(let path): path.append(to: &bytes, fourOctetAS: fourOctetAS)
        case .nextHop(let address): bytes = address.bytes
        case .multiExitDiscriminator(let number), .localPreference(let number): bytes.append(bigEndian: number)
        case .atomicAggregate: break
        case .aggregator(let number, let address):
            number.append(to: &bytes, fourOctetAS: fourOctetAS)
            bytes += address.bytes
        case .communities(let communities):
            for community in communities { bytes.append(bigEndian: community.value) }
        case .mpReach(let reach):
            let nextHop = reach.nextHops.flatMap(\.bytes)
            bytes.append(bigEndian: reach.family.afi)
            bytes += [reach.family.safi, UInt8(truncatingIfNeeded: nextHop.count)] + nextHop.prefix(255) + [0]
            for prefix in reach.nlri { prefix.append(to: &bytes) }
        case .mpUnreach(let unreach):
            bytes.append(bigEndian: unreach.family.afi)
            bytes.append(unreach.family.safi)
            for prefix in unreach.withdrawn { prefix.append(to: &bytes) }
        case .extendedCommunities(let communities):
            for community in communities { bytes.append(bigEndian: community.value) }
        case .as4Path(let path): path.append(to: &bytes, fourOctetAS: true)
        case .as4Aggregator(let number, let address):
            number.append(to: &bytes, fourOctetAS: true)
            bytes += address.bytes
        case .largeCommunities(let communities):
            for community in communities {
                bytes.append(bigEndian: community.global)
                bytes.append(bigEndian: community.local1)
                bytes.append(bigEndian: community.local2)
            }
        case .other(_, let value): bytes = value
        }
        return bytes
    }
}

extension [ASPathSegment] {
    /// Appends all segments; one of more than 255 numbers becomes several, one without numbers is left out, as it
    /// would be malformed (RFC 7606 section 7.2).
    fileprivate func append(to bytes: inout [UInt8], fourOctetAS: Bool) {
        for segment in self {
            var rest = segment.numbers[...]
            while !rest.isEmpty {
                let part = rest.prefix(255)
                bytes += [segment.kind.rawValue, UInt8(truncatingIfNeeded: part.count)]
                for number in part { number.append(to: &bytes, fourOctetAS: fourOctetAS) }
                rest = rest.dropFirst(part.count)
            }
        }
    }
}

extension ASNumber {
    /// Appends four octets, or two with AS_TRANS for what does not fit.
    fileprivate func append(to bytes: inout [UInt8], fourOctetAS: Bool) {
        if fourOctetAS { bytes.append(bigEndian: value) } else { bytes.append(bigEndian: twoOctets) }
    }
}
