import IPTypes

/// An extended community (RFC 4360): eight octets.
package struct ExtendedCommunity: Sendable, Hashable, Comparable {
    /// All eight octets as one number; the type is in the topmost.
    package var value: UInt64

    /// The community with these octets.
    package init(_ value: UInt64) {
        self.value = value
    }

    package static func < (left: ExtendedCommunity, right: ExtendedCommunity) -> Bool {
        left.value < right.value
    }
}

extension ExtendedCommunity: CustomStringConvertible {
    /// The transitive types that carry a route target or route origin: who numbers it, and how wide that is.
    private enum Administrator: UInt8 {
        /// Two-octet AS and four octets of number (RFC 4360 section 3.1).
        case twoOctetAS = 0
        /// IPv4 address and two octets (RFC 4360 section 3.2).
        case address = 1
        /// Four-octet AS and two octets (RFC 5668).
        case fourOctetAS = 2
    }

    /// The first name of a subtype is the one that is printed.
    private static let subtypes: [(name: String, subtype: UInt8)] = [("rt", 2), ("ro", 3), ("soo", 3)]

    /// The type and subtype of link bandwidth, which is not transitive (draft-ietf-idr-link-bandwidth section 3).
    private static let linkBandwidth: UInt64 = 0x4004

    /// Parses `rt:65001:7`, `rt:4200000001:7`, `rt:10.0.0.1:7`, the same with `ro` or `soo` (route origin, also called
    /// site of origin), `lb:65001:125000000` (link bandwidth in bytes per second), or `0x` and exactly sixteen
    /// hexadecimal digits. An AS that fits two octets is written in two.
    package init?(_ text: some StringProtocol) {
        if text.hasPrefix("0x") {
            let digits = text.utf8.dropFirst(2)
            guard digits.count == 16, digits.allSatisfy(\.isHexDigit), let value = UInt64(text.dropFirst(2), radix: 16)
            else { return nil }
            self.value = value
            return
        }
        let parts = text.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false)
        if parts.count == 3, parts[0] == "lb" {
            guard let number = UInt32(decimalDigits: parts[1]), let bytes = UInt64(decimalDigits: parts[2]) else {
                return nil
            }
            // Its AS has two octets; a longer one stands there as AS_TRANS.
            let administrator = UInt64(ASNumber(number).twoOctets)
            value = Self.linkBandwidth << 48 | administrator << 32 | UInt64(Float(bytes).bitPattern)
            return
        }
        guard parts.count == 3, let known = Self.subtypes.first(where: { $0.name == parts[0] }) else { return nil }
        if let administrator = UInt16(decimalDigits: parts[1]), let number = UInt32(decimalDigits: parts[2]) {
            value = Self.join(.twoOctetAS, known.subtype, UInt64(administrator) << 32 | UInt64(number))
        } else if let administrator = UInt32(decimalDigits: parts[1]),
            let number = UInt16(decimalDigits: parts[2])
        {
            value = Self.join(.fourOctetAS, known.subtype, UInt64(administrator) << 16 | UInt64(number))
        } else if let administrator = IPv4Address(parts[1]), let number = UInt16(decimalDigits: parts[2]) {
            value = Self.join(.address, known.subtype, UInt64(administrator.value) << 16 | UInt64(number))
        } else {
            return nil
        }
    }

    private static func join(_ administrator: Administrator, _ subtype: UInt8, _ rest: UInt64) -> UInt64 {
        UInt64(administrator.rawValue) << 56 | UInt64(subtype) << 48 | rest
    }

    /// The short form if parsing it gives this very value again, else all octets in hexadecimal.
    package var description: String {
        if let short, ExtendedCommunity(short) == self { return short }
        let digits = String(value, radix: 16)
        return "0x" + String(repeating: "0", count: 16 - digits.count) + digits
    }

    private var short: String? {
        if value >> 48 == Self.linkBandwidth {
            let bytes = UInt64(exactly: Float(bitPattern: UInt32(truncatingIfNeeded: value)))
            return bytes.map { "lb:\(value >> 32 & 0xFFFF):\($0)" }
        }
        guard let administrator = Administrator(rawValue: UInt8(truncatingIfNeeded: value >> 56)),
            let known = Self.subtypes.first(where: { $0.subtype == UInt8(truncatingIfNeeded: value >> 48) })
        else { return nil }
        switch administrator {
        case .twoOctetAS: return "\(known.name):\(value >> 32 & 0xFFFF):\(value & 0xFFFF_FFFF)"
        case .address:
            return "\(known.name):\(IPv4Address(UInt32(truncatingIfNeeded: value >> 16))):\(value & 0xFFFF)"
        case .fourOctetAS: return "\(known.name):\(value >> 16 & 0xFFFF_FFFF):\(value & 0xFFFF)"
        }
    }
}
