package import Health
package import IPTypes
package import Settings

/// Where the service of a VIP listens, on one port that its checks ask.
package struct ListenerStatus: Codable, Sendable, Hashable {
    /// What a connection to this port of the VIP finds.
    package enum Reach: String, Codable, Sendable, Hashable {
        /// A socket that listens on the VIP itself.
        case vip
        /// A socket that listens on all addresses of the VIP's family.
        case all
        /// Nothing: there are only sockets on other addresses, such as 127.0.0.1.
        case elsewhere
        /// Nothing: no program on this node listens on the port.
        case none
    }

    /// The TCP port.
    package var port: Int
    /// The checks that probe this port.
    package var checks: [String]
    /// `vip` or `all`: the service listens on the VIP, or on all addresses. `elsewhere`: on other addresses only. `none`.
    package var reach: Reach
    /// The addresses that sockets listen on; `0.0.0.0` and `::` are all of a family.
    package var addresses: [String]

    package init(port: Int, checks: [String], reach: Reach, addresses: [String]) {
        self.port = port
        self.checks = checks
        self.reach = reach
        self.addresses = addresses
    }

    /// True if a connection to the VIP finds the service.
    package var isReached: Bool { reach == .vip || reach == .all }

    /// What it means, for a VIP of this address.
    package func words(vip: String) -> String {
        let address = vip.split(separator: "/").first.map(String.init) ?? vip
        switch reach {
        case .vip: return "the service listens on \(address)"
        case .all: return "the service listens on all addresses"
        case .none: return "no program on this node listens on this port"
        case .elsewhere:
            let end = address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
            return "the service listens on \(addresses.joined(separator: ", ")) only: connections to \(end) are "
                + "refused, unless this node redirects them (NAT, IPVS); let it listen on \(address) or on all addresses"
        }
    }
}

extension ListenerStatus {
    /// Where the service of a VIP listens, for each port that its checks ask on this node; nothing for what the kernel of
    /// this node cannot know.
    /// - Parameters:
    ///   - checks: all checks, and which of them are healthy now.
    ///   - listening: the addresses that are listened on, by port.
    package static func all(
        of vip: VIPSettings, checks: [(check: Check, isHealthy: Bool)], _ listening: [UInt16: Set<IPAddress>]
    ) -> [ListenerStatus] {
        // Where the traffic to a whole prefix arrives, this node does not know.
        guard vip.prefix.isHost else { return [] }
        let address = vip.prefix.address
        let wildcard: IPAddress = address.isIPv4 ? .v4(IPv4Address(0)) : .v6(IPv6Address(high: 0, low: 0))
        var found: [ListenerStatus] = []
        for name in vip.checks {
            guard let check = checks.first(where: { $0.check.name == name }), let target = check.check.kind.target
            else {
                continue
            }
            if let known = found.firstIndex(where: { $0.port == Int(target.port) }) {
                found[known].checks.append(name)
                continue
            }
            let addresses = listening[target.port] ?? []
            let isOwn = target.address == address || target.address.isLoopback
            let answers =
                addresses.contains(target.address)
                || isOwn && addresses.contains { $0.isWildcard(for: target.address) }
            // A check may ask another host, or a service behind NAT or in another network namespace.
            guard answers || isOwn && !check.isHealthy else { continue }
            let reach: ListenerStatus.Reach =
                if addresses.contains(address) { .vip } else if addresses.contains(wildcard) { .all } else {
                    addresses.isEmpty ? .none : .elsewhere
                }
            found.append(
                ListenerStatus(
                    port: Int(target.port), checks: [name], reach: reach,
                    addresses: addresses.sorted().map { "\($0)" }))
        }
        return found
    }
}

extension Speaker {
    /// The ports of which the status wants to know who listens on them.
    package var checkedPorts: Set<UInt16> { settings.checkedPorts }

    /// `ListenerStatus.all` with what the checks say now.
    func listeners(of vip: VIPSettings, _ listening: [UInt16: Set<IPAddress>]) -> [ListenerStatus] {
        ListenerStatus.all(of: vip, checks: checks.map { ($0.check, $0.verdict == .healthy) }, listening)
    }
}

extension Settings {
    /// The ports that checks ask.
    package var checkedPorts: Set<UInt16> { Set(checks.compactMap { $0.kind.target?.port }) }
}

extension IPAddress {
    /// True for the unspecified address of the other one's family.
    fileprivate func isWildcard(for other: IPAddress) -> Bool {
        isIPv4 == other.isIPv4 && bytes.allSatisfy { $0 == 0 }
    }
}
