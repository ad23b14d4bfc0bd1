import Deadlines
import IPTypes

/// The packets of clients to a VIP that a router sends to one of the nodes.
struct Flow: Hashable, Comparable {
    var router: Int
    var prefix: IPPrefix
    var node: Int
    static func < (left: Flow, right: Flow) -> Bool {
        (left.router, left.prefix, left.node) < (right.router, right.prefix, right.node)
    }
}

// Clients send to each VIP by each router at every moment. A router that sends packets to a node where nobody answers loses
// them. That may be only for the time that what happened there is worth; a drain is worth none.

extension World {
    /// The router's packets to a VIP go to these nodes from now on.
    mutating func forward(_ prefix: IPPrefix, to next: Set<Int>, by router: Int) {
        let before = routers[router].next[prefix, default: []]
        routers[router].next[prefix] = next
        for node in before.union(next).sorted() { consider(Flow(router: router, prefix: prefix, node: node)) }
    }

    /// Something has changed on a node that its answers to clients follow from.
    mutating func reconsider(_ node: Int) {
        for router in routers.indices {
            for prefix in routers[router].next.keys.sorted() where routers[router].next[prefix]?.contains(node) == true
            {
                consider(Flow(router: router, prefix: prefix, node: node))
            }
        }
    }

    private func isLost(_ flow: Flow) -> Bool {
        guard routers[flow.router].next[flow.prefix]?.contains(flow.node) == true else { return false }
        let cable = cables[Link(node: flow.node, router: flow.router)]
        guard cable.isSilent || cable.cuts > 0 || !nodes[flow.node].answers(flow.prefix) else { return false }
        // What is there as a last resort may lead nowhere.
        return !routers[flow.router].weak[flow.node].contains(flow.prefix)
    }

    private mutating func consider(_ flow: Flow) {
        guard isLost(flow) else {
            lost[flow] = nil
            return
        }
        if lost[flow] == nil {
            lost[flow] = now
            judge(flow)
        }
    }

    /// Packets are lost: that needs an excuse, and must end with it.
    mutating func judge(_ flow: Flow) {
        guard let since = lost[flow] else { return }
        let cable = cables[Link(node: flow.node, router: flow.router)]
        guard isLost(flow) else {
            lost[flow] = nil
            return
        }
        guard now > cable.excusedUntil else {
            return plan(.patienceEnds(flow), after: cable.excusedUntil - now + .microseconds(1))
        }
        let time = (now - since).milliseconds
        blame("packets to \(flow.prefix) by router \(flow.router) are lost at node \(flow.node) for \(time) ms")
    }

    /// Packets to a node may be lost for so long, because of what has happened to it or to its path just now.
    mutating func excuse(_ link: Link, for time: Duration) {
        let cable = cables[link]
        let start = max(now, cable.stalledUntil, routers[link.router].deafUntil)
        let end = start + time + scenario.routers[link.router].convergence + .milliseconds(50)
        cable.excusedUntil = max(cable.excusedUntil, end)
    }
}
