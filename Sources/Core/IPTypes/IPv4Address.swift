/// An IPv4 address as a number in host order.
package struct IPv4Address: Sendable, Hashable, Comparable {
    /// The address as a number: 10.0.0.1 is 0x0A000001.
    package var value: UInt32

    /// The address with this number.
    package init(_ value: UInt32) {
        self.value = value
    }

    /// The address in network order; nil unless there are four bytes.
    package init?(bytes: ArraySlice<UInt8>) {
        guard bytes.count == 4 else { return nil }
        value = bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Four bytes in network order.
    package var bytes: [UInt8] {
        stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    /// True for 127.0.0.0/8.
    package var isLoopback: Bool { value >> 24 == 127 }

    /// True for 224.0.0.0/4.
    package var isMulticast: Bool { value >> 28 == 0xE }

    /// True for 0.0.0.0.
    package var isUnspecified: Bool { value == 0 }

    /// True for 169.254.0.0/16.
    package var isLinkLocal: Bool { value >> 16 == 0xA9FE }

    package static func < (left: IPv4Address, right: IPv4Address) -> Bool {
        left.value < right.value
    }
}

extension IPv4Address: CustomStringConvertible {
    /// Parses four decimal numbers 0...255 between dots, without leading zeros (which some tools read as octal).
    package init?(_ text: some StringProtocol) {
        let parts = Substring(text).split(separator: ".", maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard let byte = UInt8(decimalDigits: part) else { return nil }
            value = value << 8 | UInt32(byte)
        }
        self.value = value
    }

    /// Four numbers between dots.
    package var description: String {
        bytes.map(String.init).joined(separator: ".")
    }
}
