import BGPWire
import IPTypes
import Settings
import SpeakerCore

extension Facts {
    /// Capabilities, interfaces, ports, files, the router ID and the clock.
    var nodeFindings: [Finding] {
        var found: [Finding] = []
        let isRunning = status != nil
        let binds = settings.vips.contains(where: \.binds)
        if !isRunning, binds, !node.administersNetwork {
            found.append(Finding(.noNetAdmin, "CAP_NET_ADMIN", "this process does not have CAP_NET_ADMIN"))
        }
        if !isRunning, let listen = settings.listen {
            if listen.port < 1024, !node.bindsLowPorts {
                found.append(
                    Finding(
                        .noNetBindService, "port \(listen.port)",
                        "listen asks for port \(listen.port), and this process does not have CAP_NET_BIND_SERVICE"))
            }
            let taken = (node.listening[listen.port] ?? []).filter { taken in
                listen.addresses.isEmpty || taken.isUnspecified || listen.addresses.contains(taken)
            }
            if !taken.isEmpty {
                let addresses = taken.sorted().map { "\($0)" }.joined(separator: ", ")
                found.append(
                    Finding(
                        .listenPortTaken, "port \(listen.port)",
                        "another program listens on port \(listen.port) of \(addresses)"))
            }
        }
        if !isRunning {
            let wanted = Set(settings.peers.filter { $0.bfd != nil }.map { $0.isBFDMultihop ? 4784 : 3784 as UInt16 })
            for port in wanted.intersection(node.openUDPPorts).sorted() {
                found.append(Finding(.bfdPortTaken, "UDP port \(port)", "another program has UDP port \(port) open"))
            }
        }
        found += settings.advice(on: node.view).map { advice in
            Finding(advice.code == .absentAddress ? .vipAbsent : .interfaceMissing, advice.subject, advice.text)
        }
        let used = Set(node.interfaces.values).union(binds ? [settings.interface] : [])
        found += used.intersection(node.downInterfaces).sorted().map {
            Finding(.interfaceDown, $0, "\($0) is down, or has no carrier")
        }
        found += routerIDFindings
        found += clockFindings
        found += node.readableSecrets.map {
            Finding(.secretReadable, $0, "\($0) can be read by every user of this node")
        }
        if let fault = node.controlSocketFault {
            found.append(Finding(.controlSocket, settings[Settings.process.controlSocket] ?? "none", fault))
        }
        if let daemonFailure {
            found.append(Finding(.daemonSilent, settings[Settings.process.controlSocket] ?? "none", daemonFailure))
        }
        if instances > 1 {
            found.append(
                Finding(.twoInstances, "bgpvip", "\(instances) bgpvip daemons run in this network namespace"))
        }
        return found
    }

    /// The daemons that run here. Of one whose process cannot be seen from here, only the addresses that it holds are known:
    /// one daemon holds ours, and at least one more holds any others.
    package var instances: Int {
        let ours = Set(settings.vips.map(\.prefix.address))
            .union((status?.vips ?? []).compactMap { IPPrefix(parsing: $0.prefix)?.address })
        let isHeld = status != nil || !node.heldAddresses.isDisjoint(with: ours)
        let holders = (isHeld ? 1 : 0) + (node.heldAddresses.isSubset(of: ours) ? 0 : 1)
        return max(holders, node.daemons, node.controlSockets)
    }

    private var clockFindings: [Finding] {
        // Before this program was written.
        if node.clock < 1_735_689_600 {
            return [Finding(.clockWrong, "clock", "the clock of this node shows a time before 2025")]
        }
        // A few minutes are no reason to worry: the clock may have been corrected meanwhile.
        guard let newest = node.newestFile, newest.changedAt - node.clock > 300 else { return [] }
        return [
            Finding(
                .clockWrong, "clock",
                "\(newest.path) was changed \(timeSpan(newest.changedAt - node.clock)) from now, by the clock of this node"
            )
        ]
    }

    private var routerIDFindings: [Finding] {
        guard status == nil else { return [] }
        guard let identifier = node.view.routerID?.identifier else {
            guard node.view.interfaces != nil else { return [] }
            return [
                Finding(.noRouterID, "router ID", "no router ID is set, and this node has no address to take it from")
            ]
        }
        guard IPv4Address(identifier.value).isLoopback else { return [] }
        return [Finding(.routerIDOnLoopback, "\(identifier)", "the router ID \(identifier) is a loopback address")]
    }

    /// What the kernel does with packets.
    var kernelFindings: [Finding] {
        var found: [Finding] = []
        let facing = Set(node.interfaces.values)
        // One interface has one way in and the same way out.
        if facing.count > 1 {
            for interface in facing.sorted() where node.rpFilter[interface] == 1 {
                found.append(
                    Finding(
                        .rpFilter, interface,
                        "rp_filter is strict on \(interface), and the peers are reached by \(facing.sorted().joined(separator: ", "))"
                    ))
            }
        }
        if node.reversePathDrops > 0, node.rpFilter.values.contains(1) {
            found.append(
                Finding(
                    .martianSources, "rp_filter",
                    "rp_filter has dropped \(node.reversePathDrops) packets for their source address"))
        }
        for interface in facing.sorted() where (node.arpIgnore[interface] ?? 0) >= 8 {
            found.append(
                Finding(
                    .arpSilent, interface, "arp_ignore is 8 on \(interface): this node answers no ARP request there"))
        }
        if node.conntrackLoose == 0 {
            found.append(
                Finding(.conntrackStrict, "nf_conntrack_tcp_loose", "net.netfilter.nf_conntrack_tcp_loose is 0"))
        }
        if let count = node.conntrackCount, let most = node.conntrackMaximum, most > 0, count * 10 >= most * 9 {
            found.append(
                Finding(.conntrackFull, "nf_conntrack", "conntrack holds \(count) of \(most) connections that it may"))
        }
        if node.view.interfaces?.contains("kube-ipvs0") ?? false {
            found.append(
                Finding(
                    .kubeProxyIPVS, "kube-ipvs0", "kube-proxy runs in IPVS mode here: there is an interface kube-ipvs0")
            )
        }
        return found
    }
}
