/// The consequence of every fault of a session.
private let noSession = "no session with this router: it sends no traffic for the VIPs to this node"

extension Finding.Code {
    /// Severity, consequence and remedy.
    var kind: FindingKind {
        switch self {
        case .noNetAdmin, .noNetBindService, .interfaceMissing, .interfaceDown, .noRouterID, .routerIDOnLoopback,
            .clockWrong, .secretReadable, .listenPortTaken, .bfdPortTaken, .controlSocket, .daemonSilent, .twoInstances,
            .rpFilter, .martianSources, .arpSilent, .conntrackStrict, .conntrackFull, .kubeProxyIPVS, .nodeDrained:
            nodeKind
        case .vipNodeAddress, .vipElsewhere, .vipForeign, .vipLeftover, .vipOnSubnet, .vipAnswersARP,
            .vipServiceRange, .vipPeerAddress, .vipOtherFamily, .vipUnchecked, .vipUnbound, .vipAbsent,
            .serviceNotListening, .serviceElsewhere, .checkElsewhere, .checkFile, .checkFails, .checkEtcd,
            .checkAnonymous, .certificateExpired, .certificateFuture, .certificateExpires, .certificateName:
            serviceKind
        default: peerKind
        }
    }

    private var nodeKind: FindingKind {
        switch self {
        case .noNetAdmin:
            .init(
                .fault, "no VIP can be bound, so none is advertised",
                "give the process CAP_NET_ADMIN (the manifests do)")
        case .noNetBindService:
            .init(
                .fault, "no router can dial this node",
                "give the process CAP_NET_BIND_SERVICE, or let it listen on a port from 1024 on (--listen)")
        case .interfaceMissing:
            .init(.fault, "what needs the interface does not work", "create the interface, or correct the setting")
        case .interfaceDown:
            .init(
                .fault, "no packet passes this interface",
                "bring it up: ip link set % up; then look at cable and switch port")
        case .noRouterID:
            .init(.fault, "no session can be opened", "give --router-id, or give the node an IPv4 address")
        case .routerIDOnLoopback:
            .init(
                .warning, "every node may have this router ID; routers reject a second one, or mix the nodes up",
                "give each node an identifier of its own with --router-id")
        case .clockWrong:
            .init(
                .warning, "certificates count as not valid yet, and the times in the log are wrong",
                "set the clock, and let a time service keep it")
        case .secretReadable:
            .init(.warning, "every user of this node can read the secret", "chmod o-rwx %")
        case .listenPortTaken:
            .init(
                .fault, "routers that dial this node reach the other program",
                "stop the other BGP speaker, or let bgpvip listen on an address or a port of its own (--listen)")
        case .bfdPortTaken:
            .init(
                .fault, "BFD cannot run: a dead router is noticed by the hold time alone",
                "stop the other BFD daemon, or turn off bfd here")
        case .controlSocket:
            .init(
                .warning, "bgpvip peers, drain and doctor cannot ask the daemon",
                "give --control-socket a path in a directory that the daemon can write to")
        case .daemonSilent:
            .init(
                .fault, "nothing is known of the daemon's sessions and VIPs",
                "give the daemon's --control-socket, run as root or a member of the socket's group, or look at its log")
        case .twoInstances:
            .init(
                .warning, "a router keeps one session for each address, and the two take turns in ending each other's",
                "stop one of the two, or give each its own VIPs, interface, source address and control socket")
        case .rpFilter:
            .init(
                .warning,
                "a packet is dropped that comes in by another interface than the one its answer would leave by",
                "sysctl -w net.ipv4.conf.%.rp_filter=2 (and net.ipv4.conf.all.rp_filter=0), and keep it in /etc/sysctl.d"
            )
        case .martianSources:
            .init(
                .warning, "clients whose packets come in by the other path get no answer",
                "set rp_filter to 2 on the interfaces that face the routers, and keep it in /etc/sysctl.d")
        case .arpSilent:
            .init(
                .fault, "routers cannot resolve this node's address, so no packet arrives",
                "sysctl -w net.ipv4.conf.%.arp_ignore=1 (and net.ipv4.conf.all.arp_ignore=0)")
        case .conntrackStrict:
            .init(
                .warning,
                "a connection that ECMP moves to this node in its middle is invalid to the firewall, and hangs",
                "sysctl -w net.netfilter.nf_conntrack_tcp_loose=1")
        case .conntrackFull:
            .init(.fault, "new connections are dropped", "raise net.netfilter.nf_conntrack_max")
        case .kubeProxyIPVS:
            .init(
                .notice, "a Service with the VIP as external IP takes its connections away from the local service",
                "keep the VIPs out of every Service, and list them in kube-proxy's ipvs.excludeCIDRs")
        default:
            .init(.notice, "traffic goes to other nodes, which is what a drain is for", "bgpvip undrain")
        }
    }

    private var serviceKind: FindingKind {
        switch self {
        case .vipNodeAddress:
            .init(
                .fault, "all nodes would answer for this node's own address, and this node is lost to the others",
                "choose an address that no node has")
        case .vipElsewhere:
            .init(
                .warning,
                "this node answers for the VIP whatever its check says, and hosts of that subnet may learn it by ARP",
                "remove it there, and stop what put it there (kube-vip, keepalived, a network script)")
        case .vipForeign:
            .init(
                .warning, "the VIP stays on the node when the check fails or bgpvip ends",
                "stop what put it there (kube-vip, keepalived, a network script), then: ip address delete % dev lo")
        case .vipLeftover:
            .init(
                .warning, "this node answers for the VIP itself, although nothing checks the service",
                "start bgpvip, which takes it over, or: ip address delete % dev lo")
        case .vipOnSubnet:
            .init(
                .warning, "hosts of that subnet look for the VIP by ARP instead of sending it to their router",
                "choose a VIP outside all subnets of the nodes")
        case .vipAnswersARP:
            .init(
                .fault, "every node answers ARP for the VIP, healthy or not, and the subnet's hosts pick any of them",
                "sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2, or choose another VIP")
        case .vipServiceRange:
            .init(
                .fault, "kube-proxy takes or rejects connections to the VIP", "choose a VIP outside the service range")
        case .vipPeerAddress:
            .init(.fault, "this node would cut itself off from that router", "choose an unused address")
        case .vipOtherFamily:
            .init(.warning, "no session may be able to carry the VIP", "add peers of the VIP's family")
        case .vipUnchecked:
            .init(
                .warning, "the VIP is advertised whether its service lives or not",
                "give it a check, for example --check https://127.0.0.1:6443/readyz")
        case .vipUnbound:
            .init(.fault, "the VIP is not advertised", "remove the cause that is named; bgpvip tries again")
        case .vipAbsent:
            .init(
                .fault, "the VIP is not advertised",
                "put it on the node, as the evidence says, or let bgpvip do it (--bind true)")
        case .serviceNotListening:
            .init(
                .fault, "the check fails, and the VIP is not advertised",
                "start the service, or correct the check's port")
        case .serviceElsewhere:
            .init(
                .fault, "the check passes, and every client of the VIP is refused",
                "let the service listen on the VIP or on all addresses")
        case .checkElsewhere:
            .init(
                .warning, "the VIP follows the health of another host, not of this one's service",
                "ask the service on an address of this node, for example 127.0.0.1")
        case .checkFile:
            .init(.fault, "the check cannot run, and the VIP is not advertised", "correct the file or its permissions")
        case .checkFails:
            .init(.fault, "the VIP is not advertised while the check fails", "repair the service, or correct the check")
        case .checkEtcd:
            .init(
                .fault, "the API server's etcd does not answer; when etcd has no leader, no node advertises the VIP",
                "repair the etcd member; --on-unhealthy last-resort keeps the VIP reachable (docs/checks.md weighs it)")
        case .checkAnonymous:
            .init(
                .warning, "the check learns only that the server answers, or fails although the service is well",
                "give the check a client certificate or a token, or allow anonymous access to this path")
        case .certificateExpired:
            .init(.fault, "clients refuse the service", "renew the certificate, and let the service load it")
        case .certificateFuture:
            .init(
                .fault, "clients refuse the service until then",
                "set the clock of this node, or issue the certificate again")
        case .certificateExpires:
            .init(
                .warning, "clients refuse the service from then on",
                "renew the certificate, and let the service load it")
        default:
            .init(
                .warning, "clients that verify the certificate refuse the service when they reach it by the VIP",
                "issue the certificate with the VIP, or the name that clients use for it, among its names")
        }
    }

    private var peerKind: FindingKind {
        let row: (Finding.Severity, String?, String) =
            switch self {
            case .peerIsSelf: (.fault, nil, "give the address of the router instead")
            case .peerSourceMissing:
                (.fault, nil, "correct the source address or interface, or bring it up on this node")
            case .peerNoRoute: (.fault, nil, "add a route: ip route add % via …; or correct the address")
            case .peerNotOnLink:
                (.fault, nil, "set multihop for it, as in %:AS::2, and on the router; or correct the address")
            case .peerUnreachable: (.fault, nil, "look at cable, VLAN, switch port and address: ip neighbour show %")
            case .peerRejectedOnTheWay: (.fault, nil, "allow TCP port 179 between both in the firewalls on the way")
            case .peerProhibitedHere:
                (.fault, nil, "allow TCP port 179 to % in this node's firewall: nft list ruleset; ip route get %")
            case .peerNoRouterOnLink: (.fault, nil, "turn on IPv6 router advertisements on the switch port")
            case .peerSeveralRouters: (.fault, nil, "give the router's own link-local address as peer")
            case .peerHeldByOther, .peerHasOtherSession:
                (
                    .fault, nil,
                    "stop the other BGP speaker, or give bgpvip an address of its own (--source-address) that the router knows"
                )
            case .peerRefused:
                (
                    .fault, nil,
                    "start BGP on the router, and configure a neighbor for this node: @ prints it"
                )
            case .peerSilent:
                (
                    .fault, nil,
                    "compare firewalls, password and TTL security of both sides: tcpdump -n port 179 and host %"
                )
            case .peerSilentSigned:
                (.fault, nil, "compare the MD5 passwords of both sides first, then TTL security, then firewalls")
            case .peerWithoutPassword: (.fault, nil, "configure the same password on the router, or remove it here")
            case .peerWithoutTTLSecurity:
                (
                    .fault, nil,
                    "configure TTL security on the router, or remove --ttl-security (ttlSecurity of the peer) here"
                )
            case .peerDemandsTTL:
                (.fault, nil, "set --ttl-security (ttlSecurity of the peer) here, or remove TTL security on the router")
            case .peerNotDialled: (.fault, nil, "make one side active: remove passive here, or on the router")
            case .peerMD5Unavailable:
                (.fault, nil, "use a kernel with CONFIG_TCP_MD5SIG, and at most 80 bytes of password")
            case .peerSystemError: (.fault, nil, "look up the error: this node's system reported it")
            case .peerClosedBeforeOpen, .peerRejectsConnection:
                (
                    .fault, nil,
                    "configure a neighbor for the address this node dials from, enable it, and shorten its error wait: @ prints it"
                )
            case .peerNoOpen:
                (.fault, nil, "see whether BGP answers on that port, and whether its process hangs")
            case .peerNoKeepalive:
                (
                    .fault, nil,
                    "compare AS, router ID and address families of both sides, and look at the router's log"
                )
            case .peerWrongAS: (.fault, nil, "correct the AS in the peer list, or the router's own AS")
            case .peerRejectsAS: (.fault, nil, "correct --local-as, or the remote AS of the router's neighbor")
            case .peerSameRouterID, .peerRejectsRouterID:
                (.fault, nil, "give each speaker a router ID of its own: --router-id")
            case .peerWrongHoldTime: (.fault, nil, "raise the hold time on the router to 3 s or more")
            case .peerRejectsHoldTime: (.fault, nil, "raise --hold-time, or lower the router's minimum")
            case .peerRejectsCapability: (.fault, nil, "offer less (capabilities: minimal), or ask less on the router")
            case .peerRejectsOpen: (.fault, nil, "compare what both sides offer: bgpvip peers %")
            case .peerRejectsMessages, .peerBrokeProtocol: (.fault, nil, "keep the log of both sides, and report it")
            case .peerMaxPrefix: (.fault, nil, "raise the neighbor's maximum, then clear the session on the router")
            case .peerShutDown: (.fault, nil, "ask who shut it down, then enable the neighbor on the router")
            case .peerRemoved: (.fault, nil, "configure the neighbor again: @ prints it")
            case .peerGivesNoReason:
                (
                    .fault, nil,
                    "look at the router's log; with FRRouting, give the interface of % an IPv6 address (link-local is enough), or deactivate IPv6 unicast for the session if no VIP is IPv6"
                )
            case .peerCeased: (.fault, nil, "look at the router's log")
            case .peerClosed: (.fault, nil, "see whether BGP on the router restarts: look at its log")
            case .peerUnheard:
                (
                    .fault, nil,
                    "set TTL security (--ttl-security here) on both sides or on neither; if it is not that, compare what both ends see: tcpdump -n port 179 and host %"
                )
            case .peerUnacknowledged:
                (
                    .fault, "the router does not know what was sent last: it may go on using a VIP that is withdrawn",
                    "compare TTL security and firewalls of both sides, and see whether BGP on the router hangs: tcpdump -n port 179 and host %"
                )
            case .peerFellSilent, .peerHearsNothing, .peerBFDDown:
                (.fault, nil, "see whether the router lives and the path to it loses packets: ping %")
            case .peerReadsNothing, .peerCannotSend:
                (.fault, nil, "look at the router's BGP process and at the path: ping %")
            case .peerWithoutFamily:
                (
                    .fault, "this router does not learn the VIP",
                    "activate the VIP's address family for this node's neighbor on the router"
                )
            case .peerKeepsDeadRoutes:
                (
                    .warning, "a path may be kept after the router's BGP restarts, or after this node is gone",
                    "turn graceful restart off for this node's neighbor on the router: @ prints it"
                )
            case .pathsDiffer:
                (
                    .warning,
                    "a router uses several paths only if they are equal: one node may get all of its traffic",
                    "give all nodes the same local AS, prepend, MED and local preference; if the AS numbers differ on purpose, relax AS paths on the router: @ prints it"
                )
            case .bfdDown:
                (
                    .warning, "a router that dies is noticed by the hold time alone",
                    "configure BFD for this node on the router, and allow UDP ports 3784 and 4784"
                )
            default:
                (
                    .warning, "BFD may take the path down while this node is only busy",
                    "give the process CAP_SYS_NICE, or use an interval of 100 ms and more"
                )
            }
        return FindingKind(row.0, row.1 ?? noSession, row.2)
    }
}
