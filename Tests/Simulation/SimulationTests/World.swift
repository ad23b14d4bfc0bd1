import BFD
import BGPFSM
import BGPWire
import Deadlines
import Health
import IPTypes
import Settings
import SpeakerCore

/// Nodes with real Speakers, routers with real sessions and a checking routing table, a network that loses connections,
/// and virtual time. Everything follows from one seed, so a failing run can be repeated.
struct World {
    static let vip = IPPrefix(host: .v4(IPv4Address(0x0AFF_0001)))
    static let check = "service"

    /// One TCP connection from a node to a router.
    struct Link: Hashable {
        var node: Int
        var router: Int
    }

    /// What will happen, at its time.
    enum Happening {
        case input(node: Int, Input)
        /// A message on the way to the router; `connection` tells an old connection's from a new one's.
        case toRouter(Link, connection: Int, Message)
        case toNode(Link, connection: Int, Message)
        case dialArrives(Link)
        /// One end has closed; the other one learns of it.
        case closedByNode(Link, connection: Int)
        case closedByRouter(Link, connection: Int)
        /// A probe that was asked for then ends.
        case outcome(node: Int, askedAt: Instant)
        case bfdToRouter(Link, BFDPacket)
        case bfdToNode(Link, BFDPacket)
    }

    /// A node: its speaker, and what the speaker's effects did to the kernel and to the peers.
    struct Node {
        var effectLoop: EffectLoop
        /// What the node is configured with when nobody plays with its settings.
        var configured: Settings
        var isServiceUp = true
        /// True if a service that is down refuses connections; otherwise it answers that it is unwell.
        var refuses = true
        /// True if the latest probe was refused.
        var wasRefused = false
        /// When a router was last sent a withdrawal.
        var withdrawnAt: Instant?
        var isBound = false
        var hasExited = false
        var isDrained = false
        /// What waits for a process that stands still; nil while it runs.
        var waiting: [Happening]?
        /// UPDATEs that withdraw, to all routers.
        var withdrawals = 0
        /// True while its VIP is drained on its own.
        var isVIPDrained = false
        /// What has been written to each router on its present connection.
        var told: [Int: Set<IPPrefix>] = [:]

        var speaker: Speaker { effectLoop.speaker }
    }

    /// A router's end of the session with one node, and the routes it learned there.
    struct RouterEnd {
        var session: PeerSession
        var routes: Set<IPPrefix> = []
        var bfd: BFDSession?
    }

    /// When the last packet of each direction of a link arrives.
    struct LastArrivals {
        var toRouter = Instant(nanoseconds: 0)
        var toNode = Instant(nanoseconds: 0)
    }

    var now = Instant(nanoseconds: 1_000_000_000)
    var random: SeededGenerator
    var nodes: [Node] = []
    var routerEnds: [Link: RouterEnd] = [:]
    /// The number of the living connection of each link.
    var connections: [Link: Int] = [:]
    var lastConnection = 0
    var brokenLinks: Set<Link> = []
    /// Links that lose everything, without a word to anybody.
    var silentLinks: Set<Link> = []
    /// When the last BFD packet on its way arrives.
    var lastArrivals: [Link: LastArrivals] = [:]
    var agenda: [(at: Instant, order: Int, what: Happening)] = []
    var order = 0
    let linger: Duration
    /// Rules that were broken, in words.
    var violations: [String] = []

    init(
        seed: UInt64, nodes nodeCount: Int, routers routerCount: Int, departure: DepartureSettings,
        bfd: BFDSettings? = nil
    ) {
        random = SeededGenerator(seed: seed)
        linger = departure.linger
        for node in 0..<nodeCount {
            let peers = (0..<routerCount).map { router in
                PeerSettings(address: Self.address(ofRouter: router), peerAS: .exactly(ASNumber(65000)), bfd: bfd)
            }
            let check = Check(
                name: Self.check, kind: .tcp(SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 6443)))
            let settings = Settings(
                localAS: ASNumber(65001), routerID: BGPIdentifier(UInt32(node + 1)),
                vips: [VIPSettings(prefix: Self.vip, checks: [Self.check])],
                checks: [check], peers: peers, departure: departure)
            let speaker = Speaker(hostName: nil, seed: random.next(), at: now)
            self.nodes.append(Node(effectLoop: EffectLoop(speaker), configured: settings))
            plan(.input(node: node, .intended(settings)), after: .zero)
            for router in 0..<routerCount {
                let configuration = SessionConfiguration(
                    peer: ScopedAddress(.v4(IPv4Address(UInt32(node + 1)))), localAS: ASNumber(65000),
                    peerAS: .external, identifier: BGPIdentifier(UInt32(1000 + router)), isPassive: true)
                var session = PeerSession(configuration: configuration, seed: random.next())
                _ = session.handle(.started, at: now)
                routerEnds[Link(node: node, router: router)] = RouterEnd(session: session)
            }
        }
        for node in self.nodes.indices { plan(.input(node: node, .started), after: .zero) }
    }

    static func address(ofRouter router: Int) -> ScopedAddress {
        ScopedAddress(.v4(IPv4Address(0x0A00_0001 + UInt32(router) * 256)))
    }

    static func router(at address: ScopedAddress) -> Int {
        guard case .v4(let address) = address.address else { return 0 }
        return Int((address.value - 0x0A00_0001) / 256)
    }

    /// A random duration between the two.
    mutating func between(_ least: Duration, _ most: Duration) -> Duration {
        let span = UInt64((most - least).nanoseconds)
        return least + .nanoseconds(Int64(random.next() % (span + 1)))
    }

    mutating func plan(_ what: Happening, after pause: Duration) {
        order += 1
        agenda.append((now + pause, order, what))
    }

    /// Lets time pass up to `end`, with everything that happens on the way.
    mutating func run(until end: Instant) {
        while let next = nextMoment, next <= end {
            now = max(now, next)
            let due = agenda.filter { $0.at <= now }.sorted { $0.order < $1.order }
            agenda.removeAll { $0.at <= now }
            for item in due { happen(item.what) }
            for node in nodes.indices
            where nodes[node].waiting == nil && nodes[node].effectLoop.nextDeadline.map({ $0 <= now }) ?? false {
                give(.deadlineReached, to: node)
            }
            for (link, end) in routerEnds.sorted(by: { ($0.key.node, $0.key.router) < ($1.key.node, $1.key.router) })
            where end.session.nextDeadline.map({ $0 <= now }) ?? false {
                giveRouter(.deadlineReached, on: link)
            }
            passRouterBFDDeadlines()
        }
        now = end
    }

    private var nextMoment: Instant? {
        var moments = [agenda.map(\.at).min()]
        moments += nodes.filter { !$0.hasExited && $0.waiting == nil }.map(\.effectLoop.nextDeadline)
        moments += routerEnds.values.flatMap { [$0.session.nextDeadline, $0.bfd?.nextDeadline] }
        return moments.earliest()
    }
}
