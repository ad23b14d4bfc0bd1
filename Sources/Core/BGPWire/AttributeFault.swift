/// What is wrong with a path attribute, and what RFC 7606 has a receiver do about it.
struct AttributeFault {
    /// RFC 7606 section 2; resetting the session is not among them, that is decided from the whole UPDATE.
    enum Handling: String {
        case treatAsWithdraw = "treat-as-withdraw"
        case discard = "attribute discard"
    }
    var handling: Handling
    /// The subcode of UPDATE Message Error that RFC 4271 section 6.3 has for this, if the session must be reset.
    var subcode: UInt8
    /// What is wrong, for the operator.
    var words: String
}

extension AttributeField {
    /// Checks flags and form of everything but the two multiprotocol attributes' values; nil if nothing is wrong.
    func fault(_ frame: RawSpan, fourOctetAS: Bool, isInternal: Bool) -> AttributeFault? {
        guard let rule = AttributeRule(type: type) else {
            // RFC 4271 would reset here (3/2); since RFC 7606 speakers do not, so it is worth no more than a line.
            return flags & 0x80 == 0
                ? AttributeFault(handling: .discard, subcode: 2, words: "unknown well-known attribute \(type)") : nil
        }
        // LOCAL_PREF, ORIGINATOR_ID and CLUSTER_LIST mean nothing from outside (RFC 7606 sections 7.5, 7.9, 7.10), and
        // neither do AS4_PATH and AS4_AGGREGATOR between speakers of four-octet AS numbers (RFC 6793 section 4.1).
        let isMeaningless = !isInternal && [5, 9, 10].contains(type) || fourOctetAS && [17, 18].contains(type)
        let handling = isMeaningless ? .discard : rule.handling
        func fault(_ subcode: UInt8, _ words: String) -> AttributeFault {
            AttributeFault(handling: handling, subcode: subcode, words: "\(rule.name): \(words)")
        }
        if flags & 0xC0 != rule.flags {
            // RFC 7606 section 3c: treat-as-withdraw, also where a malformed value is discarded.
            return AttributeFault(
                handling: isMeaningless ? .discard : .treatAsWithdraw, subcode: 4,
                words: "\(rule.name): flags 0x\(String(flags, radix: 16))")
        }
        if !rule.length.allows(value.count) {
            return fault(5, "length \(value.count)")
        }
        var value = value
        switch type {
        case 1:
            guard let origin = value.peek(frame), Origin(rawValue: origin) != nil else {
                return fault(6, "undefined value")
            }
        case 2:
            if let words = value.pathFault(frame, width: fourOctetAS ? 4 : 2, isInternal: isInternal) {
                return fault(11, words)
            }
        case 7:
            guard value.count == (fourOctetAS ? 8 : 6) else { return fault(5, "length \(value.count)") }
            if value.asNumber(width: fourOctetAS ? 4 : 2, frame)?.value == 0 { return fault(9, "AS 0") }
        case 17, 18:
            if fourOctetAS { return fault(9, "from a peer with four-octet AS numbers") }
            if type == 17, let words = value.pathFault(frame, width: 4, isInternal: isInternal) {
                return fault(9, words)
            }
        default: break
        }
        return nil
    }
}

extension ByteField {
    /// Checks an AS path (RFC 7606 section 7.2; RFC 7607 for AS 0, RFC 5065 section 5 for confederations).
    fileprivate func pathFault(_ frame: RawSpan, width: Int, isInternal: Bool) -> String? {
        var path = self
        while !path.isEmpty {
            guard var segment = path.segment(width: width, frame) else { return "a segment runs past the end" }
            guard let kind = ASPathSegment.Kind(rawValue: segment.kind) else { return "segment type \(segment.kind)" }
            if segment.numbers.isEmpty { return "empty segment" }
            if !isInternal, kind == .confederationSequence || kind == .confederationSet {
                return "confederation segment from an external peer"
            }
            while let number = segment.numbers.asNumber(width: width, frame) {
                if number.value == 0 { return "AS 0" }
            }
        }
        return nil
    }
}
