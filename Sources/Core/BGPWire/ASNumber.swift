import IPTypes

/// An autonomous system number (RFC 6793: four octets).
package struct ASNumber: Sendable, Hashable, Comparable {
    /// The number.
    package var value: UInt32

    /// The AS with this number.
    package init(_ value: UInt32) {
        self.value = value
    }

    /// AS_TRANS, which stands for a four-octet AS where only two octets fit (RFC 6793 section 9).
    package static let trans = ASNumber(23456)

    /// The number as a field of two octets: itself, or AS_TRANS if it does not fit (RFC 6793 section 4.2.2).
    package var twoOctets: UInt16 {
        UInt16(exactly: value) ?? UInt16(truncatingIfNeeded: ASNumber.trans.value)
    }

    /// True if the number fits two octets (RFC 6793 calls it mappable).
    package var fitsTwoOctets: Bool { value <= UInt16.max }

    package static func < (left: ASNumber, right: ASNumber) -> Bool {
        left.value < right.value
    }
}

extension ASNumber: CustomStringConvertible {
    /// Parses `4200000001` or the same in asdot, `64086.59905` (RFC 5396). Zero parses: whether it is allowed is
    /// for the reader of the setting to say.
    package init?(_ text: some StringProtocol) {
        let parts = Substring(text).split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 1 {
            guard let value = UInt32(decimalDigits: text) else { return nil }
            self.value = value
        } else {
            guard let high = UInt16(decimalDigits: parts[0]), let low = UInt16(decimalDigits: parts[1]) else {
                return nil
            }
            value = UInt32(high) << 16 | UInt32(low)
        }
    }

    /// Plain decimal, whatever it was read from.
    package var description: String { String(value) }
}

/// Which AS a peer may have.
package enum PeerAS: Sendable, Hashable {
    /// Exactly this one.
    case exactly(ASNumber)
    /// Any that differs from ours.
    case external
    /// The same as ours.
    case `internal`
}

extension PeerAS: CustomStringConvertible {
    /// Parses an AS number, `external` or `internal`.
    package init?(_ text: some StringProtocol) {
        if text == "external" {
            self = .external
        } else if text == "internal" {
            self = .internal
        } else if let number = ASNumber(text) {
            self = .exactly(number)
        } else {
            return nil
        }
    }

    package var description: String {
        switch self {
        case .exactly(let number): number.description
        case .external: "external"
        case .internal: "internal"
        }
    }
}
