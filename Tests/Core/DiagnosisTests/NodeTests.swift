import BGPWire
import IPTypes
import Settings
import SpeakerCore
import Testing

@testable import Diagnosis

@Suite struct `The node` {
    @Test func `that is healthy has no finding, before the start and after`() {
        #expect(said(Healthy.facts) == [])
        #expect(said(Healthy.running) == [])
    }

    @Test func `lacks capabilities`() {
        #expect(
            said { $0.node.administersNetwork = false } == [
                "fault no-net-admin CAP_NET_ADMIN: this process does not have CAP_NET_ADMIN"
            ])
        // Whoever asks beside the daemon needs nothing.
        #expect(said(running: true) { $0.node.administersNetwork = false } == [])
        #expect(
            said {
                $0.node.administersNetwork = false
                $0.settings.vips[0].binds = false
            } == [])
        #expect(
            said {
                $0.settings.listen = ListenSettings()
                $0.node.bindsLowPorts = false
            } == [
                "fault no-net-bind-service port 179: listen asks for port 179, and this process does not have CAP_NET_BIND_SERVICE"
            ])
        #expect(
            said {
                $0.settings.listen = ListenSettings(port: 1790)
                $0.node.bindsLowPorts = false
            } == [])
    }

    @Test func `lacks an address that is left to others`() {
        #expect(
            said {
                $0.settings.vips[0].binds = false
                $0.node.view.absentVIPs = [Healthy.vip]
            } == [
                "fault vip-absent 10.255.0.1: 10.255.0.1: bind is false and the address is not on this node, so that it would not be advertised; add it to an interface, or a local route, for example ip route add local 10.255.0.1 dev lo"
            ])
    }

    @Test func `has ports that others use`() {
        let any: Set = [Healthy.address("0.0.0.0")]
        #expect(
            said {
                $0.settings.listen = ListenSettings()
                $0.node.listening[179] = any
            } == ["fault listen-port-taken port 179: another program listens on port 179 of 0.0.0.0"])
        #expect(
            said {
                $0.settings.listen = ListenSettings(addresses: [Healthy.address("10.0.0.2")])
                $0.node.listening[179] = [Healthy.address("127.0.0.1")]
            } == [])
        #expect(said { $0.node.listening[179] = any } == [])
        #expect(
            said {
                $0.settings.peers[0].bfd = BFDSettings()
                $0.node.openUDPPorts = [3784, 4784]
            } == ["fault bfd-port-taken UDP port 3784: another program has UDP port 3784 open"])
        #expect(said { $0.node.openUDPPorts = [3784] } == [])
    }

    @Test func `has interfaces that are missing or down`() {
        #expect(
            said { $0.settings.interface = "dummy0" } == [
                "fault interface-missing dummy0: interface: there is no interface dummy0 on this node, which has lo, eth0"
            ])
        #expect(
            said { $0.node.downInterfaces = ["eth0", "eth9"] } == [
                "fault interface-down eth0: eth0 is down, or has no carrier"
            ])
    }

    @Test func `has no router ID, or one that all nodes have`() {
        #expect(
            said { $0.node.view.routerID = nil }.contains(
                "fault no-router-id router ID: no router ID is set, and this node has no address to take it from"))
        #expect(
            said { $0.node.view.routerID = RouterID(BGPIdentifier(0x7F00_0001)) } == [
                "warning router-id-loopback 127.0.0.1: the router ID 127.0.0.1 is a loopback address"
            ])
    }

    @Test func `has a clock and files`() {
        #expect(
            said { $0.node.clock = 1_000 }.contains(
                "warning clock-wrong clock: the clock of this node shows a time before 2025"))
        #expect(
            said { $0.node.readableSecrets = ["/etc/p"] } == [
                "warning secret-readable /etc/p: /etc/p can be read by every user of this node"
            ])
        #expect(
            said { $0.node.controlSocketFault = "no" } == ["warning control-socket /run/bgpvip/bgpvip.sock: no"])
    }

    @Test func `has a daemon that does not answer, or two`() {
        #expect(
            said {
                $0.node.daemons = 1
                $0.daemonFailure = "it is stuck"
            } == ["fault daemon-silent /run/bgpvip/bgpvip.sock: it is stuck"])
        let two = ["warning two-instances bgpvip: 2 bgpvip daemons run in this network namespace"]
        #expect(said(running: true) { $0.node.daemons = 2 } == two)
        #expect(said(running: true) { $0.node.controlSockets = 2 } == two)
        // The other one is in a container: what it holds is all that can be seen of it.
        #expect(said(running: true) { $0.node.heldAddresses.insert(Healthy.address("10.255.0.9")) } == two)
        #expect(said { $0.node.heldAddresses = [Healthy.vip, Healthy.address("10.255.0.9")] } == two)
        #expect(said { $0.node.heldAddresses = [Healthy.address("10.255.0.9")] } == [])
    }

    @Test func `has a clock that is behind its files`() {
        func said(_ ahead: Int64) -> [String] {
            DiagnosisTests.said { $0.node.newestFile = ("/etc/ca.crt", $0.node.clock + ahead) }
        }
        #expect(said(300) == [])
        #expect(
            said(7199) == [
                "warning clock-wrong clock: /etc/ca.crt was changed 119 min from now, by the clock of this node"
            ])
        #expect(
            said(86_400) == [
                "warning clock-wrong clock: /etc/ca.crt was changed 24 h from now, by the clock of this node"
            ])
    }

    @Test func `is drained`() {
        #expect(
            said(running: true) {
                $0.status?.phase = "drained"
                $0.status?.phaseReason = "new kernel"
            } == ["notice node-drained node: this node is drained: new kernel"])
    }

    @Test func `filters by source address`() {
        let second = ScopedAddress(Healthy.address("10.0.1.1"))
        let strict: (inout Facts) -> Void = { $0.node.rpFilter["eth0"] = 1 }
        #expect(said(strict) == [])
        #expect(
            said {
                strict(&$0)
                $0.node.interfaces[second] = "eth1"
            } == [
                "warning rp-filter eth0: rp_filter is strict on eth0, and the peers are reached by eth0, eth1"
            ])
        #expect(said { $0.node.reversePathDrops = 7 } == [])
        #expect(
            said {
                strict(&$0)
                $0.node.reversePathDrops = 7
            } == ["warning martian-sources rp_filter: rp_filter has dropped 7 packets for their source address"])
    }

    @Test func `answers no ARP`() {
        #expect(
            said { $0.node.arpIgnore["eth0"] = 8 } == [
                "fault arp-silent eth0: arp_ignore is 8 on eth0: this node answers no ARP request there"
            ])
        #expect(said { $0.node.arpIgnore["eth0"] = 2 } == [])
    }

    @Test func `tracks connections`() {
        #expect(
            said { $0.node.conntrackLoose = 0 } == [
                "warning conntrack-strict nf_conntrack_tcp_loose: net.netfilter.nf_conntrack_tcp_loose is 0"
            ])
        #expect(said { $0.node.conntrackLoose = 1 } == [])
        #expect(
            said { ($0.node.conntrackCount, $0.node.conntrackMaximum) = (90, 100) } == [
                "fault conntrack-full nf_conntrack: conntrack holds 90 of 100 connections that it may"
            ])
        #expect(said { ($0.node.conntrackCount, $0.node.conntrackMaximum) = (89, 100) } == [])
    }

    @Test func `has kube-proxy in IPVS mode`() {
        #expect(
            said { $0.node.view.interfaces = ["lo", "eth0", "kube-ipvs0"] } == [
                "notice kube-proxy-ipvs kube-ipvs0: kube-proxy runs in IPVS mode here: there is an interface kube-ipvs0"
            ])
    }
}
