import SpeakerCore
import Testing

@testable import ControlSocket

@Suite struct MetricsTests {
    @Test func `the status becomes these series`() {
        #expect(prometheusText(of: .sample) == snapshot)
    }

    @Test func `no series appears or vanishes when sessions change`() {
        func series(_ status: Status) -> [Substring] {
            prometheusText(of: status).split(separator: "\n").map { $0.prefix { $0 != " " } }
        }
        let sample = Status.sample.with { $0.peers[0] = .withBFD }
        let down = sample.with {
            $0.peers[0].state = "Idle"
            $0.peers[0].bfd?.state = "Down"
            $0.peers[0].bfd?.remoteState = nil
            $0.peers[0].peerAS = nil
            $0.peers[0].routes = []
            $0.peers[1].peerAS = 64999
            $0.phase = "leaving"
        }
        #expect(series(down) == series(sample))
    }

    @Test func `peers with BFD have series about it, in any state`() {
        func series(_ status: Status) -> String {
            prometheusText(of: status).split(separator: "\n").filter { $0.hasPrefix("bgpvip_bfd") }
                .map { $0 + "\n" }.joined()
        }
        let status = Status.sample.with {
            $0.peers = [.withBFD, .waiting]
            $0.bfdPacketsDiscarded = 3
        }
        #expect(
            series(status) == """
                bgpvip_bfd_session_up{peer="10.0.0.1",peer_asn="65100"} 1
                bgpvip_bfd_session_up{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external"} 0
                bgpvip_bfd_session_failures_total{peer="10.0.0.1",peer_asn="65100"} 1
                bgpvip_bfd_session_failures_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external"} 0
                bgpvip_bfd_packets_total{peer="10.0.0.1",direction="sent"} 6000000
                bgpvip_bfd_packets_total{peer="10.0.0.1",direction="received"} 5000000
                bgpvip_bfd_packets_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",direction="sent"} 13
                bgpvip_bfd_packets_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",direction="received"} 0
                bgpvip_bfd_packets_discarded_total 3

                """)
    }

    @Test(arguments: [
        ("starting", 0), ("running", 0), ("draining", 1), ("drained", 1), ("leaving", 1),
    ])
    func `draining covers every way out of service`(phase: String, value: Int) {
        #expect(prometheusText(of: .sample.with { $0.phase = phase }).hasSuffix("\nbgpvip_draining \(value)\n"))
    }

    @Test func `label values are escaped`() {
        let family = MetricFamily("m", .gauge, "Help.", [([("a", "x\"y\\z\nü"), ("b", "")], -1)])
        #expect(family.text == "# HELP m Help.\n# TYPE m gauge\nm{a=\"x\\\"y\\\\z\\nü\",b=\"\"} -1\n")
    }
}

private let snapshot = """
    # HELP bgpvip_build_info Always 1; the label is the version of the daemon.
    # TYPE bgpvip_build_info gauge
    bgpvip_build_info{version="1.2.3"} 1
    # HELP bgpvip_bgp_session_up 1 while the BGP session is Established.
    # TYPE bgpvip_bgp_session_up gauge
    bgpvip_bgp_session_up{peer="10.0.0.1",peer_asn="65100"} 1
    bgpvip_bgp_session_up{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external"} 0
    # HELP bgpvip_bgp_session_flaps_total Times the BGP session left Established unplanned.
    # TYPE bgpvip_bgp_session_flaps_total counter
    bgpvip_bgp_session_flaps_total{peer="10.0.0.1",peer_asn="65100"} 1
    bgpvip_bgp_session_flaps_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external"} 0
    # HELP bgpvip_bgp_session_planned_ends_total Times this node ended the Established BGP session itself: drain, end of the process, reset.
    # TYPE bgpvip_bgp_session_planned_ends_total counter
    bgpvip_bgp_session_planned_ends_total{peer="10.0.0.1",peer_asn="65100"} 2
    bgpvip_bgp_session_planned_ends_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external"} 0
    # HELP bgpvip_bfd_session_up 1 while the BFD session is Up.
    # TYPE bgpvip_bfd_session_up gauge
    # HELP bgpvip_bfd_session_failures_total Times BFD found the path broken.
    # TYPE bgpvip_bfd_session_failures_total counter
    # HELP bgpvip_bfd_packets_total BFD packets, by direction.
    # TYPE bgpvip_bfd_packets_total counter
    # HELP bgpvip_bfd_packets_discarded_total Datagrams on the ports of BFD that belong to no session.
    # TYPE bgpvip_bfd_packets_discarded_total counter
    # HELP bgpvip_bgp_messages_sent_total BGP messages sent, by type.
    # TYPE bgpvip_bgp_messages_sent_total counter
    bgpvip_bgp_messages_sent_total{peer="10.0.0.1",type="open"} 1
    bgpvip_bgp_messages_sent_total{peer="10.0.0.1",type="update"} 2
    bgpvip_bgp_messages_sent_total{peer="10.0.0.1",type="notification"} 0
    bgpvip_bgp_messages_sent_total{peer="10.0.0.1",type="keepalive"} 1234
    bgpvip_bgp_messages_sent_total{peer="10.0.0.1",type="route-refresh"} 0
    bgpvip_bgp_messages_sent_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",type="open"} 0
    bgpvip_bgp_messages_sent_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",type="update"} 0
    bgpvip_bgp_messages_sent_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",type="notification"} 0
    bgpvip_bgp_messages_sent_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",type="keepalive"} 0
    bgpvip_bgp_messages_sent_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",type="route-refresh"} 0
    # HELP bgpvip_bgp_messages_received_total BGP messages received, by type.
    # TYPE bgpvip_bgp_messages_received_total counter
    bgpvip_bgp_messages_received_total{peer="10.0.0.1",type="open"} 1
    bgpvip_bgp_messages_received_total{peer="10.0.0.1",type="update"} 1
    bgpvip_bgp_messages_received_total{peer="10.0.0.1",type="notification"} 0
    bgpvip_bgp_messages_received_total{peer="10.0.0.1",type="keepalive"} 1230
    bgpvip_bgp_messages_received_total{peer="10.0.0.1",type="route-refresh"} 0
    bgpvip_bgp_messages_received_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",type="open"} 0
    bgpvip_bgp_messages_received_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",type="update"} 0
    bgpvip_bgp_messages_received_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",type="notification"} 0
    bgpvip_bgp_messages_received_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",type="keepalive"} 0
    bgpvip_bgp_messages_received_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",type="route-refresh"} 0
    # HELP bgpvip_check_up 1 while the check finds its service healthy.
    # TYPE bgpvip_check_up gauge
    bgpvip_check_up{check="apiserver"} 1
    bgpvip_check_up{check="web"} 0
    # HELP bgpvip_check_probes_total Probes by result.
    # TYPE bgpvip_check_probes_total counter
    bgpvip_check_probes_total{check="apiserver",result="passed"} 1000
    bgpvip_check_probes_total{check="apiserver",result="failed"} 2
    bgpvip_check_probes_total{check="web",result="passed"} 10
    bgpvip_check_probes_total{check="web",result="failed"} 20
    # HELP bgpvip_vip_bound 1 while the VIP is on the interface.
    # TYPE bgpvip_vip_bound gauge
    bgpvip_vip_bound{vip="192.0.2.10/32"} 1
    bgpvip_vip_bound{vip="2001:db8::10/128"} 0
    # HELP bgpvip_vip_healthy 1 while all checks of the VIP find their services healthy.
    # TYPE bgpvip_vip_healthy gauge
    bgpvip_vip_healthy{vip="192.0.2.10/32"} 1
    bgpvip_vip_healthy{vip="2001:db8::10/128"} 0
    # HELP bgpvip_vip_last_resort 1 while the VIP is unhealthy and kept all the same, advertised so that routers prefer every other path.
    # TYPE bgpvip_vip_last_resort gauge
    bgpvip_vip_last_resort{vip="192.0.2.10/32"} 0
    bgpvip_vip_last_resort{vip="2001:db8::10/128"} 0
    # HELP bgpvip_prefix_advertised 1 while the peer has been told the VIP.
    # TYPE bgpvip_prefix_advertised gauge
    bgpvip_prefix_advertised{peer="10.0.0.1",vip="192.0.2.10/32",afi="ipv4"} 1
    bgpvip_prefix_advertised{peer="10.0.0.1",vip="2001:db8::10/128",afi="ipv6"} 0
    bgpvip_prefix_advertised{peer="fe80::a00:27ff:fe4e:66a1%eth0",vip="192.0.2.10/32",afi="ipv4"} 0
    bgpvip_prefix_advertised{peer="fe80::a00:27ff:fe4e:66a1%eth0",vip="2001:db8::10/128",afi="ipv6"} 0
    # HELP bgpvip_vip_draining 1 while the VIP is draining or drained on its own.
    # TYPE bgpvip_vip_draining gauge
    bgpvip_vip_draining{vip="192.0.2.10/32"} 0
    bgpvip_vip_draining{vip="2001:db8::10/128"} 0
    # HELP bgpvip_draining 1 while the node is draining, drained or leaving.
    # TYPE bgpvip_draining gauge
    bgpvip_draining 0

    """
