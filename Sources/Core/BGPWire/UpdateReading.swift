import IPTypes

/// The three variable fields of an UPDATE (RFC 4271 section 4.3).
struct UpdateFields {
    var withdrawn: ByteField
    var attributes: ByteField
    var nlri: ByteField

    /// Finds the fields; throws 3/1 if a length runs past the message (RFC 7606 section 3b).
    init(_ frame: RawSpan) throws(DecodeError) {
        var body = ByteField(frame, from: MessageCodec.headerLength)
        guard let length = body.uint16(frame), let withdrawn = body.take(Int(length)) else {
            throw DecodeError(.malformedAttributeList, "the withdrawn routes run past the message")
        }
        guard let length = body.uint16(frame), let attributes = body.take(Int(length)) else {
            throw DecodeError(.malformedAttributeList, "the path attributes run past the message")
        }
        self.withdrawn = withdrawn
        self.attributes = attributes
        nlri = body
    }
}

/// A path attribute, its value unread.
struct AttributeField {
    var flags: UInt8
    var type: UInt8
    var value: ByteField
    /// The attribute with its header, as the data of a NOTIFICATION wants it.
    var whole: ByteField
}

/// A prefix, its octets unread.
struct PrefixField {
    var length: UInt8
    var octets: ByteField
}

/// A segment of an AS path, its numbers unread.
struct ASPathSegmentField {
    var kind: UInt8
    var numbers: ByteField
}

extension ByteField {
    /// Reads the next attribute; nil if its header or its value runs past this stretch.
    mutating func attribute(_ frame: RawSpan) -> AttributeField? {
        var rest = self
        guard let flags = rest.uint8(frame), let type = rest.uint8(frame) else { return nil }
        let length = flags & 0x10 != 0 ? rest.uint16(frame).map(Int.init) : rest.uint8(frame).map(Int.init)
        guard let length, let value = rest.take(length), let whole = take(rest.position - position) else { return nil }
        return AttributeField(flags: flags, type: type, value: value, whole: whole)
    }

    /// Reads the next prefix; nil if it has more than `bits` bits or runs past this stretch.
    mutating func prefix(bits: Int, _ frame: RawSpan) -> PrefixField? {
        var rest = self
        guard let length = rest.uint8(frame), length <= bits, let octets = rest.take((Int(length) + 7) / 8) else {
            return nil
        }
        self = rest
        return PrefixField(length: length, octets: octets)
    }

    /// Counts the prefixes in this stretch; nil if one is not sound.
    func prefixCount(bits: Int, _ frame: RawSpan) -> Int? {
        var rest = self
        var count = 0
        while !rest.isEmpty {
            guard rest.prefix(bits: bits, frame) != nil else { return nil }
            count += 1
        }
        return count
    }

    /// All prefixes in this stretch, up to the first that is not sound.
    func prefixes(bits: Int, _ frame: RawSpan) -> [IPPrefix] {
        var rest = self
        var prefixes: [IPPrefix] = []
        while let field = rest.prefix(bits: bits, frame) {
            let octets = field.octets.bytes(frame) + Array(repeating: 0, count: 16)
            guard let address = IPAddress(bytes: octets.prefix(bits / 8)),
                let prefix = IPPrefix(address, length: Int(field.length))
            else { break }
            prefixes.append(prefix)
        }
        return prefixes
    }

    /// Reads the next segment of an AS path whose numbers have `width` octets; nil if it runs past this stretch.
    mutating func segment(width: Int, _ frame: RawSpan) -> ASPathSegmentField? {
        var rest = self
        guard let kind = rest.uint8(frame), let count = rest.uint8(frame),
            let numbers = rest.take(Int(count) * width)
        else { return nil }
        self = rest
        return ASPathSegmentField(kind: kind, numbers: numbers)
    }

    /// Reads the next AS number of `width` octets, 2 or 4.
    mutating func asNumber(width: Int, _ frame: RawSpan) -> ASNumber? {
        width == 4 ? uint32(frame).map(ASNumber.init) : uint16(frame).map { ASNumber(UInt32($0)) }
    }
}

/// MP_REACH_NLRI, its addresses and prefixes unread (RFC 4760 section 3).
struct MPReachField {
    var family: AddressFamily
    var nextHop: ByteField
    var nlri: ByteField

    /// Nil if the value is too short for its fixed part or its next hop.
    init?(_ value: ByteField, _ frame: RawSpan) {
        var rest = value
        guard let afi = rest.uint16(frame), let safi = rest.uint8(frame), let length = rest.uint8(frame),
            let nextHop = rest.take(Int(length)), rest.uint8(frame) != nil
        else { return nil }
        family = AddressFamily(afi: afi, safi: safi)
        self.nextHop = nextHop
        nlri = rest
    }

    /// Octets that each address of the next hop has, 4 or 16; nil if the length does not fit the family. IPv4 may
    /// have an IPv6 next hop (RFC 8950 section 3), an IPv6 one may be followed by a link-local one (RFC 2545).
    var nextHopWidth: Int? {
        switch (family, nextHop.count) {
        case (.ipv4Unicast, 4): 4
        case (.ipv4Unicast, 16), (.ipv4Unicast, 32), (.ipv6Unicast, 16), (.ipv6Unicast, 32): 16
        default: nil
        }
    }
}

/// MP_UNREACH_NLRI, its prefixes unread (RFC 4760 section 4).
struct MPUnreachField {
    var family: AddressFamily
    var withdrawn: ByteField

    /// Nil if the value is too short for its fixed part.
    init?(_ value: ByteField, _ frame: RawSpan) {
        var rest = value
        guard let afi = rest.uint16(frame), let safi = rest.uint8(frame) else { return nil }
        family = AddressFamily(afi: afi, safi: safi)
        withdrawn = rest
    }
}
