/// One of kube-vip's settings and what it means here: honoured, ignored or refused.
package struct KubeVipVariable: Sendable, Hashable {
    package enum Meaning: Sendable, Hashable {
        /// Sets one of our settings, after translation of the text.
        case setting(Setting)
        /// Is read together with others.
        case combined
        /// Has nothing to act on here, and is not missed.
        case ignored
        /// As before, but the operator is told.
        case notice(String)
        /// Asks for what bgpvip does not do, when true.
        case refusedWhenTrue(String)
        /// Asks for what bgpvip does not do, whatever its value.
        case refused(String)
    }

    /// The environment name, or the flag if kube-vip has no variable for it.
    package var name: String
    /// The flag without dashes, if kube-vip has one and we have none of that name.
    package var flag: String?
    /// True if the bare flag means `true`.
    package var isBoolean: Bool
    package var meaning: Meaning

    private init(_ name: String, flag: String? = nil, bool isBoolean: Bool = false, _ meaning: Meaning) {
        self.name = name
        self.flag = flag
        self.isBoolean = isBoolean
        self.meaning = meaning
    }

    /// The variable of this environment name.
    static func named(_ name: String) -> KubeVipVariable? { byName[name] }

    /// True for old and minor variables of this family, none of which concerns a control plane advertised by BGP.
    static func isIgnoredFamily(_ name: String) -> Bool {
        ["lb_", "egress_", "vip_lease", "vip_loseleadership"].contains { name.hasPrefix($0) }
    }

    private static let byName = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }

    /// Every variable of kube-vip v0.3 to v1.2 that is known.
    package static let all: [KubeVipVariable] = honoured + refusals + disregarded

    private static let honoured: [KubeVipVariable] = [
        KubeVipVariable("bgp_enable", flag: "bgp", bool: true, .combined),
        KubeVipVariable("cp_enable", flag: "controlplane", bool: true, .combined),
        KubeVipVariable("address", .setting(.vip)),
        KubeVipVariable("vip_address", .setting(.vip)),
        KubeVipVariable("vip_subnet", flag: "vipSubnet", .combined),
        KubeVipVariable("vip_cidr", flag: "cidr", .combined),
        KubeVipVariable("vip_interface", .setting(.interface)),
        KubeVipVariable("vip_interfaceloglobal", flag: "loInterfaceGlobalScope", bool: true, .setting(.globalScope)),
        KubeVipVariable("port", flag: "port", .combined),
        KubeVipVariable("bgp_as", flag: "localAS", .setting(.localAS)),
        KubeVipVariable("bgp_routerid", flag: "bgpRouterID", .setting(.routerID)),
        KubeVipVariable("bgp_routerinterface", .setting(.routerInterface)),
        KubeVipVariable("bgp_peers", flag: "bgppeers", .setting(.peers)),
        KubeVipVariable("bgp_peeraddress", flag: "peerAddress", .combined),
        KubeVipVariable("bgp_peeras", flag: "peerAS", .combined),
        KubeVipVariable("bgp_peerpass", flag: "peerPass", .combined),
        KubeVipVariable("bgp_multihop", flag: "multihop", bool: true, .combined),
        KubeVipVariable("bgp_sourceip", flag: "sourceIP", .setting(.sourceAddress)),
        KubeVipVariable("bgp_source_ip", .setting(.sourceAddress)),
        KubeVipVariable("bgp_sourceif", flag: "sourceIF", .setting(.sourceInterface)),
        KubeVipVariable("bgp_source_if", .setting(.sourceInterface)),
        KubeVipVariable("bgp_hold_time", flag: "bgpHoldTimer", .setting(.holdTime)),
        KubeVipVariable("bgp_keepalive_interval", flag: "bgpKeepAliveInterval", .setting(.keepaliveInterval)),
        KubeVipVariable("mpbgp_nexthop", .combined),
        KubeVipVariable("mpbgp_ipv4", .combined),
        KubeVipVariable("mpbgp_ipv6", .combined),
        KubeVipVariable("control_plane_health_check_address", flag: "controlPlaneHealthCheckAddress", .setting(.check)),
        KubeVipVariable(
            "control_plane_health_check_period_seconds", flag: "controlPlaneHealthCheckPeriodSeconds",
            .setting(.checkInterval)),
        KubeVipVariable(
            "control_plane_health_check_timeout_seconds", flag: "controlPlaneHealthCheckTimeoutSeconds",
            .setting(.checkTimeout)),
        KubeVipVariable(
            "control_plane_health_check_failure_threshold", flag: "controlPlaneHealthCheckFailureThreshold",
            .setting(.checkFall)),
        KubeVipVariable(
            "control_plane_health_check_ca_path", flag: "controlPlaneHealthCheckCAPath", .setting(.checkCAFile)),
        KubeVipVariable("prometheus_server", flag: "prometheusHTTPServer", .setting(Settings.process.metrics.setting)),
        KubeVipVariable("health_check_port", flag: "healthCheckPort", .setting(Settings.process.health.setting)),
        KubeVipVariable("vip_loglevel", flag: "log", .setting(Settings.process.logLevel.setting)),
        // kube-vip's flag of it, --services, is one of ours.
        KubeVipVariable("svc_enable", bool: true, .setting(.services)),
        KubeVipVariable("svc_namespace", flag: "serviceNamespace", .combined),
        KubeVipVariable("lb_class_name", flag: "lbClassName", .setting(.servicesClass)),
        KubeVipVariable("lb_class_only", flag: "lbClassOnly", bool: true, .combined),
        KubeVipVariable("k8s_config_file", flag: "k8sConfigPath", .setting(.servicesKubeconfig)),
        KubeVipVariable("vip_nodename", flag: "nodeName", .setting(.servicesNode)),
    ]

    private static let refusals: [KubeVipVariable] = [
        KubeVipVariable(
            "vip_arp", flag: "arp", bool: true, .refusedWhenTrue("bgpvip advertises by BGP and not by ARP")),
        KubeVipVariable(
            "vip_wireguard", flag: "wireguard", bool: true, .refusedWhenTrue("bgpvip has no WireGuard mode")),
        KubeVipVariable(
            "vip_routingtable", flag: "table", bool: true,
            .refusedWhenTrue("bgpvip speaks BGP itself and fills no routing table")),
        KubeVipVariable(
            "lb_enable", flag: "enableLoadBalancer", bool: true,
            .refusedWhenTrue("bgpvip has no IPVS load balancer: the routers balance")),
        KubeVipVariable(
            "vip_ddns", flag: "ddns", bool: true, .refusedWhenTrue("bgpvip does not get addresses by DHCP and DNS")),
        KubeVipVariable(
            "annotation", flag: "annotations",
            .refused("bgpvip does not read its peers from node annotations")),
        KubeVipVariable("zebra_enable", flag: "zebra", bool: true, .refusedWhenTrue("bgpvip does not talk to zebra")),
        KubeVipVariable("vip_packet", bool: true, .refusedWhenTrue("bgpvip has no Equinix Metal support")),
        KubeVipVariable("provider_config", flag: "provider-config", .refused("bgpvip has no Equinix Metal support")),
        KubeVipVariable("enable_upnp", bool: true, .refusedWhenTrue("bgpvip does not speak UPnP")),
        KubeVipVariable(
            "mirror_dest_interface", flag: "mirrorDestInterface", .refused("bgpvip does not mirror traffic")),
    ]

    private static let disregarded: [KubeVipVariable] =
        unobtrusive + switches.map { KubeVipVariable($0, flag: $1, bool: true, .ignored) }
        + texts.map { KubeVipVariable($0, flag: $1, .ignored) } + variables.map { KubeVipVariable($0, .ignored) }

    private static let unobtrusive: [KubeVipVariable] = [
        KubeVipVariable(
            "vip_leaderelection", flag: "leaderElection", bool: true,
            .notice(
                "bgpvip elects no leader: every healthy node advertises the address, and the routers balance")),
        KubeVipVariable(
            "svc_election", flag: "servicesElection", bool: true,
            .notice(
                "bgpvip elects no leader: every node that can carry a Service advertises it, and the routers balance")),
        KubeVipVariable(
            "enable_node_labeling", flag: "enableNodeLabeling", bool: true,
            .notice("nodes are not labelled with kube-vip.io/has-ip")),
        KubeVipVariable("config_file", flag: "config-file", .notice("kube-vip's configuration file is not read")),
        KubeVipVariable("vip_skipdad", bool: true, .ignored),
        KubeVipVariable("vip_allow_interface_not_up", flag: "allowInterfaceNotUp", bool: true, .ignored),
    ]

    private static let switches: [(String, String)] = [
        ("vip_preserve_on_leadership_loss", "preserveVipOnLeadershipLoss"), ("vip_loseleadership", "loseLeadership"),
        ("enable_service_security", "onlyAllowTrafficServicePorts"), ("enable_endpoints", "enableEndpoints"),
        ("lb_class_legacy_handling", "lbClassNameLegacyHandling"), ("cp_detect", "autodetectcp"),
        ("disable_service_updates", "disableServiceUpdates"), ("vip_cleanroutingtable", "cleanRoutingTable"),
        ("bgp_attach_ip_to_interface", "bgpAttachIPToInterface"), ("egress_withnftables", "egressWithNftables"),
        ("per_service_election_on_demand", "perServiceElectionOnDemand"), ("inCluster", "inCluster"),
        ("taint", "taint"),
    ]

    private static let texts: [(String, String)] = [
        ("instance_name", "instanceName"), ("cp_namespace", "namespace"),
        ("svc_leasename", "servicesLeaseName"), ("vip_leasename", "leaseName"),
        ("vip_leaseduration", "leaseDuration"), ("vip_renewdeadline", "leaseRenewDuration"),
        ("vip_retryperiod", "leaseRetry"), ("dns_mode", "dnsMode"), ("dhcp_mode", "dhcpMode"),
        ("vip_loseleadership_timeout_seconds", "loseLeadershiptTimeoutSeconds"), ("debounce_time", "debounceTime"),
        ("dhcp_backoff_attempts", "dhcpBackoffAttempts"), ("lb_port", "lbPort"),
        ("lb_fwdmethod", "lbForwardingMethod"), ("vip_servicesinterface", "serviceInterface"),
        ("vip_routingtableid", "tableID"),
        ("vip_routingtabletype", "tableType"), ("vip_routingprotocol", "routingProtocol"),
        ("zebra_url", "zebraUrl"), ("zebra_version", "zebraVersion"), ("zebra_software_name", "zebraSoftwareName"),
        ("leaderElectionType", "leaderElectionType"), ("etcdCACert", "etcdCACert"), ("etcdCert", "etcdCert"),
        ("etcdKey", "etcdKey"), ("etcdEndpoints", "etcdEndpoints"),
    ]

    private static let variables: [String] = [
        "vip_leaseannotations", "vip_arpRate", "vip_singlenode", "vip_startleader", "vip_peers",
        "vip_localpeer", "vip_remotepeers", "vip_addpeerstolb", "vip_routingtableprotocol", "vip_packetproject",
        "vip_packetprojectid", "vip_configmap", "enable_endpointslices", "iptables_backend",
        "backend_health_check_interval", "kubernetes_addr", "PACKET_AUTH_TOKEN",
    ]
}
