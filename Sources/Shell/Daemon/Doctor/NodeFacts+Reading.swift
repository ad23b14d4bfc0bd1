import Diagnosis
import Glibc
import Health
import IPTypes
import Netlink
import Settings
import SpeakerCore

extension NodeFacts {
    /// What this node says now. Changes nothing, sends nothing; what cannot be read stays as on a healthy node.
    /// - Parameter secrets: files with passwords.
    init(reading settings: Settings, secrets: [String]) {
        self.init()
        if let capabilities = NodeFiles.capabilities {
            bindsLowPorts = capabilities & 1 << 10 != 0
            administersNetwork = capabilities & 1 << 12 != 0
            schedules = capabilities & 1 << 23 != 0
        }
        view = nodeView(for: settings)
        downInterfaces = (try? NodeNetwork.downInterfaces()) ?? []
        addresses = ((try? NodeNetwork.placedAddresses()) ?? []).map {
            Address($0.address, $0.prefixLength, on: $0.interface, isOurs: $0.isOurs)
        }
        let ports = settings.checkedPorts.union(settings.listen.map { [$0.port] } ?? [])
        listening = (try? NodeNetwork.listeningAddresses(on: ports)) ?? [:]
        openUDPPorts = NodeFiles.openUDPPorts
        for peer in settings.peers {
            if let interface = (try? NodeNetwork.interface(towards: peer.address)) ?? nil {
                interfaces[peer.address] = interface
            }
        }
        for interface in view.interfaces ?? [] {
            rpFilter[interface] = NodeFiles.ipv4Switch("rp_filter", on: interface)
            arpIgnore[interface] = NodeFiles.ipv4Switch("arp_ignore", on: interface)
        }
        reversePathDrops = NodeFiles.counter("IPReversePathFilter") ?? 0
        conntrackLoose = NodeFiles.number(in: "/proc/sys/net/netfilter/nf_conntrack_tcp_loose")
        conntrackCount = NodeFiles.number(in: "/proc/sys/net/netfilter/nf_conntrack_count")
        conntrackMaximum = NodeFiles.number(in: "/proc/sys/net/netfilter/nf_conntrack_max")
        clock = Int64(time(nil))
        let httpChecks = settings.checks.compactMap { check -> HTTPCheck? in
            if case .http(let http) = check.kind { http } else { nil }
        }
        let keys = httpChecks.compactMap(\.tls?.keyFile)
        readableSecrets = Set(secrets + keys).sorted().filter(NodeFiles.isReadableByAll)
        let certificates = httpChecks.flatMap { [$0.tls?.caFile, $0.tls?.certificateFile].compactMap { $0 } }
        newestFile = Set(secrets + keys + certificates).sorted()
            .compactMap { path in NodeFiles.changedAt(path).map { (path: path, changedAt: $0) } }
            .max { $0.changedAt < $1.changedAt }
        controlSocketFault = settings[Settings.process.controlSocket].flatMap(NodeFiles.socketFault)

        let processes = NodeProcess.all
        let words =
            processes.flatMap(\.arguments)
            + (NodeFiles.text(of: "/etc/kubernetes/manifests/kube-apiserver.yaml") ?? "")
            .split(whereSeparator: \.isWhitespace).map(String.init)
        let flag = "--service-cluster-ip-range="
        serviceRanges = Set(
            words.filter { $0.hasPrefix(flag) }
                .flatMap { $0.dropFirst(flag.count).split(separator: ",") }.compactMap { IPPrefix(parsing: $0) }
        ).sorted()
        daemons = processes.count(where: \.isDaemon)
        heldAddresses = NodeFiles.heldAddresses
        controlSockets = settings[Settings.process.controlSocket].map { NodeFiles.listeningSockets(at: $0) } ?? 0
    }
}
