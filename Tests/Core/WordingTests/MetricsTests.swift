import Deadlines
import Foundation
import SampleStatus
import SpeakerCore
import Testing

@testable import Wording

@Suite struct MetricsTests {
    @Test func `the status becomes these series`() {
        #expect(prometheusText(of: .sample, now: 1_800_000_000) == snapshot)
    }

    @Test func `no series appears or vanishes when sessions change`() {
        func series(_ status: Status) -> [Substring] {
            prometheusText(of: status, now: 1_800_000_000).split(separator: "\n").map { $0.prefix { $0 != " " } }
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

    @Test func `a reload that was refused is seen until one succeeds`() {
        func series(_ reload: ReloadStatus) -> [Substring] {
            prometheusText(of: .sample.with { $0.reload = reload }, now: 1_800_000_000).split(separator: "\n")
                .filter { $0.hasPrefix("bgpvip_config_last_reload") }
        }
        #expect(
            series(ReloadStatus(isSuccessful: true, lastSuccess: 1_780_000_000, errors: [])) == [
                "bgpvip_config_last_reload_successful 1",
                "bgpvip_config_last_reload_success_timestamp_seconds 1780000000",
            ])
        #expect(
            series(ReloadStatus(isSuccessful: false, lastSuccess: 1_780_000_000, errors: ["error: wrong"])) == [
                "bgpvip_config_last_reload_successful 0",
                "bgpvip_config_last_reload_success_timestamp_seconds 1780000000",
            ])
    }

    @Test func `peers with BFD have series about it, in any state`() {
        func series(_ status: Status) -> String {
            prometheusText(of: status, now: 1_800_000_000).split(separator: "\n").filter { $0.hasPrefix("bgpvip_bfd") }
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
                bgpvip_bfd_packets_total{peer="10.0.0.1",peer_asn="65100",direction="sent"} 6000000
                bgpvip_bfd_packets_total{peer="10.0.0.1",peer_asn="65100",direction="received"} 5000000
                bgpvip_bfd_packets_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external",direction="sent"} 13
                bgpvip_bfd_packets_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external",direction="received"} 0
                bgpvip_bfd_packets_discarded_total 3

                """)
    }

    @Test(arguments: [
        ("starting", 0), ("running", 0), ("draining", 1), ("drained", 1), ("leaving", 1),
    ])
    func `draining covers every way out of service`(phase: String, value: Int) {
        #expect(prometheusText(of: .sample.with { $0.phase = phase }, now: 0).contains("\nbgpvip_draining \(value)\n"))
    }

    @Test func `a histogram counts up from bucket to bucket`() {
        var durations = DurationHistogram(bounds: [.milliseconds(1), .milliseconds(250)])
        for milliseconds in [1, 200, 250, 3000] { durations.add(.milliseconds(milliseconds)) }
        let status = Status.sample.with {
            $0.checks.removeLast()
            $0.checks[0].durations = HistogramStatus(durations)
            $0.decisionToWire = HistogramStatus(durations)
        }
        let lines = prometheusText(of: status, now: 0).split(separator: "\n")
        #expect(
            lines.filter { $0.hasPrefix("bgpvip_check_duration") } == [
                #"bgpvip_check_duration_seconds_bucket{check="apiserver",le="0.001"} 1"#,
                #"bgpvip_check_duration_seconds_bucket{check="apiserver",le="0.25"} 3"#,
                #"bgpvip_check_duration_seconds_bucket{check="apiserver",le="+Inf"} 4"#,
                #"bgpvip_check_duration_seconds_sum{check="apiserver"} 3.451"#,
                #"bgpvip_check_duration_seconds_count{check="apiserver"} 4"#,
            ])
        #expect(lines.contains("bgpvip_decision_to_wire_seconds_bucket{le=\"+Inf\"} 4"))
        #expect(lines.contains("bgpvip_decision_to_wire_seconds_count 4"))
    }

    @Test func `docs/monitoring.md has every metric`() throws {
        let root = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let page = try String(contentsOf: root.appendingPathComponent("docs/monitoring.md"), encoding: .utf8)
        let figures = try sampleFigures()
        let names = (prometheusText(of: .sample, now: 0) + figures.prometheusText).split(separator: "\n")
            .filter { $0.hasPrefix("# TYPE") }.map { $0.split(separator: " ")[2] }
        #expect(names.filter { !page.contains("`\($0)`") } == [])
    }

    @Test func `a node that is not ready says so`() {
        let status = Status.sample.with { $0.unreadiness = "no check result yet for 192.0.2.10/32" }
        #expect(prometheusText(of: status, now: 0).hasSuffix("\nbgpvip_ready 0\n"))
    }

    private func sampleFigures() throws -> ProcessFigures {
        let stat =
            "4711 (a) b)) S 1 4711 4711 0 -1 4194560 1 0 0 0 1234 66 0 0 20 0 1 0 5000 97058816 2500 18446744073709551615 1"
        return try #require(
            ProcessFigures(
                stat: stat, ticksPerSecond: 100, pageSize: 4096, bootTime: 1_800_000_000, openDescriptors: 12,
                mostDescriptors: 1024))
    }

    @Test func `the kernel's figures of this process have the names of Prometheus' libraries`() throws {
        let figures = try sampleFigures()
        #expect(
            figures.prometheusText.split(separator: "\n").filter { !$0.hasPrefix("#") } == [
                "process_cpu_seconds_total 13.0", "process_resident_memory_bytes 10240000",
                "process_virtual_memory_bytes 97058816", "process_start_time_seconds 1800000050.0",
                "process_open_fds 12", "process_max_fds 1024",
            ])
        #expect(
            ProcessFigures(
                stat: "4711 (a) S 1", ticksPerSecond: 100, pageSize: 4096, bootTime: 0, openDescriptors: 0,
                mostDescriptors: 0) == nil)
    }

    @Test func `pages that follow one another are the metrics of the whole, without what came twice`() {
        let whole = Status.sample
        var metrics = MetricsText(hasPairs: true)
        metrics.append(whole.with { ($0.peers, $0.checks, $0.vips) = ([whole.peers[0]], [], []) }, now: 0)
        metrics.append(
            whole.with { ($0.peers, $0.checks, $0.vips) = ([whole.peers[1]], whole.checks, [whole.vips[0]]) }, now: 0)
        // A VIP before this one is gone, so the next page begins one too early.
        metrics.append(whole.with { ($0.peers, $0.checks, $0.vips) = ([], [], whole.vips) }, now: 0)
        #expect(metrics.text == prometheusText(of: whole, now: 0))
    }

    @Test func `routes may come on pages behind the VIPs`() {
        let whole = Status.sample
        var metrics = MetricsText(hasPairs: true)
        metrics.append(whole.with { $0.peers[0].routes = [] }, now: 0)
        metrics.append(
            whole.with {
                ($0.peers, $0.checks, $0.vips) = ([], [], [])
                $0.routePages = [RoutePage(peer: whole.peers[0].address, routes: whole.peers[0].routes)]
            }, now: 0)
        #expect(metrics.text == prometheusText(of: whole, now: 0))
    }

    @Test func `very many pairs of a peer and a VIP have no series each`() {
        var metrics = MetricsText(hasPairs: false)
        metrics.append(.sample, now: 0)
        #expect(!metrics.text.contains("bgpvip_prefix_advertised"))
        #expect(metrics.text.contains("\nbgpvip_bgp_prefixes_advertised{peer=\"10.0.0.1\",peer_asn=\"65100\"} 1\n"))
    }

    @Test func `label values are escaped`() {
        let family = MetricFamily("m", .gauge, "Help.", [([("a", "x\"y\\z\nü"), ("b", "")], -1)])
        #expect(family.text == "# HELP m Help.\n# TYPE m gauge\nm{a=\"x\\\"y\\\\z\\nü\",b=\"\"} -1\n")
    }
}

/// The metrics of a status that is one page.
func prometheusText(of status: Status, now: Double) -> String {
    var metrics = MetricsText(hasPairs: true)
    metrics.append(status, now: now)
    return metrics.text
}

private let snapshot = """
    # HELP bgpvip_prefix_advertised 1 while the VIP is advertised to the peer.
    # TYPE bgpvip_prefix_advertised gauge
    bgpvip_prefix_advertised{peer="10.0.0.1",peer_asn="65100",vip="192.0.2.10/32",afi="ipv4"} 1
    bgpvip_prefix_advertised{peer="10.0.0.1",peer_asn="65100",vip="2001:db8::10/128",afi="ipv6"} 0
    bgpvip_prefix_advertised{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external",vip="192.0.2.10/32",afi="ipv4"} 0
    bgpvip_prefix_advertised{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external",vip="2001:db8::10/128",afi="ipv6"} 0
    # HELP bgpvip_build_info Always 1; the label is the version of the daemon.
    # TYPE bgpvip_build_info gauge
    bgpvip_build_info{version="1.2.3"} 1
    # HELP bgpvip_bgp_session_up 1 while the BGP session is Established.
    # TYPE bgpvip_bgp_session_up gauge
    bgpvip_bgp_session_up{peer="10.0.0.1",peer_asn="65100"} 1
    bgpvip_bgp_session_up{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external"} 0
    # HELP bgpvip_bgp_session_state 1 for the state that the BGP session is in, 0 for the others.
    # TYPE bgpvip_bgp_session_state gauge
    bgpvip_bgp_session_state{peer="10.0.0.1",peer_asn="65100",state="Idle"} 0
    bgpvip_bgp_session_state{peer="10.0.0.1",peer_asn="65100",state="Connect"} 0
    bgpvip_bgp_session_state{peer="10.0.0.1",peer_asn="65100",state="Active"} 0
    bgpvip_bgp_session_state{peer="10.0.0.1",peer_asn="65100",state="OpenSent"} 0
    bgpvip_bgp_session_state{peer="10.0.0.1",peer_asn="65100",state="OpenConfirm"} 0
    bgpvip_bgp_session_state{peer="10.0.0.1",peer_asn="65100",state="Established"} 1
    bgpvip_bgp_session_state{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external",state="Idle"} 0
    bgpvip_bgp_session_state{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external",state="Connect"} 0
    bgpvip_bgp_session_state{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external",state="Active"} 1
    bgpvip_bgp_session_state{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external",state="OpenSent"} 0
    bgpvip_bgp_session_state{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external",state="OpenConfirm"} 0
    bgpvip_bgp_session_state{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external",state="Established"} 0
    # HELP bgpvip_bgp_session_last_change_timestamp_seconds When the BGP session was last Established or ceased to be; the start if it never was.
    # TYPE bgpvip_bgp_session_last_change_timestamp_seconds gauge
    bgpvip_bgp_session_last_change_timestamp_seconds{peer="10.0.0.1",peer_asn="65100"} 1799726000
    bgpvip_bgp_session_last_change_timestamp_seconds{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external"} 1799999275
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
    bgpvip_bgp_messages_sent_total{peer="10.0.0.1",peer_asn="65100",type="open"} 1
    bgpvip_bgp_messages_sent_total{peer="10.0.0.1",peer_asn="65100",type="update"} 2
    bgpvip_bgp_messages_sent_total{peer="10.0.0.1",peer_asn="65100",type="notification"} 0
    bgpvip_bgp_messages_sent_total{peer="10.0.0.1",peer_asn="65100",type="keepalive"} 1234
    bgpvip_bgp_messages_sent_total{peer="10.0.0.1",peer_asn="65100",type="route-refresh"} 0
    bgpvip_bgp_messages_sent_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external",type="open"} 0
    bgpvip_bgp_messages_sent_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external",type="update"} 0
    bgpvip_bgp_messages_sent_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external",type="notification"} 0
    bgpvip_bgp_messages_sent_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external",type="keepalive"} 0
    bgpvip_bgp_messages_sent_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external",type="route-refresh"} 0
    # HELP bgpvip_bgp_messages_received_total BGP messages received, by type.
    # TYPE bgpvip_bgp_messages_received_total counter
    bgpvip_bgp_messages_received_total{peer="10.0.0.1",peer_asn="65100",type="open"} 1
    bgpvip_bgp_messages_received_total{peer="10.0.0.1",peer_asn="65100",type="update"} 1
    bgpvip_bgp_messages_received_total{peer="10.0.0.1",peer_asn="65100",type="notification"} 0
    bgpvip_bgp_messages_received_total{peer="10.0.0.1",peer_asn="65100",type="keepalive"} 1230
    bgpvip_bgp_messages_received_total{peer="10.0.0.1",peer_asn="65100",type="route-refresh"} 0
    bgpvip_bgp_messages_received_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external",type="open"} 0
    bgpvip_bgp_messages_received_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external",type="update"} 0
    bgpvip_bgp_messages_received_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external",type="notification"} 0
    bgpvip_bgp_messages_received_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external",type="keepalive"} 0
    bgpvip_bgp_messages_received_total{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external",type="route-refresh"} 0
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
    # HELP bgpvip_check_duration_seconds How long the probes of the check took.
    # TYPE bgpvip_check_duration_seconds histogram
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
    # HELP bgpvip_bgp_prefixes_advertised VIPs that are advertised to the peer.
    # TYPE bgpvip_bgp_prefixes_advertised gauge
    bgpvip_bgp_prefixes_advertised{peer="10.0.0.1",peer_asn="65100"} 1
    bgpvip_bgp_prefixes_advertised{peer="fe80::a00:27ff:fe4e:66a1%eth0",peer_asn="external"} 0
    # HELP bgpvip_decision_to_wire_seconds From what made routes change, such as the outcome of a probe, until the kernel had the UPDATEs.
    # TYPE bgpvip_decision_to_wire_seconds histogram
    # HELP bgpvip_config_last_reload_successful 0 if the settings were wrong when they were last read.
    # TYPE bgpvip_config_last_reload_successful gauge
    # HELP bgpvip_config_last_reload_success_timestamp_seconds When the settings in force were read, in seconds since 1970.
    # TYPE bgpvip_config_last_reload_success_timestamp_seconds gauge
    # HELP bgpvip_vip_draining 1 while the VIP is draining or drained on its own.
    # TYPE bgpvip_vip_draining gauge
    bgpvip_vip_draining{vip="192.0.2.10/32"} 0
    bgpvip_vip_draining{vip="2001:db8::10/128"} 0
    # HELP bgpvip_draining 1 while the node is draining, drained or leaving.
    # TYPE bgpvip_draining gauge
    bgpvip_draining 0
    # HELP bgpvip_ready 1 while /readyz answers that the node is ready.
    # TYPE bgpvip_ready gauge
    bgpvip_ready 1

    """
