extension SettingKey {
    /// The row of this setting. Defaults are texts that the same parsers read; a test holds them against the types' own.
    package var setting: Setting {
        switch self {
        case .vip:
            Setting(
                self, .vips, as: .list, "ADDRESS,…",
                "Virtual IP addresses (VIPs), IPv4 or IPv6, each advertised as a host route, for example 192.0.2.10; with bind false also prefixes, for example 192.0.2.0/28"
            )
        case .interface:
            Setting(self, .vips, "NAME", default: "lo", "Interface that the VIPs are bound to")
        case .bind:
            Setting(
                self, .vips, as: .boolean, "true|false", default: "true",
                "Bind the VIPs to the interface; false leaves that to others, for example to one local route for thousands"
            )
        case .globalScope:
            Setting(
                self, .vips, as: .boolean, "true|false", default: "false",
                "Bind with global instead of host scope, so that the node may use the VIP as its own address")
        case .onUnhealthy:
            Setting(
                self, .vips, "withdraw|last-resort", default: "withdraw",
                "What happens to a VIP whose check fails: it is withdrawn and unbound, or stays as a last resort that routers use only if no node is healthy"
            )
        case .drain:
            Setting(
                self, .vips, as: .boolean, "true|false", default: "true",
                "Withdraw the VIPs when the node is drained; false keeps them, and the sessions, in service")

        case .localAS:
            Setting(self, .peers, "AS", "Our autonomous system number, plain (4200000001) or dotted (64086.59905)")
        case .routerID:
            Setting(
                self, .peers, "A.B.C.D",
                "BGP identifier, different on every node; if not given, the node's own IPv4 address, or on a node with IPv6 only, one that is derived from its address"
            )
        case .routerInterface:
            Setting(self, .peers, "NAME", "Interface whose first IPv4 address becomes the BGP identifier")
        case .peers:
            Setting(
                self, .peers, as: .list, "ADDRESS:AS[:PASSWORD[:MULTIHOP[:PORT]]],…", isSecret: true,
                "Peers; IPv6 in brackets, gateway for each default gateway (gateway4, gateway6: of one family), unnumbered:INTERFACE for the router on a link; AS may be external or internal, MULTIHOP is true, false or a TTL, for example 192.0.2.1:65000,[2001:db8::1]:65000::2"
            )
        case .peerPasswordFile:
            Setting(
                self, .peers, as: .list, "[PEER=]PATH,…",
                "Files with the TCP MD5 password of one peer, or of all peers that have none of their own")
        case .sourceAddress:
            Setting(
                self, .peers, as: .list, "ADDRESS,…", "Our address on the sessions, at most one of each family")
        case .sourceInterface:
            Setting(self, .peers, "NAME", "Interface the sessions are bound to")
        case .holdTime:
            Setting(
                self, .peers, "TIME", default: "9s",
                "Hold time to propose, whole seconds: 0 (never expires) or at least 3; the smaller of both sides counts"
            )
        case .keepaliveInterval:
            Setting(
                self, .peers, "TIME", "Time between keepalives, at most a third of the hold time, which is the default")
        case .sendHoldTime:
            Setting(
                self, .peers, "TIME",
                "How long a peer may leave unread what we send before the session ends (RFC 9687), longer than the hold time; if not given, 8 minutes, or twice the hold time if that is more"
            )
        case .connectRetry:
            Setting(
                self, .peers, "TIME", default: "200ms",
                "Pause before a failed connection is tried again; it stays the same while the peer cannot be reached (no answer, refused, no route)"
            )
        case .connectRetryMax:
            Setting(
                self, .peers, "TIME", default: "5s",
                "Longest pause; once the peer accepts connections, the pause doubles with each failure")
        case .ttlSecurity:
            Setting(
                self, .peers, "HOPS|true|false", default: "false",
                "TTL security (RFC 5082) on sessions that are not multihop: how many hops away the peer is; true is 1")
        case .passive:
            Setting(
                self, .peers, as: .list, "ADDRESS,…|all|none", default: "none",
                "Peers that dial us and are never dialled")
        case .listen:
            Setting(
                self, .peers, as: .list, "ADDRESS[:PORT],…|true|false", default: "false",
                "Accept incoming sessions on these addresses, or on all; implied by passive")
        case .listenPort:
            Setting(self, .peers, "PORT", default: "179", "Port to accept incoming sessions on")
        case .llgr:
            Setting(
                self, .peers, "TIME", default: "0s",
                "Ask the peers to keep our routes as a last resort for so long after a session is lost (RFC 9494), up to 16777215 s; 0 does not ask"
            )
        case .bfd:
            Setting(
                self, .peers, "TIME|true|false", default: "false",
                "BFD (RFC 5880) with the peers, which detects within milliseconds that one is down: true, or the interval at which packets are sent and requested, for example 50ms; true is 300ms"
            )
        case .bfdReceiveInterval:
            Setting(
                self, .peers, "TIME",
                "Shortest interval at which the peer may send BFD packets, if it differs from the one at which we send")
        case .bfdMultiplier:
            Setting(
                self, .peers, "COUNT", default: "3",
                "How many BFD packets in a row may be missing before the peer is down")
        case .bfdStrict:
            Setting(
                self, .peers, as: .boolean, "true|false", default: "false",
                "Start a BGP session only while BFD is up; without it, BFD ends sessions but never prevents one"
            )

        case .communities:
            Setting(
                self, .routes, as: .list, "AS:VALUE,…",
                "Communities of the routes, numbers or well-known names")
        case .largeCommunities:
            Setting(self, .routes, as: .list, "A:B:C,…", "Large communities (RFC 8092)")
        case .extendedCommunities:
            Setting(
                self, .routes, as: .list, "KIND:A:B,…",
                "Extended communities (RFC 4360): rt:A:B (route target), soo:A:B (site of origin), lb:AS:BYTES (link bandwidth in bytes per second)"
            )
        case .med:
            Setting(self, .routes, "NUMBER", "MULTI_EXIT_DISC; the lowest wins")
        case .localPref:
            Setting(self, .routes, "NUMBER", "LOCAL_PREF towards internal peers (100 if not given); the highest wins")
        case .prepend:
            Setting(
                self, .routes, "COUNT", default: "0",
                "How many more times our AS is in the path, towards external peers only")

        case .check:
            Setting(
                self, .checks, as: .list, "URL,…|none", default: "https://127.0.0.1:6443/readyz",
                "What must be healthy: http://…, https://…, tcp://ADDRESS:PORT or exec:/PROGRAM ARGUMENTS; if there are several, all must pass; none always advertises"
            )
        case .checkInterval:
            Setting(self, .checks, "TIME", default: "1s", "Time from one probe to the next")
        case .checkTimeout:
            Setting(
                self, .checks, "TIME",
                "A probe without an answer after this time fails; if not given, 3s for HTTP and HTTPS, 1s for TCP and programs"
            )
        case .checkRise:
            Setting(self, .checks, "COUNT", default: "2", "Passes in a row that make a failed check healthy again")
        case .checkFall:
            Setting(self, .checks, "COUNT", default: "3", "Failures in a row that make a healthy check fail")
        case .checkFailFast:
            Setting(
                self, .checks, as: .boolean, "true|false", default: "true",
                "Do not wait for more failures when the connection is refused")
        case .checkCAFile:
            Setting(self, .checks, "PATH", "PEM file of the authorities that may sign the server's certificate")
        case .checkCertFile:
            Setting(self, .checks, "PATH", "PEM file of the client certificate chain")
        case .checkKeyFile:
            Setting(self, .checks, "PATH", "PEM file of the client key")
        case .checkInsecure:
            Setting(
                self, .checks, as: .boolean, "true|false",
                "Accept any certificate; if not given, only on loopback without a CA file")
        case .checkHost:
            Setting(self, .checks, "NAME", "Host header, SNI and name in the certificate")
        case .checkStatus:
            Setting(self, .checks, as: .list, "CODE[-CODE],…", default: "200", "HTTP status codes that are healthy")
        case .checkBody:
            Setting(self, .checks, "TEXT", "Text that the first 64 KiB of the body must contain")
        case .checkTokenFile:
            Setting(self, .checks, "PATH", "File with a bearer token, read again for each connection")

        case .services:
            Setting(
                self, .services, as: .boolean, "true|false", default: "false",
                "Advertise the addresses of Services of type LoadBalancer, as the Kubernetes API has them")
        case .servicesPools:
            Setting(
                self, .services, as: .list, "[NAME=]PREFIX|FIRST-LAST|any,…",
                "Addresses that Services may have, for example 192.0.2.64/26 or front=2001:db8::10-2001:db8::1f; any grants a Service each address that it asks for"
            )
        case .servicesClass:
            Setting(
                self, .services, as: .list, "NAME,…", default: "bgpvip/vip,kube-vip.io/kube-vip-class",
                "Serve Services with one of these as loadBalancerClass")
        case .servicesUnclassed:
            Setting(
                self, .services, as: .boolean, "true|false", default: "false",
                "Serve Services without a loadBalancerClass too; without it, another controller may")
        case .servicesKubeconfig:
            Setting(
                self, .services, "PATH",
                "Kubeconfig that leads to the Kubernetes API; without it, the pod's service account, else /etc/kubernetes/admin.conf"
            )
        case .servicesNode:
            Setting(
                self, .services, "NAME", "Name of this node in the Kubernetes API; the host name if not given")
        case .servicesNamespace:
            Setting(
                self, .services, "NAME",
                "Namespace of the Leases that claim addresses, the same on all nodes; the pod's if not given, else kube-system"
            )
        case .servicesKubeProxy:
            Setting(
                self, .services, "URL|none", default: "http://127.0.0.1:10256/healthz",
                "Health endpoint of kube-proxy; none if the cluster has no kube-proxy")
        case .servicesExcludedNodes:
            Setting(
                self, .services, as: .boolean, "true|false", default: "false",
                "Advertise also from nodes with the label node.kubernetes.io/exclude-from-external-load-balancers")
        case .servicesNeedsEndpoint:
            Setting(
                self, .services, as: .boolean, "true|false", default: "false",
                "Advertise Services with externalTrafficPolicy Cluster only from nodes with a ready endpoint, too")

        case .servicesPreventLoops:
            Setting(
                self, .services, as: .boolean, "true|false", default: "true",
                "Answer packets to unused ports of the pools with unreachable, by routing rules, so that they do not loop between node and router"
            )

        case .config:
            Setting(self, .process, "PATH", "Configuration file (YAML); flags and environment win over it")
        case .settle:
            Setting(
                self, .process, "TIME", default: "1s",
                "When leaving: from advertising with GRACEFUL_SHUTDOWN (RFC 8326) to withdrawing; 0 skips this step")
        case .linger:
            Setting(
                self, .process, "TIME", default: "500ms",
                "From withdrawing a VIP to unbinding it, while the routers move traffic away: when leaving, and when "
                    + "a check fails otherwise than by a refused connection")
        case .drainFile:
            Setting(
                self, .process, "PATH",
                "While this file exists the node is drained; its first line is the reason")
        case .controlSocket:
            Setting(
                self, .process, "PATH|none", default: "/run/bgpvip/bgpvip.sock",
                "Unix socket for bgpvip peers, vips, drain …; if it cannot be made, the daemon serves without it")
        case .logLevel:
            Setting(
                self, .process, "LEVEL", default: "info",
                "The least important lines to log: debug, info, notice, warning or error")
        case .logFormat:
            Setting(self, .process, "FORMAT", default: "logfmt", "logfmt or json")
        case .metrics:
            Setting(
                self, .process, "[ADDRESS:]PORT|none", default: "none",
                "Serve a status page at /, and /metrics, /livez and /readyz; a bare port is on loopback, :PORT on all addresses"
            )
        case .health:
            Setting(
                self, .process, "[ADDRESS:]PORT|none", default: "none",
                "Serve the same here too, with /healthz, as kube-vip's health check port does")
        case .readyWhen:
            Setting(
                self, .process, "decided|advertised", default: "decided",
                "When /readyz answers 200: as soon as the first verdict on every VIP is known, good or bad, or only while every VIP is advertised"
            )
        case .onChange:
            Setting(
                self, .process, "PATH",
                "Program to run when a VIP is advertised or withdrawn or a session comes up or ends; its environment describes the change"
            )
        case .ignore:
            Setting(
                self, .process, as: .list, "NAME,…",
                "kube-vip variables to ignore although they ask for what bgpvip does not do, for example vip_arp"
            )
        }
    }
}
