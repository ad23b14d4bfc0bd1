import Deadlines
import Testing

@testable import BFD

/// Whatever comes, nothing traps and the rules of section 6.8.7 hold for what goes out.
@Suite("Random packets and events")
struct RandomPacketTests {
    @Test("Random bytes are read or discarded")
    func bytes() {
        var generator = SeededGenerator(seed: 1)
        var read = 0
        for _ in 0..<50_000 {
            var octets = (0..<Int(generator.next() % 40)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            // Half of them nearly legal.
            if octets.count > 3, generator.next() % 2 == 0 {
                octets[0] = 0x20 | octets[0] & 0x1F
                octets[3] = UInt8(octets.count)
            }
            guard let packet = try? BFDPacket(decoding: octets.span.bytes) else { continue }
            read += 1
            let table = BFDDemultiplexer<Int>()
            #expect(throws: BFDDiscard.self) { try table.peer(for: packet, from: 1, isMultihop: false) }
        }
        #expect(read > 4_000)
    }

    @Test("Random events leave the session alive and its packets legal", arguments: 0..<50 as Range<UInt64>)
    func events(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var session = BFDSession(configuration: fast, discriminator: ourDiscriminator, seed: seed)
        var now = t0
        for _ in 0..<4000 {
            let event = event(&generator)
            if case .deadlineReached = event, generator.next() % 2 == 0, let deadline = session.nextDeadline {
                now = max(now, deadline)
            } else {
                now = now + .nanoseconds(Int64(generator.next() % 100_000_000))
            }
            let before = session.state
            var last = before
            for action in session.handle(event, at: now) {
                switch action {
                case .send(let packet):
                    #expect(!(packet.isPoll && packet.isFinal))
                    #expect(packet.state == .up || packet.desiredMinTx >= 1_000_000)
                    #expect(packet.multiplier > 0 && packet.myDiscriminator == ourDiscriminator)
                    #expect(!packet.isDemanding && !packet.isAuthenticated && !packet.isControlPlaneIndependent)
                case .stateChanged(let transition):
                    #expect(transition.from == last && transition.to != last)
                    last = transition.to
                case .departed:
                    #expect(session.state == .adminDown)
                }
            }
            #expect(last == session.state)
            #expect(session.state != .up || session.remote.lastHeard != nil)
        }
    }

    @Test("The end of time is no trap")
    func endOfTime() {
        var session = session(.up)
        let end = Instant(nanoseconds: .max)
        _ = session.handle(.received(.theirs(.up, tx: .max, rx: .max, multiplier: 255)), at: end)
        #expect(session.nextDeadline != nil)
        _ = session.handle(.deadlineReached, at: end)
        _ = session.handle(.stopped, at: end)
        _ = session.handle(.deadlineReached, at: Instant(nanoseconds: 0))
    }

    private func event(_ generator: inout SeededGenerator) -> BFDSession.Event {
        switch generator.next() % 40 {
        case 0: .started
        case 1: .stopped
        case 2: generator.next() % 2 == 0 ? .forcedDown : .stalled
        case 3:
            .configured(
                BFDConfiguration(
                    desiredMinTx: .microseconds(Int64(generator.next() % 5_000_000)),
                    requiredMinRx: .microseconds(Int64(generator.next() % 5_000_000)),
                    multiplier: UInt8(truncatingIfNeeded: generator.next()), isMultihop: false))
        case 4..<20: .deadlineReached
        default: .received(packet(&generator))
        }
    }

    private func packet(_ generator: inout SeededGenerator) -> BFDPacket {
        let bits = generator.next()
        let intervals: [UInt32] = [0, 1, 10_000, 50_000, 1_000_000, .max]
        return BFDPacket(
            state: BFDState.allCases[Int(bits % 4)],
            diagnostic: BFDDiagnostic(rawValue: UInt8(truncatingIfNeeded: bits >> 8)),
            isPoll: bits & 16 != 0, isFinal: bits & 32 != 0, isAuthenticated: bits & 64 != 0,
            isDemanding: bits & 128 != 0, multiplier: max(1, UInt8(truncatingIfNeeded: bits >> 16)),
            myDiscriminator: UInt32(truncatingIfNeeded: bits >> 24) | 1,
            yourDiscriminator: bits >> 56 < 200 ? ourDiscriminator : 0,
            desiredMinTx: intervals[Int(bits >> 48 & 0xFF) % 6], requiredMinRx: intervals[Int(bits >> 40 & 0xFF) % 6])
    }
}
