/// Who is meant on the network: an address, with the interface that gives a link-local one its meaning
/// (`fe80::1%eth0`), or one of two roles that have no address of their own.
///
/// * **Unnumbered** (`unnumbered:eth0`): whoever is the router on that link. It is the unspecified IPv6 address with a
///   zone, and it stays the peer's identity for its whole life: the router's link-local address is looked up each time
///   it is dialled, and may change.
/// * **Default gateway** (`gateway`, or `gateway4` and `gateway6` for one family): each gateway that this node has. It is
///   the unspecified IPv4 address with a zone, lives in settings only, and is replaced by addresses before it is dialled.
package struct ScopedAddress: Sendable, Hashable {
    /// The address; unspecified for a role.
    package var address: IPAddress
    /// The interface name after `%`, only on IPv6 link-local addresses and for roles.
    package var zone: String?

    /// An address, with a zone if it is link-local.
    package init(_ address: IPAddress, zone: String? = nil) {
        self.address = address
        self.zone = zone
    }

    /// Whoever is the router on the link of this interface.
    package static func unnumbered(_ interface: String) -> ScopedAddress {
        ScopedAddress(.v6(IPv6Address(high: 0, low: 0)), zone: interface)
    }

    /// Each default gateway of this node.
    package static let gateway = role("gateway")
    /// Each default gateway of this node that has an IPv4 address.
    package static let gateway4 = role("gateway4")
    /// Each default gateway of this node that has an IPv6 address.
    package static let gateway6 = role("gateway6")

    private static func role(_ name: String) -> ScopedAddress { ScopedAddress(.v4(IPv4Address(0)), zone: name) }
}

extension ScopedAddress {
    /// True for `unnumbered`: the zone is the interface.
    package var isUnnumbered: Bool { zone != nil && !address.isIPv4 && address.isUnspecified }

    /// True for `gateway`, `gateway4` and `gateway6`: only roles are IPv4 and have a zone.
    package var isGateway: Bool { zone != nil && address.isIPv4 }

    /// True if a peer that is this can have an address of that family.
    package func isOfFamily(isIPv4: Bool) -> Bool {
        guard isGateway else { return address.isIPv4 == isIPv4 }
        return self == .gateway || self == (isIPv4 ? .gateway4 : .gateway6)
    }

    /// True if a host at `remote`, an address and no role, is who is meant: the same address on any or the same link,
    /// or any link-local address on the link of an unnumbered one.
    package func includes(_ remote: ScopedAddress) -> Bool {
        if isUnnumbered { return remote.zone == zone && !remote.address.isIPv4 && remote.address.isLinkLocal }
        return address == remote.address && (zone == nil || zone == remote.zone)
    }
}

extension ScopedAddress: CustomStringConvertible {
    /// Parses an address, an IPv6 link-local address with `%` and an interface name, `unnumbered:` and an interface
    /// name, or `gateway`, `gateway4` or `gateway6`.
    package init?(_ text: some StringProtocol) {
        let text = Substring(text)
        if let role = [Self.gateway, .gateway4, .gateway6].first(where: { $0.zone.map { $0 == text } ?? false }) {
            self = role
            return
        }
        if text.hasPrefix("unnumbered:") {
            let interface = text.dropFirst("unnumbered:".count)
            guard Self.isInterfaceName(interface) else { return nil }
            self = .unnumbered(String(interface))
            return
        }
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parts[0]) else { return nil }
        self.address = address
        guard parts.count == 2 else { return }
        guard !address.isIPv4, address.isLinkLocal, Self.isInterfaceName(parts[1]) else { return nil }
        zone = String(parts[1])
    }

    /// What Linux accepts as the name of a network interface (`dev_valid_name`): 1...15 bytes, no blank, `/` or `:`.
    private static func isInterfaceName(_ name: Substring) -> Bool {
        (1...15).contains(name.utf8.count) && name != "." && name != ".."
            && name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && !"/:%".utf8.contains($0) }
    }

    /// The address, and the zone behind `%` if there is one; a role by its name.
    package var description: String {
        guard let zone else { return address.description }
        return isGateway ? zone : isUnnumbered ? "unnumbered:\(zone)" : "\(address)%\(zone)"
    }
}
