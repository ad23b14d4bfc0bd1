import IPTypes

extension String {
    /// Text of a peer, made safe for a log, a terminal and a line of output (RFC 9003 section 6).
    ///
    /// Valid UTF-8 stays as it is; control, format and line-separating characters, quotes and backslashes are written
    /// as escapes, bytes that are not UTF-8 as `\xNN`.
    package init(escaping bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        var parser = UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var offset = 0
        self = ""
        while true {
            switch parser.parseScalar(from: &iterator) {
            case .valid(let encoded):
                offset += encoded.count
                append(escape(UTF8.decode(encoded)))
            case .error(let length):
                for byte in bytes.dropFirst(offset).prefix(length) {
                    append("\\x" + CollectionOfOne(byte).hexadecimal())
                }
                offset += length
            case .emptyInput:
                return
            }
        }
    }
}

private func escape(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\n": return "\\n"
    case "\r": return "\\r"
    case "\t": return "\\t"
    case "\"": return "\\\""
    case "\\": return "\\\\"
    case _ where scalar.isPrintable: return String(scalar)
    default: return "\\u{\(String(scalar.value, radix: 16))}"
    }
}
