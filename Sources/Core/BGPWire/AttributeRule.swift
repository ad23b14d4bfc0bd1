/// What the definition of a path attribute says of its form, as far as RFC 7606 has a receiver check it.
struct AttributeRule {
    /// Which numbers of octets a value may have.
    enum Length {
        case exactly(Int)
        /// A multiple of this, and not zero.
        case multiple(Int)
        /// Not to be told from the length alone.
        case any

        func allows(_ count: Int) -> Bool {
            switch self {
            case .exactly(let length): count == length
            case .multiple(let unit): count > 0 && count.isMultiple(of: unit)
            case .any: true
            }
        }
    }

    /// The name as the RFCs write it.
    var name: String
    /// The Optional (0x80) and Transitive (0x40) bits.
    var flags: UInt8
    var length: Length
    /// What is done when the value is malformed.
    var handling: AttributeFault.Handling = .treatAsWithdraw

    private static let wellKnown: UInt8 = 0x40
    private static let optional: UInt8 = 0x80
    private static let optionalTransitive: UInt8 = 0xC0

    /// The rule for a type code; nil for types that are passed over unread.
    init?(type: UInt8) {
        switch type {
        case 1: self.init("ORIGIN", Self.wellKnown, .exactly(1))
        case 2: self.init("AS_PATH", Self.wellKnown, .any)
        case 3: self.init("NEXT_HOP", Self.wellKnown, .exactly(4))
        case 4: self.init("MULTI_EXIT_DISC", Self.optional, .exactly(4))
        case 5: self.init("LOCAL_PREF", Self.wellKnown, .exactly(4))
        case 6: self.init("ATOMIC_AGGREGATE", Self.wellKnown, .exactly(0), .discard)
        case 7: self.init("AGGREGATOR", Self.optionalTransitive, .any, .discard)
        case 8: self.init("COMMUNITIES", Self.optionalTransitive, .multiple(4))
        case 9: self.init("ORIGINATOR_ID", Self.optional, .exactly(4))
        case 10: self.init("CLUSTER_LIST", Self.optional, .multiple(4))
        case 14: self.init("MP_REACH_NLRI", Self.optional, .any)
        case 15: self.init("MP_UNREACH_NLRI", Self.optional, .any)
        case 16: self.init("EXTENDED COMMUNITIES", Self.optionalTransitive, .multiple(8))
        case 17: self.init("AS4_PATH", Self.optionalTransitive, .any, .discard)
        case 18: self.init("AS4_AGGREGATOR", Self.optionalTransitive, .exactly(8), .discard)
        case 25: self.init("IPV6 EXTENDED COMMUNITIES", Self.optionalTransitive, .multiple(20))
        case 32: self.init("LARGE_COMMUNITY", Self.optionalTransitive, .multiple(12))
        case 35: self.init("ONLY_TO_CUSTOMER", Self.optionalTransitive, .exactly(4))
        default: return nil
        }
    }

    private init(
        _ name: String, _ flags: UInt8, _ length: Length, _ handling: AttributeFault.Handling = .treatAsWithdraw
    ) {
        self.name = name
        self.flags = flags
        self.length = length
        self.handling = handling
    }
}
