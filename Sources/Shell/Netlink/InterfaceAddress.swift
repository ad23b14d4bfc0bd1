internal import CLinuxShim
package import IPTypes

/// An address as the kernel has it on an interface.
package struct InterfaceAddress: Sendable, Hashable {
    /// The node's own address, with all its bits.
    package var address: IPAddress
    /// The length of the connected subnet: 32 or 128 for a VIP.
    package var prefixLength: Int
    /// The index of the interface that carries it.
    package var interfaceIndex: UInt32
    /// How far the address reaches; the kernel derives it from the address itself for IPv6.
    package var scope: AddressScope
    /// Who added it (IFA_PROTO); nil if that was not given, and always before Linux 5.18.
    package var protocolTag: UInt8?
    /// Seconds during which the address may be chosen as a source; `.max` is forever, 0 is never.
    package var preferredLifetime: UInt32
    /// IFA_F_* bits.
    package var flags: UInt32
    /// The label (IFA_LABEL) of an IPv4 address; the interface's name unless someone chose another.
    package var label: String?

    /// An address with these properties.
    package init(
        address: IPAddress, prefixLength: Int, interfaceIndex: UInt32, scope: AddressScope,
        protocolTag: UInt8? = nil, preferredLifetime: UInt32 = .max, flags: UInt32 = 0, label: String? = nil
    ) {
        self.address = address
        self.prefixLength = prefixLength
        self.interfaceIndex = interfaceIndex
        self.scope = scope
        self.protocolTag = protocolTag
        self.preferredLifetime = preferredLifetime
        self.flags = flags
        self.label = label
    }

    /// The host route of the address: what a VIP is compared with.
    package var hostPrefix: IPPrefix { IPPrefix(host: address) }

    /// True for the only address of its subnet: /32 or /128.
    package var isHost: Bool { prefixLength == address.bitWidth }
}

/// The reach of an address (rtm_scope): the larger the number, the nearer.
package struct AddressScope: RawRepresentable, Sendable, Hashable {
    /// The kernel's number.
    package var rawValue: UInt8

    /// The scope with the kernel's number.
    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Valid everywhere (RT_SCOPE_UNIVERSE).
    package static let global = Self(rawValue: UInt8(RT_SCOPE_UNIVERSE.rawValue))
    /// Valid on the link (RT_SCOPE_LINK).
    package static let link = Self(rawValue: UInt8(RT_SCOPE_LINK.rawValue))
    /// Valid on this host only (RT_SCOPE_HOST).
    package static let host = Self(rawValue: UInt8(RT_SCOPE_HOST.rawValue))
}

extension InterfaceAddress {
    /// Reads RTM_NEWADDR or RTM_DELADDR; nil for other messages and families.
    init?(parsing message: NetlinkMessage) throws(MalformedMessage) {
        guard message.type == .newAddress || message.type == .deleteAddress else { return nil }
        let (header, attributes) = try message.body(ifaddrmsg.self)
        guard let family = AddressFamily(CInt(header.ifa_family)) else { return nil }
        // IFA_LOCAL is ours; IFA_ADDRESS is the same, or the far end of a point-to-point link. IPv6 sends IFA_LOCAL
        // on such links only.
        let local = try attributes.address(IFA_LOCAL, family: family)
        let either = try attributes.address(IFA_ADDRESS, family: family)
        guard let address = local ?? either, header.ifa_prefixlen <= address.bitWidth else { throw MalformedMessage() }
        // IFA_FLAGS carries all 32 bits, the header only the first eight.
        let flags = try attributes.value(IFA_FLAGS, as: UInt32.self) ?? UInt32(header.ifa_flags)
        let lifetimes = try attributes.value(IFA_CACHEINFO, as: ifa_cacheinfo.self)
        self.init(
            address: address, prefixLength: Int(header.ifa_prefixlen), interfaceIndex: header.ifa_index,
            scope: AddressScope(rawValue: header.ifa_scope),
            protocolTag: try attributes.value(IFA_PROTO, as: UInt8.self),
            // Of an IPv4 address that never expires the kernel says "preferred for ever" even if it is deprecated.
            preferredLifetime: flags & UInt32(IFA_F_DEPRECATED) != 0 ? 0 : lifetimes?.ifa_prefered ?? .max,
            flags: flags, label: try attributes.text(IFA_LABEL))
    }
}

extension NetlinkExchange {
    /// The addresses of one interface, or of all; in the kernel's order, IPv4 first.
    func addresses(of interfaceIndex: UInt32? = nil, operation: String) throws(NetlinkError) -> [InterfaceAddress] {
        var header = ifaddrmsg()
        header.ifa_family = UInt8(AF_UNSPEC)
        header.ifa_index = interfaceIndex ?? 0
        let all = try dump(
            NetlinkRequest(dump: .getAddresses, header: header), operation: operation,
            parse: InterfaceAddress.init(parsing:))
        // Kernels before 4.20 ignore the index.
        return all.filter { interfaceIndex == nil || $0.interfaceIndex == interfaceIndex }
    }
}
