package import Deadlines
package import IPTypes
import Settings

/// What is made of the status costs time on the loop, and BFD and withdrawals wait meanwhile. So a page ends when it has cost
/// about a millisecond, by these costs of what it can hold, in units of 100 ns.
private enum Cost {
    static let ofPage = 10_000
    static let ofPeer = 150
    static let ofHeardRoute = 20
    static let ofCheck = 50
    static let ofVIP = 30
    /// To ask one peer whether it has one VIP.
    static let ofHolder = 1
    static let ofRoute = 25
    /// So many withdrawals that are not acknowledged can be gone through for one unit.
    static let withdrawnInOne = 10
}

extension Speaker {
    /// One page of the status: all that `scope` asks for, if that is little; otherwise as much as may be made at once, with
    /// `next` where the next page begins. `listening` is who listens on `checkedPorts`, nil if that is not known.
    package func statusPage(
        _ scope: StatusScope, version: String, listening: [UInt16: Set<IPAddress>]? = nil, at now: Instant
    ) -> Status {
        let parts = StatusParts(scope, of: self)
        var page = statusWithoutParts(version: version, at: now)
        if scope.position <= 0 { page.unreadiness = unreadiness }
        // Little is given as a whole: with the routes where they belong.
        let isLittle = scope.position <= 0 && parts.cost <= Cost.ofPage
        let count = isLittle ? parts.countWithoutRoutes : parts.count
        var routes: [RoutePage] = []
        var (position, cost) = (max(0, scope.position), 0)
        while isLittle || cost < Cost.ofPage, position < count {
            switch parts[position] {
            case .peer(let index):
                let isWhole = isLittle && parts.routed.contains(index)
                let shown: Set<IPPrefix>? = scope.vip.map { [$0] } ?? (isWhole ? nil : [])
                page.peers.append(status(ofPeer: index, showing: shown, at: now))
                cost += costOfPeer(index)
            case .check(let index):
                page.checks.append(status(of: checks[index], at: now))
                cost += Cost.ofCheck
            case .vip(let index):
                if !vips[index].isGone { page.vips.append(status(of: vips[index], listening, at: now)) }
                cost += parts.costOfVIP
            case .route(let peer, let vip):
                append(vip, of: peer, to: &routes)
                cost += Cost.ofRoute
            }
            position += 1
        }
        page.routePages = routes.isEmpty ? nil : routes
        page.next = position < count ? position : nil
        return page
    }

    /// The most pairs of a peer and a VIP that have a metric each.
    private static let mostPairs = 100_000

    /// What metrics are made of: with very many pairs of a peer and a VIP, these have none.
    package var metricsScope: StatusScope {
        StatusScope(routes: peers.count * vips.count <= Self.mostPairs ? .all : .none)
    }

    /// How much a status would hold.
    package var partCounts: PartCounts { PartCounts(peers: peers.count, checks: checks.count, vips: vips.count) }

    fileprivate func costOfPeer(_ index: Int) -> Int {
        Cost.ofPeer + Cost.ofHeardRoute * peers[index].heard.count
            + peers[index].delivery.withdrawnCount / Cost.withdrawnInOne
    }

    private func append(_ vip: Int, of peer: Int, to pages: inout [RoutePage]) {
        // What the peer has told us of was shown with it.
        guard peers[peer].heard[vips[vip].settings.prefix] == nil else { return }
        let address = "\(peers[peer].settings.address)"
        if pages.last?.peer != address { pages.append(RoutePage(peer: address)) }
        if let route = peers[peer].adjRIBOut.route(to: vips[vip].settings.prefix) {
            pages[pages.count - 1].routes.append(route)
        }
        if let obstacle = obstacle(to: vips[vip], of: peers[peer]) {
            pages[pages.count - 1].obstacles["\(vips[vip].settings.prefix)"] = obstacle
        }
    }
}

/// What a status consists of, one after the other.
private struct StatusParts {
    enum Part {
        case peer(Int)
        case check(Int)
        case vip(Int)
        case route(peer: Int, vip: Int)
    }

    let peers: Int
    let checks: ArraySlice<Int>
    let vips: Range<Int>
    /// The peers whose routes are shown.
    let routed: Range<Int>
    /// True if the routes are shown with the peers, because they are those to one VIP.
    let isOfOneVIP: Bool
    /// What one VIP costs.
    let costOfVIP: Int
    /// What everything costs.
    let cost: Int

    init(_ scope: StatusScope, of speaker: Speaker) {
        let rows = max(0, scope.rows ?? .max)
        peers = min(speaker.peers.count, rows)
        isOfOneVIP = scope.vip != nil
        if let vip = scope.vip {
            vips = speaker.vipIndex[vip].map { $0..<$0 + 1 } ?? 0..<0
            checks = vips.flatMap { speaker.vips[$0].settings.checks }.compactMap { speaker.checkIndex[$0] }.prefix(
                rows)
        } else {
            vips = speaker.vips.indices.prefix(rows)
            checks = Array(speaker.checks.indices).prefix(rows)
        }
        routed =
            switch scope.routes {
            case .none: 0..<0
            case .of(let peer):
                speaker.peers.firstIndex { "\($0.settings.address)" == peer }.map { $0..<$0 + 1 } ?? 0..<0
            case .all: speaker.peers.indices.prefix(rows)
            }
        costOfVIP = Cost.ofVIP + Cost.ofHolder * peers
        cost =
            speaker.peers.indices.prefix(rows).reduce(0) { $0 + speaker.costOfPeer($1) } + Cost.ofCheck * checks.count
            + costOfVIP
            * vips.count
            + Cost.ofRoute * routed.count * vips.count
    }

    var countWithoutRoutes: Int { peers + checks.count + vips.count }
    var count: Int { countWithoutRoutes + (isOfOneVIP ? 0 : routed.count * vips.count) }

    subscript(position: Int) -> Part {
        var place = position
        if place < peers { return .peer(place) }
        place -= peers
        if place < checks.count { return .check(checks[place]) }
        place -= checks.count
        if place < vips.count { return .vip(vips.lowerBound + place) }
        place -= vips.count
        return .route(peer: routed.lowerBound + place / vips.count, vip: place % vips.count)
    }
}

/// How many VIPs are meant for each peer: counted once, because a status is asked for more often than VIPs change.
struct MeantVIPs: Sendable {
    private var forAll = 0
    private var special: [ScopedAddress: Int] = [:]

    init(_ vips: ArraySlice<Speaker.VIP> = []) {
        // By place: to go through the VIPs themselves copies each.
        for index in vips.indices {
            guard let peers = vips[index].settings.peers else {
                forAll += 1
                continue
            }
            for peer in peers { special[peer, default: 0] += 1 }
        }
    }

    subscript(peer: ScopedAddress) -> Int { forAll + (special[peer] ?? 0) }
}
