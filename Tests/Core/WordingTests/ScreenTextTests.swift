import SampleStatus
import SpeakerCore
import Testing

@testable import Wording

/// What people see on terminals of any width.
@Suite struct ScreenTextTests {
    private let sample = Status.sample.with { $0.node = "node-a" }

    @Test func `status is the node, its peers, VIPs and checks`() {
        let status = sample.with { $0.peers.removeLast() }
        #expect(
            statusText(status) == """
                bgpvip 1.2.3 on node-a, up 12s: running
                local AS 65001, router ID 10.0.0.5, VIPs on lo

                PEER      AS     STATE        SINCE  HOLD  BFD  VIPS  LAST-ERROR
                10.0.0.1  65100  Established  3d4h   9s    off  1/2   -

                VIP               BOUND  VERDICT    SINCE  ADVERTISED-TO  REASON
                192.0.2.10/32     yes    healthy    3d4h   1/2            healthy
                2001:db8::10/128  no     unhealthy  41s    0/2            check web is unhealthy: connection refused

                CHECK      VERDICT    SINCE  PASSED  FAILED  LAST-FAILURE
                apiserver  healthy    3d4h   1000    2       -
                web        unhealthy  41s    10      20      connection refused

                """)
    }

    @Test func `a node that drains says so on its first line, once`() {
        let status = sample.with {
            $0.phase = "drained"
            $0.phaseReason = "new kernel"
            $0.peers = []
            $0.vips = []
            $0.checks = []
        }
        #expect(
            statusText(status) == """
                bgpvip 1.2.3 on node-a, up 12s: drained: new kernel
                local AS 65001, router ID 10.0.0.5, VIPs on lo

                no peers are configured

                no VIPs are configured

                no checks are configured

                """)
    }

    @Test func `a daemon that waits for the network says so`() {
        let waiting = Status.sample.with {
            $0.peers = []
            $0.waitsFor = "no default route"
        }
        #expect(peersTable(waiting) == "waiting for the network: no default route\nno peers are configured\n")
        #expect(statusText(waiting).hasPrefix("bgpvip 1.2.3, up 12s: waiting for the network: no default route\n"))
    }

    @Test(arguments: [20, 30, 40, 60, 72, 80, 100, 132])
    func `no line is longer than the terminal is wide, unless a word is`(width: Int) {
        let style = TextStyle(width: width, isColoured: false)
        for line in statusText(sample, style).split(separator: "\n") where line.count > width {
            let words = line.split(separator: " ").map(\.count)
            #expect(words.max() ?? 0 > width - 10, "\(width): \(line)")
        }
    }

    @Test func `on a narrow terminal a row becomes a few lines`() {
        #expect(
            peersTable(sample.with { $0.peers[1].address = "10.0.0.2" }, TextStyle(width: 44, isColoured: false)) == """
                10.0.0.1
                  as 65100  state Established  since 3d4h
                  hold 9s  bfd off  vips 1/2
                10.0.0.2
                  as external  state Active  since 12m
                  hold -  bfd off  vips 0/2
                  connection refused: nothing listens on
                  port 179 of the router; is BGP configured
                  there for eth0? (3s ago)

                """)
    }

    @Test func `states have colours where colours are understood, and columns stay in line`() {
        let text = peersTable(sample, TextStyle(width: 100, isColoured: true))
        #expect(text.contains("\u{1B}[32mEstablished\u{1B}[0m  3d4h"))
        #expect(text.contains("\u{1B}[31mActive\u{1B}[0m       12m"))
        #expect(vipsTable(sample, TextStyle(width: 100, isColoured: true)).contains("\u{1B}[31munhealthy\u{1B}[0m"))
        #expect(!peersTable(sample, TextStyle(width: 100, isColoured: false)).contains("\u{1B}"))
    }

    @Test func `an event is one line that cannot steer the terminal`() {
        let event = Event(
            number: 7, time: "2026-12-08T12:00:00.000Z", code: "session-lost", level: "error",
            message: "BGP session lost", fields: ["peer": "10.0.0.1", "reason": "bye\u{1B}[2J\nnow", "n": ""])
        #expect(
            eventText(event)
                == "2026-12-08T12:00:00.000Z  error    BGP session lost n=\"\" peer=10.0.0.1 reason=\"bye?[2J now\"\n")
        #expect(
            eventText(event, TextStyle(width: 80, isColoured: true)).hasPrefix(
                "2026-12-08T12:00:00.000Z  \u{1B}[31merror  \u{1B}[0m  BGP"))
    }
}
