import Advertising
import Health
package import IPTypes

/// What `bgpvip check` sees of the node that it runs on, which need not be the one that the settings are for.
package struct NodeView: Sendable, Hashable {
    /// The names of the interfaces; nil if they cannot be listed.
    package var interfaces: [String]?
    /// The BGP identifier that the daemon would have here now; nil if there is none yet.
    package var routerID: RouterID?
    /// The interface that has it as an address, or the address that it is derived from.
    package var routerIDInterface: String?
    /// Those VIPs that are left to others and are not local on it.
    package var absentVIPs: Set<IPAddress>

    package init(
        interfaces: [String]?, routerID: RouterID?, routerIDInterface: String?, absentVIPs: Set<IPAddress> = []
    ) {
        self.interfaces = interfaces
        self.routerID = routerID
        self.routerIDInterface = routerIDInterface
        self.absentVIPs = absentVIPs
    }
}

/// Something that is worth a thought although nothing is wrong.
package struct Advice: Sendable, Hashable {
    /// What it is about.
    package enum Code: Sendable, Hashable {
        case otherFamily, sharedEtcd, refusalIsHealthy, unnamedLoopback, missingInterface, absentAddress
    }

    package var code: Code
    /// The VIP, the check, or the interface.
    package var subject: String
    package var text: String
}

extension Settings {
    /// Advice about valid settings. `check` and `doctor` show it; a start does not.
    package var advice: [Advice] {
        vips.compactMap { familyAdvice($0) } + etcdAdvice + checks.flatMap { $0.advice }
    }

    /// What the settings name and this node does not have.
    package func advice(on node: NodeView) -> [Advice] {
        interfaceAdvice(on: node) + absenceAdvice(on: node)
    }

    /// That an address which is left to others is not there, so that it would not be advertised.
    private func absenceAdvice(on node: NodeView) -> [Advice] {
        let absent = vips.map(\.prefix.address).filter(node.absentVIPs.contains)
        guard let first = absent.first else { return [] }
        let addresses =
            absent.prefix(3).map { "\($0)" }.joined(separator: ", ") + (absent.count > 3 ? ", …" : "")
        let (what, pronouns) =
            absent.count == 1
            ? ("the address is", ("it", "it")) : ("these \(absent.count) addresses are", ("they", "them"))
        let text =
            "\(addresses): bind is false and \(what) not on this node, so that \(pronouns.0) would not be "
            + "advertised; add \(pronouns.1) to an interface, or a local route, for example "
            + "\(first.isIPv4 ? "ip" : "ip -6") route add local \(first) dev lo"
        return [Advice(code: .absentAddress, subject: addresses, text: text)]
    }

    private func interfaceAdvice(on node: NodeView) -> [Advice] {
        guard let interfaces = node.interfaces else { return [] }
        var named: [(key: String, interface: String)] = []
        if vips.contains(where: \.binds) { named.append(("interface", interface)) }
        if let routerInterface, routerID == nil { named.append(("router-interface", routerInterface)) }
        for peer in peers {
            if let interface = peer.sourceInterface { named.append(("source-interface", interface)) }
            if let interface = peer.address.zone, !peer.address.isGateway {
                named.append(("peer \(peer.address)", interface))
            }
        }
        var seen: Set<String> = []
        return named.filter { !interfaces.contains($0.interface) }.compactMap { key, interface in
            let text =
                "\(key): there is no interface \(interface) on this node, which has \(interfaces.joined(separator: ", "))"
            let isNew = seen.insert(text).inserted
            return isNew ? Advice(code: .missingInterface, subject: interface, text: text) : nil
        }
    }

    /// That a VIP goes only over sessions of the other family, which takes more than a session.
    private func familyAdvice(_ vip: VIPSettings) -> Advice? {
        let address = vip.prefix.address
        let meant = peers.filter { vip.isMeant(for: $0.address) }
        // That an address is for no peer at all is said at every start.
        if meant.isEmpty { return nil }
        let isCarried = meant.contains { peer in
            peer.address.isUnnumbered || peer.address.isOfFamily(isIPv4: address.isIPv4)
                || peer.routeAdjustment.nextHops.contains { $0.isIPv4 == address.isIPv4 }
        }
        if isCarried { return nil }
        let text =
            address.isIPv4
            ? "\(address) is IPv4 and every peer of it IPv6: the routers must carry IPv4 on these sessions, and this node needs an IPv4 address on the link, or both sides extended next hop (RFC 8950)"
            : "\(address) is IPv6 and every peer of it IPv4: the routers must carry IPv6 on these sessions, and this node needs a global IPv6 address on the link; otherwise add IPv6 peers"
        return Advice(code: .otherFamily, subject: "\(address)", text: text)
    }

    /// That all nodes withdraw an address at the same time whose check hangs on the etcd that they share.
    private var etcdAdvice: [Advice] {
        let shared = vips.filter { vip in
            vip.onUnhealthy == .withdraw && checks.contains { vip.checks.contains($0.name) && $0.kind.hangsOnEtcd }
        }
        guard !shared.isEmpty else { return [] }
        let addresses = shared.map { "\($0.prefix.address)" }.joined(separator: ", ")
        return [
            Advice(
                code: .sharedEtcd, subject: addresses,
                text:
                    "\(addresses): while etcd elects a leader, /readyz fails on all API servers for seconds, and every node withdraws; "
                    + "on-unhealthy last-resort keeps the address reachable then (docs/checks.md weighs it)")
        ]
    }
}

extension Check {
    fileprivate var advice: [Advice] {
        guard case .http(let http) = kind else { return [] }
        var advice: [Advice] = []
        let refusals = http.expectedStatus.filter { $0 == 401 || $0 == 403 }
        if kind.hangsOnEtcd, let refusal = refusals.first {
            advice.append(
                Advice(
                    code: .refusalIsHealthy, subject: name,
                    text:
                        "check \(name): status \(refusal) counts as healthy, and an API server answers it without checking itself, "
                        + "so a frozen etcd is never noticed; give the check a client certificate or a token instead"))
        }
        let host = "\(http.target.address)"
        if let tls = http.tls, tls.verifies, tls.caFile != nil, http.target.address.isLoopback,
            [host, "[\(host)]"].contains(http.host)
        {
            advice.append(
                Advice(
                    code: .unnamedLoopback, subject: name,
                    text:
                        "check \(name): the certificate must be for \(host), and an API server's seldom is; "
                        + "name the host that it is for, for example check-host kubernetes"))
        }
        return advice
    }
}

extension Check.Kind {
    /// True for the question whether a kube-apiserver is ready, if that includes its etcd.
    fileprivate var hangsOnEtcd: Bool {
        guard case .http(let http) = self else { return false }
        return http.path.prefix { $0 != "?" } == "/readyz" && !http.path.contains("exclude=etcd")
    }
}
