package import BGPWire
package import IPTypes

/// What one peer has been told, and the UPDATEs that lead from there to what it should be told (RFC 4271 section 3.2).
///
/// Only differences are sent: in the steady state nothing is. Withdrawals come before announcements, so that bad news
/// never waits behind good news.
package struct AdjRIBOut: Sendable, Hashable {
    /// The routes the peer holds from us.
    package private(set) var told: [IPPrefix: RouteAttributes] = [:]
    /// The session they are told on; nil while there is none.
    package private(set) var path: SessionPath?
    /// Routes that cannot be told: their attributes leave no room for a prefix in a message of 4096 octets.
    package private(set) var oversized: Set<IPPrefix> = []

    /// Nothing told, no session.
    package init() {}

    /// A session became Established, and nothing is told on it yet; `count` routes are likely to be.
    package mutating func begin(on path: SessionPath, expecting count: Int = 0) {
        end()
        self.path = path
        // All at once: to grow step by step costs as much again with very many routes, and the last step by far the most.
        told.reserveCapacity(count)
    }

    /// End-of-RIB for each family of the session, also for one without a route (RFC 4724 section 2): due once all routes are
    /// told.
    package var endOfRIB: [Update] { path.map { $0.families.sorted().map { Update.endOfRIB($0) } } ?? [] }

    /// The session is gone, and with it all the peer knew.
    package mutating func end() {
        path = nil
        told = [:]
        oversized = []
    }

    /// The session goes on with other properties, a next hop for example. Nothing is told by that: true if the routes have to
    /// be told again.
    package mutating func move(to path: SessionPath) -> Bool {
        guard let old = self.path else { return false }
        self.path = path
        return path != old
    }

    /// The families of which the session can carry routes.
    package var carriedFamilies: Set<AddressFamily> {
        path.map { path in path.families.filter { path.carriage(of: $0) != nil } } ?? []
    }

    /// The UPDATEs after which the peer holds none of these.
    package mutating func withdraw(_ prefixes: [IPPrefix]) -> [Update] {
        let held = prefixes.filter { told.index(forKey: $0) != nil }
        if held.count == told.count {
            // To take very many out one by one takes longer.
            told.removeAll(keepingCapacity: true)
        } else {
            for prefix in held { told[prefix] = nil }
        }
        return Update.packed(withdrawing: held.sorted())
    }

    /// The UPDATEs after which the peer holds each of these routes as it is here, as far as the session can carry it,
    /// and does not hold those that are nil. All others stay as they are, and cost nothing. A route that the peer holds
    /// already is told only with `again`.
    package mutating func change(
        _ routes: [(prefix: IPPrefix, route: RouteAttributes?)], again: Bool = false
    ) -> [Update] {
        guard let path else { return [] }
        let carried = carriedFamilies
        var announced = RouteGroups()
        var withdrawn: [IPPrefix] = []
        for (prefix, route) in routes {
            if !oversized.isEmpty { oversized.remove(prefix) }
            if let route, carried.contains(AddressFamily(of: prefix)) {
                if again || told[prefix] != route { announced.add(prefix, route) }
            } else if told.removeValue(forKey: prefix) != nil {
                withdrawn.append(prefix)
            }
        }
        var updates: [Update] = []
        for group in announced.inOrder {
            let packed = packed(group, on: path)
            updates += packed
            for prefix in group.prefixes {
                if !packed.isEmpty {
                    told[prefix] = group.attributes
                } else {
                    oversized.insert(prefix)
                    if told.removeValue(forKey: prefix) != nil { withdrawn.append(prefix) }
                }
            }
        }
        return Update.packed(withdrawing: withdrawn.sorted()) + updates
    }

    /// Those of these routes that the peer holds once more, because it asked for them (RFC 2918 section 4).
    package func refresh(_ prefixes: [IPPrefix]) -> [Update] {
        guard let path else { return [] }
        var routes = RouteGroups()
        for prefix in prefixes {
            if let route = told[prefix] { routes.add(prefix, route) }
        }
        return routes.inOrder.flatMap { packed($0, on: path) }
    }

    private func packed(_ group: RouteGroups.Group, on path: SessionPath) -> [Update] {
        switch path.carriage(of: group.family) {
        case .classic(let nextHop):
            Update.packed(
                announcing: group.prefixes, attributes: path.pathAttributes(group.attributes, nextHop: nextHop),
                fourOctetAS: path.usesFourOctetAS)
        case .multiprotocol(let nextHops):
            Update.packed(
                announcing: group.prefixes, nextHops: nextHops,
                attributes: path.pathAttributes(group.attributes, nextHop: nil), fourOctetAS: path.usesFourOctetAS)
        case nil:
            []
        }
    }
}

/// Routes by their attributes: those with the same share UPDATEs.
private struct RouteGroups {
    struct Group {
        var family: AddressFamily
        var attributes: RouteAttributes
        var prefixes: [IPPrefix]
    }
    private struct Key: Hashable {
        var family: AddressFamily
        var attributes: RouteAttributes
    }

    private var groups: [Group] = []
    private var places: [Key: Int] = [:]
    /// Where the last route went: most are like the one before.
    private var last = 0

    mutating func add(_ prefix: IPPrefix, _ attributes: RouteAttributes) {
        let family = AddressFamily(of: prefix)
        if groups.isEmpty || groups[last].family != family || groups[last].attributes != attributes {
            let key = Key(family: family, attributes: attributes)
            if let place = places[key] {
                last = place
            } else {
                last = groups.count
                places[key] = last
                groups.append(Group(family: family, attributes: attributes, prefixes: []))
            }
        }
        groups[last].prefixes.append(prefix)
    }

    /// By family and lowest prefix, and the prefixes of each in order.
    var inOrder: [Group] {
        var sorted = groups
        for place in sorted.indices { sorted[place].prefixes.sort() }
        return sorted.sorted { ($0.family, $0.prefixes[0]) < ($1.family, $1.prefixes[0]) }
    }
}

extension AdjRIBOut {
    /// The next hop the peer was given for `prefix`, for display.
    package func nextHop(of prefix: IPPrefix) -> IPAddress? {
        switch path?.carriage(of: AddressFamily(of: prefix)) {
        case .classic(let address): .v4(address)
        case .multiprotocol(let addresses): addresses.first
        case nil: nil
        }
    }

    /// Why the peer does not hold `prefix` although it should, in words; nil if nothing is in the way.
    package func obstacle(to prefix: IPPrefix) -> String? {
        if oversized.contains(prefix) {
            return "its path attributes do not fit into a BGP message of 4096 octets: give it fewer communities"
        }
        return path?.obstacle(to: AddressFamily(of: prefix))
    }

    /// The path attributes the peer was given for `prefix`, for display.
    package func pathAttributes(of prefix: IPPrefix) -> [PathAttribute] {
        guard let path, let route = told[prefix] else { return [] }
        return path.pathAttributes(route, nextHop: nil)
    }
}
