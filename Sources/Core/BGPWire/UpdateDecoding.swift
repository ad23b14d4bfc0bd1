import IPTypes

extension Update {
    /// Decodes a whole UPDATE message into values; `fourOctetAS` is the width of its AS numbers.
    ///
    /// Throws what validation throws for an external peer, and 3/1 for an attribute that runs past its block, which
    /// no value can express.
    package static func decode(_ frame: RawSpan, fourOctetAS: Bool) throws(DecodeError) -> Update {
        _ = try UpdateSummary(reading: frame, fourOctetAS: fourOctetAS, isInternal: false)
        let fields = try UpdateFields(frame)
        var attributes: [PathAttribute] = []
        var rest = fields.attributes
        while !rest.isEmpty {
            guard let attribute = rest.attribute(frame) else {
                throw DecodeError(.malformedAttributeList, "an attribute runs past the path attributes")
            }
            let value = PathAttribute.Value(reading: attribute, frame, width: fourOctetAS ? 4 : 2)
            attributes.append(
                PathAttribute(
                    flags: attribute.flags,
                    value: value ?? .other(type: attribute.type, value: attribute.value.bytes(frame))))
        }
        return Update(
            withdrawn: fields.withdrawn.prefixes(bits: 32, frame), attributes: attributes,
            nlri: fields.nlri.prefixes(bits: 32, frame))
    }
}

extension PathAttribute.Value {
    /// Nil for types and families that are not known, and for values that are malformed.
    fileprivate init?(reading attribute: AttributeField, _ frame: RawSpan, width: Int) {
        var field = attribute.value
        guard let rule = AttributeRule(type: attribute.type), rule.length.allows(field.count) else { return nil }
        switch attribute.type {
        case 1:
            guard let origin = field.uint8(frame).flatMap(Origin.init(rawValue:)) else { return nil }
            self = .origin(origin)
        case 2:
            guard let path = field.path(frame, width: width) else { return nil }
            self = .asPath(path)
        case 3:
            guard let address = field.uint32(frame) else { return nil }
            self = .nextHop(IPv4Address(address))
        case 4:
            guard let metric = field.uint32(frame) else { return nil }
            self = .multiExitDiscriminator(metric)
        case 5:
            guard let preference = field.uint32(frame) else { return nil }
            self = .localPreference(preference)
        case 6: self = .atomicAggregate
        case 7:
            guard let number = field.asNumber(width: width, frame), let address = field.uint32(frame), field.isEmpty
            else { return nil }
            self = .aggregator(number, IPv4Address(address))
        case 8: self = .communities(field.list { $0.uint32(frame).map(Community.init) })
        case 14:
            guard let reach = MPReachField(field, frame), let bits = reach.family.prefixBits,
                let width = reach.nextHopWidth
            else { return nil }
            var hops = reach.nextHop
            self = .mpReach(
                MPReach(
                    family: reach.family,
                    nextHops: hops.list { $0.take(width).flatMap { IPAddress(bytes: $0.bytes(frame)[...]) } },
                    nlri: reach.nlri.prefixes(bits: bits, frame)))
        case 15:
            guard let unreach = MPUnreachField(field, frame), let bits = unreach.family.prefixBits else { return nil }
            self = .mpUnreach(
                MPUnreach(family: unreach.family, withdrawn: unreach.withdrawn.prefixes(bits: bits, frame)))
        case 16: self = .extendedCommunities(field.list { $0.uint64(frame).map(ExtendedCommunity.init) })
        case 17:
            guard let path = field.path(frame, width: 4) else { return nil }
            self = .as4Path(path)
        case 18:
            guard let number = field.uint32(frame), let address = field.uint32(frame) else { return nil }
            self = .as4Aggregator(ASNumber(number), IPv4Address(address))
        case 32:
            self = .largeCommunities(
                field.list {
                    guard let global = $0.uint32(frame), let local1 = $0.uint32(frame), let local2 = $0.uint32(frame)
                    else { return nil }
                    return LargeCommunity(global, local1, local2)
                })
        default: return nil
        }
    }
}

extension ByteField {
    /// Reads elements until one is not there.
    fileprivate mutating func list<Element>(_ element: (inout ByteField) -> Element?) -> [Element] {
        var elements: [Element] = []
        while !isEmpty, let next = element(&self) {
            elements.append(next)
        }
        return elements
    }

    /// Reads an AS path; nil if a segment cannot be read, has an unknown type or no number.
    fileprivate mutating func path(_ frame: RawSpan, width: Int) -> [ASPathSegment]? {
        var segments: [ASPathSegment] = []
        while !isEmpty {
            guard var segment = segment(width: width, frame), let kind = ASPathSegment.Kind(rawValue: segment.kind),
                !segment.numbers.isEmpty
            else { return nil }
            segments.append(ASPathSegment(kind, segment.numbers.list { $0.asNumber(width: width, frame) }))
        }
        return segments
    }
}
