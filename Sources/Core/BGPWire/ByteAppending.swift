extension [UInt8] {
    /// Appends a number in network byte order.
    mutating func append(bigEndian number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }

    /// Overwrites the two octets at `offset` with the number of octets behind them, or drops all from `offset` on
    /// and returns false if that number does not fit.
    @discardableResult
    mutating func closeLength16(at offset: Int) -> Bool {
        guard offset >= 0, offset + 2 <= count, let length = UInt16(exactly: count - offset - 2) else {
            removeSubrange(Swift.min(Swift.max(offset, 0), count)...)
            return false
        }
        self[offset] = UInt8(length >> 8)
        self[offset + 1] = UInt8(length & 0xFF)
        return true
    }
}
