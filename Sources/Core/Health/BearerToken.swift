/// The token in the bytes of a file, without the white space around it; nil unless they are one word of printable ASCII and
/// nothing else. Anything else could not be in the header `Authorization` (RFC 9110 section 11.2), or would add lines to it.
package func bearerToken(in bytes: [UInt8]) -> String? {
    let words = bytes.split { $0 <= 0x20 }
    guard words.count == 1, let token = words.first, token.allSatisfy({ $0 < 0x7F }) else { return nil }
    return String(decoding: token, as: UTF8.self)
}
