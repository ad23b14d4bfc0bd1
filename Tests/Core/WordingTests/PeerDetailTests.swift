import SampleStatus
import SpeakerCore
import Testing

@testable import Wording

@Suite struct PeerDetailTests {
    @Test func `an Established peer is shown with all that was negotiated`() {
        #expect(
            peerDetail(.established, localAS: 65001) == """
                peer 10.0.0.1 port 179
                  state                       Established for 3d4h
                  peer AS                     65100
                  peer identifier             10.0.0.1
                  peer host name              tor1
                  local AS                    65001
                  local address               10.0.0.5
                  transport                   direct, TCP MD5, dials
                  hold time                   9s
                  keepalive every             3s
                  BFD                         off
                  families                    IPv4 unicast
                  capabilities sent           multiprotocol IPv4 unicast, 4-octet AS 65001
                  capabilities received       multiprotocol IPv4 unicast, route refresh
                  messages sent               open 1, update 2, notification 0, keepalive 1234, route-refresh 0
                  messages received           open 1, update 1, notification 0, keepalive 1230, route-refresh 0
                  prefixes discarded          4
                  flaps                       1
                  planned ends                2
                  last error                  none
                  next attempt                -
                  last NOTIFICATION sent      none
                  last NOTIFICATION received  Cease / Administrative Reset
                  VIPs advertised             1 of 2
                    192.0.2.10/32  next hop 10.0.0.5, as-path 65001, med 10

                """)
    }

    @Test func `a peer that refuses is shown with what to do and when we dial again`() {
        #expect(
            peerDetail(.refusing, localAS: 65001) == """
                peer fe80::a00:27ff:fe4e:66a1%eth0 port 179
                  state                       Active for 12m
                  peer AS                     external
                  peer identifier             -
                  peer host name              -
                  local AS                    65001
                  local address               -
                  transport                   ttl-security 1, no authentication, dials
                  hold time                   -
                  keepalive every             -
                  BFD                         off
                  families                    -
                  capabilities sent           -
                  capabilities received       -
                  messages sent               open 0, update 0, notification 0, keepalive 0, route-refresh 0
                  messages received           open 0, update 0, notification 0, keepalive 0, route-refresh 0
                  prefixes discarded          0
                  flaps                       0
                  planned ends                0
                  last error                  connection refused: nothing listens on port 179 of the router; is BGP configured there for eth0? (3s ago)
                  next attempt                in 1.5s
                  last NOTIFICATION sent      none
                  last NOTIFICATION received  none
                  VIPs advertised             0 of 2

                """)
    }

    @Test func `without a session, signatures are only wanted`() {
        var peer = PeerStatus.refusing
        peer.usesMD5 = true
        let lines = peerDetail(peer, localAS: 65001).split(separator: "\n")
        #expect(lines.contains("  transport                   ttl-security 1, TCP MD5 wanted, dials"))
    }

    private func bfdLines(_ peer: PeerStatus, scheduling: String?) -> String {
        let lines = peerDetail(peer, localAS: 65001, bfdScheduling: scheduling).split(separator: "\n")
        return lines.filter { $0.hasPrefix("  BFD") }.map { $0.dropFirst(2) + "\n" }.joined()
    }

    @Test func `BFD is shown with both sides and what was agreed on`() {
        #expect(
            bfdLines(.withBFD, scheduling: "real-time scheduling") == """
                BFD                         Up for 3d3h
                BFD at the peer             Up (detection time expired)
                BFD discriminators          17 here, 4711 there
                BFD intervals               sends every 50ms × 3, hears every 300ms × 3
                BFD detection time          900ms
                BFD diagnostic              no diagnostic
                BFD packets                 6000000 sent, 5000000 received
                BFD failures                1, came up 2 times
                BFD last down               nothing heard for 150 ms (3d3h ago)
                BFD runs with               real-time scheduling

                """)
    }

    @Test func `BFD that is not up says why, and that the BGP session waits for it`() {
        #expect(
            bfdLines(.waiting, scheduling: nil) == """
                BFD                         Down for 12s, multihop, strict: the BGP session waits for it
                BFD at the peer             not heard
                BFD discriminators          18 here, 0 there
                BFD intervals               sends every 1000ms × 3, hears every -
                BFD detection time          -
                BFD diagnostic              no diagnostic
                BFD packets                 13 sent, 0 received
                BFD failures                0, came up 0 times
                BFD last down               never
                BFD is not up               no BFD packet is heard from the peer

                """)
    }

    @Test func `an address may be typed in any form, with or without its zone`() {
        let status = Status.sample
        #expect(status.peers(at: "10.0.0.1") == [.established])
        for typed in ["fe80::a00:27ff:fe4e:66a1%eth0", "FE80:0:0:0:0A00:27FF:FE4E:66A1", "fe80::a00:27ff:fe4e:66a1"] {
            #expect(status.peers(at: typed) == [.refusing])
        }
        for typed in ["10.0.0.2", "fe80::a00:27ff:fe4e:66a1%eth1", "", "%", "/", "tor1", "10.0.0.1%eth0"] {
            #expect(status.peers(at: typed) == [])
        }
    }

    @Test func `a link-local address without its zone means the peers on all interfaces`() {
        let status = Status.sample.with {
            $0.peers = [.refusing, .refusing]
            $0.peers[1].address = "fe80::a00:27ff:fe4e:66a1%eth1"
        }
        #expect(status.peers(at: "fe80::a00:27ff:fe4e:66a1").map(\.address) == status.peers.map(\.address))
        #expect(status.peers(at: "fe80::a00:27ff:fe4e:66a1%eth1") == [status.peers[1]])
    }
}
