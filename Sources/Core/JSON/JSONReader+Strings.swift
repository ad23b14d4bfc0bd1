extension JSONReader {
    /// Reads a string up to its end, an escape, or the end of the piece.
    mutating func readString(
        _ bytes: Span<UInt8>, _ index: inout Int, _ take: (Output) -> Void
    ) throws(JSONError) {
        var end = index
        while end < bytes.count, !bytes[end].endsPlainText { end += 1 }
        if isKept, end > index {
            completePair()
            guard token.count + kept + (end - index) <= Self.mostKept else { throw .tooLarge }
            bytes.extracting(index..<end).withUnsafeBufferPointer { token.append(contentsOf: $0) }
        }
        index = end
        guard end < bytes.count else { return }
        switch bytes[end] {
        case UInt8(ascii: "\""):
            completePair()
            try endString(take)
        case UInt8(ascii: "\\"): state = .escape
        // Control characters have to be escaped.
        default: throw unexpected(bytes[end], at: end)
        }
        index += 1
    }

    /// The byte behind a backslash; false if none may stand there.
    mutating func escape(_ byte: UInt8) throws(JSONError) -> Bool {
        let meaning: UInt8
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): meaning = byte
        case UInt8(ascii: "b"): meaning = 0x08
        case UInt8(ascii: "f"): meaning = 0x0C
        case UInt8(ascii: "n"): meaning = 0x0A
        case UInt8(ascii: "r"): meaning = 0x0D
        case UInt8(ascii: "t"): meaning = 0x09
        case UInt8(ascii: "u"):
            state = .codeUnit(digits: 0, 0)
            return true
        default: return false
        }
        state = .string
        guard isKept else { return true }
        completePair()
        try append(meaning)
        return true
    }

    /// A digit of `\u1234`; false if it is none.
    mutating func codeUnit(_ digits: Int, _ unit: UInt16, _ byte: UInt8) throws(JSONError) -> Bool {
        let value: UInt8
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): value = byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): value = byte - UInt8(ascii: "A") + 10
        default: return false
        }
        let unit = unit << 4 | UInt16(value)
        guard digits == 3 else {
            state = .codeUnit(digits: digits + 1, unit)
            return true
        }
        state = .string
        guard isKept else { return true }
        switch (highSurrogate, unit) {
        case (let high?, 0xDC00..<0xE000):
            highSurrogate = nil
            try append(Unicode.Scalar(0x10000 + (UInt32(high) - 0xD800) << 10 + (UInt32(unit) - 0xDC00)))
        case (_, 0xD800..<0xDC00):
            completePair()
            highSurrogate = unit
        default:
            completePair()
            try append(Unicode.Scalar(unit))
        }
        return true
    }

    /// The second half of a pair of code units did not come.
    private mutating func completePair() {
        guard highSurrogate != nil else { return }
        highSurrogate = nil
        token += "\u{FFFD}".utf8
    }

    /// Half a pair of code units is no character.
    private mutating func append(_ scalar: Unicode.Scalar?) throws(JSONError) {
        for byte in String(Character(scalar ?? "\u{FFFD}")).utf8 { try append(byte) }
    }
}

extension UInt8 {
    fileprivate var endsPlainText: Bool {
        self == UInt8(ascii: "\"") || self == UInt8(ascii: "\\") || self < 0x20
    }
}
