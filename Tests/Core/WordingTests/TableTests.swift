import SampleStatus
import SpeakerCore
import Testing

@testable import Wording

@Suite struct TableTests {
    @Test func `peers shows short errors in the row and long ones in full below it`() {
        let status = Status.sample.with {
            $0.peers[0].lastError = "hold timer expired"
            $0.peers[0].lastErrorSecondsAgo = 274_010
        }
        #expect(
            peersTable(status) == """
                PEER                           AS        STATE        SINCE  HOLD  BFD  VIPS  LAST-ERROR
                10.0.0.1                       65100     Established  3d4h   9s    off  1/2   see below
                    before: hold timer expired (3d4h ago)
                fe80::a00:27ff:fe4e:66a1%eth0  external  Active       12m    -     off  0/2   see below
                    connection refused: nothing listens on port 179 of the router; is BGP configured there for eth0? (3s ago)

                """)
        #expect(
            peersTable(status.with { $0.peers.removeLast() }) == """
                PEER      AS     STATE        SINCE  HOLD  BFD  VIPS  LAST-ERROR
                10.0.0.1  65100  Established  3d4h   9s    off  1/2   before: hold timer expired (3d4h ago)

                """)
    }

    @Test func `peers without an error shows a dash, and the AS the peer named`() {
        let status = Status.sample.with {
            $0.peers[1] = .established
            $0.peers[1].address = "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"
            $0.peers[1].configuredAS = "external"
            $0.peers[1].peerAS = 4_200_000_000
        }
        #expect(
            peersTable(status) == """
                PEER                                    AS          STATE        SINCE  HOLD  BFD  VIPS  LAST-ERROR
                10.0.0.1                                65100       Established  3d4h   9s    off  1/2   -
                2001:db8:ffff:ffff:ffff:ffff:ffff:ffff  4200000000  Established  3d4h   9s    off  1/2   -

                """)
    }

    @Test func `BFD is one word in the row of a peer`() {
        func words(_ change: (inout BFDStatus) -> Void) -> String? {
            var peer = PeerStatus.withBFD
            if var bfd = peer.bfd {
                change(&bfd)
                peer.bfd = bfd
            }
            let rows = peersTable(Status.sample.with { $0.peers = [peer] }).split(separator: "\n")
            return rows.last?.split(separator: " ").dropFirst(5).first.map(String.init)
        }
        #expect(words { _ in } == "up")
        #expect(words { $0.state = "Init" } == "init")
        #expect(words { $0.state = "Down" } == "down")
        #expect(words { $0.state = "AdminDown" } == "admin-down")
        #expect(words { $0.holdsSession = true } == "waiting")
    }

    @Test func `a session that BFD holds back says so, with the cause and without the advice`() {
        let waiting = Status.sample.with {
            $0.peers = [.waiting]
            $0.peers[0].address = "10.0.0.1"
            $0.peers[0].bfd?.obstacle = "the peer does not hear us: see that BFD is configured there"
        }
        #expect(
            peersTable(waiting) == """
                PEER      AS        STATE  SINCE  HOLD  BFD      VIPS  LAST-ERROR
                10.0.0.1  external  Idle   12m    -     waiting  0/2   see below
                    waits until BFD is up: the peer does not hear us

                """)
        #expect(
            peersTable(waiting.with { $0.peers[0].bfd?.obstacle = nil }) == """
                PEER      AS        STATE  SINCE  HOLD  BFD      VIPS  LAST-ERROR
                10.0.0.1  external  Idle   12m    -     waiting  0/2   waits until BFD is up

                """)
        let down = waiting.with {
            $0.peers[0].bfd?.holdsSession = false
            $0.peers[0].lastError = "hold timer expired"
        }
        #expect(
            peersTable(down) == """
                PEER      AS        STATE  SINCE  HOLD  BFD   VIPS  LAST-ERROR
                10.0.0.1  external  Idle   12m    -     down  0/2   hold timer expired (3s ago)

                """)
    }

    @Test func `a node out of service says so above every table`() {
        let status = Status.sample.with {
            $0.phase = "drained"
            $0.phaseReason = "new kernel"
            $0.peers = []
            $0.vips = []
        }
        #expect(peersTable(status) == "this node is drained: new kernel\nno peers are configured\n")
        #expect(vipsTable(status) == "this node is drained: new kernel\nno VIPs are configured\n")
    }

    @Test func `vips tells both families, and why a VIP cannot be bound`() {
        #expect(
            vipsTable(.sample) == """
                VIP               BOUND  VERDICT    SINCE  ADVERTISED-TO  REASON
                192.0.2.10/32     yes    healthy    3d4h   1/2            healthy
                2001:db8::10/128  no     unhealthy  41s    0/2            check web is unhealthy: connection refused

                """)
        let status = Status.sample.with {
            $0.vips.removeLast()
            $0.vips[0].bound = false
            $0.vips[0].reason = "not on the interface"
            $0.vips[0].bindError = "Operation not permitted; give the process CAP_NET_ADMIN"
        }
        #expect(
            vipsTable(status) == """
                VIP            BOUND  VERDICT  SINCE  ADVERTISED-TO  REASON
                192.0.2.10/32  no     healthy  3d4h   1/2            see below
                    not on the interface; cannot be bound: Operation not permitted; give the process CAP_NET_ADMIN

                """)
    }

    @Test func `what a router sent cannot steer the terminal or break the table`() {
        let status = Status.sample.with {
            $0.peers.removeLast()
            $0.peers[0].lastError = "Cease: \u{1B}[2Jbye\nnow\u{202E}\u{85}"
        }
        #expect(
            peersTable(status) == """
                PEER      AS     STATE        SINCE  HOLD  BFD  VIPS  LAST-ERROR
                10.0.0.1  65100  Established  3d4h   9s    off  1/2   before: Cease: ?[2Jbye now??

                """)
    }

    @Test func `drain and undrain answer with the phase and what is left`() {
        #expect(phaseText(.sample) == "this node is in service; 1 of 2 VIPs advertised\n")
        let draining = Status.sample.with {
            $0.phase = "draining"
            $0.phaseReason = "new kernel"
            $0.vips.removeLast()
        }
        #expect(phaseText(draining) == "this node is draining: new kernel; 1 of 1 VIP advertised\n")
    }

    @Test(arguments: [
        (0.0, "0s"), (41.9, "41s"), (60, "1m"), (3599, "59m"), (3600, "1h0m"), (15_000, "4h10m"), (86_400, "1d0h"),
        (274_000, "3d4h"), (-5, "0s"), (.nan, "0s"), (.infinity, "0s"), (1e300, "11574074d1h"),
    ])
    func `spans of time are short`(seconds: Double, text: String) {
        #expect(spanText(seconds) == text)
    }
}
