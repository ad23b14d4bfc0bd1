import Deadlines
import Health
import Testing

@testable import SpeakerCore

/// What the daemon remembers of what happened.
struct EventLogTests {
    private static func log(_ count: Int) -> EventLog {
        var log = EventLog()
        for number in 0..<count {
            let after = Duration.seconds(number)
            log.append(
                .advertised, level: "info", message: "advertised", fields: [("peer", "10.0.0.\(number)")],
                at: Rack.start + after, WallTime(milliseconds: Int64(number) * 1000))
        }
        return log
    }

    @Test func `an event has its number, its time, its code and its facts`() {
        #expect(
            Self.log(1).events(after: 0) == [
                Event(
                    number: 1, time: "1970-01-01T00:00:00.000Z", code: "advertised", level: "info",
                    message: "advertised", fields: ["peer": "10.0.0.0"])
            ])
    }

    @Test func `events come page by page, the oldest first`() {
        let log = Self.log(250)
        #expect(log.events(after: 0).map(\.number) == Array(1...100))
        #expect(log.events(after: 100).map(\.number) == Array(101...200))
        #expect(log.events(after: 200).map(\.number) == Array(201...250))
        #expect(log.events(after: 250) == [])
        #expect(log.events(after: .max) == [])
        #expect(EventLog().events(after: 0) == [])
    }

    @Test func `of more than a thousand the last thousand are kept`() {
        let log = Self.log(2345)
        #expect(log.events(after: 0).map(\.number) == Array(1346...1445))
        #expect(log.events(after: 2340).map(\.number) == Array(2341...2345))
        #expect(log.events(after: 2340).first?.fields == ["peer": "10.0.0.2340"])
    }

    @Test func `the latest can be asked for`() {
        #expect(Self.log(30).latest(3).map(\.number) == [28, 29, 30])
        #expect(Self.log(2).latest(3).map(\.number) == [1, 2])
        #expect(Self.log(2000).latest(500).count == 100)
        #expect(EventLog().latest(3) == [])
    }

    @Test func `what happened before a moment can be left out`() {
        let log = Self.log(300)
        #expect(log.events(after: 0, since: Rack.start + .seconds(298)).map(\.number) == [299, 300])
        #expect(log.events(after: 299, since: Rack.start + .seconds(298)).map(\.number) == [300])
        #expect(log.events(after: 0, since: Rack.start + .seconds(300)) == [])
    }

    @Test func `a long text is cut, so that a thousand events take a bounded amount of memory`() {
        var log = EventLog()
        log.append(
            .sessionLost, level: "error", message: "BGP session lost",
            fields: [("reason", String(repeating: "ä", count: 501)), ("peer", String(repeating: "x", count: 500))],
            at: Rack.start, WallTime(milliseconds: 0))
        let fields = log.events(after: 0).first?.fields
        #expect(fields?["reason"] == String(repeating: "ä", count: 500) + "…")
        #expect(fields?["peer"] == String(repeating: "x", count: 500))
    }
}

/// The words that programs act on.
struct EventCodeTests {
    @Test func `the code says which way it went`() {
        #expect(Report.vipsChanged([Rack.vip], .healthy).code == .vipHealthy)
        #expect(Report.vipsChanged([Rack.vip], .unhealthy(reason: "x")).code == .vipUnhealthy)
        #expect(Report.checkChanged("api", .unknown).code == .checkUnknown)
        #expect(Report.departureStarted(reason: "x", exits: true).code == .leaving)
        #expect(Report.departureStarted(reason: "x", exits: false).code == .drainStarted)
        #expect(Report.departureStep(.away).code == .drained)
        #expect(Report.vipDrainStep(Rack.vip, .away).code == .vipDrained)
        #expect(Report.undrained.code == .undrained)
    }
}
