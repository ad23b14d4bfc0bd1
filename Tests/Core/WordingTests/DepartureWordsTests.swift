import SampleStatus
import SpeakerCore
import Testing

@testable import Wording

/// What an operator reads of a node that goes away: the step, since when, and what comes next.
@Suite struct DepartureWordsTests {
    private func words(
        _ step: String, for seconds: Double, next: Double? = nil, awaited: [String] = [], exits: Bool = false,
        command: Bool = true, file: String? = nil
    ) -> String {
        DepartureStatus(
            step: step, stepSeconds: seconds, nextSeconds: next, awaited: awaited, exits: exits, heldByCommand: command,
            heldByFile: file
        ).words
    }

    @Test func `each step says since when it is, and what comes when`() {
        #expect(
            words("settling", for: 0.4, next: 0.6)
                == "step 1 of 3 for 0.4s: the routes carry GRACEFUL_SHUTDOWN so that routers move traffic away; withdrawn in 0.6s"
        )
        #expect(
            words("acknowledging", for: 0.1, next: 0.9, awaited: ["10.0.0.1", "10.0.1.1"])
                == "step 2 of 3 for 0.1s: the routes are withdrawn; the TCP acknowledgement of 10.0.0.1, 10.0.1.1 is awaited for 0.9s more at most"
        )
        #expect(
            words("acknowledging", for: 0, next: 1, awaited: ["a", "b", "c", "d", "e", "f"])
                == "step 2 of 3 for 0s: the routes are withdrawn; the TCP acknowledgement of a, b, c, d and 2 more is awaited for 1s more at most"
        )
        #expect(
            words("lingering", for: 0.1, next: 0.1)
                == "step 3 of 3 for 0.1s: the routes are withdrawn and what is still on its way is served; sessions close and VIPs are unbound in 0.1s"
        )
    }

    @Test func `a drained node says what brings it back`() {
        let beginning = "out of service for 3m, sessions closed and VIPs unbound, until"
        #expect(words("away", for: 200) == "\(beginning) bgpvip undrain")
        #expect(words("away", for: 200, command: false, file: "/run/d") == "\(beginning) /run/d is removed")
        #expect(words("away", for: 200, file: "/run/d") == "\(beginning) bgpvip undrain and /run/d is removed")
        #expect(words("away", for: 0, exits: true) == "the sessions are closed; the process ends")
    }

    private let draining = Status.sample.with {
        $0.phase = "draining"
        $0.phaseReason = "new kernel"
        $0.departure = DepartureStatus(step: "settling", stepSeconds: 0.4, nextSeconds: 0.6, heldByCommand: true)
        $0.vips.removeLast()
        $0.peers.removeLast()
    }

    private let sentence =
        "draining: new kernel; step 1 of 3 for 0.4s: the routes carry GRACEFUL_SHUTDOWN so that routers move traffic away; withdrawn in 0.6s"

    @Test func `it stands above the tables, in the chain, and in the answer to drain`() throws {
        #expect(vipsTable(draining).hasPrefix("this node is \(sentence)\nVIP "))
        #expect(peersTable(draining).hasPrefix("this node is \(sentence)\nPEER "))
        #expect(phaseText(draining) == "this node is \(sentence); 1 of 1 VIP advertised\n")
        let chain = WhyChain(of: .healthy, in: draining)
        #expect(chain.steps.first { $0.link == "node" }?.words == sentence)
    }

    @Test func `the chain of a last resort does not stop at the check that fails`() {
        let status = Status.sample.with {
            $0.vips[1].bound = true
            $0.vips[1].lastResort = true
            $0.peers.removeLast()
        }
        #expect(
            WhyChain(of: status.vips[1], in: status).text == """
                2001:db8::10/128 is advertised to 0 of 2 peers: check web is unhealthy: connection refused
                  no    check web      tcp 127.0.0.1:80 is unhealthy for 41s: connection refused (10 passed, 20 failed)
                  no    verdict        unhealthy for 41s; kept as the last resort, for when no node is healthy
                  ok    node           running
                  ok    interface lo   has the address
                  STOP  peer 10.0.0.1  AS 65100 Established for 3d4h, not advertised

                """)
    }

    @Test func `a last resort is counted`() {
        let text = prometheusText(of: .sample.with { $0.vips[1].lastResort = true }, now: 0)
        #expect(text.contains("bgpvip_vip_last_resort{vip=\"2001:db8::10/128\"} 1\n"))
    }
}
