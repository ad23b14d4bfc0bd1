/// An IPv6 address (without zone) as two halves in host order.
package struct IPv6Address: Sendable, Hashable, Comparable {
    /// The first eight bytes.
    package var high: UInt64
    /// The last eight bytes.
    package var low: UInt64

    /// The address with these halves.
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The address in network order; nil unless there are sixteen bytes.
    package init?(bytes: ArraySlice<UInt8>) {
        guard bytes.count == 16 else { return nil }
        high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Sixteen bytes in network order.
    package var bytes: [UInt8] {
        [high, low].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * $0)) } }
    }

    /// True for ::1.
    package var isLoopback: Bool { high == 0 && low == 1 }

    /// True for ff00::/8.
    package var isMulticast: Bool { high >> 56 == 0xFF }

    /// True for ::.
    package var isUnspecified: Bool { high == 0 && low == 0 }

    /// True for fe80::/10, which means nothing without an interface.
    package var isLinkLocal: Bool { high >> 54 == 0x3FA }

    /// The IPv4 address inside ::ffff:0:0/96 (RFC 4291 section 2.5.5.2), if this is one.
    package var mappedIPv4: IPv4Address? {
        high == 0 && low >> 32 == 0xFFFF ? IPv4Address(UInt32(truncatingIfNeeded: low)) : nil
    }

    package static func < (left: IPv6Address, right: IPv6Address) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

extension IPv6Address: CustomStringConvertible {
    /// Parses the three text forms of RFC 4291 section 2.2: eight groups, `::` once, the last 32 bits in dots.
    package init?(_ text: some StringProtocol) {
        let halves: [Substring] = Self.halves(of: Substring(text))
        guard let front = Self.groups(of: halves[0], endsAddress: halves.count == 1) else { return nil }
        var groups = front
        if halves.count == 2 {
            // RFC 5952 says that "::" stands for one or more groups; RFC 4291 says the same of what may be read.
            guard let back = Self.groups(of: halves[1], endsAddress: true), front.count + back.count <= 7 else {
                return nil
            }
            groups += Array(repeating: 0, count: 8 - front.count - back.count) + back
        }
        guard groups.count == 8 else { return nil }
        high = groups.prefix(4).reduce(0) { $0 << 16 | UInt64($1) }
        low = groups.suffix(4).reduce(0) { $0 << 16 | UInt64($1) }
    }

    /// What stands before and behind the first `::`, or the whole text if there is none.
    private static func halves(of text: Substring) -> [Substring] {
        let bytes = text.utf8
        for index in bytes.indices.dropLast() {
            let next = bytes.index(after: index)
            if bytes[index] == UInt8(ascii: ":"), bytes[next] == UInt8(ascii: ":") {
                return [text[..<index], text[bytes.index(after: next)...]]
            }
        }
        return [text]
    }

    /// The 16-bit groups between single colons; empty text has none, `1.2.3.4` as the last one counts as two.
    private static func groups(of text: Substring, endsAddress: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: ":", maxSplits: 8, omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if endsAddress, index == parts.count - 1, let address = IPv4Address(part) {
                groups.append(UInt16(truncatingIfNeeded: address.value >> 16))
                groups.append(UInt16(truncatingIfNeeded: address.value))
            } else {
                guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(\.isHexDigit),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups
    }

    /// The one canonical text form, RFC 5952 sections 4 and 5.
    package var description: String {
        if let mappedIPv4 { return "::ffff:\(mappedIPv4)" }
        let groups = [high, low].flatMap { half in
            (0..<4).map { UInt16(truncatingIfNeeded: half >> (48 - 16 * $0)) }
        }
        let words = groups.map { String($0, radix: 16) }
        guard let zeros = Self.longestZeroRun(groups) else { return words.joined(separator: ":") }
        return words[..<zeros.lowerBound].joined(separator: ":") + "::"
            + words[zeros.upperBound...].joined(separator: ":")
    }

    /// The first of the longest runs of at least two zero groups (RFC 5952 sections 4.2.2 and 4.2.3).
    private static func longestZeroRun(_ groups: [UInt16]) -> Range<Int>? {
        var best = 0..<0
        var start = 0
        for (index, group) in groups.enumerated() {
            if group != 0 {
                start = index + 1
            } else if index + 1 - start > best.count {
                best = start..<index + 1
            }
        }
        return best.count >= 2 ? best : nil
    }
}

extension UInt8 {
    /// True for 0-9, a-f and A-F in ASCII.
    package var isHexDigit: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}
