import Deadlines
import Testing

@testable import BFD

/// Two machines that talk to each other in virtual time, over a wire that delays and loses packets.
private struct Pair {
    var sessions: [BFDSession]
    var now = t0
    /// Packets on their way: to whom, when, and which.
    var wire: [(to: Int, at: Instant, bytes: [UInt8])] = []
    var transitions: [[BFDTransition]] = [[], []]
    var loss: UInt64 = 0
    var generator: SeededGenerator

    init(_ first: BFDConfiguration, _ second: BFDConfiguration, seed: UInt64, loss: UInt64) {
        sessions = [
            BFDSession(configuration: first, discriminator: 1, seed: seed),
            BFDSession(configuration: second, discriminator: 2, seed: seed ^ 0xFFFF),
        ]
        generator = SeededGenerator(seed: seed &* 31)
        self.loss = loss
    }

    mutating func feed(_ index: Int, _ event: BFDSession.Event) {
        for action in sessions[index].handle(event, at: now) {
            switch action {
            case .send(let packet):
                #expect(!(packet.isPoll && packet.isFinal))
                #expect(packet.state == .up || packet.desiredMinTx >= 1_000_000)
                guard generator.next() % 100 >= loss else { continue }
                // A wire delays, but it never lets one packet overtake another.
                let arrival = now + .microseconds(Int64(50 + generator.next() % 500))
                let last = wire.last { $0.to == 1 - index }?.at ?? now
                wire.append((1 - index, max(arrival, last), packet.bytes))
            case .stateChanged(let transition): transitions[index].append(transition)
            case .departed: break
            }
        }
    }

    /// Runs until this instant.
    mutating func run(until end: Instant) throws {
        // A machine whose deadline does not move on would be asked for ever.
        for _ in 0..<100_000 {
            let arrival = wire.indices.min { wire[$0].at < wire[$1].at }
            let candidates = [arrival.map { wire[$0].at }, sessions[0].nextDeadline, sessions[1].nextDeadline]
            guard let next = candidates.earliest(), next < end else {
                now = end
                return
            }
            now = max(now, next)
            if let arrival, wire[arrival].at <= now {
                let (index, _, bytes) = wire.remove(at: arrival)
                feed(index, .received(try BFDPacket(decoding: bytes.span.bytes)))
            } else {
                for index in 0...1 where sessions[index].nextDeadline.map({ $0 <= now }) == true {
                    feed(index, .deadlineReached)
                }
            }
        }
        Issue.record("a deadline that is never passed")
    }
}

@Suite("Two sessions with each other")
struct SessionPairTests {
    static func timers(_ tx: Int, _ rx: Int, _ multiplier: UInt8) -> BFDConfiguration {
        BFDConfiguration(
            desiredMinTx: .milliseconds(tx), requiredMinRx: .milliseconds(rx), multiplier: multiplier,
            isMultihop: false)
    }

    @Test("They come Up within three seconds and never flap without loss", arguments: 0..<40 as Range<UInt64>)
    func stable(_ seed: UInt64) throws {
        let slow = Self.timers(300, 20, 5)
        var pair = Pair(fast, seed % 2 == 0 ? fast : slow, seed: seed, loss: 0)
        pair.feed(0, .started)
        try pair.run(until: t0 + .milliseconds(Int64(seed) * 50))
        pair.feed(1, .started)
        try pair.run(until: pair.now + .seconds(3))
        #expect(pair.sessions.map(\.state) == [.up, .up])
        try pair.run(until: pair.now + .seconds(60))
        #expect(pair.sessions.map(\.state) == [.up, .up])
        #expect(pair.sessions.map(\.timesUp) == [1, 1])
        #expect(pair.sessions.map(\.failures) == [0, 0])
        let interval: Duration = seed % 2 == 0 ? .milliseconds(50) : .milliseconds(300)
        #expect(pair.sessions[1].transmitInterval == interval)
        #expect(pair.sessions[0].detectionTime == interval * (seed % 2 == 0 ? 3 : 5))
    }

    @Test("A multiplier of 1 does not flap either", arguments: 0..<10 as Range<UInt64>)
    func multiplierOne(_ seed: UInt64) throws {
        var pair = Pair(Self.timers(50, 50, 1), Self.timers(50, 50, 1), seed: seed, loss: 0)
        for index in 0...1 { pair.feed(index, .started) }
        try pair.run(until: t0 + .seconds(30))
        #expect(pair.sessions.map(\.timesUp) == [1, 1])
        #expect(pair.sessions.map(\.state) == [.up, .up])
    }

    @Test("With a tenth of all packets lost they come Up all the same", arguments: 0..<40 as Range<UInt64>)
    func lossy(_ seed: UInt64) throws {
        var pair = Pair(fast, Self.timers(100, 100, 5), seed: seed, loss: 10)
        for index in 0...1 { pair.feed(index, .started) }
        try pair.run(until: t0 + .seconds(30))
        #expect(pair.sessions.allSatisfy { $0.timesUp > 0 })
        pair.loss = 0
        try pair.run(until: pair.now + .seconds(10))
        #expect(pair.sessions.map(\.state) == [.up, .up])
        let before = pair.sessions.map(\.timesUp)
        try pair.run(until: pair.now + .seconds(30))
        #expect(pair.sessions.map(\.timesUp) == before)
    }

    @Test(
        "A cut wire is noticed by both within 150 ms, and mended they are Up again", arguments: 0..<20 as Range<UInt64>)
    func cut(_ seed: UInt64) throws {
        var pair = Pair(fast, fast, seed: seed, loss: 0)
        for index in 0...1 { pair.feed(index, .started) }
        try pair.run(until: t0 + .seconds(5))
        let cut = pair.now
        pair.loss = 100
        try pair.run(until: cut + .microseconds(150_551))
        for index in 0...1 {
            #expect(
                pair.transitions[index].last
                    == BFDTransition(from: .up, to: .down, cause: .detectionTimeExpired(.milliseconds(150))))
            let after = pair.sessions[index].lastDown.map { $0.at - cut }
            #expect(after.map { (.milliseconds(100)...(.microseconds(150_550))).contains($0) } == true)
        }
        try pair.run(until: cut + .seconds(5))
        #expect(pair.sessions.map(\.remote) == [BFDRemote(), BFDRemote()])
        pair.loss = 0
        try pair.run(until: pair.now + .seconds(3))
        #expect(pair.sessions.map(\.state) == [.up, .up])
    }

    @Test("A stop is administrative to the peer, and a new start brings both Up")
    func stop() throws {
        var pair = Pair(fast, fast, seed: 3, loss: 0)
        for index in 0...1 { pair.feed(index, .started) }
        try pair.run(until: t0 + .seconds(5))
        pair.feed(0, .stopped)
        try pair.run(until: pair.now + .seconds(20))
        #expect(
            pair.transitions[1].last == BFDTransition(from: .up, to: .down, cause: .peerAdministrativelyDown))
        #expect(pair.sessions.map(\.failures) == [0, 0])
        #expect(pair.sessions[1].remote.state == .adminDown)
        pair.feed(0, .started)
        try pair.run(until: pair.now + .seconds(3))
        #expect(pair.sessions.map(\.state) == [.up, .up])
    }

    @Test("Timers change on a living session without a flap", arguments: 0..<20 as Range<UInt64>)
    func reconfigured(_ seed: UInt64) throws {
        var pair = Pair(fast, fast, seed: seed, loss: 0)
        for index in 0...1 { pair.feed(index, .started) }
        try pair.run(until: t0 + .seconds(5))
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            let pick = { (generator.next() % 500 + 10, generator.next() % 2) }
            let ((tx, index), (rx, _)) = (pick(), pick())
            pair.feed(Int(index), .configured(Self.timers(Int(tx), Int(rx), 3)))
            try pair.run(until: pair.now + .milliseconds(Int64(generator.next() % 3000)))
        }
        #expect(pair.sessions.map(\.timesUp) == [1, 1])
        try pair.run(until: pair.now + .seconds(5))
        let (first, second) = (pair.sessions[0], pair.sessions[1])
        #expect(first.transmitInterval == max(first.configuration.desiredMinTx, second.configuration.requiredMinRx))
        #expect(second.transmitInterval == max(second.configuration.desiredMinTx, first.configuration.requiredMinRx))
        #expect(first.receiveInterval == second.transmitInterval)
    }
}
