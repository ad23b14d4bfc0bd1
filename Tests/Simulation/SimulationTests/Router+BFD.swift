import BFD
import Deadlines
import Settings
import SpeakerCore

// BFD on the links: the routers' ends, and packets that are lost with a link.

extension World {
    /// A router's BFD with a node starts, or starts anew.
    mutating func startRouterBFD(_ link: Link) {
        guard let bfd = scenario.bfd else { return }
        let configuration = BFDConfiguration(
            desiredMinTx: bfd.transmitInterval, requiredMinRx: bfd.receiveInterval, multiplier: 3, isMultihop: false)
        let before = routers[link.router].bfd[link.node]?.discriminator ?? 0
        routers[link.router].bfd[link.node] = BFDSession(
            configuration: configuration, discriminator: before + UInt32(link.node * 10_000 + link.router * 1000 + 1),
            seed: random.next())
        giveRouterBFD(.started, on: link)
    }

    /// A strict router has no session without BFD.
    func routerWaitsForBFD(on link: Link) -> Bool {
        scenario.bfd?.isStrict == true && routers[link.router].bfd[link.node]?.state != .up
    }

    /// A BFD packet leaves a node.
    mutating func sendBFD(_ packet: BFDPacket, on link: Link) {
        planBFD(on: link, toRouter: true, .bfdToRouter(link, packet))
    }

    /// A packet takes from a moment to most of an interval, and overtakes none: a Down that comes after the Up that
    /// followed it would end the session.
    private mutating func planBFD(on link: Link, toRouter: Bool, _ what: Happening) {
        let cable = cables[link]
        guard !cable.isSilent, cable.cuts == 0 else { return }
        let last = toRouter ? cable.lastBFD.toRouter : cable.lastBFD.toNode
        let arrival = max(last, now + random.between(.microseconds(50), .milliseconds(20)))
        if toRouter { cable.lastBFD.toRouter = arrival } else { cable.lastBFD.toNode = arrival }
        plan(what, after: arrival - now)
    }

    mutating func giveRouterBFD(_ event: BFDSession.Event, on link: Link) {
        guard var session = routers[link.router].bfd[link.node] else { return }
        let actions = session.handle(event, at: now)
        routers[link.router].bfd[link.node] = session
        for action in actions {
            switch action {
            case .send(let packet):
                let life = nodes.indices.contains(link.node) ? nodes[link.node].lives : 1
                planBFD(on: link, toRouter: false, .news(node: link.node, life: life, .bfd(link.router, packet)))
            case .stateChanged(let transition):
                if transition.to == .up { confirmHeldBack(on: link) }
                // A strict router has no session while BFD is down.
                let isStrict = scenario.bfd?.isStrict == true && transition.to == .down
                guard transition.isPathFailure || isStrict else { break }
                for id in routers[link.router].ofNode[link.node] { endSession(id, with: [6, 10]) }
            case .departed:
                break
            }
        }
        routers[link.router].findDeadline()
    }

    /// Routers' BFD deadlines that have come.
    mutating func passBFDDeadlines(ofRouter router: Int) {
        for node in nodes.indices {
            if let deadline = routers[router].bfd[node]?.nextDeadline, deadline <= now {
                giveRouterBFD(.deadlineReached, on: Link(node: node, router: router))
            }
        }
    }
}
