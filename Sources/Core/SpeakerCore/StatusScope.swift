package import IPTypes

/// The part of the status that one answer holds. What is too much for one answer is given in pages, in this order: peers,
/// checks, VIPs, routes.
package struct StatusScope: Sendable, Hashable {
    /// Whose routes are shown.
    package enum Routes: Sendable, Hashable {
        case none
        /// Those that the peer of this address was told, as the status spells it.
        case of(String)
        /// Those that all peers were told.
        case all
    }

    package var routes: Routes
    /// Only this VIP, with its checks and its routes; nil is all.
    package var vip: IPPrefix?
    /// At most so many peers, checks and VIPs, the first ones of each; nil is all.
    package var rows: Int?
    /// Where the page begins: 0, or `Status.next` of the page before. What comes or goes between two pages may be missing,
    /// or be there twice.
    package var position: Int

    package init(routes: Routes = .all, vip: IPPrefix? = nil, rows: Int? = nil, position: Int = 0) {
        self.routes = routes
        self.vip = vip
        self.rows = rows
        self.position = position
    }
}

/// How many peers, checks and VIPs there are, of which a status may hold some.
package struct PartCounts: Sendable, Hashable {
    package var peers: Int
    package var checks: Int
    package var vips: Int

    package init(peers: Int, checks: Int, vips: Int) {
        self.peers = peers
        self.checks = checks
        self.vips = vips
    }
}

/// Routes of one peer, which belong to the peer of the same address on an earlier page.
package struct RoutePage: Codable, Sendable, Hashable {
    /// The address of the peer.
    package var peer: String
    /// More of its `routes`.
    package var routes: [RouteStatus]
    /// More of its `obstacles`.
    package var obstacles: [String: String]

    package init(peer: String, routes: [RouteStatus] = [], obstacles: [String: String] = [:]) {
        self.peer = peer
        self.routes = routes
        self.obstacles = obstacles
    }
}

extension Status {
    /// Adds the page that follows.
    package mutating func append(_ page: Status) {
        next = page.next
        peers += page.peers
        checks += page.checks
        vips += page.vips
        for more in page.routePages ?? [] {
            guard let index = peers.firstIndex(where: { $0.address == more.peer }) else { continue }
            peers[index].routes += more.routes
            if !more.obstacles.isEmpty {
                peers[index].obstacles = (peers[index].obstacles ?? [:]).merging(more.obstacles) { _, new in new }
            }
        }
    }
}
