/// The text in a Cease/Administrative Shutdown or Administrative Reset, RFC 9003.
extension Notification {
    /// Octets of text that are sent at most: RFC 8203 receivers take no more, RFC 9003 section 3 advises to keep to it.
    static let shutdownCommunicationLimit = 128

    /// The data field for `text`: a length octet and UTF-8, cut between two characters; empty for empty text.
    static func shutdownCommunication(_ text: String) -> [UInt8] {
        var octets: [UInt8] = []
        for scalar in text.unicodeScalars {
            let encoded = UTF8.encode(scalar).map(Array.init) ?? []
            guard octets.count + encoded.count <= shutdownCommunicationLimit else { break }
            octets += encoded
        }
        return octets.isEmpty ? [] : [UInt8(truncatingIfNeeded: octets.count)] + octets
    }

    /// What the peer's operator says, safe to print: one line, whatever the bytes are. Nil if there is no text.
    ///
    /// The length octet is an upper bound, not a promise; a text without one (from before RFC 8203) is not shown.
    package var communication: String? {
        guard code == 6, subcode == 2 || subcode == 4, let length = data.first else { return nil }
        let text = data.dropFirst().prefix(Int(length))
        return text.isEmpty ? nil : String(escaping: text)
    }
}
