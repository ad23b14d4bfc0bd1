import BGPFSM
import BGPWire
import Deadlines
import IPTypes
import Testing

/// Two sessions, machine against machine, over a network that delays every segment differently.
@Suite("Two sessions")
struct SessionPairTests {
    @Test("Both dial at once, and exactly one connection remains, the same for both", arguments: [true, false])
    func simultaneousOpen(_ leftIsHigher: Bool) {
        for seed in 1...500 as ClosedRange<UInt64> {
            var pair = SessionPair(seed: seed, leftIsHigher: leftIsHigher, latency: 1...20)
            pair.start(.left)
            pair.start(.right)
            pair.run(for: .seconds(30))
            expectOneSession(pair, seed)
            #expect(pair.complaint == nil, "seed \(seed)")
        }
    }

    @Test("Equal latencies make the collision certain: the higher identifier's connection is kept, nobody flaps")
    func certainCollision() {
        for leftIsHigher in [true, false] {
            var pair = SessionPair(seed: 1, leftIsHigher: leftIsHigher, latency: 5...5)
            pair.start(.left)
            pair.start(.right)
            pair.run(for: .seconds(1))
            #expect(pair.left.state == .established && pair.right.state == .established)
            #expect(pair.openConnections.map(\.dialler) == [leftIsHigher ? .left : .right])
            #expect(pair.left.flaps == 0 && pair.right.flaps == 0)
            #expect(pair.left.lastEnd == nil && pair.right.lastEnd == nil)
            #expect((pair.left.sent.notification, pair.right.sent.notification) == (1, 1))
        }
    }

    @Test("A session that one side resets comes back by itself")
    func comesBack() {
        for seed in 1...100 as ClosedRange<UInt64> {
            var pair = SessionPair(seed: seed, leftIsHigher: seed % 2 == 0, latency: 1...20)
            pair.start(.left)
            pair.start(.right)
            pair.run(for: .seconds(10))
            pair.inject(.reset(.administrativeReset), .left)
            #expect(pair.left.state != .established)
            pair.run(for: .seconds(20))
            expectOneSession(pair, seed)
            #expect(pair.left.plannedEnds >= 1)
        }
    }

    @Test("A dialling and a passive side meet, and keep each other alive")
    func activeAndPassive() {
        var pair = SessionPair(seed: 1, leftIsHigher: true, latency: 1...20, rightIsPassive: true)
        pair.start(.right)
        pair.start(.left)
        pair.run(for: .seconds(300))
        expectOneSession(pair, 1)
        #expect(pair.left.flaps == 0)
        #expect((100...135).contains(pair.left.sent.keepalive))
        #expect((100...135).contains(pair.right.sent.keepalive))
    }

    @Test("When the network swallows everything, both sides give up after the hold time and come back later")
    func blackHole() {
        var pair = SessionPair(seed: 1, leftIsHigher: true, latency: 1...20)
        pair.start(.left)
        pair.start(.right)
        pair.run(for: .seconds(10))
        pair.isBlackHole = true
        pair.run(for: .seconds(10))
        let lost = EndReason.holdTimeExpired(seconds: 9, in: .established)
        #expect(pair.lostSessions == [.left: [lost], .right: [lost]])
        pair.isBlackHole = false
        pair.run(for: .seconds(90))
        expectOneSession(pair, 1)
    }

    private func expectOneSession(_ pair: SessionPair, _ seed: UInt64) {
        #expect(pair.left.state == .established, "left, seed \(seed)")
        #expect(pair.right.state == .established, "right, seed \(seed)")
        #expect(pair.openConnections.count == 1, "seed \(seed)")
        #expect(pair.left.negotiated?.peerIdentifier == pair.right.configuration.identifier)
        #expect(pair.right.negotiated?.peerIdentifier == pair.left.configuration.identifier)
    }
}

/// Two sessions and the segments between them, in virtual time.
private struct SessionPair {
    enum Side: Sendable, Hashable {
        case left
        case right

        var other: Side { self == .left ? .right : .left }
    }

    struct Connection {
        var dialler: Side
        /// The ends that are open: after TCP is up, until that end closes or sees the close.
        var ends: Set<Side> = []
        /// Nothing overtakes within a connection, in one direction.
        var lastArrival: [Side: Instant] = [:]
        var isCancelled = false

        func direction(for side: Side) -> Direction { side == dialler ? .outgoing : .incoming }
    }

    private enum Payload {
        case synArrives
        case accepted
        case refused
        case message(Message)
        case end
    }

    private struct Segment {
        var at: Instant
        var order: Int
        var connection: Int
        var to: Side
        var payload: Payload
    }

    private(set) var left: PeerSession
    private(set) var right: PeerSession
    private(set) var connections: [Connection] = []
    private(set) var now = t0
    var isBlackHole = false
    /// The first thing that a network would find absurd.
    private(set) var complaint: String?
    /// Why Established sessions ended, by side.
    private(set) var lostSessions: [Side: [EndReason]] = [:]
    private var segments: [Segment] = []
    private var order = 0
    private var generator: SeededGenerator
    private let latency: ClosedRange<UInt64>

    init(seed: UInt64, leftIsHigher: Bool, latency: ClosedRange<UInt64>, rightIsPassive: Bool = false) {
        let high = BGPIdentifier(0x0A00_00FF)
        let low = BGPIdentifier(0x0A00_0001)
        left = PeerSession(
            configuration: SessionConfiguration(
                peer: ScopedAddress(remote), localAS: localAS, peerAS: .exactly(peerAS),
                identifier: leftIsHigher ? high : low), seed: seed)
        right = PeerSession(
            configuration: SessionConfiguration(
                peer: ScopedAddress(local), localAS: peerAS, peerAS: .external, identifier: leftIsHigher ? low : high,
                isPassive: rightIsPassive), seed: seed &+ 1_000)
        generator = SeededGenerator(seed: seed)
        self.latency = latency
    }

    /// Connections that both ends still hold open.
    var openConnections: [Connection] { connections.filter { $0.ends.count == 2 } }

    mutating func start(_ side: Side) { inject(.started, side) }

    mutating func inject(_ event: PeerSession.Event, _ side: Side) {
        let actions = side == .left ? left.handle(event, at: now) : right.handle(event, at: now)
        perform(actions, side)
    }

    mutating func run(for duration: Duration) {
        let end = now + duration
        while true {
            let next = segments.min { ($0.at, $0.order) < ($1.at, $1.order) }
            let deadlines: [(Side, Instant)] = [(.left, left.nextDeadline), (.right, right.nextDeadline)]
                .compactMap { side, at in at.map { (side, $0) } }
            let timer = deadlines.min { $0.1 < $1.1 }
            if let next, next.at <= end, next.at <= timer?.1 ?? end {
                now = max(now, next.at)
                segments.removeAll { $0.order == next.order }
                deliver(next)
            } else if let timer, timer.1 <= end {
                now = max(now, timer.1)
                inject(.deadlineReached, timer.0)
            } else {
                now = end
                return
            }
        }
    }

    private mutating func enqueue(_ payload: Payload, _ connection: Int, to side: Side) {
        let milliseconds = latency.lowerBound + generator.next() % (latency.upperBound - latency.lowerBound + 1)
        let arrival = now + .milliseconds(Int64(milliseconds))
        let at = max(arrival, connections[connection].lastArrival[side] ?? arrival)
        connections[connection].lastArrival[side] = at
        order += 1
        segments.append(Segment(at: at, order: order, connection: connection, to: side, payload: payload))
    }

    private func connection(_ direction: Direction, of side: Side) -> Int? {
        connections.lastIndex { $0.direction(for: side) == direction && $0.ends.contains(side) }
    }

    private mutating func perform(_ actions: [PeerSession.Action], _ side: Side, candidate: Int? = nil) {
        for action in actions {
            switch action {
            case .connect:
                connections.append(Connection(dialler: side))
                enqueue(.synArrives, connections.count - 1, to: side.other)
            case .send(let message, let direction):
                guard let index = connection(direction, of: side) else {
                    complaint = complaint ?? "\(side) sends \(message.type) on a closed connection"
                    continue
                }
                if !isBlackHole { enqueue(.message(message), index, to: side.other) }
            case .close(let direction):
                if let index = connection(direction, of: side) {
                    connections[index].ends.remove(side)
                    if !isBlackHole { enqueue(.end, index, to: side.other) }
                } else if let index = connections.lastIndex(where: { $0.dialler == side }), direction == .outgoing {
                    connections[index].isCancelled = true
                }
            case .rejectIncoming(let notification):
                guard let candidate else { continue }
                connections[candidate].ends.remove(side)
                enqueue(.message(.notification(notification)), candidate, to: side.other)
                enqueue(.end, candidate, to: side.other)
            case .ended(let reason, wasEstablished: true):
                lostSessions[side, default: []].append(reason)
            case .abort, .windowProbe, .established, .routesRequested, .ended:
                break
            }
        }
    }

    private mutating func deliver(_ segment: Segment) {
        let index = segment.connection
        let side = segment.to
        let direction = connections[index].direction(for: side)
        switch segment.payload {
        case .synArrives:
            if connections[index].isCancelled { return }
            if isBlackHole { return enqueue(.refused, index, to: side.other) }
            connections[index].ends = [side]
            enqueue(.accepted, index, to: side.other)
            let event = PeerSession.Event.tcpConnected(.incoming, endpoints)
            let actions = side == .left ? left.handle(event, at: now) : right.handle(event, at: now)
            perform(actions, side, candidate: index)
        case .accepted:
            if connections[index].isCancelled { return enqueue(.end, index, to: side.other) }
            connections[index].ends.insert(side)
            inject(.tcpConnected(.outgoing, endpoints), side)
        case .refused:
            if !connections[index].isCancelled { inject(.tcpFailed(.outgoing, .refused), side) }
        case .message(let message):
            guard connections[index].ends.contains(side), !isBlackHole else { return }
            inject(.received(message.asReceived, direction), side)
        case .end:
            guard connections[index].ends.remove(side) != nil else { return }
            inject(.tcpFailed(direction, .closedByPeer), side)
        }
    }
}

extension Message {
    /// The message as the other side's codec reports it.
    fileprivate var asReceived: ReceivedMessage {
        switch self {
        case .open(let open): .open(open)
        case .update: .update(UpdateSummary(announced: 0, withdrawn: 0))
        case .notification(let notification): .notification(notification)
        case .keepalive: .keepalive
        case .routeRefresh(let refresh): .routeRefresh(refresh)
        }
    }
}
