import BFD
import BGPFSM
import Deadlines
import Health
import Settings
import Testing

@testable import SpeakerCore

/// The order in which inputs have their turn, and what a timer means that fires late.
struct EffectLoopTests {
    private static func inService() -> EffectLoop { EffectLoop(Rack.inService().speaker) }

    @Test func inputsThatEffectsCauseWaitForTheirTurn() {
        var rack = Rack()
        _ = rack.take(.started)
        var loop = EffectLoop(rack.speaker)
        #expect(loop.add(.check("api", .outcome(.passed))) == true)
        #expect(loop.next(at: rack.now)?.effects.last == .bind([Rack.vip], globalScope: false))
        // By whoever performs the effects: two inputs at once.
        #expect(loop.add(.bound([Rack.vip])) == false)
        #expect(loop.add(.vanished([Rack.vip])) == false)
        let first = loop.next(at: rack.now)
        #expect(first?.input == .bound([Rack.vip]))
        #expect(first?.effects == [.report(.bound([Rack.vip]))])
        // One that comes later is behind those that wait.
        #expect(loop.add(.deadlineReached) == false)
        #expect(loop.next(at: rack.now)?.input == .vanished([Rack.vip]))
        #expect(loop.next(at: rack.now)?.input == .deadlineReached)
        #expect(loop.next(at: rack.now)?.input == nil)
        // Nobody performs any more.
        #expect(loop.add(.deadlineReached) == true)
        #expect(loop.next(at: rack.now)?.input == .deadlineReached)
    }

    @Test func aTurnSaysWhenThePeerIsDialledAgain() throws {
        var loop = Self.inService()
        #expect(loop.add(.session(Rack.tor, .tcpFailed(.outgoing, .closedByPeer))) == true)
        let next = loop.next(at: Rack.start)
        let lost = try #require(next)
        #expect(lost.redial == loop.speaker.nextAttempt(at: Rack.tor).map { $0 - Rack.start })
        #expect(lost.redial != nil)
        #expect(loop.add(.session(Rack.tor, .tcpFailed(.incoming, .closedByPeer))) == false)
        #expect(loop.next(at: Rack.start)?.redial == nil)
    }

    @Test func aTimerBeforeTheDeadlineMeansNothing() throws {
        var loop = Self.inService()
        let deadline = try #require(loop.nextDeadline)
        let early = deadline + .nanoseconds(-1)
        #expect(loop.wake(due: early, at: early, hasUnreadBFD: true) == .early)
        #expect(loop.wake(due: deadline, at: deadline, hasUnreadBFD: true) == .due(afterStall: nil))
        let late = deadline + EffectLoop.stall
        #expect(loop.wake(due: deadline, at: late, hasUnreadBFD: true) == .due(afterStall: nil))
    }

    @Test func aTimerThatIsLateMeansThatWhatCameIsReadFirst() throws {
        var loop = Self.inService()
        let deadline = try #require(loop.nextDeadline)
        let late = deadline + EffectLoop.stall + .nanoseconds(1)
        #expect(loop.wake(due: deadline, at: late) == .readFirst(due: deadline))
        // Once; without BFD there is nothing to excuse.
        #expect(loop.wake(due: deadline, at: late) == .due(afterStall: nil))
        #expect(loop.wake(due: deadline, at: late) == .readFirst(due: deadline))
    }

    @Test func afterAStallConnectionsAreReadUntilNothingWaitsButNotForEver() throws {
        var loop = Self.inService()
        let deadline = try #require(loop.nextDeadline)
        let late = deadline + EffectLoop.stall + .nanoseconds(1)
        func wake(at now: Instant, _ waits: Bool) -> EffectLoop.Waking {
            loop.wake(due: deadline, at: now, hasUnread: waits)
        }
        // A timer that is in time asks nothing.
        #expect(wake(at: deadline, true) == .due(afterStall: nil))
        for isFlooded in [false, true] {
            #expect(wake(at: late, true) == .readFirst(due: deadline))
            for _ in 0..<(isFlooded ? 16 : 3) { #expect(wake(at: late, true) == .readFirst(due: deadline)) }
            #expect(wake(at: late, isFlooded) == .due(afterStall: nil))
        }
    }

    @Test func packetsThatWaitAreReadBeforeAPeerIsTakenForDeadButNotForEver() throws {
        var (loop, detection) = try Self.withBFD()
        let next = try #require(loop.nextDeadline)
        for _ in 0..<16 {
            #expect(loop.wake(due: detection, at: detection, hasUnreadBFD: true) == .readFirst(due: next))
        }
        #expect(loop.wake(due: detection, at: detection, hasUnreadBFD: true) == .due(afterStall: nil))
        #expect(loop.wake(due: detection, at: detection, hasUnreadBFD: true) == .readFirst(due: next))
        // Nothing waits: the count begins anew.
        #expect(loop.wake(due: detection, at: detection) == .due(afterStall: nil))
        for _ in 0..<16 {
            #expect(loop.wake(due: detection, at: detection, hasUnreadBFD: true) == .readFirst(due: next))
        }
        #expect(loop.wake(due: detection, at: detection, hasUnreadBFD: true) == .due(afterStall: nil))
    }

    @Test func aPeerIsExcusedIfTheProcessDidNotRun() throws {
        var (loop, detection) = try Self.withBFD()
        let late = detection + .milliseconds(30)
        #expect(loop.wake(due: detection, at: late, hasUnreadBFD: true) == .readFirst(due: detection))
        #expect(loop.wake(due: detection, at: late) == .due(afterStall: .milliseconds(30)))
    }

    /// A node in service with BFD that is up, and when the peer would be taken for dead if nothing else were due.
    private static func withBFD() throws -> (EffectLoop, Instant) {
        var rack = Rack { settings in
            settings.peers[0].bfd = BFDSettings(
                transmitInterval: .milliseconds(50), receiveInterval: .milliseconds(50))
        }
        _ = rack.take(.started)
        for state in [BFDState.down, .up] {
            let packet = BFDPacket(
                state: state, multiplier: 3, myDiscriminator: 77,
                yourDiscriminator: rack.speaker.bfd.all[0].session.discriminator, desiredMinTx: 50_000,
                requiredMinRx: 50_000)
            _ = rack.take(.bfdReceived(packet, from: Rack.tor, isMultihop: false))
        }
        let detection = try #require(rack.speaker.bfd.all[0].session.detectionDeadline)
        return (EffectLoop(rack.speaker), detection)
    }
}

extension EffectLoop {
    /// What a timer means while something waits to be read, or nothing.
    fileprivate mutating func wake(
        due: Instant, at now: Instant, hasUnread: Bool = false, hasUnreadBFD: Bool = false
    ) -> Waking {
        wake(due: due, at: now, hasUnread: { hasUnread }, hasUnreadBFD: { hasUnreadBFD })
    }
}
