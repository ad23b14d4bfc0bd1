import SampleStatus
import SpeakerCore
import Testing

@testable import Wording

@Suite struct WhyChainTests {
    private func why(_ vip: String, _ change: (inout Status) -> Void = { _ in }) -> String? {
        let status = Status.sample.with(change)
        return status.vip(at: vip).map { vip in
            var chain = WhyChain(of: vip, in: status)
            // The last link of every advertised VIP, which has its own test.
            chain.steps.removeAll { $0.link == "routers" }
            return chain.text
        }
    }

    @Test func `the chain of an advertised VIP ends where a router's policy begins`() throws {
        let status = Status.sample
        let last = { (vip: String) in
            status.vip(at: vip).flatMap { WhyChain(of: $0, in: status).text.split(separator: "\n").last }
        }
        #expect(
            last("192.0.2.10")
                == "  -     routers                             whether the routers use 192.0.2.10/32, and over how many nodes, is decided by their policies, which this node cannot see; run there: birdc show route all for 192.0.2.10/32, or vtysh -c 'show bgp ipv4 unicast 192.0.2.10/32' -c 'show bgp ipv4 unicast summary'"
        )
        // What is not advertised is in no policy.
        #expect(last("2001:db8::10")?.contains("routers") == false)
    }

    @Test func `the chain of an advertised VIP ends at each peer`() {
        #expect(
            why("192.0.2.10") == """
                192.0.2.10/32 is advertised to 1 of 2 peers: healthy
                  ok    check apiserver                     https://127.0.0.1:6443/readyz is healthy for 3d4h (1000 passed, 2 failed)
                  ok    verdict                             healthy for 3d4h
                  ok    node                                running
                  ok    interface lo                        has the address
                  ok    peer 10.0.0.1                       AS 65100 Established for 3d4h, advertised: next hop 10.0.0.5, as-path 65001, med 10
                  STOP  peer fe80::a00:27ff:fe4e:66a1%eth0  AS external Active for 12m: connection refused: nothing listens on port 179 of the router; is BGP configured there for eth0? (3s ago)

                """)
    }

    @Test func `the chain stops at the first link that fails`() {
        #expect(
            why("2001:DB8:0::10/128") == """
                2001:db8::10/128 is advertised to 0 of 2 peers: check web is unhealthy: connection refused
                  STOP  check web                           tcp 127.0.0.1:80 is unhealthy for 41s: connection refused (10 passed, 20 failed)
                  no    verdict                             unhealthy for 41s
                  ok    node                                running
                  no    interface lo                        does not have the address
                  no    peer 10.0.0.1                       AS 65100 Established for 3d4h, not advertised
                  no    peer fe80::a00:27ff:fe4e:66a1%eth0  AS external Active for 12m: connection refused: nothing listens on port 179 of the router; is BGP configured there for eth0? (3s ago)

                """)
    }

    @Test func `an address that others have not put there stops the chain`() {
        let text = why("192.0.2.10") {
            $0.peers.removeLast()
            $0.peers[0].routes = []
            $0.vips[0].advertisedTo = 0
            $0.vips[0].boundByOthers = true
            $0.vips[0].bindError = "the address is not local on this node"
        }
        #expect(
            text?.split(separator: "\n").suffix(2) == [
                "  STOP  interface        is left to others (bind is false); the address is not local on this node",
                "  no    peer 10.0.0.1    AS 65100 Established for 3d4h, not advertised",
            ])
    }

    @Test func `a service that listens elsewhere is no all green chain`() {
        let text = why("192.0.2.10") {
            $0.peers.removeLast()
            $0.vips[0].listeners = [
                ListenerStatus(port: 6443, checks: ["apiserver"], reach: .elsewhere, addresses: ["127.0.0.1"]),
                ListenerStatus(port: 80, checks: ["web"], reach: .all, addresses: ["0.0.0.0"]),
            ]
        }
        #expect(
            text?.split(separator: "\n").suffix(2) == [
                "  no    service port 6443  the service listens on 127.0.0.1 only: connections to 192.0.2.10:6443 are refused, unless this node redirects them (NAT, IPVS); let it listen on 192.0.2.10 or on all addresses",
                "  ok    service port 80    the service listens on all addresses",
            ])
    }

    @Test func `a VIP that is drained on its own stops the chain there`() {
        let text = why("192.0.2.10") {
            $0.peers.removeLast()
            $0.peers[0].routes = []
            $0.vips[0].advertisedTo = 0
            $0.vips[0].drain = VIPDrainStatus(step: "away", stepSeconds: 60, reason: "move")
        }
        #expect(
            text?.split(separator: "\n").filter { $0.hasPrefix("  STOP") } == [
                "  STOP  drain            drained: move; out of service for 1m, the sessions stay, until bgpvip undrain of this VIP or a restart"
            ])
    }

    @Test func `a VIP that a drain of the node leaves alone is in service`() {
        let text = why("192.0.2.10") {
            $0.peers.removeLast()
            $0.phase = "drained"
            $0.phaseReason = "new kernel"
            $0.departure = DepartureStatus(step: "away", stepSeconds: 60, keepsSessions: true, heldByCommand: true)
            $0.vips[0].drains = false
        }
        #expect(
            text?.split(separator: "\n").filter { $0.contains(" node ") } == [
                "  ok    node             drained: new kernel; out of service for 1m, sessions kept and VIPs unbound, until bgpvip undrain; this VIP is left in service (drain: false)"
            ])
    }

    @Test func `a peer that cannot be told says why, and one that is not meant stops nothing`() {
        let text = why("192.0.2.10") {
            $0.peers[0].routes = []
            $0.peers[0].obstacles = ["192.0.2.10/32": "the attributes are too long"]
            $0.peers[1].obstacles = ["192.0.2.10/32": PeerStatus.notMeant]
        }
        #expect(
            text?.split(separator: "\n").suffix(2) == [
                "  STOP  peer 10.0.0.1                       AS 65100 Established for 3d4h, not advertised: the attributes are too long",
                "  -     peer fe80::a00:27ff:fe4e:66a1%eth0  AS external Active for 12m, not meant for this peer",
            ])
    }

    @Test func `a router that has not acknowledged the withdrawal may still send traffic`() {
        let text = why("2001:DB8:0::10/128") {
            $0.peers[0].undelivered = UndeliveredStatus(
                seconds: 4, withdrawn: ["2001:db8::10/128"], resetInSeconds: 5)
        }
        #expect(
            text?.contains(
                "  no    peer 10.0.0.1                       AS 65100 Established for 3d4h, withdrawn, but its TCP has not acknowledged that for 4s: it may still send traffic here; the session is reset in 5s\n"
            ) == true)
        let fresh = why("2001:DB8:0::10/128") {
            $0.peers[0].undelivered = UndeliveredStatus(
                seconds: 0.999, withdrawn: ["2001:db8::10/128"], resetInSeconds: 8)
        }
        #expect(fresh?.contains("Established for 3d4h, withdrawn; its TCP has yet to acknowledge that\n") == true)
        let told = why("192.0.2.10") {
            $0.peers[0].undelivered = UndeliveredStatus(seconds: 4, withdrawn: ["2001:db8::10/128"])
        }
        #expect(told?.contains("as-path 65001, med 10; its TCP has acknowledged nothing for 4s\n") == true)
    }

    @Test func `a session that waits for BFD says so`() {
        let text = why("192.0.2.10") { $0.peers = [.waiting] }
        #expect(
            text?.split(separator: "\n").last
                == "  STOP  peer fe80::a00:27ff:fe4e:66a1%eth0  AS external Idle for 12m: waits until BFD is up; no BFD packet is heard from the peer"
        )
    }

    @Test func `a drained node stops the chain`() {
        let text = why("192.0.2.10") {
            $0.peers.removeLast()
            $0.peers[0].routes = []
            $0.vips[0].advertisedTo = 0
            $0.vips[0].peers = 1
            $0.vips[0].reason = "the node is drained"
            $0.phase = "drained"
            $0.phaseReason = "new kernel"
        }
        #expect(
            text == """
                192.0.2.10/32 is advertised to 0 of 1 peer: the node is drained
                  ok    check apiserver  https://127.0.0.1:6443/readyz is healthy for 3d4h (1000 passed, 2 failed)
                  ok    verdict          healthy for 3d4h
                  STOP  node             drained: new kernel
                  ok    interface lo     has the address
                  no    peer 10.0.0.1    AS 65100 Established for 3d4h, not advertised

                """)
    }

    @Test func `a draining node that still advertises stops nothing`() {
        let text = why("192.0.2.10") {
            $0.peers.removeLast()
            $0.phase = "draining"
        }
        #expect(
            text == """
                192.0.2.10/32 is advertised to 1 of 2 peers: healthy
                  ok    check apiserver  https://127.0.0.1:6443/readyz is healthy for 3d4h (1000 passed, 2 failed)
                  ok    verdict          healthy for 3d4h
                  no    node             draining
                  ok    interface lo     has the address
                  ok    peer 10.0.0.1    AS 65100 Established for 3d4h, advertised: next hop 10.0.0.5, as-path 65001, med 10

                """)
    }

    @Test func `a VIP that cannot be bound, and one without checks`() {
        let text = why("192.0.2.10") {
            $0.peers = []
            $0.vips[0].advertisedTo = 0
            $0.vips[0].peers = 0
            $0.vips[0].reason = "not on lo"
            $0.vips[0].bound = false
            $0.vips[0].bindError = "Operation not permitted"
            $0.vips[0].checks = []
        }
        #expect(
            text == """
                192.0.2.10/32 is advertised to 0 of 0 peers: not on lo
                  ok    verdict       healthy: it has no checks
                  ok    node          running
                  STOP  interface lo  does not have the address: Operation not permitted

                """)
    }

    @Test func `an unknown check and a missing verdict are said`() {
        let text = why("192.0.2.10") {
            $0.peers = []
            $0.vips[0].advertisedTo = 0
            $0.vips[0].peers = 0
            $0.vips[0].reason = "no check result yet"
            $0.vips[0].verdict = "unknown"
            $0.checks = []
        }
        #expect(
            text == """
                192.0.2.10/32 is advertised to 0 of 0 peers: no check result yet
                  STOP  check apiserver  is not known to the daemon
                  no    verdict          unknown: no result yet
                  ok    node             running
                  ok    interface lo     has the address

                """)
    }

    @Test(arguments: ["192.0.2.11", "192.0.2.10/31", "2001:db8::1", "", "vip"])
    func `another address means no VIP`(typed: String) {
        #expect(Status.sample.vip(at: typed) == nil)
    }
}
