import Advertising
import BGPWire
import Deadlines
import IPTypes
import Settings

/// What one peer is still to be told: with very many VIPs that takes several turns of the loop, because BFD and withdrawals
/// wait while one lasts.
///
/// It holds VIPs to be looked at, and no routes: what is told of a VIP is decided when its turn comes. So one that turns
/// unhealthy meanwhile is not announced, and a withdrawal waits for nothing.
struct Backlog: Sendable, Hashable {
    /// A walk through all VIPs, a part at a time. It begins where the one before has stopped, so that one that begins anew all the
    /// time leaves none out.
    struct Walk: Sendable, Hashable {
        private var position = 0
        /// How many VIPs it has still to come to.
        private(set) var left = 0

        /// Has to come to all of so many VIPs.
        mutating func begin(_ count: Int) { left = count }

        /// The places of the next VIPs, as many as there may be `most`, of so many in all.
        mutating func next(_ most: Int, of count: Int) -> [Int] {
            let taken = min(most, left, count)
            left = min(left, count) - taken
            let start = position < count ? position : 0
            let places = (start..<start + taken).map { $0 < count ? $0 : $0 - count }
            position = places.last.map { $0 + 1 } ?? 0
            return places
        }
    }

    /// Why routes that a peer holds as they are, are told again.
    enum Again: Sendable, Hashable {
        /// The session has other properties now, a next hop for example.
        case moved
        /// The peer asked for the routes of these families.
        case refresh(Set<AddressFamily>)
    }

    /// The VIPs of which something may have changed.
    var changed = Walk()
    /// The VIPs whose routes are told again.
    var again = Walk()
    var reason = Again.moved
    /// After so many more VIPs the peer is due its End-of-RIB; nil if it has it.
    var untilEndOfRIB: Int?
    /// False if the log does not say what the walk of `changed` announces.
    var isReported = true
    /// What was announced and is to be reported: once at the end, because a line for each part would say no more.
    var announced: [IPPrefix] = []

    init() {}

    /// For a session that came up, with so many VIPs.
    init(begunWith vips: Int, isReported: Bool) {
        changed.begin(vips)
        untilEndOfRIB = vips
        self.isReported = isReported
    }

    /// True if everything is told.
    var isEmpty: Bool { changed.left == 0 && again.left == 0 }
}

extension Speaker {
    /// True while a peer is still to be told something, and `nextDeadline` is at once.
    package var hasBacklog: Bool { portionDue != nil }

    /// True if so many VIPs can be told to so many peers in this turn.
    func isLittle(_ vips: Int, for peers: Int) -> Bool { vips * peers <= portion }

    /// Has a peer told, from the next turn on, what is different of any VIP.
    mutating func tellSoon(_ index: Int, at now: Instant) {
        peers[index].backlog.changed.begin(vips.count)
        peers[index].backlog.isReported = true
        portionDue = now
    }

    /// A session is up: tells the peer all routes, and then that these were all.
    mutating func tellFirst(_ index: Int, isReported: Bool, at now: Instant) {
        peers[index].backlog = Backlog(begunWith: vips.count, isReported: isReported)
        tell(index, most: portion, sparingQuiet: false, at: now)
    }

    /// Tells a peer what is different of any VIP, and first withdraws what it shall not hold.
    mutating func tellAnew(_ index: Int, at now: Instant) {
        if !isLittle(vips.count, for: 1) { withdraw(Array(vips.indices), from: index, at: now) }
        peers[index].backlog.changed.begin(vips.count)
        peers[index].backlog.isReported = true
        tell(index, most: portion, sparingQuiet: false, at: now)
    }

    /// Tells a peer its routes again, because the session has other properties: so that covers what is different as well.
    mutating func tellAgain(_ index: Int, at now: Instant) {
        if !isLittle(vips.count, for: 1) { withdraw(Array(vips.indices), from: index, at: now) }
        peers[index].backlog.reason = .moved
        peers[index].backlog.again.begin(vips.count)
        peers[index].backlog.changed.begin(0)
        tell(index, most: portion, sparingQuiet: false, at: now)
    }

    /// Tells a peer that holds everything its routes of these families once more.
    mutating func refresh(_ families: Set<AddressFamily>, of index: Int, at now: Instant) {
        peers[index].backlog.reason = .refresh(families)
        peers[index].backlog.again.begin(vips.count)
        tell(index, most: portion, at: now)
    }

    /// The places of VIPs have changed: what has begun comes to all of them.
    mutating func beginBacklogsAnew() {
        for index in peers.indices {
            if peers[index].backlog.changed.left > 0 { peers[index].backlog.changed.begin(vips.count) }
            if peers[index].backlog.again.left > 0 { peers[index].backlog.again.begin(vips.count) }
            if peers[index].backlog.untilEndOfRIB != nil { peers[index].backlog.untilEndOfRIB = vips.count }
        }
    }

    /// Tells the next peers what they are still to be told, as much as one turn may.
    mutating func tellPortion(at now: Instant) {
        portionDue = nil
        var rest = portion
        let first = nextTold
        for offset in peers.indices {
            let index = (first + offset) % peers.count
            guard !peers[index].backlog.isEmpty else { continue }
            rest -= tell(index, most: rest, at: now)
            nextTold = index + 1
            if rest <= 0 { break }
        }
        if peers.contains(where: { !$0.backlog.isEmpty }) { portionDue = now }
    }

    /// Tells a peer of the next VIPs, at most so many, and says how many these were.
    @discardableResult
    mutating func tell(_ index: Int, most: Int, sparingQuiet: Bool = true, at now: Instant) -> Int {
        let oversized = peers[index].adjRIBOut.oversized
        let isChange = peers[index].backlog.changed.left > 0
        let places =
            isChange
            ? peers[index].backlog.changed.next(most, of: vips.count)
            : peers[index].backlog.again.next(most, of: vips.count)
        var updates: [Update]
        var isReported = peers[index].backlog.isReported
        switch (isChange, peers[index].backlog.reason) {
        case (true, _): updates = peers[index].adjRIBOut.change(routes(to: places, for: index))
        case (false, .moved):
            updates = peers[index].adjRIBOut.change(routes(to: places, for: index), again: true)
            isReported = true
        case (false, .refresh(let families)):
            let prefixes = places.map { vips[$0].settings.prefix }.filter { families.contains(AddressFamily(of: $0)) }
            updates = peers[index].adjRIBOut.refresh(prefixes)
            isReported = false
        }
        if let left = peers[index].backlog.untilEndOfRIB {
            let isDue = left <= places.count || peers[index].backlog.isEmpty
            peers[index].backlog.untilEndOfRIB = isDue ? nil : left - places.count
            if isDue { updates += peers[index].adjRIBOut.endOfRIB }
        }
        if !peers[index].backlog.isEmpty { portionDue = now }
        send(updates, to: index, at: now, isReported: isReported, sparingQuiet: sparingQuiet)
        if peers[index].backlog.isEmpty { reportAnnounced(to: index) }
        if !peers[index].owesObstacles { reportNewObstacles(of: index, besides: oversized) }
        return places.count
    }

    /// Reports what was advertised to a peer.
    mutating func reportAnnounced(to index: Int) {
        guard !peers[index].backlog.announced.isEmpty else { return }
        effects.append(.report(.advertised(peers[index].settings.address, peers[index].backlog.announced)))
        peers[index].backlog.announced = []
    }
}
