import BFD
import BGPFSM
import Deadlines
import IPTypes
import Settings
import SpeakerCore

// BFD on the links of a world, and links that go silent without a word to anybody.

extension World {
    /// A world whose links have BFD at 50 ms, three times.
    static func withBFD(seed: UInt64, nodes: Int, routers: Int) -> World {
        let bfd = BFDSettings(transmitInterval: .milliseconds(50), receiveInterval: .milliseconds(50))
        var world = World(seed: seed, nodes: nodes, routers: routers, departure: DepartureSettings(), bfd: bfd)
        for link in world.routerEnds.keys.sorted(by: { ($0.node, $0.router) < ($1.node, $1.router) }) {
            let configuration = BFDConfiguration(
                desiredMinTx: .milliseconds(50), requiredMinRx: .milliseconds(50), multiplier: 3, isMultihop: false)
            world.routerEnds[link]?.bfd = BFDSession(
                configuration: configuration, discriminator: UInt32(link.node * 100 + link.router + 1),
                seed: world.random.next())
            world.giveRouterBFD(.started, on: link)
        }
        return world
    }

    /// A BFD packet leaves a node.
    mutating func send(_ packet: BFDPacket, on link: Link) {
        plan(.bfdToRouter(link, packet), inOrderOn: link, \.toRouter)
    }

    /// A packet takes from a moment to most of an interval, and overtakes none: a Down that comes after the Up that
    /// followed it would end the session.
    private mutating func plan(
        _ what: Happening, inOrderOn link: Link, _ direction: WritableKeyPath<LastArrivals, Instant>
    ) {
        guard !silentLinks.contains(link) else { return }
        let last = lastArrivals[link, default: LastArrivals()][keyPath: direction]
        let arrival = max(last, now + between(.microseconds(50), .milliseconds(49)))
        lastArrivals[link, default: LastArrivals()][keyPath: direction] = arrival
        plan(what, after: arrival - now)
    }

    mutating func giveRouterBFD(_ event: BFDSession.Event, on link: Link) {
        guard var session = routerEnds[link]?.bfd else { return }
        let actions = session.handle(event, at: now)
        routerEnds[link]?.bfd = session
        for action in actions {
            switch action {
            case .send(let packet):
                plan(.bfdToNode(link, packet), inOrderOn: link, \.toNode)
            case .stateChanged(let transition):
                if transition.isPathFailure { giveRouter(.reset(.bfdDown), on: link) }
            case .departed:
                break
            }
        }
    }

    /// Routers' BFD deadlines that have come.
    mutating func passRouterBFDDeadlines() {
        for (link, end) in routerEnds.sorted(by: { ($0.key.node, $0.key.router) < ($1.key.node, $1.key.router) }) {
            if let deadline = end.bfd?.nextDeadline, deadline <= now { giveRouterBFD(.deadlineReached, on: link) }
        }
    }

    /// BFD of each node with each router as the node sees it: how often it came up, and how often the path failed.
    func bfdCounts(of node: Int) -> [[Int]] {
        nodes[node].speaker.status(version: "", at: now).peers.map { peer in
            [peer.bfd?.timesUp ?? 0, peer.bfd?.failures ?? 0]
        }
    }

    /// The states of a node's BGP sessions.
    func sessionStates(of node: Int) -> [String] {
        nodes[node].speaker.status(version: "", at: now).peers.map(\.state)
    }
}
