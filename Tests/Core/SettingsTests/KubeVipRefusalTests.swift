import Testing

@testable import Settings

@Suite struct `kube-vip's settings are refused` {
    @Test(arguments: [
        ("vip_arp", "bgpvip advertises by BGP and not by ARP"), ("vip_wireguard", "bgpvip has no WireGuard mode"),
        ("vip_routingtable", "bgpvip speaks BGP itself and fills no routing table"),
        ("lb_enable", "bgpvip has no IPVS load balancer: the routers balance"),
        ("vip_ddns", "bgpvip does not get addresses by DHCP and DNS"),
        ("zebra_enable", "bgpvip does not talk to zebra"),
        ("vip_packet", "bgpvip has no Equinix Metal support"), ("enable_upnp", "bgpvip does not speak UPnP"),
    ]) func `when they ask for another mode`(name: String, reason: String) {
        #expect(
            errors(environment: changed([name: "true"]))
                == [
                    "environment \(name): \(reason); remove it, or ignore it with --ignore \(name) or BGPVIP_IGNORE=\(name)"
                ])
        #expect(
            errors(environment: changed([name: "nay"])) == [#"environment \#(name): "nay" is neither true nor false"#])
    }

    @Test(
        arguments: [
            (
                ["annotation": "bgp.example.com"],
                "environment annotation: bgpvip does not read its peers from node annotations; remove it, or ignore it with --ignore annotation or BGPVIP_IGNORE=annotation"
            ),
            (
                ["mirror_dest_interface": "eth1"],
                "environment mirror_dest_interface: bgpvip does not mirror traffic; remove it, or ignore it with --ignore mirror_dest_interface or BGPVIP_IGNORE=mirror_dest_interface"
            ),
            (
                ["bgp_enable": "false"],
                "environment bgp_enable: kube-vip's variables are there, but bgp_enable is not true; bgpvip can only replace kube-vip's BGP mode: set bgp_enable=true, or remove kube-vip's variables"
            ),
            (
                ["cp_enable": "false"],
                "environment cp_enable: cp_enable is false, and svc_enable is not true: that leaves nothing to advertise; set one of them to true"
            ),
            (
                ["bgp_sourceip": "192.168.0.2", "bgp_sourceif": "eth0"],
                "environment bgp_sourceip: cannot be combined with environment bgp_sourceif; remove one of them"
            ),
            (["address": nil], "no VIP is set; give --vip or BGPVIP_VIP, for example --vip 192.0.2.10"),
            (
                ["bgp_peers": nil],
                "no peer is set; give --peers or BGPVIP_PEERS, for example --peers 192.0.2.1:65000,192.0.2.2:65000"
            ),
            (
                ["address": "192.168.0.40/24"],
                #"environment address, entry 1, column 13: "192.168.0.40/24" is not a host route; leave the length out, or write /32 or /128"#
            ),
            (
                ["address": "api.example.com"],
                #"environment address, entry 1, column 1: "api.example.com" is not an IP address; write an address; names are not resolved"#
            ),
            (["svc_enable": "nay"], #"environment svc_enable: "nay" is neither true nor false"#),
            (
                ["svc_enable": "true", "svc_namespace": "shop"],
                #"environment svc_namespace: bgpvip serves the Services of all namespaces, not of "shop" alone; remove it, or ignore it with --ignore svc_namespace or BGPVIP_IGNORE=svc_namespace"#
            ),
            (["port": "0"], #"environment port: "0" is not a whole number from 1 to 65535"#),
            (
                ["bgp_hold_time": "2"],
                "environment bgp_hold_time: BGP does not allow a hold time of 2; give 0 (never expires) or at least 3s"
            ),
            (
                ["bgp_peeraddress": "192.168.0.10"],
                "environment bgp_peeraddress: 192.168.0.10 is a peer already; remove one of the two entries"
            ),
            (
                ["bgp_peeraddress": "tor"],
                #"environment bgp_peeraddress: "tor" is not an IP address; write 192.0.2.1:AS or [2001:db8::1]:AS; names are not resolved"#
            ),
            (
                ["mpbgp_nexthop": "fixed", "bgp_peers": "192.168.0.10:65000"],
                "environment bgp_peers, entry 1, column 1: mpbgp_nexthop=fixed needs mpbgp_ipv4 or mpbgp_ipv6; give the address, or leave mpbgp_nexthop out: the next hop is this node's own address then"
            ),
            (
                ["mpbgp_nexthop": "next"],
                "environment mpbgp_nexthop: mpbgp_nexthop is none of fixed, auto_sourceip and auto_sourceif; leave it out: the next hop is this node's own address on the session's link then"
            ),
            (
                ["mpbgp_nexthop": "fixed", "mpbgp_ipv6": "10.0.0.1", "mpbgp_ipv4": "10.0.0.1"],
                "environment mpbgp_ipv6: mpbgp_ipv6 is not an IPv6 address"
            ),
            (
                ["control_plane_health_check_address": "https://api.example.com:6443/livez"],
                #"environment control_plane_health_check_address, entry 1, column 9: "api.example.com" is not an IP address, and names are not resolved; write the address in the URL, for example 127.0.0.1, and give the name with --check-host or BGPVIP_CHECK_HOST (host in a file): it stays the name in the certificate"#
            ),
            (
                ["bgp_peers": "192.168.0.10:65000::maybe"],
                "environment bgp_peers, entry 1, column 21: multihop is neither true nor false nor a TTL from 1 to 255; if the password contains \":\" or \",\", put it into a file and give --peer-password-file or BGPVIP_PEER_PASSWORD_FILE"
            ),
        ] as [([String: String?], String)]) func `with the variable's name and what to do`(
            changes: [String: String?], message: String
        )
    {
        #expect(errors(environment: changed(changes)) == [message])
    }

    @Test func `also as flags`() {
        #expect(
            errors(["arp": ["true"], "ddns": ["true"]]).prefix(2) == [
                "flag --arp: bgpvip advertises by BGP and not by ARP; remove it, or ignore it with --ignore vip_arp or BGPVIP_IGNORE=vip_arp",
                "flag --ddns: bgpvip does not get addresses by DHCP and DNS; remove it, or ignore it with --ignore vip_ddns or BGPVIP_IGNORE=vip_ddns",
            ])
    }
}
