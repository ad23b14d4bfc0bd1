/// The text under `message` in a JSON object, such as the Status with which a Kubernetes API server explains a refusal.
///
/// Takes any bytes: what is no JSON has no message, and of an object that was cut off the part that is there counts.
/// - Returns: at most 1000 bytes of text; nil if the object has no such text of its own.
func message(in bytes: [UInt8]) -> String? {
    var scanner = JSONScanner(bytes)
    return scanner.text(under: Array("message".utf8))
}

/// Finds one text in a JSON object without building the object (RFC 8259).
private struct JSONScanner {
    private static let mostBytes = 1000
    private let bytes: [UInt8]
    private var index = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func text(under wanted: [UInt8]) -> String? {
        while let byte = current, byte <= 0x20 { index += 1 }
        guard current == UInt8(ascii: "{") else { return nil }
        var depth = 0
        // The latest text on the first level, and whether a colon has made a name of it.
        var name: [UInt8]?
        var isNamed = false
        while let byte = current {
            index += 1
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth <= 0 { return nil }
            case UInt8(ascii: ":") where depth == 1:
                isNamed = name != nil
            case UInt8(ascii: ",") where depth == 1:
                name = nil
                isNamed = false
            case UInt8(ascii: "\""):
                let text = text()
                guard depth == 1 else { continue }
                if isNamed, name == wanted { return String(decoding: text, as: UTF8.self) }
                if !isNamed { name = text }
            default:
                break
            }
        }
        return nil
    }

    private var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    /// The text up to the closing quotation mark or the end of the bytes, with its escapes resolved.
    private mutating func text() -> [UInt8] {
        var text: [UInt8] = []
        func append(_ more: some Sequence<UInt8>) {
            if text.count < Self.mostBytes { text.append(contentsOf: more) }
        }
        while let byte = current {
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return text
            case UInt8(ascii: "\\"): append(escaped())
            default: append(CollectionOfOne(byte))
            }
        }
        return text
    }

    /// What stands for the character behind a backslash.
    private mutating func escaped() -> [UInt8] {
        guard let byte = current else { return [] }
        index += 1
        switch byte {
        case UInt8(ascii: "u"):
            var units = [unit()]
            // A character beyond the first 65 536 is written as two halves.
            if (0xD800..<0xDC00).contains(units[0]), bytes[index...].starts(with: "\\u".utf8) {
                index += 2
                units.append(unit())
            }
            return Array(String(decoding: units, as: UTF16.self).utf8)
        case UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return [0x20]
        default:
            return [byte]
        }
    }

    /// Four hexadecimal digits, or the sign for what cannot be read.
    private mutating func unit() -> UInt16 {
        let digits = bytes[index...].prefix(4)
        guard digits.count == 4, let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16) else {
            return 0xFFFD
        }
        index += 4
        return unit
    }
}
