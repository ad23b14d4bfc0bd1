import IPTypes
import Services
import SpeakerCore
import Testing

@testable import ControlSocket

@Suite struct RouteTests {
    private func drain(_ query: String) -> Route {
        Route("POST", "/v1/drain?" + query, for: .operators([]))
    }

    @Test func `wait and reason are read in any order`() {
        let expected = Route.request(.drain(reason: "caffè & co", wait: true), waitSeconds: 60)
        #expect(drain("wait=60&reason=caff%C3%A8%20%26%20co") == expected)
        #expect(drain("reason=caff%c3%a8%20%26%20co&wait=60") == expected)
    }

    @Test func `wait 0 and an empty reason are none`() {
        #expect(drain("wait=0&reason=") == .request(.drain(reason: nil, wait: false), waitSeconds: 0))
        let vip = IPPrefix(host: .v4(IPv4Address(0xC000_020A)))
        #expect(
            drain("vip=192.0.2.10%2F32&wait=5")
                == .request(.drain(reason: nil, wait: true, vip: vip), waitSeconds: 5))
        #expect(
            drain("keep-sessions=true")
                == .request(.drain(reason: nil, wait: false, keepsSessions: true), waitSeconds: 0))
        #expect(
            Route("POST", "/v1/undrain?vip=192.0.2.10", for: .operators([0]))
                == .request(.undrain(vip: vip), waitSeconds: 0))
        for query in ["vip=web", "vip=", "keep-sessions=1"] {
            guard case .refused(let response) = drain(query) else {
                Issue.record("\(query) is taken")
                continue
            }
            #expect(response.code == 400)
        }
        #expect(drain("") == .request(.drain(reason: nil, wait: false), waitSeconds: 0))
    }

    @Test func `a status may be of a part`() {
        func status(_ query: String) -> Route { Route("GET", "/v1/status" + query, for: .operators([])) }
        #expect(status("") == .request(.status(), waitSeconds: 0))
        #expect(
            status("?routes=none&position=100")
                == .request(.status(StatusScope(routes: .none, position: 100)), waitSeconds: 0))
        let vip = IPPrefix(host: .v4(IPv4Address(0xC000_020A)))
        #expect(
            status("?vip=192.0.2.10%2F32&routes=10.0.0.1")
                == .request(.status(StatusScope(routes: .of("10.0.0.1"), vip: vip)), waitSeconds: 0))
        for query in ["?position=-1", "?position=x", "?vip=web", "?verbose=true"] {
            guard case .refused(let response) = status(query) else {
                Issue.record("\(query) is taken")
                continue
            }
            #expect(response.code == 400)
        }
        #expect(Route("POST", "/v1/status", for: .operators([])) == .refused(.wrongMethod("GET")))
    }

    @Test func `Services are all or one`() {
        func services(_ query: String) -> Route { Route("GET", "/v1/services" + query, for: .operators([])) }
        #expect(services("") == .request(.services(), waitSeconds: 0))
        #expect(services("?name=shop%2Fweb") == .request(.services(ObjectName("shop", "web")), waitSeconds: 0))
        for query in ["?name=web", "?name=", "?class=x"] {
            guard case .refused(let response) = services(query) else {
                Issue.record("\(query) is taken")
                continue
            }
            #expect(response.code == 400)
        }
        #expect(Route("POST", "/v1/services", for: .operators([])) == .refused(.wrongMethod("GET")))
        #expect(
            Route("GET", "/v1/services", for: .monitoring) == .refused(.text(404, "there is nothing at this path")))
    }

    @Test(arguments: [("", false), ("?dry-run=true", true), ("?dry-run=false", false)])
    func `a reload may be a dry run`(query: String, isDryRun: Bool) {
        #expect(
            Route("POST", "/v1/reload" + query, for: .operators([]))
                == .request(.reload(isDryRun: isDryRun), waitSeconds: 0))
        #expect(Route("POST", "/v1/reload", for: .monitoring) == .refused(.text(404, "there is nothing at this path")))
        #expect(Route("GET", "/v1/reload", for: .operators([])) == .refused(.wrongMethod("POST")))
        #expect(ControlRequest.reload(isDryRun: isDryRun).changesState)
    }

    @Test(arguments: ["dry-run=1", "dry-run", "force=true"]) func `a reload takes nothing else`(query: String) {
        guard case .refused(let response) = Route("POST", "/v1/reload?" + query, for: .operators([])) else {
            Issue.record("\(query) is accepted")
            return
        }
        #expect(response.code == 400)
    }

    @Test(arguments: ["wait=-1", "wait=7261", "wait=99999999999999999999", "wait=", "wait=x"])
    func `a wait that is no bounded number is refused`(query: String) {
        #expect(drain(query) == .refused(.text(400, "wait must be a number of seconds from 0 to 7260")))
    }

    @Test(arguments: ["wait", "reason=%", "reason=%4", "reason=%zz", "reason=%FF"])
    func `parameters that cannot be decoded are refused`(query: String) {
        #expect(drain(query) == .refused(.text(400, "the parameters are not of the form name=value with %XX escapes")))
    }

    @Test func `events are read from a number on, and of the last seconds`() {
        func events(_ query: String) -> Route { Route("GET", "/v1/events" + query, for: .operators([])) }
        #expect(events("") == .request(.events(after: 0, seconds: nil), waitSeconds: 0))
        #expect(events("?after=100&seconds=60") == .request(.events(after: 100, seconds: 60), waitSeconds: 0))
        let refusal = ControlResponse.text(400, "events takes the parameters after and seconds only, which are numbers")
        for query in ["?after=-1", "?after=x", "?wait=5", "?seconds=99999999999999999999"] {
            #expect(events(query) == .refused(refusal))
        }
        #expect(Route("POST", "/v1/events", for: .operators([])) == .refused(.wrongMethod("GET")))
        #expect(
            Route("GET", "/v1/events", for: .monitoring) == .refused(.text(404, "there is nothing at this path")))
    }

    @Test func `an unknown parameter is refused`() {
        #expect(
            drain("force=1")
                == .refused(.text(400, "drain takes the parameters wait, reason, vip and keep-sessions only")))
        #expect(
            Route("GET", "/metrics?x=1", for: .monitoring) == .refused(.text(400, "this path takes no parameters")))
    }

    @Test func `a reason must fit a shutdown communication`() {
        let longest = String(repeating: "x", count: 128)
        #expect(drain("reason=" + longest) == .request(.drain(reason: longest, wait: false), waitSeconds: 0))
        #expect(
            drain("reason=" + longest + "x")
                == .refused(.text(400, "the reason has 129 bytes; 128 can be sent to every router (RFC 8203)")))
        #expect(
            drain("reason=a%0Ab") == .refused(.text(400, "the reason must be one line of printable characters")))
    }

    @Test(arguments: ["", "?", "//", "//metrics", "*", "http://x/metrics", "/metrics/", "/v1/status#x"])
    func `odd targets lead nowhere`(target: String) {
        #expect(Route("GET", target, for: .operators([])) == .refused(.text(404, "there is nothing at this path")))
    }

    @Test func `percent encoding round-trips`() {
        let text = "a-Z_0.9~ /?&=%+\u{0}\u{7F}é🙂"
        #expect(percentEncoded("a b/é~") == "a%20b%2F%C3%A9~")
        #expect(percentDecoded(percentEncoded(text)[...]) == text)
    }

    @Test func `a node that is not ready says why`() {
        #expect(ControlResponse.readyz(nil) == .text(200, "ok"))
        #expect(
            ControlResponse.readyz("no check result yet for 192.0.2.10/32")
                == .text(503, "not ready: no check result yet for 192.0.2.10/32"))
    }
}
