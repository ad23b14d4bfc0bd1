import BFD
import BGPFSM
import Deadlines
import IPTypes

/// A router: its sessions by a state machine of its own, what the nodes have told it, and where it sends packets.
final class Router {
    /// One TCP connection with a node, from the moment it is up.
    final class Session {
        enum State { case openSent, openConfirm, established }
        var state = State.openSent
        let isDialledByNode: Bool
        var oracle: Oracle
        /// It waits for BFD, which has to come up before it confirms the node's OPEN.
        var isHeldBack = false
        var nodeHasConfirmed = false
        var hold = Duration.zero
        /// When the node has been silent for too long; nil if it may be.
        var holdDeadline: Instant?
        var keepaliveDue: Instant?
        /// When the node last read something of this connection.
        var readAt: Instant
        /// When the node sent the last message that came.
        var heardAt: Instant?
        var routes: [IPPrefix: Route] = [:]

        init(isDialledByNode: Bool, oracle: Oracle, readAt: Instant) {
            (self.isDialledByNode, self.oracle, self.readAt) = (isDialledByNode, oracle, readAt)
        }
    }

    let plan: Scenario.RouterPlan
    /// By connection.
    var sessions: [Int: Session] = [:]
    /// The connections of each node.
    var ofNode: [[Int]]
    /// Routes of sessions that have ended, by node, and when they were kept.
    var stale: [[IPPrefix: Route]]
    var staleSince: [Instant?]
    /// The VIPs of each node whose latest route is a last resort: nobody relies on it.
    var weak: [Set<IPPrefix>]
    /// What was last decided for each VIP, and what packets follow.
    var best: [IPPrefix: Set<Int>] = [:]
    var next: [IPPrefix: Set<Int>] = [:]
    var bfd: [Int: BFDSession] = [:]
    /// How often it has lost all that it knew.
    var lives = 0
    /// How many faults have it read nothing.
    var deafnesses = 0
    var deafUntil = Instant(nanoseconds: 0)
    /// What waits to be read.
    var unread: [(connection: Int, bytes: [UInt8], sentAt: Instant)] = []
    var deadline: Instant?

    init(plan: Scenario.RouterPlan, nodes: Int) {
        self.plan = plan
        ofNode = Array(repeating: [], count: nodes)
        stale = Array(repeating: [:], count: nodes)
        staleSince = Array(repeating: nil, count: nodes)
        weak = Array(repeating: [], count: nodes)
    }

    /// The routes of one node that count.
    func routes(of node: Int) -> [IPPrefix: Route] {
        for id in ofNode[node] {
            if let session = sessions[id], session.state == .established { return session.routes }
        }
        return stale[node]
    }

    func established(with node: Int) -> Int? { ofNode[node].first { sessions[$0]?.state == .established } }

    func wantsToDial(_ node: Int) -> Bool { deafnesses == 0 && ofNode[node].isEmpty }

    func noteRead(_ id: Int, at now: Instant) { sessions[id]?.readAt = now }

    /// The nodes that share the traffic to a VIP: those whose routes are equally good (RFC 4271 section 9.1.2, RFC 8326,
    /// RFC 9494 section 4.3).
    func choose(_ prefix: IPPrefix) -> Set<Int> {
        var chosen: Set<Int> = []
        var least: [Int64] = []
        for node in ofNode.indices {
            guard let route = routes(of: node)[prefix] else { continue }
            let preference = route.isLeaving ? 0 : Int64(route.preference ?? 100)
            let rank = [
                route.isStale ? 1 : 0, -preference, Int64(route.pathLength), Int64(route.discriminator ?? 0),
            ]
            if chosen.isEmpty || rank.lexicographicallyPrecedes(least) {
                (chosen, least) = ([node], rank)
            } else if rank == least {
                chosen.insert(node)
            }
        }
        return chosen
    }

    func findDeadline() {
        deadline = nil
        for session in sessions.values {
            deadline = earlier(deadline, earlier(session.holdDeadline, session.keepaliveDue))
        }
        for session in bfd.values { deadline = earlier(deadline, session.nextDeadline) }
        if deafnesses > 0 { deadline = nil }
    }
}

extension World {
    /// TCP is up: the router sends its OPEN.
    mutating func accept(_ id: Int, on link: Link) {
        let router = link.router
        let plan = scenario.routers[router]
        let addresses = [true, false].map { Scenario.address(of: link.node, towards: router, isIPv6: $0).bytes }
        var terms = Oracle.Terms(
            nodeAS: scenario.number, routerAS: plan.number, families: plan.families, hasFourOctets: plan.hasFourOctets,
            hasExtendedNextHop: plan.hasExtendedNextHop, nextHops: Set(addresses))
        if !plan.offersMultiprotocol { terms.families = [.ipv4] }
        let isDialledByNode = connections[id]?.direction == .outgoing
        let session = Router.Session(isDialledByNode: isDialledByNode, oracle: Oracle(terms), readAt: now)
        session.holdDeadline = now + .seconds(15)
        session.oracle.routerHasOpened = true
        routers[router].sessions[id] = session
        routers[router].ofNode[link.node].append(id)
        reply(RouterMessage.open(plan), on: id)
        routers[router].findDeadline()
    }

    mutating func reply(_ bytes: [UInt8], on id: Int) { send(.bytes(bytes, sentAt: now), on: id, toRouter: false) }

    /// A message of a node has come.
    mutating func hear(_ bytes: [UInt8], sentAt: Instant, on id: Int) {
        guard let link = connections[id]?.link, let session = routers[link.router].sessions[id] else { return }
        if routers[link.router].deafnesses > 0 {
            return routers[link.router].unread.append((id, bytes, sentAt))
        }
        judgePause(before: sentAt, on: link, session)
        session.heardAt = sentAt
        let heard = session.oracle.hear(bytes, sentAt: sentAt)
        if let fault = session.oracle.faults.first { blame("node \(link.node) to router \(link.router): \(fault)") }
        switch heard {
        case .open(let open): receive(open, on: id, link)
        case .keepalive:
            restartHold(id, of: link.router)
            session.nodeHasConfirmed = true
            establishIfConfirmed(session, link)
        case .update(let withdrawn, let announced, let route):
            restartHold(id, of: link.router)
            guard session.state == .established else {
                blame("node \(link.node) sends an UPDATE to router \(link.router) before it is Established")
                break
            }
            for prefix in withdrawn { routers[link.router].sessions[id]?.routes[prefix] = nil }
            for prefix in announced { routers[link.router].sessions[id]?.routes[prefix] = route }
            for prefix in Set(withdrawn + announced).sorted() { decide(prefix, router: link.router) }
        case .notification(let code, _):
            if code == 4 { judgeImpatience(of: link, session) }
            endSession(id, with: nil)
        case .nonsense:
            endSession(id, with: nil)
        }
        routers[link.router].findDeadline()
    }

    private mutating func restartHold(_ id: Int, of router: Int) {
        guard let session = routers[router].sessions[id], session.state != .openSent, !session.isHeldBack
        else { return }
        routers[router].sessions[id]?.holdDeadline = session.hold == .zero ? nil : now + session.hold
    }

    private mutating func receive(_ open: HeardOpen, on id: Int, _ link: Link) {
        let plan = scenario.routers[link.router]
        guard let session = routers[link.router].sessions[id] else { return }
        // RFC 4271 section 6.8: the connection of the side with the higher identifier stays, unless one is Established.
        for other in routers[link.router].ofNode[link.node] where other != id {
            guard let rival = routers[link.router].sessions[other], rival.state != .openSent else { continue }
            let ours = (plan.identifier, plan.number)
            let isKept = session.isDialledByNode == ((open.identifier, open.speakerAS) > ours)
            if rival.state == .established || !isKept { return endSession(id, with: [6, 7]) }
            endSession(other, with: [6, 7])
        }
        let hold = min(open.holdTime, plan.holdTime)
        routers[link.router].sessions[id]?.state = .openConfirm
        routers[link.router].sessions[id]?.hold = .seconds(Int64(hold))
        guard routerWaitsForBFD(on: link) else { return confirm(id, link) }
        session.isHeldBack = true
        session.holdDeadline = now + .seconds(5)
    }

    /// BFD is up: the sessions that waited for it go on.
    mutating func confirmHeldBack(on link: Link) {
        for id in routers[link.router].ofNode[link.node] where routers[link.router].sessions[id]?.isHeldBack == true {
            confirm(id, link)
        }
    }

    /// The router accepts the node's OPEN.
    private mutating func confirm(_ id: Int, _ link: Link) {
        guard let session = routers[link.router].sessions[id] else { return }
        session.isHeldBack = false
        session.keepaliveDue = session.hold == .zero ? nil : now + session.hold / 3
        session.oracle.routerHasConfirmed = true
        reply(RouterMessage.keepalive, on: id)
        restartHold(id, of: link.router)
        establishIfConfirmed(session, link)
    }

    private mutating func establishIfConfirmed(_ session: Router.Session, _ link: Link) {
        guard session.state == .openConfirm, session.nodeHasConfirmed, !session.isHeldBack else { return }
        session.state = .established
        forgetStale(link, since: nil)
    }

    /// A node that ends the session because of the router's silence must not have read anything in the hold time.
    private mutating func judgeImpatience(of link: Link, _ session: Router.Session) {
        guard session.state == .established, session.hold > .zero else { return }
        if now - session.readAt < session.hold - .seconds(1), cables[link].stalledUntil < now {
            blame("node \(link.node) takes router \(link.router) for dead, which it has just heard")
        }
    }

    /// The router ends a session, with a NOTIFICATION unless it has received one.
    mutating func endSession(_ id: Int, with notification: [UInt8]?) {
        guard let link = connections[id]?.link else { return }
        if let notification { reply(RouterMessage.notification(notification), on: id) }
        connections[id]?.routerKnowsIt = false
        loseConnection(id, hasToKeepStale: false)
        send(.end, on: id, toRouter: false)
        forgetIfGone(id)
        routers[link.router].findDeadline()
    }

    /// A connection is gone, and with it what was learned there. If TCP has failed, LLGR keeps it (RFC 9494 section 4.2).
    mutating func loseConnection(_ id: Int, hasToKeepStale: Bool) {
        guard let link = connections[id]?.link, let session = routers[link.router].sessions[id] else { return }
        if routers[link.router].deafnesses > 0 { routers[link.router].unread.removeAll { $0.connection == id } }
        routers[link.router].sessions[id] = nil
        routers[link.router].ofNode[link.node].removeAll { $0 == id }
        if hasToKeepStale, session.state == .established, routers[link.router].established(with: link.node) == nil,
            scenario.routers[link.router].isLongLived,
            let time = session.oracle.open?.staleTime
        {
            routers[link.router].stale[link.node] = session.routes.mapValues { route in
                var route = route
                route.isStale = true
                return route
            }
            routers[link.router].staleSince[link.node] = now
            plan(.staleTimeEnds(link, since: now), after: .seconds(Int64(time)))
        }
        for prefix in session.routes.keys.sorted() { decide(prefix, router: link.router) }
        routers[link.router].findDeadline()
    }

    /// Stale routes go when their time is over, or when the node is back.
    mutating func forgetStale(_ link: Link, since: Instant?) {
        guard let kept = routers[link.router].staleSince[link.node], since == nil || since == kept else { return }
        let gone = routers[link.router].stale[link.node].keys.sorted()
        routers[link.router].stale[link.node] = [:]
        routers[link.router].staleSince[link.node] = nil
        for prefix in gone { decide(prefix, router: link.router) }
    }

    /// Routes to a VIP have changed: what follows reaches the packets after a while.
    mutating func decide(_ prefix: IPPrefix, router: Int) {
        for node in nodes.indices {
            guard let route = routers[router].routes(of: node)[prefix] else { continue }
            if route.isStale || route.isLastResort {
                routers[router].weak[node].insert(prefix)
            } else {
                routers[router].weak[node].remove(prefix)
            }
        }
        let chosen = routers[router].choose(prefix)
        guard chosen != routers[router].best[prefix, default: []] else { return }
        routers[router].best[prefix] = chosen
        plan(
            .forward(router: router, life: routers[router].lives, prefix, chosen),
            after: scenario.routers[router].convergence)
    }

    /// Timers of the router's sessions.
    mutating func passDeadlines(ofRouter router: Int) {
        for node in nodes.indices {
            for id in routers[router].ofNode[node] {
                guard let session = routers[router].sessions[id] else { continue }
                if let deadline = session.holdDeadline, deadline <= now {
                    judgeSilence(of: Link(node: node, router: router), session)
                    endSession(id, with: session.isHeldBack ? [6, 10] : [4, 0])
                } else if let due = session.keepaliveDue, due <= now {
                    reply(RouterMessage.keepalive, on: id)
                    routers[router].sessions[id]?.keepaliveDue = now + session.hold / 3
                }
            }
        }
        passBFDDeadlines(ofRouter: router)
        routers[router].findDeadline()
    }

    /// RFC 4271 section 4.4: a third of the hold time is the most between two KEEPALIVEs or UPDATEs.
    private mutating func judgePause(before sentAt: Instant, on link: Link, _ session: Router.Session) {
        guard session.state == .established, session.hold > .zero, let heardAt = session.heardAt else { return }
        let third = max(session.hold / 3, .seconds(1)) + .milliseconds(50)
        if sentAt - heardAt > third, nodes[link.node].touchedAt < heardAt {
            blame("node \(link.node) sends nothing to router \(link.router) for \((sentAt - heardAt).milliseconds) ms")
        }
    }

    /// A node that runs on a path that works is never silent for the hold time.
    private mutating func judgeSilence(of link: Link, _ session: Router.Session) {
        guard session.state == .established else { return }
        // What was sent before a stall comes at its end, and the hold time starts anew.
        let touchedAt = max(cables[link].touchedAt, cables[link].stalledUntil, nodes[link.node].touchedAt)
        if now - touchedAt > session.hold + .seconds(2) {
            blame("node \(link.node) was silent to router \(link.router) for the hold time")
        }
    }
}

/// What a router sends, as octets.
enum RouterMessage {
    static let keepalive = message(4, [])

    static func notification(_ body: [UInt8]) -> [UInt8] { message(3, body) }
    static func refresh(_ family: WireFamily) -> [UInt8] {
        message(5, [UInt8(family.afi >> 8), UInt8(family.afi & 0xFF), 0, family.safi])
    }

    static func open(_ plan: Scenario.RouterPlan) -> [UInt8] {
        var capabilities: [UInt8] = [2, 0]
        if plan.offersMultiprotocol {
            for family in plan.families.sorted(by: { $0.afi < $1.afi }) {
                capabilities += [1, 4, 0, UInt8(family.afi), 0, family.safi]
            }
        }
        if plan.hasExtendedNextHop { capabilities += [5, 6, 0, 1, 0, 1, 0, 2] }
        if plan.hasFourOctets { capabilities += [65, 4] + octets(plan.number) }
        let short = UInt16(plan.number > 65535 ? 23456 : plan.number)
        let body =
            [4, UInt8(short >> 8), UInt8(short & 0xFF), 0, UInt8(plan.holdTime)] + octets(plan.identifier)
            + [UInt8(capabilities.count + 2), 2, UInt8(capabilities.count)] + capabilities
        return message(1, body)
    }

    private static func octets(_ value: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(value >> $0 & 0xFF) } }

    private static func message(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
        Array(repeating: 0xFF, count: 16) + [UInt8((body.count + 19) >> 8), UInt8((body.count + 19) & 0xFF), type]
            + body
    }
}
