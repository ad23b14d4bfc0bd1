import BGPFSM
import BGPWire
import Deadlines
import Health
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// What the program of `onChange` gets.
struct ChangeTests {
    private static let refused = Outcome.failed(reason: "connection refused", definitive: true)

    /// A rack with a program that has ended each time.
    private struct Told {
        var rack: Rack
        /// What it was given, as `CHANGE_STATE` behind what it is about.
        var said: [String] = []
        var changes: [Change] = []
        var reports: [Report] = []

        mutating func take(_ input: Input, after pause: Duration = .zero) {
            var inputs = [input]
            var pause = pause
            while !inputs.isEmpty {
                for effect in rack.take(inputs.removeFirst(), after: pause) {
                    switch effect {
                    case .runProgram(let change, _):
                        changes.append(change)
                        let facts = Dictionary(uniqueKeysWithValues: change.environment.map { ($0.name, $0.value) })
                        said.append(
                            "\(facts["CHANGE_VIP"] ?? facts["CHANGE_PEER"] ?? "") \(facts["CHANGE_STATE"] ?? "")")
                        inputs.append(.programEnded(failure: nil))
                    case .bind(let prefixes, _): inputs.append(.bound(prefixes))
                    case .unbind(let prefixes): inputs.append(.unbound(prefixes))
                    case .report(let report): reports.append(report)
                    default: break
                    }
                }
                pause = .zero
            }
        }

        mutating func establish() {
            take(.session(Rack.tor, .tcpConnected(.outgoing, Rack.endpoints)))
            take(.session(Rack.tor, .received(.open(Rack.open), .outgoing)))
            take(.session(Rack.tor, .received(.keepalive, .outgoing)))
        }
    }

    private static func rack(_ adapt: (inout Settings) -> Void = { _ in }) -> Told {
        Told(
            rack: Rack {
                $0[Settings.process.onChange] = "/bin/notify"
                $0.departure = DepartureSettings(settle: .seconds(1), linger: .milliseconds(200))
                adapt(&$0)
            })
    }

    @Test func `a VIP that comes into service, fails and comes back is told step by step, and nothing twice`() {
        var told = Self.rack()
        told.take(.started)
        told.establish()
        #expect(told.said == ["10.0.0.1 up"])
        told.take(.check("api", .outcome(.passed)))
        #expect(told.said.dropFirst() == ["10.255.0.1/32 advertised"])
        told.take(.deadlineReached, after: .seconds(1))
        told.take(.check("api", .outcome(Self.refused)))
        for _ in 0..<2 {
            told.take(.deadlineReached, after: .seconds(1))
            told.take(.check("api", .outcome(.passed)))
        }
        #expect(told.said.dropFirst(2) == ["10.255.0.1/32 unhealthy", "10.255.0.1/32 advertised"])
    }

    @Test func `the facts are in variables`() throws {
        var told = Self.rack()
        told.take(.started)
        told.establish()
        told.take(.check("api", .outcome(.passed)))
        told.take(.deadlineReached, after: .seconds(1))
        told.take(.check("api", .outcome(Self.refused)))
        let change = try #require(told.changes.last)
        #expect(
            change.environment.map { "\($0.name)=\($0.value)" } == [
                "CHANGE=vip", "CHANGE_VIP=10.255.0.1/32", "CHANGE_STATE=unhealthy", "CHANGE_OLD_STATE=advertised",
                "CHANGE_VERDICT=unhealthy", "CHANGE_REASON=check api: connection refused",
                "CHANGE_REASON_CODE=unhealthy",
            ])
        told.take(.session(Rack.tor, .tcpFailed(.outgoing, .reset)))
        let end = try #require(told.changes.last).environment.map { "\($0.name)=\($0.value)" }
        #expect(
            end.prefix(5) == [
                "CHANGE=session", "CHANGE_PEER=10.0.0.1", "CHANGE_PEER_AS=65000", "CHANGE_STATE=down",
                "CHANGE_OLD_STATE=up",
            ])
        #expect(end.last == "CHANGE_PLANNED=no")
        #expect(end.contains { $0.hasPrefix("CHANGE_REASON=") && $0.contains("reset the connection") })
    }

    @Test func `what a router sent is one line of bounded length`() {
        let reason = "bye\n\u{1B}[2J" + String(repeating: "x", count: 600)
        let change = Change(
            subject: .session(Rack.tor, peerAS: "65000", isUp: false, reason: reason, isPlanned: true), node: "node-a")
        let facts = Dictionary(uniqueKeysWithValues: change.environment.map { ($0.name, $0.value) })
        #expect(facts["CHANGE_REASON"] == "bye??[2J" + String(repeating: "x", count: 492))
        #expect(facts["CHANGE_PLANNED"] == "yes")
        #expect(facts["CHANGE_NODE"] == "node-a")
    }

    @Test func `a drain is told with its settling, and the session's end as planned`() {
        var told = Self.rack()
        told.take(.started)
        told.establish()
        told.take(.check("api", .outcome(.passed)))
        told.said = []
        told.take(.drainRequested(reason: "new kernel"))
        told.take(.deadlineReached, after: .seconds(1))
        told.take(.acknowledged(Rack.tor, round: 1, true))
        told.take(.deadlineReached, after: .milliseconds(200))
        #expect(told.said == ["10.255.0.1/32 draining", "10.255.0.1/32 withdrawn", "10.0.0.1 down"])
        #expect(told.changes.last?.environment.last?.value == "yes")
    }

    @Test func `without a program nothing is noted`() {
        var told = Self.rack { $0[Settings.process.onChange] = nil }
        told.take(.started)
        told.establish()
        told.take(.check("api", .outcome(.passed)))
        #expect(told.said == [])
        #expect(told.rack.speaker.changes.vips == [:])
    }

    @Test func `one program runs at a time, and the others wait in their order`() {
        var rack = Self.rack().rack
        _ = rack.take(.started)
        rack.establish()
        #expect(rack.speaker.isRunningProgram)
        _ = rack.take(.check("api", .outcome(.passed)))
        let effects = rack.take(.bound([Rack.vip]))
        #expect(!effects.contains { if case .runProgram = $0 { true } else { false } })
        let next = rack.take(.programEnded(failure: nil))
        guard case .runProgram(let change, let limit)? = next.first, next.count == 1 else {
            Issue.record("nothing is run: \(next)")
            return
        }
        #expect(change.environment[2].value == "advertised")
        #expect(limit == .seconds(30))
        #expect(rack.take(.programEnded(failure: nil)) == [])
        #expect(!rack.speaker.isRunningProgram)
    }

    @Test func `a failure is reported once, and again after a success or if it is another`() {
        var rack = Self.rack().rack
        func reports(_ failure: String?) -> [Report] {
            rack.speaker.changes.isRunning = true
            return rack.take(.programEnded(failure: failure)).compactMap {
                if case .report(let report) = $0 { report } else { nil }
            }
        }
        let failed = Report.programFailed("/bin/notify", reason: "exit status 1")
        #expect(reports("exit status 1") == [failed])
        #expect(reports("exit status 1") == [])
        #expect(reports("exit status 2") == [.programFailed("/bin/notify", reason: "exit status 2")])
        #expect(reports(nil) == [])
        #expect(reports("exit status 2") == [.programFailed("/bin/notify", reason: "exit status 2")])
        var count = 0
        for number in 0..<100 { count += reports("exit status \(number + 10)").count }
        #expect(count == 7)
    }

    @Test func `a program that takes too long loses the oldest changes, which is reported once`() {
        var told = Self.rack()
        told.rack.speaker.changes.isRunning = true
        told.rack.speaker.changes.waiting = (0..<ChangeQueue.capacity).map { number in
            Change(
                subject: .session(Rack.tor, peerAS: "\(number)", isUp: true, reason: "", isPlanned: false), node: nil)
        }
        told.rack.speaker.changes.upSessions = [Rack.tor, Rack.secondToR]
        told.take(.started)
        told.take(.check("api", .outcome(Self.refused)))
        #expect(told.rack.speaker.changes.waiting.count == ChangeQueue.capacity)
        #expect(told.reports.filter { $0 == .changesLeftOut("/bin/notify") }.count == 1)
        #expect(told.rack.speaker.changes.waiting.last?.environment[2].value == "unhealthy")
    }
}
