/// An address together with the interface that gives a link-local address its meaning: `fe80::1%eth0`.
package struct ScopedAddress: Sendable, Hashable {
    /// The address.
    package var address: IPAddress
    /// The interface name after `%`, only on IPv6 link-local addresses.
    package var zone: String?

    /// An address, with a zone if it is link-local.
    package init(_ address: IPAddress, zone: String? = nil) {
        self.address = address
        self.zone = zone
    }
}

extension ScopedAddress: CustomStringConvertible {
    /// Parses an address, or an IPv6 link-local address with `%` and an interface name.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parts[0]) else { return nil }
        self.address = address
        guard parts.count == 2 else { return }
        guard !address.isIPv4, address.isLinkLocal, Self.isInterfaceName(parts[1]) else { return nil }
        zone = String(parts[1])
    }

    /// What Linux accepts as the name of a network interface (`dev_valid_name`): 1...15 bytes, no blank, `/` or `:`.
    private static func isInterfaceName(_ name: some StringProtocol) -> Bool {
        (1...15).contains(name.utf8.count) && name != "." && name != ".."
            && name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && !"/:%".utf8.contains($0) }
    }

    /// The address, and the zone behind `%` if there is one.
    package var description: String {
        if let zone { "\(address)%\(zone)" } else { address.description }
    }
}
