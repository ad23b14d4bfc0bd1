extension Setting {
    static let vip = Setting(
        "vip", .vips, as: .list, "ADDRESS,…", synonyms: ["address"],
        "Virtual IP addresses (VIPs), IPv4 or IPv6, each advertised as a host route, for example 192.0.2.10; with bind false also prefixes, for example 192.0.2.0/28"
    )
    /// The interface of the VIPs.
    package static let interface = Setting(
        "interface", .vips, "NAME", default: "lo", "Interface that the VIPs are bound to")
    static let bind = Setting(
        "bind", .vips, as: .boolean, "true|false", default: "true",
        "Bind the VIPs to the interface; false leaves that to others, for example to one local route for thousands"
    )
    static let globalScope = Setting(
        "global-scope", .vips, as: .boolean, "true|false", default: "false",
        "Bind with global instead of host scope, so that the node may use the VIP as its own address")
    static let onUnhealthy = Setting(
        "on-unhealthy", .vips, "withdraw|last-resort", default: "withdraw",
        "What happens to a VIP whose check fails: it is withdrawn and unbound, or stays as a last resort that routers use only if no node is healthy"
    )
    static let drain = Setting(
        "drain", .vips, as: .boolean, "true|false", default: "true",
        "Withdraw the VIPs when the node is drained; false keeps them, and the sessions, in service")

    static let localAS = Setting(
        "local-as", .peers, "AS", "Our autonomous system number, plain (4200000001) or dotted (64086.59905)")
    static let routerID = Setting(
        "router-id", .peers, "A.B.C.D",
        "BGP identifier, different on every node; if not given, the node's own IPv4 address, or on a node with IPv6 only, one that is derived from its address"
    )
    static let routerInterface = Setting(
        "router-interface", .peers, "NAME", "Interface whose first IPv4 address becomes the BGP identifier")
    static let peers = Setting(
        "peers", .peers, as: .list, "ADDRESS:AS[:PASSWORD[:MULTIHOP[:PORT]]],…", synonyms: ["peer"], isSecret: true,
        "Peers; IPv6 in brackets, gateway for each default gateway (gateway4, gateway6: of one family), unnumbered:INTERFACE for the router on a link; AS may be external or internal, MULTIHOP is true, false or a TTL, for example 192.0.2.1:65000,[2001:db8::1]:65000::2"
    )
    static let peerPasswordFile = Setting(
        "peer-password-file", .peers, as: .list, "[PEER=]PATH,…",
        "Files with the TCP MD5 password of one peer, or of all peers that have none of their own")
    static let sourceAddress = Setting(
        "source-address", .peers, as: .list, "ADDRESS,…", "Our address on the sessions, at most one of each family")
    static let sourceInterface = Setting(
        "source-interface", .peers, "NAME", "Interface the sessions are bound to")
    static let holdTime = Setting(
        "hold-time", .peers, "TIME", default: "9s",
        "Hold time to propose, whole seconds: 0 (never expires) or at least 3; the smaller of both sides counts"
    )
    static let keepaliveInterval = Setting(
        "keepalive-interval", .peers, "TIME",
        "Time between keepalives, at most a third of the hold time, which is the default")
    static let sendHoldTime = Setting(
        "send-hold-time", .peers, "TIME",
        "How long a peer may leave unread what we send before the session ends (RFC 9687), longer than the hold time; if not given, 8 minutes, or twice the hold time if that is more"
    )
    static let connectRetry = Setting(
        "connect-retry", .peers, "TIME", default: "200ms",
        "Pause before a failed connection is tried again; it stays the same while the peer cannot be reached (no answer, refused, no route)"
    )
    static let connectRetryMax = Setting(
        "connect-retry-max", .peers, "TIME", default: "5s",
        "Longest pause; once the peer accepts connections, the pause doubles with each failure")
    static let ttlSecurity = Setting(
        "ttl-security", .peers, "HOPS|true|false", default: "false",
        "TTL security (RFC 5082) on sessions that are not multihop: how many hops away the peer is; true is 1")
    static let passive = Setting(
        "passive", .peers, as: .list, "ADDRESS,…|all|none", default: "none",
        "Peers that dial us and are never dialled")
    static let listen = Setting(
        "listen", .peers, as: .list, "ADDRESS[:PORT],…|true|false", default: "false",
        "Accept incoming sessions on these addresses, or on all; implied by passive")
    static let listenPort = Setting(
        "listen-port", .peers, "PORT", default: "179", "Port to accept incoming sessions on")
    static let llgr = Setting(
        "llgr", .peers, "TIME", default: "0s",
        "Ask the peers to keep our routes as a last resort for so long after a session is lost (RFC 9494), up to 16777215 s; 0 does not ask"
    )
    static let bfd = Setting(
        "bfd", .peers, "TIME|true|false", default: "false",
        "BFD (RFC 5880) with the peers, which detects within milliseconds that one is down: true, or the interval at which packets are sent and requested, for example 50ms; true is 300ms"
    )
    static let bfdReceiveInterval = Setting(
        "bfd-receive-interval", .peers, "TIME",
        "Shortest interval at which the peer may send BFD packets, if it differs from the one at which we send")
    static let bfdMultiplier = Setting(
        "bfd-multiplier", .peers, "COUNT", default: "3",
        "How many BFD packets in a row may be missing before the peer is down")
    static let bfdStrict = Setting(
        "bfd-strict", .peers, as: .boolean, "true|false", default: "false",
        "Start a BGP session only while BFD is up; without it, BFD ends sessions but never prevents one"
    )

    static let communities = Setting(
        "communities", .routes, as: .list, "AS:VALUE,…", synonyms: ["community"],
        "Communities of the routes, numbers or well-known names")
    static let largeCommunities = Setting(
        "large-communities", .routes, as: .list, "A:B:C,…", synonyms: ["large-community"],
        "Large communities (RFC 8092)")
    static let extendedCommunities = Setting(
        "extended-communities", .routes, as: .list, "KIND:A:B,…", synonyms: ["extended-community"],
        "Extended communities (RFC 4360): rt:A:B (route target), soo:A:B (site of origin), lb:AS:BYTES (link bandwidth in bytes per second)"
    )
    static let med = Setting(
        "med", .routes, "NUMBER", "MULTI_EXIT_DISC; the lowest wins")
    static let localPref = Setting(
        "local-pref", .routes, "NUMBER", "LOCAL_PREF towards internal peers (100 if not given); the highest wins")
    static let prepend = Setting(
        "prepend", .routes, "COUNT", default: "0",
        "How many more times our AS is in the path, towards external peers only")

    static let check = Setting(
        "check", .checks, as: .list, "URL,…|none", default: "https://127.0.0.1:6443/readyz",
        "What must be healthy: http://…, https://…, tcp://ADDRESS:PORT or exec:/PROGRAM ARGUMENTS; if there are several, all must pass; none always advertises"
    )
    static let checkInterval = Setting(
        "check-interval", .checks, "TIME", default: "1s", "Time from one probe to the next")
    static let checkTimeout = Setting(
        "check-timeout", .checks, "TIME",
        "A probe without an answer after this time fails; if not given, 3s for HTTP and HTTPS, 1s for TCP and programs"
    )
    static let checkRise = Setting(
        "check-rise", .checks, "COUNT", default: "2", "Passes in a row that make a failed check healthy again")
    static let checkFall = Setting(
        "check-fall", .checks, "COUNT", default: "3", "Failures in a row that make a healthy check fail")
    static let checkFailFast = Setting(
        "check-fail-fast", .checks, as: .boolean, "true|false", default: "true",
        "Do not wait for more failures when the connection is refused")
    static let checkCAFile = Setting(
        "check-ca-file", .checks, "PATH", "PEM file of the authorities that may sign the server's certificate")
    static let checkCertFile = Setting(
        "check-cert-file", .checks, "PATH", "PEM file of the client certificate chain")
    static let checkKeyFile = Setting(
        "check-key-file", .checks, "PATH", "PEM file of the client key")
    static let checkInsecure = Setting(
        "check-insecure", .checks, as: .boolean, "true|false",
        "Accept any certificate; if not given, only on loopback without a CA file")
    static let checkHost = Setting(
        "check-host", .checks, "NAME", "Host header, SNI and name in the certificate")
    static let checkStatus = Setting(
        "check-status", .checks, as: .list, "CODE[-CODE],…", default: "200", "HTTP status codes that are healthy")
    static let checkBody = Setting(
        "check-body", .checks, "TEXT", "Text that the first 64 KiB of the body must contain")
    static let checkTokenFile = Setting(
        "check-token-file", .checks, "PATH", "File with a bearer token, read again for each connection")

    static let services = Setting(
        "services", .services, as: .boolean, "true|false", default: "false",
        "Advertise the addresses of Services of type LoadBalancer, as the Kubernetes API has them")
    static let servicesPools = Setting(
        "services-pools", .services, as: .list, "[NAME=]PREFIX|FIRST-LAST|any,…",
        "Addresses that Services may have, for example 192.0.2.64/26 or front=2001:db8::10-2001:db8::1f; any grants a Service each address that it asks for"
    )
    static let servicesClass = Setting(
        "services-class", .services, as: .list, "NAME,…", default: "bgpvip/vip,kube-vip.io/kube-vip-class",
        "Serve Services with one of these as loadBalancerClass")
    static let servicesUnclassed = Setting(
        "services-unclassed", .services, as: .boolean, "true|false", default: "false",
        "Serve Services without a loadBalancerClass too; without it, another controller may")
    static let servicesKubeconfig = Setting(
        "services-kubeconfig", .services, "PATH",
        "Kubeconfig that leads to the Kubernetes API; without it, the pod's service account, else /etc/kubernetes/admin.conf"
    )
    static let servicesNode = Setting(
        "services-node", .services, "NAME", "Name of this node in the Kubernetes API; the host name if not given")
    static let servicesNamespace = Setting(
        "services-namespace", .services, "NAME",
        "Namespace of the Leases that claim addresses, the same on all nodes; the pod's if not given, else kube-system"
    )
    static let servicesKubeProxy = Setting(
        "services-kube-proxy", .services, "URL|none", default: "http://127.0.0.1:10256/healthz",
        "Health endpoint of kube-proxy; none if the cluster has no kube-proxy")
    static let servicesExcludedNodes = Setting(
        "services-excluded-nodes", .services, as: .boolean, "true|false", default: "false",
        "Advertise also from nodes with the label node.kubernetes.io/exclude-from-external-load-balancers")
    static let servicesNeedsEndpoint = Setting(
        "services-needs-endpoint", .services, as: .boolean, "true|false", default: "false",
        "Advertise Services with externalTrafficPolicy Cluster only from nodes with a ready endpoint, too")
    static let servicesPreventLoops = Setting(
        "services-prevent-loops", .services, as: .boolean, "true|false", default: "true",
        "Answer packets to unused ports of the pools with unreachable, by routing rules, so that they do not loop between node and router"
    )

    /// The configuration file.
    package static let config = Setting(
        "config", .process, "PATH", "Configuration file (YAML); flags and environment win over it")
    static let settle = Setting(
        "settle", .process, "TIME", default: "1s",
        "When leaving: from advertising with GRACEFUL_SHUTDOWN (RFC 8326) to withdrawing; 0 skips this step")
    static let linger = Setting(
        "linger", .process, "TIME", default: "500ms",
        "From withdrawing a VIP to unbinding it, while the routers move traffic away: when leaving, and when "
            + "a check fails otherwise than by a refused connection")
    static let ignore = Setting(
        "ignore", .process, as: .list, "NAME,…",
        "kube-vip variables to ignore although they ask for what bgpvip does not do, for example vip_arp"
    )

    /// All settings in the order of the help.
    package static let all: [Setting] =
        [
            .vip, .interface, .bind, .globalScope, .onUnhealthy, .drain, .localAS, .routerID, .routerInterface, .peers,
            .peerPasswordFile, .sourceAddress, .sourceInterface, .holdTime, .keepaliveInterval, .sendHoldTime,
            .connectRetry, .connectRetryMax, .ttlSecurity, .passive, .listen, .listenPort, .llgr, .bfd,
            .bfdReceiveInterval, .bfdMultiplier, .bfdStrict, .communities, .largeCommunities, .extendedCommunities,
            .med, .localPref, .prepend, .check, .checkInterval, .checkTimeout, .checkRise, .checkFall, .checkFailFast,
            .checkCAFile, .checkCertFile, .checkKeyFile, .checkInsecure, .checkHost, .checkStatus, .checkBody,
            .checkTokenFile, .services, .servicesPools, .servicesClass, .servicesUnclassed, .servicesKubeconfig,
            .servicesNode, .servicesNamespace, .servicesKubeProxy, .servicesExcludedNodes, .servicesNeedsEndpoint,
            .servicesPreventLoops, .config, .settle, .linger,
        ] + Settings.processRows.map(\.setting) + [.ignore]
}
