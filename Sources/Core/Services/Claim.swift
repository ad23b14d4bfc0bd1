package import IPTypes

/// A Lease whose name is an address: whoever has created it has the address, because there can be only one of that name.
package struct Claim: Sendable, Hashable {
    package var address: IPAddress
    package var holder: Holder
    /// `metadata.uid` of the Lease.
    package var uid: String
    /// `metadata.resourceVersion` of the Lease.
    package var resourceVersion: String

    package init(address: IPAddress, holder: Holder, uid: String, resourceVersion: String = "") {
        self.address = address
        self.holder = holder
        self.uid = uid
        self.resourceVersion = resourceVersion
    }

    /// For whom an address is claimed: `spec.holderIdentity`.
    package enum Holder: Sendable, Hashable {
        case service(ObjectName, uid: String)
        /// All Services with this sharing key.
        case sharing(key: String)
        /// A text that this program does not write: the address is taken.
        case stranger(String)
    }
}

extension Claim {
    private static let prefix = "lb-"

    /// The name of the Lease that claims an address: `lb-192-0-2-10`; an IPv6 address has its eight groups in full.
    package static func leaseName(of address: IPAddress) -> String {
        switch address {
        case .v4(let address):
            return prefix + address.bytes.map { "\($0)" }.joined(separator: "-")
        case .v6(let address):
            let digits = address.bytes.map { byte in
                let digits = String(byte, radix: 16)
                return byte < 16 ? "0" + digits : digits
            }
            let groups = stride(from: 0, to: 16, by: 2).map { digits[$0] + digits[$0 + 1] }
            return prefix + groups.joined(separator: "-")
        }
    }

    /// The address that a Lease of this name claims; nil for any other name.
    package static func address(ofLease name: String) -> IPAddress? {
        guard name.hasPrefix(prefix) else { return nil }
        let groups = name.dropFirst(prefix.count).split(separator: "-", omittingEmptySubsequences: false)
        let address = IPAddress(groups.joined(separator: groups.count == 4 ? "." : ":"))
        return address.flatMap { leaseName(of: $0) == name ? $0 : nil }
    }
}

extension Claim.Holder: CustomStringConvertible {
    private static let sharingPrefix = "sharing:"

    /// Reads `spec.holderIdentity`; any text is legal.
    package init(_ text: String) {
        let parts = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        if text.hasPrefix(Self.sharingPrefix) {
            self = .sharing(key: String(text.dropFirst(Self.sharingPrefix.count)))
        } else if parts.count == 2, let name = ObjectName(parts[0]), !parts[1].isEmpty {
            self = .service(name, uid: String(parts[1]))
        } else {
            self = .stranger(text)
        }
    }

    /// `NAMESPACE/NAME UID`, or `sharing:KEY`.
    package var description: String {
        switch self {
        case .service(let name, let uid): "\(name) \(uid)"
        case .sharing(let key): Self.sharingPrefix + key
        case .stranger(let text): text
        }
    }
}
