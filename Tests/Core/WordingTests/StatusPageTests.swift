import SampleStatus
import SpeakerCore
import Testing

@testable import Wording

/// The page for people at the port for metrics.
@Suite struct StatusPageTests {
    private let event = Event(
        number: 1, time: "2026-12-08T12:00:00.000Z", code: "session-lost", level: "error", message: "BGP session lost",
        fields: ["peer": "10.0.0.1", "reason": "<script>alert(1)</script>"])

    /// The page without its tags.
    private func text(_ page: String) -> String { page.replacing(/<[^>]*>/, with: " ") }

    @Test func `shows the node, its VIPs, peers, checks and events`() {
        let status = Status.sample.with {
            $0.node = "node-a"
            $0.checks[1].recent = "..x"
        }
        let page = statusPage(status, [event], of: status.counts)
        for words in [
            "node-a", "192.0.2.10/32", "check web is unhealthy: connection refused", "10.0.0.1", "Established",
            "connection refused: nothing listens on port 179", "apiserver", "BGP session lost",
        ] {
            #expect(text(page).contains(words), "\(words)")
        }
        #expect(page.contains(#"aria-label="1 of the last 3 probes failed"><i></i><i></i><i class="x"></i></span>"#))
        #expect(page.contains(#"<td data-name="Verdict" class="bad">unhealthy</td>"#))
        #expect(page.contains(#"<meta http-equiv="refresh" content="5">"#))
    }

    @Test func `the newest event comes first`() {
        var later = event
        later.message = "BGP session Established"
        let page = statusPage(.sample, [event, later], of: Status.sample.counts)
        #expect(
            page.split(separator: "BGP session").map { $0.prefix(12) }.dropFirst() == [" Established", " lost peer=1"])
    }

    @Test func `nothing that comes from outside is markup`() {
        let hostile = #"<img src=x onerror='alert("1")'>&\#u{1B}[2J"#
        let status = Status.sample.with {
            $0.node = hostile
            $0.phaseReason = hostile
            $0.peers[1].lastError = hostile
            $0.peers[0].peerHostName = hostile
            $0.vips[1].reason = hostile
            $0.checks[1].name = hostile
            $0.checks[1].lastFailure = hostile
        }
        let page = statusPage(status, [event], of: status.counts)
        #expect(!page.contains("<img") && !page.contains("<script") && !page.contains("onerror='"))
        #expect(!page.contains("\u{1B}"))
        #expect(page.contains("&lt;img src=x onerror=&#39;alert(&quot;1&quot;)&#39;&gt;&amp;?[2J"))
        // No script, and nothing that is loaded from elsewhere.
        #expect(!page.contains("javascript:") && !page.contains("http://") && !page.contains("https://"))
    }

    @Test func `with thousands of VIPs it stays a page`() {
        let status = Status.sample.with { status in
            status.vips = (0..<200).map { number in
                var vip = VIPStatus.healthy
                vip.prefix = "10.\(number / 256).\(number % 256).1/32"
                return vip
            }
        }
        let page = statusPage(status, [], of: PartCounts(peers: 2, checks: 2, vips: 5000))
        #expect(page.utf8.count < 100_000)
        #expect(page.contains("<p>and 4800 more</p>"))
    }
}

extension Status {
    /// What it holds is all there is.
    fileprivate var counts: PartCounts { PartCounts(peers: peers.count, checks: checks.count, vips: vips.count) }
}
