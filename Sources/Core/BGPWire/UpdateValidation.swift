import IPTypes

extension UpdateSummary {
    /// Validates and counts an UPDATE whose header is sound, without keeping anything of it.
    ///
    /// Throws where RFC 7606 has the session reset: the fields cannot be found (3/1), a prefix cannot be read (3/10),
    /// MP_REACH_NLRI or MP_UNREACH_NLRI come twice (3/1) or cannot be read (3/9), or an attribute is malformed while
    /// nothing is announced (section 5.2), in which case the NLRI may be what is hidden.
    init(reading frame: RawSpan, fourOctetAS: Bool, isInternal: Bool) throws(DecodeError) {
        let fields = try UpdateFields(frame)
        var attributes = AttributeCheck(fourOctetAS: fourOctetAS, isInternal: isInternal)
        try attributes.read(fields.attributes, frame)
        guard let withdrawn = fields.withdrawn.prefixCount(bits: 32, frame) else {
            throw DecodeError(.invalidNetworkField, "a withdrawn prefix is too long or cut short")
        }
        guard let announced = fields.nlri.prefixCount(bits: 32, frame) else {
            throw DecodeError(.invalidNetworkField, "an announced prefix is too long or cut short")
        }
        self.init(announced: announced + attributes.announced, withdrawn: withdrawn + attributes.withdrawn)

        if announced > 0 || attributes.announcesAnything {
            malformation = attributes.fault ?? attributes.missing(needsNextHop: announced > 0)
        } else if let reset = attributes.faultWithoutRoutes {
            throw reset
        } else {
            malformation = attributes.fault
        }
        if fields.withdrawn.isEmpty, fields.nlri.isEmpty {
            endOfRIB = fields.attributes.isEmpty ? .ipv4Unicast : attributes.endOfRIB
        }
    }
}

/// What one pass over the path attributes finds.
private struct AttributeCheck {
    var fourOctetAS: Bool
    var isInternal: Bool
    /// Prefixes in MP_REACH_NLRI and MP_UNREACH_NLRI of the families that are read here.
    var announced = 0
    var withdrawn = 0
    /// True if MP_REACH_NLRI has anything to announce, in whatever family.
    var announcesAnything = false
    /// The first fault, in words.
    var fault: String?
    /// The first fault that RFC 7606 section 5.2 does not forgive if nothing is announced.
    var faultWithoutRoutes: DecodeError?
    /// The family of MP_UNREACH_NLRI if it is the only attribute and has no prefix.
    var endOfRIB: AddressFamily?
    /// The types that have come, one bit each.
    private var seen = (UInt64(0), UInt64(0), UInt64(0), UInt64(0))

    init(fourOctetAS: Bool, isInternal: Bool) {
        self.fourOctetAS = fourOctetAS
        self.isInternal = isInternal
    }

    mutating func read(_ attributes: ByteField, _ frame: RawSpan) throws(DecodeError) {
        var rest = attributes
        while !rest.isEmpty {
            guard let attribute = rest.attribute(frame) else {
                // The total length stays in force, so the NLRI can still be found (RFC 7606 section 4).
                let words = "an attribute runs past the path attributes"
                note("\(words) (treat-as-withdraw)")
                faultWithoutRoutes = faultWithoutRoutes ?? DecodeError(.malformedAttributeList, words)
                return
            }
            guard insert(attribute.type) else {
                guard attribute.type != 14, attribute.type != 15 else {
                    throw DecodeError(.malformedAttributeList, "attribute \(attribute.type) comes twice")
                }
                note("attribute \(attribute.type) comes twice (attribute discard)")
                continue
            }
            if attribute.type == 14 { try readReach(attribute, frame) }
            if attribute.type == 15 { try readUnreach(attribute, frame, isAlone: attribute.whole == attributes) }
            guard let fault = attribute.fault(frame, fourOctetAS: fourOctetAS, isInternal: isInternal) else { continue }
            note("\(fault.words) (\(fault.handling.rawValue))")
            // Section 5.2 is about UPDATEs that have other attributes than MP_UNREACH_NLRI.
            let isLoneUnreach = attribute.type == 15 && attribute.whole == attributes
            if fault.handling == .treatAsWithdraw, !isLoneUnreach, faultWithoutRoutes == nil {
                let data = fault.subcode == 11 ? [] : attribute.whole.bytes(frame)
                faultWithoutRoutes = DecodeError(
                    Notification(code: 3, subcode: fault.subcode, data: data),
                    "\(fault.words), in an UPDATE that announces nothing")
            }
        }
    }

    /// Which of the attributes that every route needs is missing (RFC 7606 section 3d), in words.
    func missing(needsNextHop: Bool) -> String? {
        for type: UInt8 in needsNextHop ? [1, 2, 3] : [1, 2] where seen.0 & 1 << UInt64(type) == 0 {
            return "\(AttributeRule(type: type)?.name ?? "") is missing (treat-as-withdraw)"
        }
        return nil
    }

    private mutating func readReach(_ attribute: AttributeField, _ frame: RawSpan) throws(DecodeError) {
        guard let reach = MPReachField(attribute.value, frame) else {
            throw .optionalAttribute(attribute, frame, "MP_REACH_NLRI is cut short")
        }
        announcesAnything = !reach.nlri.isEmpty
        guard let bits = reach.family.prefixBits else { return }
        guard reach.nextHopWidth != nil else {
            throw .optionalAttribute(attribute, frame, "MP_REACH_NLRI: next hop of \(reach.nextHop.count) octets")
        }
        guard let count = reach.nlri.prefixCount(bits: bits, frame) else {
            throw .optionalAttribute(attribute, frame, "MP_REACH_NLRI: a prefix is too long or cut short")
        }
        announced = count
    }

    private mutating func readUnreach(
        _ attribute: AttributeField, _ frame: RawSpan, isAlone: Bool
    ) throws(DecodeError) {
        guard let unreach = MPUnreachField(attribute.value, frame) else {
            throw .optionalAttribute(attribute, frame, "MP_UNREACH_NLRI is cut short")
        }
        if isAlone, unreach.withdrawn.isEmpty { endOfRIB = unreach.family }
        guard let bits = unreach.family.prefixBits else { return }
        guard let count = unreach.withdrawn.prefixCount(bits: bits, frame) else {
            throw .optionalAttribute(attribute, frame, "MP_UNREACH_NLRI: a prefix is too long or cut short")
        }
        withdrawn = count
    }

    private mutating func note(_ words: String) {
        fault = fault ?? words
    }

    /// Remembers a type; false if it has come before.
    private mutating func insert(_ type: UInt8) -> Bool {
        let bit = UInt64(1) << UInt64(type & 63)
        func insert(_ word: inout UInt64) -> Bool {
            defer { word |= bit }
            return word & bit == 0
        }
        return switch type >> 6 {
        case 0: insert(&seen.0)
        case 1: insert(&seen.1)
        case 2: insert(&seen.2)
        default: insert(&seen.3)
        }
    }
}

extension DecodeError {
    /// 3/9 Optional Attribute Error, with the attribute (RFC 4271 section 6.3).
    fileprivate static func optionalAttribute(
        _ attribute: AttributeField, _ frame: RawSpan, _ explanation: String
    ) -> DecodeError {
        DecodeError(Notification(code: 3, subcode: 9, data: attribute.whole.bytes(frame)), explanation)
    }
}
