internal import CLinuxShim
internal import Glibc
package import IPTypes

/// Questions about the network of this node, answered by the kernel of the calling thread's network namespace.
package enum NodeNetwork {
    /// A candidate for the BGP identifier (RFC 6286: any number that no other node of the AS has, so never a VIP):
    /// the address this node uses as source on its default route, else its first global IPv4 address. Passed over are
    /// `vips`, addresses we have added, and those that no process may pick (deprecated). Interfaces count in the order
    /// of their index, loopback last. Nil if there is none.
    package static func nodeAddress(excluding vips: Set<IPAddress> = []) throws(NetlinkError) -> IPv4Address? {
        try NetlinkExchange().nodeAddress(excluding: vips)
    }

    /// A global IPv6 address of this node that stays, neither temporary, deprecated nor tentative: of the interface, or
    /// of all, the lowest one that is not of the loopback, so that it is the same at every start. Passed over are `vips` and addresses we have added. Nil if there is
    /// none. Throws `.noSuchInterface`.
    package static func stableIPv6Address(
        of interface: String? = nil, excluding vips: Set<IPAddress> = []
    ) throws(NetlinkError) -> IPv6Address? {
        try NetlinkExchange().stableIPv6Address(of: interface, excluding: vips)
    }

    /// The names of all interfaces, in the order of their index.
    package static func interfaces() throws(NetlinkError) -> [String] {
        try NetlinkExchange().links().map(\.name)
    }

    /// The addresses of an interface, in the kernel's order, IPv4 first. Throws `.noSuchInterface`.
    package static func addresses(of interface: String) throws(NetlinkError) -> [InterfaceAddress] {
        let exchange = try NetlinkExchange()
        return try exchange.addresses(
            of: exchange.link(named: interface).index, operation: "listing the addresses of \(interface)")
    }

    /// The gateways of the default routes in the main table, each once: IPv4 routes first, lowest metric first. A
    /// link-local gateway has its interface as zone.
    package static func defaultGateways() throws(NetlinkError) -> [ScopedAddress] {
        try NetlinkExchange().defaultGateways()
    }

    /// What the kernel knows of the host at this address on a directly connected link; nil if nothing.
    package static func neighbour(of address: ScopedAddress) throws(NetlinkError) -> NeighbourState? {
        try NetlinkExchange().neighbour(of: address)
    }

    /// True if the address is in a subnet of this node, or link-local.
    package static func isConnected(to address: ScopedAddress) throws(NetlinkError) -> Bool {
        if address.address.isLinkLocalIPv6 { return true }
        return try NetlinkExchange().addresses(operation: "listing the addresses").contains {
            $0.isConnected(to: address.address)
        }
    }

    /// True if the address is one of this node's own.
    package static func isOwn(_ address: ScopedAddress) throws(NetlinkError) -> Bool {
        try NetlinkExchange().addresses(operation: "listing the addresses").contains {
            $0.address == address.address
        }
    }

    /// True if the routing table leads to the address. Nothing is sent.
    package static func hasRoute(to address: ScopedAddress) -> Bool {
        let family = address.address.isIPv4 ? AF_INET : AF_INET6
        let number = socket(family, CInt(SOCK_DGRAM.rawValue), 0)
        guard number >= 0 else { return false }
        defer { close(number) }
        let zone = address.zone.map { if_nametoindex($0) } ?? 0
        // To connect a UDP socket is to ask for the route.
        return withUnsafeTemporaryAllocation(byteCount: MemoryLayout<sockaddr_in6>.size, alignment: 8) { name in
            _ = name.initializeMemory(as: UInt8.self, repeating: 0)
            name.storeBytes(of: sa_family_t(family), as: sa_family_t.self)
            name.storeBytes(of: UInt16(9).bigEndian, toByteOffset: 2, as: UInt16.self)
            let offset = address.address.isIPv4 ? 4 : 8
            name.baseAddress.map { $0 + offset }?.copyMemory(
                from: address.address.bytes, byteCount: address.address.bytes.count)
            if !address.address.isIPv4 { name.storeBytes(of: zone, toByteOffset: 24, as: UInt32.self) }
            let start = name.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            let size = address.address.isIPv4 ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
            return connect(number, start, socklen_t(size)) == 0
        }
    }

    /// Lets the kernel give up a host on a connected link that it waits for to answer ARP or neighbour discovery. By
    /// itself it asks once a second, and tells whoever waits after three. What waits for the answer fails at once with
    /// EHOSTUNREACH; the next packet asks again, and an answer that is late is still heard. Does nothing about a host
    /// that answers, or that was not asked for.
    package static func giveUpIfSilent(_ address: ScopedAddress) throws(NetlinkError) {
        try NetlinkExchange().giveUpIfSilent(address)
    }
}

extension NetlinkExchange {
    func nodeAddress(excluding vips: Set<IPAddress>) throws(NetlinkError) -> IPv4Address? {
        let links = try links()
        let candidates = try addresses(operation: "listing the addresses").filter {
            $0.scope == .global && $0.protocolTag != OwnershipMark.protocolTag && !vips.contains($0.address)
                && $0.preferredLifetime > 0
        }
        // The kernel's own rule: the route's source, else an address in the gateway's subnet, else the interface's
        // first.
        for route in try defaultRoutes() where route.isIPv4 {
            if let source = route.preferredSource, case .v4(let address) = source, !vips.contains(source) {
                return address
            }
            let onInterface = candidates.filter { $0.interfaceIndex == route.interfaceIndex }
            let nearest = onInterface.first { candidate in route.gateway.map(candidate.isConnected(to:)) ?? false }
            if let address = nearest?.ipv4 ?? onInterface.lazy.compactMap(\.ipv4).first { return address }
        }
        let isLoopback = Dictionary(links.map { ($0.index, $0.isLoopback) }) { first, _ in first }
        return candidates.enumerated()
            .filter { $0.element.ipv4 != nil }
            .min { left, right in
                let order = { (index: UInt32) in (isLoopback[index] ?? false ? 1 : 0, index) }
                let (leftOrder, rightOrder) = (order(left.element.interfaceIndex), order(right.element.interfaceIndex))
                return leftOrder == rightOrder ? left.offset < right.offset : leftOrder < rightOrder
            }?
            .element.ipv4
    }

    func stableIPv6Address(of interface: String?, excluding vips: Set<IPAddress>) throws(NetlinkError) -> IPv6Address? {
        let links = try links()
        let index = try interface.map { name throws(NetlinkError) in try link(named: name).index }
        let unfit = UInt32(IFA_F_TEMPORARY | IFA_F_TENTATIVE | IFA_F_DADFAILED)
        let candidates = try addresses(operation: "listing the addresses").filter {
            (index == nil || $0.interfaceIndex == index) && $0.scope == .global && !vips.contains($0.address)
                && $0.protocolTag != OwnershipMark.protocolTag && $0.preferredLifetime > 0 && $0.flags & unfit == 0
        }
        let loopbacks = Set(links.filter(\.isLoopback).map(\.index))
        let ordered = candidates.sorted { left, right in
            let order = { (found: InterfaceAddress) in
                (loopbacks.contains(found.interfaceIndex) ? 1 : 0, found.address)
            }
            return order(left) < order(right)
        }
        for candidate in ordered {
            if case .v6(let address) = candidate.address { return address }
        }
        return nil
    }

    func defaultGateways() throws(NetlinkError) -> [ScopedAddress] {
        let names = Dictionary(try links().map { ($0.index, $0.name) }) { first, _ in first }
        var gateways: [ScopedAddress] = []
        for route in try defaultRoutes() {
            guard let address = route.gateway else { continue }
            let zone = address.isLinkLocalIPv6 ? names[route.interfaceIndex] : nil
            let gateway = ScopedAddress(address, zone: zone)
            // The interface went away between the two dumps: no host can be reached there.
            guard zone != nil || !address.isLinkLocalIPv6, !gateways.contains(gateway) else { continue }
            gateways.append(gateway)
        }
        return gateways
    }
}

extension IPAddress {
    fileprivate var isLinkLocalIPv6: Bool {
        if case .v6(let address) = self { address.isLinkLocal } else { false }
    }
}

extension InterfaceAddress {
    fileprivate var ipv4: IPv4Address? {
        if case .v4(let address) = address { address } else { nil }
    }

    fileprivate func isConnected(to other: IPAddress) -> Bool {
        IPPrefix(address, length: prefixLength) == IPPrefix(other, length: prefixLength)
    }
}
