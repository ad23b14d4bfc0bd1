import BFD
import Deadlines
import IPTypes
import Settings
import SpeakerCore

/// A rack in virtual time: nodes that run the real Speaker by the daemon's `EffectLoop`, routers that check every message,
/// the network between them, and clients whose packets must arrive. Everything follows from one seed. Copies of a world share
/// its nodes, routers and cables.
struct World {
    /// What will happen, at its time.
    enum Happening {
        /// For the process of a node; `life` tells one process from the next.
        case news(node: Int, life: Int, News)
        case dialArrives(Link, life: Int, dial: Int)
        case routerDials(Link)
        case segment(connection: Int, order: Int, toRouter: Bool, Segment)
        /// Nothing more will come from the other end of a connection that the node has closed.
        case closed(connection: Int)
        case kernelAnswers(node: Int, life: Int, bind: Bool, [IPPrefix])
        case probeEnds(node: Int, life: Int, check: String, prober: Int, askedAt: Instant, hung: Bool)
        /// The timer of the process fires after it has read what came while it did not run.
        case timerFires(node: Int, life: Int, due: Instant)
        case bfdToRouter(Link, BFDPacket)
        case forward(router: Int, life: Int, IPPrefix, Set<Int>)
        case patienceEnds(Flow)
        case sourceSpeaks(node: Int)
        case faultBegins(Fault)
        case faultEnds(Fault)
        case staleTimeEnds(Link, since: Instant)
    }

    let scenario: Scenario
    var now = Instant(nanoseconds: 1_000_000_000)
    var random: SeededGenerator
    var agenda = Agenda()
    var nodes: [Node] = []
    var routers: [Router] = []
    let cables: Cables
    /// The addresses that the nodes dial, by router.
    let addresses: [ScopedAddress]
    /// Connections that one of the ends still knows.
    var connections: [Int: Connection] = [:]
    var lastConnection = 0
    /// Flows whose packets are lost at this moment, and since when.
    var lost: [Flow: Instant] = [:]
    /// Rules that were broken, in words.
    var violations: [String] = []
    /// How often something happened, to see that a run did anything.
    var happenings = 0

    init(_ scenario: Scenario, seed: UInt64) {
        self.scenario = scenario
        random = SeededGenerator(seed: seed)
        routers = scenario.routers.indices.map { Router(plan: scenario.routers[$0], nodes: scenario.nodes.count) }
        addresses = scenario.routers.indices.map { scenario.address(of: $0) }
        cables = Cables(nodes: scenario.nodes.count, routers: scenario.routers.count)
        for link in scenario.links { startRouterBFD(link) }
        nodes = scenario.nodes.map { Node(configured: $0, served: scenario.served) }
        for node in nodes.indices { boot(node) }
        for link in scenario.links where scenario.routers[link.router].dials {
            plan(.routerDials(link), after: random.between(.zero, .seconds(1)))
        }
    }

    mutating func plan(_ what: Happening, after pause: Duration) { agenda.add(what, at: now + pause) }

    mutating func blame(_ rule: String) {
        guard violations.count < 20 else { return }
        let seconds = Double((now - Instant(nanoseconds: 1_000_000_000)).milliseconds) / 1000
        violations.append("\(rule), at \(seconds) s")
    }

    /// Lets time pass up to `end`, with everything that happens on the way.
    mutating func run(until end: Instant) {
        while let next = nextMoment, next <= end {
            now = max(now, next)
            while let what = agenda.take(at: now) { happen(what) }
            for node in nodes.indices where nodes[node].timer.map({ $0 <= now }) ?? false { fireTimer(of: node) }
            for router in routers.indices where routers[router].deadline.map({ $0 <= now }) ?? false {
                passDeadlines(ofRouter: router)
            }
        }
        now = max(now, end)
    }

    mutating func run(for time: Duration) { run(until: now + time) }

    private var nextMoment: Instant? {
        var moment = agenda.first
        for node in nodes.indices { moment = earlier(moment, nodes[node].timer) }
        for router in routers.indices { moment = earlier(moment, routers[router].deadline) }
        return moment
    }

    private mutating func happen(_ what: Happening) {
        happenings += 1
        switch what {
        case .news(let node, let life, let news): tell(news, to: node, life: life)
        case .dialArrives(let link, let life, let dial): arrive(dial, on: link, life: life)
        case .routerDials(let link): dialNode(on: link)
        case .segment(let connection, let order, let toRouter, let segment):
            arrive(segment, on: connection, order: order, toRouter: toRouter)
        case .closed(let connection): finishClosing(connection)
        case .kernelAnswers(let node, let life, let bind, let prefixes):
            if nodes[node].process?.life == life { answer(bind: bind, prefixes, of: node) }
        case .probeEnds(let node, let life, let check, let prober, let askedAt, let hung):
            endProbe(of: check, prober: prober, on: node, life: life, askedAt: askedAt, hung: hung)
        case .timerFires(let node, let life, let due):
            if nodes[node].process?.life == life { fireLateTimer(of: node, due: due) }
        case .bfdToRouter(let link, let packet):
            if !cables[link].isSilent, routers[link.router].deafnesses == 0 {
                giveRouterBFD(.received(packet), on: link)
            }
        case .forward(let router, let life, let prefix, let next):
            if routers[router].lives == life { forward(prefix, to: next, by: router) }
        case .patienceEnds(let flow): judge(flow)
        case .sourceSpeaks(let node): tellServed(node)
        case .faultBegins(let fault): begin(fault)
        case .faultEnds(let fault): end(fault)
        case .staleTimeEnds(let link, let since): forgetStale(link, since: since)
        }
    }
}

/// What will happen, the next first; of two at the same moment the one that was planned first.
struct Agenda {
    /// When something happens, and where it is kept: to move that itself about in the heap takes long.
    private struct Item {
        var at: Instant
        var order: Int
        var place: Int
        func isBefore(_ other: Item) -> Bool {
            at.nanoseconds != other.at.nanoseconds ? at.nanoseconds < other.at.nanoseconds : order < other.order
        }
    }
    private var heap: [Item] = []
    private var kept: [World.Happening?] = []
    private var freePlaces: [Int] = []
    private var order = 0

    var first: Instant? { heap.first?.at }
    var count: Int { heap.count }

    mutating func add(_ what: World.Happening, at moment: Instant) {
        order += 1
        let place = freePlaces.popLast() ?? kept.count
        if place == kept.count { kept.append(what) } else { kept[place] = what }
        heap.append(Item(at: moment, order: order, place: place))
        var child = heap.count - 1
        while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// The next one, if it is due.
    mutating func take(at now: Instant) -> World.Happening? {
        guard let first = heap.first, first.at <= now else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while 2 * parent + 1 < heap.count {
            var child = 2 * parent + 1
            if child + 1 < heap.count, heap[child + 1].isBefore(heap[child]) { child += 1 }
            guard heap[child].isBefore(heap[parent]) else { break }
            heap.swapAt(parent, child)
            parent = child
        }
        freePlaces.append(first.place)
        return kept[first.place].take()
    }
}
