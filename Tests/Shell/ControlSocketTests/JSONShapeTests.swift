import SampleStatus
import SpeakerCore
import Testing
import Wording

@testable import ControlSocket

/// The JSON of what is shown beside the status.
@Suite struct JSONShapeTests {
    @Test func `a departure has this shape, which programs rely on`() throws {
        let departure = DepartureStatus(
            step: "acknowledging", stepSeconds: 0.1, nextSeconds: 0.9, awaited: ["10.0.0.1"], heldByFile: "/run/d")
        #expect(
            try json(departure, .pretty) == """
                {
                  "awaited" : [
                    "10.0.0.1"
                  ],
                  "exits" : false,
                  "heldByCommand" : false,
                  "heldByFile" : "/run/d",
                  "keepsSessions" : false,
                  "nextSeconds" : 0.9,
                  "step" : "acknowledging",
                  "stepSeconds" : 0.1
                }
                """)
    }

    @Test func `a chain has this shape, which programs rely on`() throws {
        let status = Status.sample.with { $0.peers = [.established] }
        #expect(
            try json(WhyChain(of: .healthy, in: status), .pretty) == """
                {
                  "advertisedTo" : 1,
                  "peers" : 2,
                  "reason" : "healthy",
                  "steps" : [
                    {
                      "link" : "check apiserver",
                      "standing" : "holds",
                      "words" : "https://127.0.0.1:6443/readyz is healthy for 3d4h (1000 passed, 2 failed)"
                    },
                    {
                      "link" : "verdict",
                      "standing" : "holds",
                      "words" : "healthy for 3d4h"
                    },
                    {
                      "link" : "node",
                      "standing" : "holds",
                      "words" : "running"
                    },
                    {
                      "link" : "interface lo",
                      "standing" : "holds",
                      "words" : "has the address"
                    },
                    {
                      "link" : "peer 10.0.0.1",
                      "standing" : "holds",
                      "words" : "AS 65100 Established for 3d4h, advertised: next hop 10.0.0.5, as-path 65001, med 10"
                    },
                    {
                      "link" : "routers",
                      "standing" : "unneeded",
                      "words" : "\(unseenOnRouters(of: "192.0.2.10/32"))"
                    }
                  ],
                  "vip" : "192.0.2.10/32"
                }
                """)
    }

    @Test func `events have this shape, which programs rely on`() throws {
        let event = Event(
            number: 7, time: "2026-12-08T12:00:00.000Z", code: "advertised", level: "info", message: "advertised",
            fields: ["peer": "10.0.0.1", "vips": "192.0.2.10/32"])
        #expect(
            try json(event, .compact)
                == #"{"code":"advertised","fields":{"peer":"10.0.0.1","vips":"192.0.2.10/32"},"level":"info","message":"advertised","number":7,"time":"2026-12-08T12:00:00.000Z"}"#
        )
        let page = EventPage(startedAt: "2026-12-08T11:00:00.000Z", events: [event])
        #expect(try EventPage(json: Array(ControlResponse.events(page).body.utf8)) == page)
    }
}
