extension SettingKey {
    /// The row of this setting. Defaults are texts that the same parsers read; a test holds them against the types' own.
    package var setting: Setting {
        switch self {
        case .vip:
            Setting(
                self, .vips, as: .list, "ADDRESS,…",
                "Virtual IP addresses, IPv4 or IPv6, each advertised as a host route, for example 192.0.2.10; with bind false also prefixes, for example 192.0.2.0/28"
            )
        case .interface:
            Setting(self, .vips, "NAME", default: "lo", "Interface the virtual addresses are bound to")
        case .bind:
            Setting(
                self, .vips, as: .boolean, "true|false", default: "true",
                "Put the addresses on the interface; false leaves that to others, for example to one local route for thousands"
            )
        case .globalScope:
            Setting(
                self, .vips, as: .boolean, "true|false", default: "false",
                "Bind with global instead of host scope, so that the node may use the address as its own")
        case .onUnhealthy:
            Setting(
                self, .vips, "withdraw|last-resort", default: "withdraw",
                "What becomes of an address whose check fails: withdrawn and unbound, or kept as what routers use only if no node is healthy"
            )
        case .drain:
            Setting(
                self, .vips, as: .boolean, "true|false", default: "true",
                "Withdraw the addresses when the node is drained; false leaves them, and the sessions, in service")

        case .localAS:
            Setting(self, .peers, "AS", "Our autonomous system number, plain (4200000001) or dotted (64086.59905)")
        case .routerID:
            Setting(
                self, .peers, "A.B.C.D",
                "BGP identifier, different on every node; without it the node's own IPv4 address is taken")
        case .routerInterface:
            Setting(self, .peers, "NAME", "Interface whose first IPv4 address becomes the BGP identifier")
        case .peers:
            Setting(
                self, .peers, as: .list, "ADDRESS:AS[:PASSWORD[:MULTIHOP[:PORT]]],…", isSecret: true,
                "Peers; IPv6 in brackets, gateway for each default gateway, unnumbered:INTERFACE for the router on a link; AS may be external or internal, MULTIHOP is true, false or a TTL, for example 192.0.2.1:65000,[2001:db8::1]:65000::2"
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
                "How long a peer may leave unread what we send before the session ends (RFC 9687), longer than the hold time; 8 minutes, or twice the hold time if that is more, if not given"
            )
        case .connectRetry:
            Setting(
                self, .peers, "TIME", default: "200ms",
                "First pause before a failed connection is tried again, and every pause while nobody is there")
        case .connectRetryMax:
            Setting(
                self, .peers, "TIME", default: "5s",
                "Where somebody is there, the pause doubles with each failure up to this")
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
                "BFD (RFC 5880) with the peers, which notices within milliseconds that one is dead: true, or the interval at which packets are sent and wanted, for example 50ms; true is 300ms"
            )
        case .bfdReceiveInterval:
            Setting(
                self, .peers, "TIME",
                "Least interval at which BFD packets are wanted, if it is not the one at which they are sent")
        case .bfdMultiplier:
            Setting(
                self, .peers, "COUNT", default: "3",
                "How many BFD packets in a row may be missing before the peer counts as dead")
        case .bfdStrict:
            Setting(
                self, .peers, as: .boolean, "true|false", default: "false",
                "Start a BGP session only while BFD is up; without it, BFD ends sessions and never keeps one from coming up"
            )

        case .communities:
            Setting(
                self, .routes, as: .list, "AS:VALUE,…",
                "Communities of the virtual addresses' routes, numbers or well-known names")
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
                "How many more times our AS is put in front of the path, towards external peers only")

        case .check:
            Setting(
                self, .checks, as: .list, "URL,…|none", default: "https://127.0.0.1:6443/readyz",
                "What must be healthy: http://…, https://…, tcp://ADDRESS:PORT or exec:/PROGRAM ARGUMENTS; several must all pass; none advertises always"
            )
        case .checkInterval:
            Setting(self, .checks, "TIME", default: "1s", "Time from one probe to the next")
        case .checkTimeout:
            Setting(
                self, .checks, "TIME",
                "A probe without an answer after this time has failed; 3s for HTTP and HTTPS, 1s for TCP and programs, if not given"
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
                "Accept any certificate; without it, that is done on loopback when there is no CA file")
        case .checkHost:
            Setting(self, .checks, "NAME", "Host header, SNI and name in the certificate")
        case .checkStatus:
            Setting(self, .checks, as: .list, "CODE[-CODE],…", default: "200", "HTTP status codes that are healthy")
        case .checkBody:
            Setting(self, .checks, "TEXT", "Text that the first 64 KiB of the body must contain")
        case .checkTokenFile:
            Setting(self, .checks, "PATH", "File with a bearer token, read anew for each connection")

        case .config:
            Setting(self, .process, "PATH", "Configuration file (YAML); flags and environment win over it")
        case .settle:
            Setting(
                self, .process, "TIME", default: "1s",
                "When leaving: from advertising with GRACEFUL_SHUTDOWN (RFC 8326) to withdrawing; 0 leaves it out")
        case .linger:
            Setting(
                self, .process, "TIME", default: "500ms",
                "From withdrawing an address to unbinding it, while the routers move traffic away: when leaving, and when "
                    + "a check fails otherwise than by a refused connection")
        case .drainFile:
            Setting(
                self, .process, "PATH",
                "While this file exists the node is drained; its first line is the reason")
        case .controlSocket:
            Setting(
                self, .process, "PATH|none", default: "/run/bgpvip/bgpvip.sock",
                "Unix socket for bgpvip peers, vips, drain …; where it cannot be made the daemon serves without it")
        case .logLevel:
            Setting(
                self, .process, "LEVEL", default: "info",
                "The least important lines to log: debug, info, notice, warning or error")
        case .logFormat:
            Setting(self, .process, "FORMAT", default: "logfmt", "logfmt or json")
        case .metrics:
            Setting(
                self, .process, "[ADDRESS:]PORT|none", default: "none",
                "Serve /metrics, /livez and /readyz; a bare port is on loopback, :PORT on all addresses")
        case .health:
            Setting(
                self, .process, "[ADDRESS:]PORT|none", default: "none",
                "Serve the same a second time here, with /healthz, as kube-vip's health check port does")
        case .ignore:
            Setting(
                self, .process, as: .list, "NAME,…",
                "kube-vip variables to disregard although they ask for what bgpvip does not do, for example svc_enable"
            )
        }
    }
}
