import IPTypes

/// A large community (RFC 8092): three times four octets, printed as `a:b:c`.
package struct LargeCommunity: Sendable, Hashable, Comparable {
    /// Global administrator: the AS that defines the meaning of the rest.
    package var global: UInt32
    /// First part of what the administrator defines.
    package var local1: UInt32
    /// Second part of what the administrator defines.
    package var local2: UInt32

    /// The community with these three numbers.
    package init(_ global: UInt32, _ local1: UInt32, _ local2: UInt32) {
        self.global = global
        self.local1 = local1
        self.local2 = local2
    }

    package static func < (left: LargeCommunity, right: LargeCommunity) -> Bool {
        (left.global, left.local1, left.local2) < (right.global, right.local1, right.local2)
    }
}

extension LargeCommunity: CustomStringConvertible {
    /// Parses three decimal numbers of at most 32 bits between colons (RFC 8092 section 4).
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, let global = UInt32(decimalDigits: parts[0]),
            let local1 = UInt32(decimalDigits: parts[1]), let local2 = UInt32(decimalDigits: parts[2])
        else { return nil }
        self.init(global, local1, local2)
    }

    /// All three numbers with colons.
    package var description: String { "\(global):\(local1):\(local2)" }
}
