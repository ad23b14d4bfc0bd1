/// ROUTE-REFRESH (RFC 2918 section 3, subtypes of RFC 7313 section 3.2).
package struct RouteRefresh: Sendable, Hashable {
    /// The family asked for.
    package var family: AddressFamily
    /// 0 is a request, 1 and 2 mark begin and end of a refresh; others are to be ignored.
    package var subtype: UInt8
    /// Octets behind the four of the fixed part (ORF entries), kept as they came.
    package var rest: [UInt8]

    /// A refresh message of one subtype for one family.
    package init(family: AddressFamily, subtype: UInt8 = 0, rest: [UInt8] = []) {
        self.family = family
        self.subtype = subtype
        self.rest = rest
    }
}
