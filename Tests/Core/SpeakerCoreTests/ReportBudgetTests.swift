import BFD
import BGPFSM
import BGPWire
import Deadlines
import Health
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// A peer that causes too many lines: some are held back, and the log still ends with the peer's state.
struct ReportBudgetTests {
    /// A router with BFD whose interval is so long that no test comes to its end.
    private static func packet(_ rack: Rack, _ state: BFDState) -> Input {
        .bfdReceived(
            BFDPacket(
                state: state, multiplier: 3, myDiscriminator: 77,
                yourDiscriminator: rack.speaker.bfd.all[0].session.discriminator, desiredMinTx: 60_000_000,
                requiredMinRx: 60_000_000),
            from: Rack.tor, isMultihop: false)
    }

    /// The lines about the peer's state among effects.
    private static func lines(_ effects: [Effect]) -> [String] {
        effects.compactMap { effect in
            switch effect {
            case .report(.sessionEstablished): "Established"
            case .report(.sessionLost): "lost"
            case .report(.bfdUp): "BFD Up"
            case .report(.bfdDown): "BFD Down"
            case .report(.suppressed(Rack.tor, let count, let state, let bfd)):
                "\(count) left out, now \(state), BFD \(bfd ?? "off")"
            default: nil
            }
        }
    }

    /// The router ends the session and BFD with it, and both come up again at once.
    private static func restart(_ rack: inout Rack, _ direction: Direction = .incoming) -> [String] {
        var effects = rack.take(.session(Rack.tor, .tcpFailed(direction, .closedByPeer)))
        effects += rack.take(packet(rack, .down))
        effects += rack.take(packet(rack, .down))
        effects += rack.take(packet(rack, .up))
        effects += rack.take(.session(Rack.tor, .tcpConnected(.incoming, Rack.endpoints)))
        effects += rack.establishIncoming()
        return lines(effects)
    }

    /// Five restarts, two seconds apart, and the lines of each.
    private static func restarted() -> (rack: Rack, lines: [[String]]) {
        var rack = Rack { settings in
            for index in settings.peers.indices { settings.peers[index].bfd = BFDSettings() }
        }
        _ = rack.take(.started)
        rack.becomeHealthy()
        _ = rack.take(packet(rack, .down))
        _ = rack.take(packet(rack, .up))
        rack.establish()
        let lines = (0..<5).map { round in
            rack.now = rack.now + .seconds(2)
            return restart(&rack, round == 0 ? .outgoing : .incoming)
        }
        return (rack, lines)
    }

    /// What is said at each deadline until `end`, and how long after the start.
    private static func linesOfDeadlines(_ rack: inout Rack, until end: Instant) -> [String] {
        var said: [String] = []
        // A deadline that is not met would come for ever.
        for _ in 0..<1000 {
            guard let next = rack.speaker.nextDeadline, next <= end else { break }
            rack.now = max(rack.now, next)
            _ = rack.take(.session(Rack.tor, .received(.keepalive, .incoming)))
            said += lines(rack.take(.deadlineReached)).map { "\((rack.now - Rack.start).nanoseconds) ns: \($0)" }
        }
        return said
    }

    @Test func `a router that restarts five times and then rests leaves its present state in the log`() {
        var (rack, lines) = Self.restarted()
        let all = ["lost", "BFD Down", "BFD Up", "Established"]
        #expect(lines == [all, all, ["lost"], [], []])
        #expect(
            Self.linesOfDeadlines(&rack, until: Rack.start + .seconds(28)) == [
                "12000000000 ns: 11 left out, now Established, BFD Up"
            ])
        #expect(rack.speaker.peers[0].session.state == .established)
        #expect(rack.speaker.peers[0].reportBudget.nextDeadline == nil)
    }

    @Test func `a router that never rests gets one line and one summary in six seconds`() {
        var (rack, _) = Self.restarted()
        var said: [[String]] = []
        for second in stride(from: 12, through: 26, by: 2) {
            said.append(Self.linesOfDeadlines(&rack, until: Rack.start + .seconds(second)))
            rack.now = Rack.start + .seconds(second)
            said.append(Self.restart(&rack))
        }
        #expect(
            said == [
                ["12000000000 ns: 11 left out, now Established, BFD Up"], ["lost"], [], [], [], [],
                ["18000000000 ns: 11 left out, now Established, BFD Up"], ["lost"], [], [], [], [],
                ["24000000000 ns: 11 left out, now Established, BFD Up"], ["lost"], [], [],
            ])
    }

    @Test func `what the router does before the deadline is handled comes after the summary`() {
        var (rack, _) = Self.restarted()
        rack.now = Rack.start + .seconds(12)
        let lost = rack.take(.session(Rack.tor, .tcpFailed(.incoming, .closedByPeer)))
        #expect(Self.lines(lost) == ["11 left out, now Active, BFD Up", "lost"])
        #expect(Self.lines(rack.take(.deadlineReached)) == [])
    }

    @Test func `the state of a peer without BFD says nothing of BFD`() {
        var rack = Rack.inService()
        for round in 0..<6 {
            _ = rack.take(.session(Rack.tor, .tcpFailed(round == 0 ? .outgoing : .incoming, .closedByPeer)))
            _ = rack.take(.session(Rack.tor, .tcpConnected(.incoming, Rack.endpoints)))
            _ = rack.establishIncoming()
        }
        #expect(Self.lines(rack.take(.deadlineReached, after: .milliseconds(5999))) == [])
        #expect(
            rack.take(.deadlineReached, after: .milliseconds(1)).filter { !Self.lines([$0]).isEmpty } == [
                .report(.suppressed(Rack.tor, count: 3, state: "Established", bfd: nil))
            ])
    }

    /// The router ends and begins sessions until no line is left for it.
    private static func exhaust(_ rack: inout Rack) {
        for round in 0..<6 {
            _ = rack.take(.session(Rack.tor, .tcpFailed(round == 0 ? .outgoing : .incoming, .closedByPeer)))
            _ = rack.take(.session(Rack.tor, .tcpConnected(.incoming, Rack.endpoints)))
            _ = rack.establishIncoming()
        }
        var budget = rack.speaker.peers[0].reportBudget
        let hasRoom = budget.spend(at: rack.now)
        #expect(!hasRoom)
    }

    @Test func `why no session comes up is said once there is room for it, and not again`() {
        var rack = Rack.inService()
        Self.exhaust(&rack)
        _ = rack.take(.session(Rack.tor, .tcpFailed(.incoming, .closedByPeer)))
        var said: [String] = []
        for _ in 0..<200 {
            guard let next = rack.speaker.nextDeadline else { break }
            rack.now = max(rack.now, next)
            var effects = rack.take(.deadlineReached)
            if effects.contains(.session(Rack.tor, .connect)) {
                _ = rack.take(.session(Rack.tor, .tcpConnected(.outgoing, Rack.endpoints)))
                let refusal = Notification(code: 2, subcode: 2, data: [])
                effects += rack.take(.session(Rack.tor, .received(.notification(refusal), .outgoing)))
            }
            said += effects.compactMap { effect in
                if case .report(.attemptFailed(Rack.tor, let reason)) = effect { reason } else { nil }
            }
        }
        #expect(
            said == [
                "peer 10.0.0.1 rejects our AS 65001 (it sent Bad Peer AS): fix our local AS, or the remote AS that the router "
                    + "has configured for us"
            ])
    }

    @Test func `why BFD is not up is said ten seconds later if there is no room for it`() {
        var rack = Rack { settings in
            for index in settings.peers.indices { settings.peers[index].bfd = BFDSettings() }
        }
        _ = rack.take(.started)
        rack.becomeHealthy()
        rack.establish()
        rack.now = rack.now + .milliseconds(9500)
        Self.exhaust(&rack)
        var said: [Int64] = []
        for _ in 0..<1000 {
            guard let next = rack.speaker.nextDeadline, next <= Rack.start + .seconds(60) else { break }
            rack.now = max(rack.now, next)
            _ = rack.take(.session(Rack.tor, .received(.keepalive, .incoming)))
            for case .report(.bfdNotUp(Rack.tor, _)) in rack.take(.deadlineReached) {
                said.append((rack.now - Rack.start).nanoseconds / 1_000_000)
            }
        }
        #expect(said == [20_000])
    }

    @Test func `what a session cannot carry is said once, with the summary if there was no room before`() {
        var rack = Rack(communities: (0..<1100).map { Community($0) })
        _ = rack.take(.started)
        rack.becomeHealthy()
        rack.establish()
        Self.exhaust(&rack)
        var said: [String] = []
        for second in 0..<60 {
            rack.now = rack.now + .seconds(1)
            var effects = rack.take(.session(Rack.tor, .received(.keepalive, .incoming)))
            effects += rack.take(.deadlineReached)
            effects += rack.take(.check("api", .outcome(.passed)))
            // Something that is held back now and then.
            if second % 3 == 0 {
                for _ in 0..<4 { _ = rack.speaker.peers[0].reportBudget.spend(at: rack.now) }
            }
            for case .report(let report) in effects {
                switch report {
                case .suppressed: said.append("summary")
                case .notCarried: said.append("not carried")
                default: break
                }
            }
        }
        #expect(said == ["summary", "not carried"] + Array(repeating: "summary", count: 8))
    }
}
