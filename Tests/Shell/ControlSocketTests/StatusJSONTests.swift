import Deadlines
import SampleStatus
import SpeakerCore
import Testing

@testable import ControlSocket

@Suite struct StatusJSONTests {
    @Test func `the status has this shape, which programs rely on`() throws {
        #expect(try json(Status.sample, .pretty) == snapshot)
    }

    @Test func `what happened at a known moment has its time, as RFC 3339`() throws {
        let status = Status.sample.with {
            $0.peers[0] = .withBFD
            $0.startedAt = "2026-12-08T11:59:47.500Z"
            $0.addTimes(WallTime(milliseconds: 1_796_731_200_000))
        }
        let times = try json(status, .pretty).split(separator: "\n").map { $0.drop { $0 == " " } }
            .filter { $0.contains("Since\"") || $0.contains("At\"") || $0.contains("\"time\"") }.map {
                $0.replacing(",", with: "")
            }
        #expect(
            times == [
                #""verdictSince" : "2026-12-05T07:53:20.000Z""#, #""verdictSince" : "2026-12-08T11:59:19.000Z""#,
                #""lastDownAt" : "2026-12-05T08:09:59.000Z""#, #""stateSince" : "2026-12-05T08:10:00.000Z""#,
                #""stateSince" : "2026-12-05T07:53:20.000Z""#, #""lastErrorAt" : "2026-12-08T11:59:57.000Z""#,
                #""stateSince" : "2026-12-08T11:47:55.000Z""#, #""startedAt" : "2026-12-08T11:59:47.500Z""#,
                #""time" : "2026-12-08T12:00:00.000Z""#, #""verdictSince" : "2026-12-05T07:53:20.000Z""#,
                #""verdictSince" : "2026-12-08T11:59:19.000Z""#,
            ])
    }

    @Test func `BFD has this shape`() throws {
        let status = Status.sample.with {
            $0.peers[0] = .withBFD
            $0.bfdScheduling = "real-time scheduling"
            $0.bfdPacketsDiscarded = 1
        }
        #expect(
            try json(PeerStatus.withBFD.bfd, .compact)
                == #"{"detectionSeconds":0.9,"failures":1,"holdsSession":false,"isMultihop":false,"isStrict":false,"lastDown":"nothing heard for 150 ms","lastDownSecondsAgo":273001,"localDiagnostic":"no diagnostic","localDiscriminator":17,"multiplier":3,"packetsReceived":5000000,"packetsSent":6000000,"receiveSeconds":0.3,"remoteDiagnostic":"detection time expired","remoteDiscriminator":4711,"remoteMultiplier":3,"remoteState":"Up","state":"Up","stateSeconds":273000,"timesUp":2,"transmitSeconds":0.05}"#
        )
        #expect(try Status(json: Array(json(status, .compact).utf8)) == status)
        #expect(try json(status, .compact).contains(#""bfdPacketsDiscarded":1,"bfdScheduling":"real-time scheduling""#))
    }

    @Test func `compact JSON is one line with sorted keys`() throws {
        #expect(
            try json(
                CheckStatus(
                    name: "a", target: "tcp [::1]:80", verdict: "unknown", verdictSeconds: 0.5, passed: 0, failed: 1),
                .compact)
                == #"{"failed":1,"name":"a","passed":0,"target":"tcp [::1]:80","verdict":"unknown","verdictSeconds":0.5}"#
        )
    }

    @Test func `what a newer daemon adds is no error`() throws {
        let newer = snapshot.replacing(#""version" :"#, with: #""later" : [1], "version" :"#)
        #expect(try Status(json: Array(newer.utf8)) == .sample)
    }

    @Test func `what is missing or of another type is named`() throws {
        let missing = snapshot.replacing(#""flaps" : 0,"#, with: "")
        #expect(fault(missing) == "peers.1 has no flaps")
        let wrong = snapshot.replacing(#""uptime" : 12.5"#, with: #""uptime" : "long""#)
        #expect(fault(wrong) == "uptime has another type than expected")
    }

    @Test func `a number that JSON does not know is an error of the daemon, not a crash`() {
        let response = ControlResponse.status(.sample.with { $0.uptime = .nan })
        #expect(response.code == 500)
    }

    private func fault(_ text: String) -> String? {
        do {
            _ = try Status(json: Array(text.utf8))
            return nil
        } catch {
            return wordsOfDecodingError(error)
        }
    }
}

private let snapshot = """
    {
      "checks" : [
        {
          "failed" : 2,
          "name" : "apiserver",
          "passed" : 1000,
          "target" : "https://127.0.0.1:6443/readyz",
          "verdict" : "healthy",
          "verdictSeconds" : 274000
        },
        {
          "failed" : 20,
          "lastFailure" : "connection refused",
          "name" : "web",
          "passed" : 10,
          "target" : "tcp 127.0.0.1:80",
          "verdict" : "unhealthy",
          "verdictSeconds" : 41
        }
      ],
      "interface" : "lo",
      "localAS" : 65001,
      "peers" : [
        {
          "address" : "10.0.0.1",
          "advertised" : 1,
          "capabilitiesReceived" : [
            "multiprotocol IPv4 unicast",
            "route refresh"
          ],
          "capabilitiesSent" : [
            "multiprotocol IPv4 unicast",
            "4-octet AS 65001"
          ],
          "configuredAS" : "65100",
          "distance" : "direct",
          "families" : [
            "IPv4 unicast"
          ],
          "flaps" : 1,
          "holdTime" : 9,
          "isPassive" : false,
          "keepaliveSeconds" : 3,
          "lastNotificationReceived" : "Cease / Administrative Reset",
          "localAddress" : "10.0.0.5",
          "messagesReceived" : {
            "keepalive" : 1230,
            "notification" : 0,
            "open" : 1,
            "routeRefresh" : 0,
            "update" : 1
          },
          "messagesSent" : {
            "keepalive" : 1234,
            "notification" : 0,
            "open" : 1,
            "routeRefresh" : 0,
            "update" : 2
          },
          "peerAS" : 65100,
          "peerHostName" : "tor1",
          "peerIdentifier" : "10.0.0.1",
          "plannedEnds" : 2,
          "port" : 179,
          "prefixesDiscarded" : 4,
          "routes" : [
            {
              "attributes" : [
                "as-path 65001",
                "med 10"
              ],
              "nextHop" : "10.0.0.5",
              "prefix" : "192.0.2.10/32"
            }
          ],
          "state" : "Established",
          "stateSeconds" : 274000,
          "total" : 2,
          "usesMD5" : true
        },
        {
          "address" : "fe80::a00:27ff:fe4e:66a1%eth0",
          "advertised" : 0,
          "capabilitiesReceived" : [

          ],
          "capabilitiesSent" : [

          ],
          "configuredAS" : "external",
          "distance" : "ttl-security 1",
          "families" : [

          ],
          "flaps" : 0,
          "isPassive" : false,
          "lastError" : "connection refused: nothing listens on port 179 of the router; is BGP configured there for eth0?",
          "lastErrorSecondsAgo" : 3,
          "messagesReceived" : {
            "keepalive" : 0,
            "notification" : 0,
            "open" : 0,
            "routeRefresh" : 0,
            "update" : 0
          },
          "messagesSent" : {
            "keepalive" : 0,
            "notification" : 0,
            "open" : 0,
            "routeRefresh" : 0,
            "update" : 0
          },
          "nextAttemptSeconds" : 1.5,
          "plannedEnds" : 0,
          "port" : 179,
          "prefixesDiscarded" : 0,
          "routes" : [

          ],
          "state" : "Active",
          "stateSeconds" : 725,
          "total" : 2,
          "usesMD5" : false
        }
      ],
      "phase" : "running",
      "routerID" : "10.0.0.5",
      "uptime" : 12.5,
      "version" : "1.2.3",
      "vips" : [
        {
          "advertisedTo" : 1,
          "bound" : true,
          "boundByOthers" : false,
          "checks" : [
            "apiserver"
          ],
          "drains" : true,
          "lastResort" : false,
          "listeners" : [

          ],
          "peers" : 2,
          "prefix" : "192.0.2.10/32",
          "reason" : "healthy",
          "reasonCode" : "advertised",
          "verdict" : "healthy",
          "verdictSeconds" : 274000
        },
        {
          "advertisedTo" : 0,
          "bound" : false,
          "boundByOthers" : false,
          "checks" : [
            "web"
          ],
          "drains" : true,
          "lastResort" : false,
          "listeners" : [

          ],
          "peers" : 2,
          "prefix" : "2001:db8::10/128",
          "reason" : "check web is unhealthy: connection refused",
          "reasonCode" : "unhealthy",
          "verdict" : "unhealthy",
          "verdictSeconds" : 41
        }
      ]
    }
    """
