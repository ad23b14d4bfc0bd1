import BGPFSM
import BGPWire
import Deadlines
import Health
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// A check whose verdict changes again and again does not fill the log, and what is done stays the same.
struct FlappingCheckTests {
    private static let refused = Outcome.failed(reason: "connection refused", definitive: true)
    private static let bind = Effect.bind([Rack.vip], globalScope: false)
    private static let unbind = Effect.unbind([Rack.vip])

    /// Waits for the next probe and answers it, as the kernel answers what is asked of it.
    private static func answer(_ outcome: Outcome, _ rack: inout Rack) -> [Effect] {
        var effects: [Effect] = []
        for _ in 0..<100 where !effects.contains(.probe("api")) {
            _ = rack.take(.session(Rack.tor, .received(.keepalive, .outgoing)))
            _ = rack.take(.updatesAcknowledged(Rack.tor, 1_000))
            rack.now = max(rack.now, rack.speaker.nextDeadline ?? rack.now)
            effects += rack.take(.deadlineReached)
        }
        effects += rack.take(.check("api", .outcome(outcome)))
        if effects.contains(unbind) { effects += rack.take(.unbound([Rack.vip])) }
        if effects.contains(bind) { effects += rack.take(.bound([Rack.vip])) }
        return effects
    }

    /// The service refuses, and then passes twice: two changes of the verdict within three seconds.
    private static func flap(_ rack: inout Rack) -> [Effect] {
        answer(refused, &rack) + answer(.passed, &rack) + answer(.passed, &rack)
    }

    private static func reports(_ effects: [Effect]) -> [Report] {
        effects.compactMap { if case .report(let report) = $0 { report } else { nil } }
    }

    @Test func `a flap is told as a whole, and of forty more only what fits into the budget`() {
        var rack = Rack.inService()
        #expect(
            Self.reports(Self.flap(&rack)) == [
                .checkChanged("api", .unhealthy(reason: "connection refused")),
                .vipsChanged([Rack.vip], .unhealthy(reason: "check api: connection refused")),
                .withdrawn(Rack.tor, [Rack.vip]), .unbound([Rack.vip]),
                .checkChanged("api", .healthy), .vipsChanged([Rack.vip], .healthy), .bound([Rack.vip]),
                .advertised(Rack.tor, [Rack.vip]),
            ])
        var later: [Effect] = []
        for _ in 0..<40 { later += Self.flap(&rack) }
        #expect(later.count { $0 == Self.unbind } == 40)
        #expect(later.count { $0 == Self.bind } == 40)
        #expect(later.count { $0 == Rack.send(Rack.withdrawal) } == 40)
        #expect(later.count { $0 == Rack.send(Rack.announcement) } == 40)
        var told = 0
        var held = 0
        var others = 0
        for report in Self.reports(later) {
            switch report {
            case .checkChanged: told += 1
            case .verdictsSuppressed("api", let count, _): held += count
            default: others += 1
            }
        }
        // Of 80 changes, what was left of the first ten and one every six seconds of two minutes; each with three lines more.
        #expect((20...32).contains(told))
        #expect(others == told * 3)
        #expect((78...80).contains(told + held))
    }

    @Test func `the state in which it ends is told within six seconds`() {
        var rack = Rack.inService()
        // The first change, to healthy, has had the tenth.
        for _ in 0..<9 { _ = rack.speaker.verdictBudgets[0].spend(at: rack.now) }
        let quiet = Self.answer(Self.refused, &rack)
        #expect(quiet.contains(Rack.send(Rack.withdrawal)))
        #expect(quiet.contains(Self.unbind))
        #expect(Self.reports(quiet) == [])
        var later: [Report] = []
        for _ in 0..<6 { later += Self.reports(Self.answer(Self.refused, &rack)) }
        #expect(later == [.verdictsSuppressed("api", count: 1, .unhealthy(reason: "connection refused"))])
    }

    @Test func `what a departure makes of such a VIP is told`() {
        var rack = Rack.inService()
        rack.speaker.vips[0].changesQuietly = true
        let reports = Self.reports(rack.take(.terminationRequested(reason: "stopped", isUrgent: true)))
        #expect(reports.contains(.withdrawn(Rack.tor, [Rack.vip])))
    }
}
