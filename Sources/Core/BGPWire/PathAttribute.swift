package import IPTypes

/// A path attribute: flags as they stand on the wire, and the value.
package struct PathAttribute: Sendable, Hashable {
    /// Optional 0x80, transitive 0x40, partial 0x20, extended length 0x10.
    package var flags: UInt8
    /// The value, which also gives the type code.
    package var value: Value

    /// An attribute with explicit flags.
    package init(flags: UInt8, value: Value) {
        self.flags = flags
        self.value = value
    }

    /// The value of an attribute, by type code.
    package enum Value: Sendable, Hashable {
        /// 1: ORIGIN.
        case origin(Origin)
        /// 2: AS_PATH.
        case asPath([ASPathSegment])
        /// 3: NEXT_HOP.
        case nextHop(IPv4Address)
        /// 4: MULTI_EXIT_DISC.
        case multiExitDiscriminator(UInt32)
        /// 5: LOCAL_PREF.
        case localPreference(UInt32)
        /// 6: ATOMIC_AGGREGATE.
        case atomicAggregate
        /// 7: AGGREGATOR.
        case aggregator(ASNumber, IPv4Address)
        /// 8: COMMUNITIES (RFC 1997).
        case communities([Community])
        /// 14: MP_REACH_NLRI (RFC 4760 section 3).
        case mpReach(MPReach)
        /// 15: MP_UNREACH_NLRI (RFC 4760 section 4).
        case mpUnreach(MPUnreach)
        /// 16: extended communities (RFC 4360).
        case extendedCommunities([ExtendedCommunity])
        /// 17: AS4_PATH (RFC 6793).
        case as4Path([ASPathSegment])
        /// 18: AS4_AGGREGATOR (RFC 6793).
        case as4Aggregator(ASNumber, IPv4Address)
        /// 32: large communities (RFC 8092).
        case largeCommunities([LargeCommunity])
        /// Any other type, or a family that is not IPv4 or IPv6 unicast: the value as it came.
        case other(type: UInt8, value: [UInt8])
    }
}

extension PathAttribute {
    /// An attribute with the flags its definition prescribes; unknown types are optional and transitive.
    package init(_ value: Value) {
        self.init(flags: AttributeRule(type: value.type)?.flags ?? 0xC0, value: value)
    }

    /// The type code.
    package var type: UInt8 { value.type }
}

extension PathAttribute.Value {
    /// The type code of an attribute with this value.
    package var type: UInt8 {
        switch self {
        case .origin: 1
        case .asPath: 2
        case .nextHop: 3
        case .multiExitDiscriminator: 4
        case .localPreference: 5
        case .atomicAggregate: 6
        case .aggregator: 7
        case .communities: 8
        case .mpReach: 14
        case .mpUnreach: 15
        case .extendedCommunities: 16
        case .as4Path: 17
        case .as4Aggregator: 18
        case .largeCommunities: 32
        case .other(let type, _): type
        }
    }
}

/// ORIGIN (RFC 4271 section 5.1.1).
package enum Origin: UInt8, Sendable, Hashable {
    /// Learned inside the originating AS.
    case igp = 0
    /// Learned by the EGP protocol.
    case egp = 1
    /// Learned in another way.
    case incomplete = 2
}
