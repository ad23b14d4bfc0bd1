package import IPTypes

/// What a server's certificate says of itself.
package struct ServerCertificate: Sendable, Hashable {
    /// DNS names, wildcards included.
    package var names: [String]
    package var addresses: [IPAddress]
    /// Seconds since 1970.
    package var notBefore: Int64
    /// Seconds since 1970.
    package var notAfter: Int64

    package init(names: [String], addresses: [IPAddress], notBefore: Int64, notAfter: Int64) {
        self.names = names
        self.addresses = addresses
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// True if the certificate covers this DNS name. A wildcard matches exactly one label, the first (RFC 9525 section 6.3).
    package func covers(name: String) -> Bool {
        let name = name.lowercased()
        return names.contains { pattern in
            let pattern = pattern.lowercased()
            guard pattern.hasPrefix("*.") else { return pattern == name }
            guard let dot = name.firstIndex(of: "."), dot != name.startIndex else { return false }
            return pattern.dropFirst() == name[dot...]
        }
    }
}
