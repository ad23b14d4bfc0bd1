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

    /// A session became Established: sends all of `desired` that it can carry, then End-of-RIB for each family
    /// (RFC 4724 section 2), also when there are no routes.
    package mutating func begin(on path: SessionPath, desired: [IPPrefix: RouteAttributes]) -> [Update] {
        self.path = path
        told = [:]
        return converge(to: desired) + path.families.sorted().map { Update.endOfRIB($0) }
    }

    /// The session is gone, and with it all the peer knew.
    package mutating func end() {
        path = nil
        told = [:]
        oversized = []
    }

    /// The UPDATEs after which the peer holds exactly `desired`, as far as the session can carry it.
    package mutating func converge(to desired: [IPPrefix: RouteAttributes]) -> [Update] {
        change(difference(to: desired), again: false)
    }

    /// The desired routes; nil for a route that the peer holds and should not.
    private func difference(to desired: [IPPrefix: RouteAttributes]) -> [IPPrefix: RouteAttributes?] {
        let gone = told.keys.filter { desired[$0] == nil }
        return desired.mapValues(Optional.some).merging(gone.map { ($0, nil) }) { wanted, _ in wanted }
    }

    /// The UPDATEs after which the peer holds each of these routes as it is here, as far as the session can carry it,
    /// and does not hold those that are nil. All others stay as they are, and cost nothing.
    package mutating func change(_ routes: [IPPrefix: RouteAttributes?]) -> [Update] { change(routes, again: false) }

    /// The session goes on with other properties, a next hop for example: the UPDATEs after which the peer holds exactly
    /// `desired` as it is now. Nothing is withdrawn that is in there.
    package mutating func move(to path: SessionPath, desired: [IPPrefix: RouteAttributes]) -> [Update] {
        guard let old = self.path else { return [] }
        self.path = path
        return change(difference(to: desired), again: path != old)
    }

    /// The same, also for routes that the peer holds as they are, if they are to be told `again`.
    private mutating func change(_ routes: [IPPrefix: RouteAttributes?], again: Bool) -> [Update] {
        guard let path else { return [] }
        var announced: [IPPrefix: RouteAttributes] = [:]
        // All at once: to grow step by step costs as much again with very many routes.
        if again || told.isEmpty { announced.reserveCapacity(routes.count) }
        var withdrawn: [IPPrefix] = []
        for (prefix, route) in routes {
            if !oversized.isEmpty { oversized.remove(prefix) }
            if let route, path.carriage(of: AddressFamily(of: prefix)) != nil {
                if again || told[prefix] != route { announced[prefix] = route }
            } else if told[prefix] != nil {
                withdrawn.append(prefix)
            }
        }
        let announcements = announcements(of: announced, on: path)
        for prefix in announcements.oversized {
            oversized.insert(prefix)
            announced[prefix] = nil
            if told[prefix] != nil { withdrawn.append(prefix) }
        }
        for prefix in withdrawn { told[prefix] = nil }
        if told.isEmpty { told = announced } else { told.merge(announced) { _, new in new } }
        return Update.packed(withdrawing: withdrawn.sorted()) + announcements.updates
    }

    /// All routes of a family again, because the peer asked for them (RFC 2918 section 4).
    package func refresh(_ family: AddressFamily) -> [Update] {
        guard let path else { return [] }
        return announcements(of: told.filter { AddressFamily(of: $0.key) == family }, on: path).updates
    }

    /// Routes with the same attributes share UPDATEs.
    private func announcements(
        of routes: [IPPrefix: RouteAttributes], on path: SessionPath
    ) -> (updates: [Update], oversized: Set<IPPrefix>) {
        struct Group: Hashable {
            var family: AddressFamily
            var attributes: RouteAttributes
        }
        var groups: [Group: [IPPrefix]] = [:]
        for (prefix, attributes) in routes {
            groups[Group(family: AddressFamily(of: prefix), attributes: attributes), default: []].append(prefix)
        }
        let ordered = groups.map { group, prefixes in (group: group, prefixes: prefixes.sorted()) }
            .sorted { ($0.group.family, $0.prefixes[0]) < ($1.group.family, $1.prefixes[0]) }
        var updates: [Update] = []
        var oversized: Set<IPPrefix> = []
        for (group, prefixes) in ordered {
            let packed = packed(prefixes, of: group.family, group.attributes, on: path)
            if packed.isEmpty { oversized.formUnion(prefixes) }
            updates += packed
        }
        return (updates, oversized)
    }

    private func packed(
        _ prefixes: [IPPrefix], of family: AddressFamily, _ attributes: RouteAttributes, on path: SessionPath
    ) -> [Update] {
        switch path.carriage(of: family) {
        case .classic(let nextHop):
            Update.packed(
                announcing: prefixes, attributes: path.pathAttributes(attributes, nextHop: nextHop),
                fourOctetAS: path.usesFourOctetAS)
        case .multiprotocol(let nextHops):
            Update.packed(
                announcing: prefixes, nextHops: nextHops, attributes: path.pathAttributes(attributes, nextHop: nil),
                fourOctetAS: path.usesFourOctetAS)
        case nil:
            []
        }
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
