package import IPTypes

/// UPDATE (RFC 4271 section 4.3).
package struct Update: Sendable, Hashable {
    /// Withdrawn IPv4 routes.
    package var withdrawn: [IPPrefix]
    /// Path attributes in the order they stand on the wire.
    package var attributes: [PathAttribute]
    /// Announced IPv4 routes.
    package var nlri: [IPPrefix]

    /// An UPDATE with these parts; with none it is the End-of-RIB of IPv4 unicast (RFC 4724 section 2).
    package init(withdrawn: [IPPrefix] = [], attributes: [PathAttribute] = [], nlri: [IPPrefix] = []) {
        self.withdrawn = withdrawn
        self.attributes = attributes
        self.nlri = nlri
    }
}

/// A path attribute: flags as they stand on the wire, and the value.
package struct PathAttribute: Sendable, Hashable {
    /// Optional 0x80, transitive 0x40, partial 0x20, extended length 0x10.
    package var flags: UInt8
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

/// ORIGIN (RFC 4271 section 5.1.1).
package enum Origin: UInt8, Sendable, Hashable {
    case igp = 0
    case egp = 1
    case incomplete = 2
}

/// One segment of an AS_PATH.
package struct ASPathSegment: Sendable, Hashable {
    package enum Kind: UInt8, Sendable, Hashable {
        case set = 1
        case sequence = 2
        case confederationSequence = 3
        case confederationSet = 4
    }
    package var kind: Kind
    package var numbers: [ASNumber]

    /// A segment of at most 255 numbers.
    package init(_ kind: Kind, _ numbers: [ASNumber]) {
        self.kind = kind
        self.numbers = numbers
    }
}

/// MP_REACH_NLRI of IPv4 or IPv6 unicast.
package struct MPReach: Sendable, Hashable {
    package var family: AddressFamily
    /// One address, or a global and a link-local one (RFC 2545 section 3).
    package var nextHops: [IPAddress]
    package var nlri: [IPPrefix]

    package init(family: AddressFamily, nextHops: [IPAddress], nlri: [IPPrefix]) {
        self.family = family
        self.nextHops = nextHops
        self.nlri = nlri
    }
}

/// MP_UNREACH_NLRI of IPv4 or IPv6 unicast; without prefixes it is an End-of-RIB marker.
package struct MPUnreach: Sendable, Hashable {
    package var family: AddressFamily
    package var withdrawn: [IPPrefix]

    package init(family: AddressFamily, withdrawn: [IPPrefix]) {
        self.family = family
        self.withdrawn = withdrawn
    }
}

/// A standard community (RFC 1997), printed as `65000:100` or by its well-known name.
package struct Community: Sendable, Hashable, Comparable {
    package var value: UInt32

    package init(_ value: UInt32) {
        self.value = value
    }

    /// GRACEFUL_SHUTDOWN, 65535:0 (RFC 8326): please use another path, this one is about to go.
    package static let gracefulShutdown = Community(0xFFFF_0000)

    package static func < (left: Community, right: Community) -> Bool {
        left.value < right.value
    }
}

/// An extended community (RFC 4360): eight octets.
package struct ExtendedCommunity: Sendable, Hashable, Comparable {
    package var value: UInt64

    package init(_ value: UInt64) {
        self.value = value
    }

    package static func < (left: ExtendedCommunity, right: ExtendedCommunity) -> Bool {
        left.value < right.value
    }
}

/// A large community (RFC 8092): three times four octets, printed as `a:b:c`.
package struct LargeCommunity: Sendable, Hashable, Comparable {
    package var global: UInt32
    package var local1: UInt32
    package var local2: UInt32

    package init(_ global: UInt32, _ local1: UInt32, _ local2: UInt32) {
        self.global = global
        self.local1 = local1
        self.local2 = local2
    }

    package static func < (left: LargeCommunity, right: LargeCommunity) -> Bool {
        (left.global, left.local1, left.local2) < (right.global, right.local1, right.local2)
    }
}
