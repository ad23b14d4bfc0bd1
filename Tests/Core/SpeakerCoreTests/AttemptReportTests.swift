import BGPFSM
import BGPWire
import Deadlines
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// What of failed attempts gets into the log, and into the status.
struct AttemptReportTests {
    private func reasons(_ effects: [Effect]) -> [String] {
        effects.compactMap { if case .report(.attemptFailed(_, let reason)) = $0 { reason } else { nil } }
    }

    /// Lets attempt after attempt, five seconds apart, end with these failures in turn, and counts the log's lines.
    private func lines(_ rack: inout Rack, _ count: Int, _ failures: [TransportFailure], accepts: Bool) -> Int {
        var lines = 0
        for index in 0..<count {
            if accepts { _ = rack.take(.session(Rack.tor, .tcpConnected(.outgoing, Rack.endpoints))) }
            let effects = rack.take(.session(Rack.tor, .tcpFailed(.outgoing, failures[index % failures.count])))
            lines += reasons(effects).count
            _ = rack.take(.deadlineReached, after: .seconds(5))
        }
        return lines
    }

    @Test func aRouterThatAcceptsAndClosesIsLoggedOnceHoweverItCloses() {
        var rack = Rack()
        _ = rack.take(.started)
        #expect(lines(&rack, 60, [.closedByPeer, .reset], accepts: true) == 1)
    }

    @Test func reasonsThatAlternateAreLoggedOnceInTenMinutesEach() {
        var rack = Rack()
        _ = rack.take(.started)
        let failures: [TransportFailure] = [
            .timedOut(md5: false, onLink: nil), .hostUnreachable, .timedOut(md5: false, onLink: false), .refused,
        ]
        #expect(lines(&rack, 120, failures, accepts: false) == 4)
        #expect(lines(&rack, 120, failures, accepts: false) == 4)
    }

    @Test func aGuessIsNotLoggedAfterTheRouterSaidWhy() throws {
        var rack = Rack()
        _ = rack.take(.started)
        rack.establish()
        let shutdown = Notification(code: 6, subcode: 2, data: [2, 0x68, 0x69])
        _ = rack.take(.session(Rack.tor, .received(.notification(shutdown), .outgoing)), after: .seconds(20))
        _ = rack.take(.deadlineReached, after: .seconds(1))
        _ = rack.take(.session(Rack.tor, .tcpConnected(.outgoing, Rack.endpoints)))
        #expect(reasons(rack.take(.session(Rack.tor, .tcpFailed(.outgoing, .reset)))) == [])
        let peer = try #require(rack.speaker.status(version: "1", at: rack.now + .seconds(1)).peers.first)
        #expect(peer.lastError == #"peer 10.0.0.1 was shut down by its operator: "hi""#)
        #expect(peer.lastErrorSecondsAgo == 2)
        #expect(
            peer.lastAttempt?.hasPrefix("peer 10.0.0.1 accepted the connection and reset it before its OPEN") == true)
    }

    @Test func aPassivePeerThatNeverDialsIsLoggedOnce() {
        var rack = Rack { $0.peers[0].isPassive = true }
        _ = rack.take(.started)
        #expect(rack.speaker.nextDeadline.map { $0 <= rack.now + .seconds(10) } == true)
        #expect(reasons(rack.take(.deadlineReached, after: .milliseconds(9999))) == [])
        #expect(
            reasons(rack.take(.deadlineReached, after: .milliseconds(1))) == [
                "peer 10.0.0.1 has not dialled us for 10 s, and we wait for that because it is passive here. "
                    + "If the router is passive too, neither side dials"
            ])
        #expect(reasons(rack.take(.deadlineReached, after: .seconds(600))) == [])
    }

    @Test func aPeerThatAcceptsAndSaysNothingIsLogged() {
        var rack = Rack()
        _ = rack.take(.started)
        _ = rack.take(.session(Rack.tor, .tcpConnected(.outgoing, Rack.endpoints)))
        _ = rack.take(.session(Rack.tor, .openAcknowledged(.outgoing)))
        #expect(
            reasons(rack.take(.deadlineReached, after: .seconds(10))).first?.hasPrefix(
                "peer 10.0.0.1 accepted the connection but sent no OPEN for 10 s.") == true)
    }

    @Test func whatWasSaidOfAPeerIsNotFollowedByItsWaiting() {
        var rack = Rack { $0.peers[0].isPassive = true }
        _ = rack.take(.started)
        _ = rack.take(.session(Rack.tor, .tcpConnected(.incoming, Rack.endpoints)))
        _ = rack.establishIncoming()
        _ = rack.take(.session(Rack.tor, .tcpFailed(.incoming, .closedByPeer)), after: .seconds(1))
        #expect(reasons(rack.take(.deadlineReached, after: .seconds(10))) == [])
    }

    @Test func aRejectedOfferIsShown() throws {
        var rack = Rack()
        _ = rack.take(.started)
        _ = rack.take(.session(Rack.tor, .tcpConnected(.outgoing, Rack.endpoints)))
        let rejected = Notification(code: 2, subcode: 7, data: [64, 0])
        _ = rack.take(.session(Rack.tor, .received(.notification(rejected), .outgoing)))
        let peer = try #require(rack.speaker.status(version: "1", at: rack.now).peers.first)
        #expect(peer.capabilitiesNote == "only what is needed, because the peer rejected our OPEN")
        #expect(peer.capabilitiesSent == [])
    }
}
