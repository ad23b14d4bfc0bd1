import BGPFSM
import BGPWire
import Deadlines
import IPTypes
import SpeakerCore

/// What TCP carries: octets in order, and how it ends.
enum Segment {
    /// One message, sent at this time, with how many segments and UPDATEs the sender has sent up to here.
    case bytes([UInt8], sentAt: Instant)
    /// The other end's TCP has so many segments, with so many UPDATEs.
    case acknowledged(segments: Int, updates: Int)
    case end
    case reset
}

/// The path between a node and a router.
final class Cable {
    /// How many faults swallow everything, without a word to anybody.
    var silences = 0
    /// How many faults end every connection and answer every dial.
    var cuts = 0
    /// Segments that are sent before this time are lost once, and arrive after it.
    var stalledUntil = Instant(nanoseconds: 0)
    /// Up to this time packets of clients may be lost, because of what has happened.
    var excusedUntil = Instant(nanoseconds: 0)
    /// When something last happened that the sessions may have to recover from.
    var touchedAt = Instant(nanoseconds: 0)
    var lastBFD = (toRouter: Instant(nanoseconds: 0), toNode: Instant(nanoseconds: 0))
    var isSilent: Bool { silences > 0 }
}

/// The paths between all nodes and all routers.
struct Cables {
    private let all: [[Cable]]

    init(nodes: Int, routers: Int) { all = (0..<nodes).map { _ in (0..<routers).map { _ in Cable() } } }

    subscript(link: Link) -> Cable { all[link.node][link.router] }
}

/// One TCP connection, as each of its ends knows it.
final class Connection {
    let link: Link
    /// The process that it belongs to.
    let life: Int
    let direction: Direction
    var codec = MessageCodec()
    var nodeKnowsIt = true
    var routerKnowsIt = true
    /// The node has closed it, and waits for the router to do the same.
    var isClosing = false
    var lastArrival = (toRouter: Instant(nanoseconds: 0), toNode: Instant(nanoseconds: 0))
    /// How often something was sent on it, by either end.
    var sends = 0
    /// What is lost as long as the cable is silent, and is sent again; `order` is that in which it was sent first.
    var unsent: [(order: Int, toRouter: Bool, Segment)] = []
    /// What is on its way.
    var underway: [(order: Int, toRouter: Bool, Segment)] = []
    var sent = 0
    var arrived = 0
    var acknowledged = 0
    var updatesSent = 0
    var updatesArrived = 0
    /// Departures that wait until everything is acknowledged.
    var waiters: [Int] = []

    init(link: Link, life: Int, direction: Direction) {
        (self.link, self.life, self.direction) = (link, life, direction)
    }
}

extension World {
    /// A node's dial reaches the router, or does not.
    mutating func arrive(_ dial: Int, on link: Link, life: Int) {
        guard let process = nodes[link.node].process, process.life == life, process.dials[link.router] == dial
        else { return }
        let cable = cables[link]
        let failure: TransportFailure? =
            cable.isSilent ? .timedOut(md5: false, onLink: nil) : cable.cuts > 0 ? .hostUnreachable : nil
        if let failure {
            let pause: Duration = cable.isSilent ? .seconds(1) : .zero
            return plan(.news(node: link.node, life: life, .dialFailed(link.router, dial, failure)), after: pause)
        }
        let connection = connect(link, .outgoing, life: life)
        accept(connection, on: link)
        plan(.news(node: link.node, life: life, .dialled(link.router, dial, connection)), after: .milliseconds(1))
    }

    /// A router dials a node that it has no connection with, and again after a while.
    mutating func dialNode(on link: Link) {
        plan(.routerDials(link), after: random.between(.seconds(1), .seconds(2)))
        guard routers[link.router].wantsToDial(link.node), !cables[link].isSilent, cables[link].cuts == 0,
            let process = nodes[link.node].process, process.hasPeer(addresses[link.router])
        else { return }
        let connection = connect(link, .incoming, life: process.life)
        accept(connection, on: link)
        plan(.news(node: link.node, life: process.life, .accepted(connection)), after: .milliseconds(1))
    }

    private mutating func connect(_ link: Link, _ direction: Direction, life: Int) -> Int {
        lastConnection += 1
        connections[lastConnection] = Connection(link: link, life: life, direction: direction)
        // Nothing is read of a connection before it is known.
        connections[lastConnection]?.lastArrival.toNode = now + .microseconds(1100)
        return lastConnection
    }

    /// Sends a segment, which takes its time and overtakes none of the same connection.
    mutating func send(_ segment: Segment, on id: Int, toRouter: Bool) {
        guard let connection = connections[id] else { return }
        let cable = cables[connection.link]
        connection.sends += 1
        guard !cable.isSilent else { return connection.unsent.append((connection.sends, toRouter, segment)) }
        let last = toRouter ? connection.lastArrival.toRouter : connection.lastArrival.toNode
        let stall = max(cable.stalledUntil, now) + random.between(.microseconds(100), .milliseconds(2))
        let arrival = max(last, stall)
        if toRouter {
            connection.lastArrival.toRouter = arrival
        } else {
            connection.lastArrival.toNode = arrival
        }
        connection.underway.append((connection.sends, toRouter, segment))
        plan(.segment(connection: id, order: connection.sends, toRouter: toRouter, segment), after: arrival - now)
    }

    /// The cable carries again what it swallowed: TCP sends it once more, after a pause.
    mutating func repeatUnsent(on link: Link) {
        for id in connections.keys.sorted() where connections[id]?.link == link {
            guard let connection = connections[id], !connection.unsent.isEmpty else { continue }
            // What was sent after something that was lost waits for it, though it may be on its way.
            for toRouter in [true, false] {
                guard let lost = connection.unsent.lazy.filter({ $0.toRouter == toRouter }).map(\.order).min()
                else { continue }
                connection.unsent += connection.underway.filter { $0.toRouter == toRouter && $0.order > lost }
                connection.underway.removeAll { $0.toRouter == toRouter && $0.order > lost }
            }
            // What was on its way when the cable fell silent is found to be lost after what was sent then.
            let unsent = connection.unsent.sorted { $0.order < $1.order }
            connection.unsent = []
            let pause = now + random.between(.zero, .milliseconds(1500))
            let last = connection.lastArrival
            connection.lastArrival = (max(last.toRouter, pause), max(last.toNode, pause))
            for (_, toRouter, segment) in unsent { send(segment, on: id, toRouter: toRouter) }
        }
    }

    mutating func arrive(_ segment: Segment, on id: Int, order: Int, toRouter: Bool) {
        guard let connection = connections[id] else { return }
        // What is to be sent again instead is no longer on its way.
        guard let place = connection.underway.firstIndex(where: { $0.order == order }) else { return }
        connection.underway.remove(at: place)
        guard !cables[connection.link].isSilent else { return connection.unsent.append((order, toRouter, segment)) }
        if case .reset = segment { return endAbruptly(id, atRouter: toRouter) }
        guard toRouter ? connection.routerKnowsIt : connection.nodeKnowsIt else {
            // The end that knows nothing of it says so.
            if case .bytes = segment { send(.reset, on: id, toRouter: !toRouter) }
            if case .end = segment, !toRouter, connection.isClosing { finishClosing(id) }
            return forgetIfGone(id)
        }
        switch segment {
        case .bytes(let bytes, let sentAt) where toRouter:
            connection.arrived += 1
            if bytes[18] == 2 { connection.updatesArrived += 1 }
            send(
                .acknowledged(segments: connection.arrived, updates: connection.updatesArrived), on: id,
                toRouter: false)
            hear(bytes, sentAt: sentAt, on: id)
        case .bytes(let bytes, _):
            plan(.news(node: connection.link.node, life: connection.life, .bytes(id, bytes)), after: .zero)
        case .acknowledged(let segments, let updates):
            noteAcknowledged(segments, updates, on: id)
        case .end where toRouter:
            connections[id]?.routerKnowsIt = false
            loseConnection(id, hasToKeepStale: true)
            send(.end, on: id, toRouter: false)
            forgetIfGone(id)
        case .end:
            plan(.news(node: connection.link.node, life: connection.life, .ended(id, .closedByPeer)), after: .zero)
        case .reset: break
        }
    }

    private mutating func endAbruptly(_ id: Int, atRouter: Bool) {
        guard let connection = connections[id] else { return }
        if atRouter, connection.routerKnowsIt {
            connections[id]?.routerKnowsIt = false
            loseConnection(id, hasToKeepStale: true)
        } else if !atRouter, connection.nodeKnowsIt {
            plan(.news(node: connection.link.node, life: connection.life, .ended(id, .reset)), after: .zero)
        }
        forgetIfGone(id)
    }

    private mutating func noteAcknowledged(_ segments: Int, _ updates: Int, on id: Int) {
        guard let connection = connections[id], segments > connection.acknowledged else { return }
        connections[id]?.acknowledged = segments
        let link = connection.link
        plan(.news(node: link.node, life: connection.life, .acknowledged(id, updates: updates)), after: .zero)
        guard segments == connection.sent else { return }
        for waiter in connection.waiters {
            let answer = Input.acknowledged(addresses[link.router], round: waiter, true)
            plan(.news(node: link.node, life: connection.life, .input(answer)), after: .zero)
        }
        connections[id]?.waiters = []
        compareBeliefs(on: id)
    }

    /// An end has forgotten the connection: if the other one has too, it is gone.
    mutating func forgetIfGone(_ id: Int) {
        guard let connection = connections[id], !connection.nodeKnowsIt, !connection.routerKnowsIt,
            !connection.isClosing
        else { return }
        connections[id] = nil
    }

    /// Both ends of all connections of a link lose them, and know it.
    mutating func cut(_ link: Link) {
        for id in connections.keys.sorted() where connections[id]?.link == link {
            send(.reset, on: id, toRouter: true)
            send(.reset, on: id, toRouter: false)
        }
    }

    /// What a node has closed is gone at the router's end too, or has taken too long.
    mutating func finishClosing(_ id: Int) {
        guard let connection = connections[id], connection.isClosing else { return }
        connections[id]?.isClosing = false
        let peer = addresses[connection.link.router]
        plan(
            .news(node: connection.link.node, life: connection.life, .input(.connectionClosed(peer))), after: .zero)
        forgetIfGone(id)
    }
}
