/// One segment of an AS_PATH.
package struct ASPathSegment: Sendable, Hashable {
    /// How the numbers of a segment are to be read; the two for confederations are RFC 5065's.
    package enum Kind: UInt8, Sendable, Hashable {
        case set = 1
        case sequence = 2
        case confederationSequence = 3
        case confederationSet = 4
    }
    /// How `numbers` are to be read.
    package var kind: Kind
    /// The AS numbers, the one that was added last in front.
    package var numbers: [ASNumber]

    /// A segment of at most 255 numbers.
    package init(_ kind: Kind, _ numbers: [ASNumber]) {
        self.kind = kind
        self.numbers = numbers
    }
}

extension ASPathSegment: CustomStringConvertible {
    /// `65001 65002`, a set as `{65001,65002}`, confederation segments in parentheses and brackets.
    package var description: String {
        switch kind {
        case .sequence: numbers.map(\.description).joined(separator: " ")
        case .set: "{" + numbers.map(\.description).joined(separator: ",") + "}"
        case .confederationSequence: "(" + numbers.map(\.description).joined(separator: " ") + ")"
        case .confederationSet: "[" + numbers.map(\.description).joined(separator: ",") + "]"
        }
    }
}
