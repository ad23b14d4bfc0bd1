import Advertising
import BGPWire
import Deadlines
import Health
import IPTypes
import Settings
import SpeakerCore

// What must be true of a rack that has been left alone for long enough.

extension World {
    /// A rack that nothing happens to has everything in order after this time: a router may keep a dead connection for its hold
    /// time, a node may wait for an OPEN for 60 s, and dials are 5 s apart at most.
    static let settlingTime = Duration.seconds(80)

    /// Lets time pass until everything is as it must be, and says what is not if that takes too long.
    mutating func settle() {
        let end = now + Self.settlingTime
        var flaw = flaw ?? statusFlaw
        while flaw != nil, now < end, violations.isEmpty {
            run(for: .seconds(1))
            flaw = self.flaw ?? statusFlaw
        }
        // What breaks a rule ends the wait.
        if let flaw, violations.isEmpty { blame("after \(Self.settlingTime) of quiet: \(flaw)") }
    }

    /// The first thing that is not as it must be; nil if all is.
    private var flaw: String? {
        for link in scenario.links {
            if let flaw = flaw(on: link) { return flaw }
        }
        for node in nodes.indices {
            if let flaw = addressFlaw(of: node) { return flaw }
        }
        for router in routers.indices {
            for (prefix, next) in routers[router].next.sorted(by: { $0.key < $1.key }) {
                let best = routers[router].choose(prefix)
                if next != best { return "router \(router) sends \(prefix) to \(next.sorted()), not \(best.sorted())" }
            }
        }
        return nil
    }

    private func flaw(on link: Link) -> String? {
        guard routers[link.router].deafnesses == 0 else { return nil }
        let cable = cables[link]
        let node = nodes[link.node]
        let held = routers[link.router].routes(of: link.node).filter { !$0.value.isStale }
        guard let process = node.process, !process.isFrozen, !cable.isSilent, cable.cuts == 0,
            let peer = node.wanted.peers.first(where: { $0.address == addresses[link.router] })
        else {
            return held.isEmpty ? nil : "router \(link.router) has routes of node \(link.node), which it cannot reach"
        }
        let speaker = process.speaker
        let isAway = [.away].contains(speaker.departureStep)
        let session = routers[link.router].established(with: link.node).flatMap { routers[link.router].sessions[$0] }
        if speaker.departureStep == .inService {
            guard let session else { return "node \(link.node) has no session with router \(link.router)" }
            let (wanted, ended) = (session.oracle.families, session.oracle.ended)
            if wanted != ended { return "End-of-RIB of node \(link.node) to router \(link.router): \(ended.count)" }
        } else if !isAway {
            return "node \(link.node) is \(speaker.departureStep) for too long"
        }
        if node.drains.isEmpty, !node.hasDrainFile, speaker.departureStep != .inService {
            return "node \(link.node) is drained although nobody wants it"
        }
        let families = session?.oracle.families ?? []
        for vip in known(to: link.node) {
            let route = held[vip.prefix]
            switch isOwed(vip, by: node, speaker, families, link) {
            case nil:
                if let route, !route.isLastResort { return "\(vip.prefix) of node \(link.node) is not a last resort" }
            case false?:
                if route != nil { return "router \(link.router) has \(vip.prefix) of node \(link.node)" }
            case true?:
                let expected = expectedRoute(to: vip, peer)
                guard route == expected else {
                    return "router \(link.router) has \(vip.prefix) of node \(link.node) as "
                        + "\(route.map { "\($0)" } ?? "none"), not as \(expected)"
                }
            }
        }
        return nil
    }

    /// What a node says of its routers is what they hold.
    private var statusFlaw: String? {
        for node in nodes.indices {
            for peer in nodes[node].process?.speaker.status(version: "", at: now).peers ?? [] {
                guard
                    let router = scenario.routers.indices.first(where: { "\(addresses[$0])" == peer.address }
                    ),
                    routers[router].established(with: node) != nil, routers[router].deafnesses == 0,
                    !cables[Link(node: node, router: router)].isSilent, nodes[node].freezes == 0
                else { continue }
                let held = routers[router].routes(of: node).count
                guard peer.advertised != held else { continue }
                return "node \(node) says that router \(router) has \(peer.advertised) VIPs, not \(held)"
            }
        }
        return nil
    }

    /// All VIPs that a node may have at some time.
    private func known(to node: Int) -> [VIPSettings] {
        let wanted = nodes[node].wanted.vips
        let gone = nodes[node].configured.vips.filter { vip in !wanted.contains { $0.prefix == vip.prefix } }
        return wanted + gone + scenario.served.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Whether a router must have a VIP of a node; nil if it may have it, as a last resort.
    private func isOwed(
        _ vip: VIPSettings, by node: Node, _ speaker: Speaker, _ families: Set<WireFamily>, _ link: Link
    ) -> Bool? {
        let plan = scenario.routers[link.router]
        let isDrained = !node.drains.isEmpty || node.hasDrainFile
        if isDrained && vip.drains || speaker.drainStep(of: vip.prefix) != nil { return false }
        guard families.contains(WireFamily(of: vip.prefix)), plan.number > 0 else { return false }
        if let served = scenario.served[vip.prefix] {
            // A source that is away leaves what it said last.
            guard node.sourceAbsences == 0 else {
                return speaker.hasVIP(served.prefix) ? known(speaker, vip.prefix) : false
            }
            return node.served[vip.prefix]?.condition == .healthy
        }
        guard node.wanted.vips.contains(where: { $0.prefix == vip.prefix }) else { return false }
        let isThere = vip.binds ? node.addresses.contains(vip.prefix) : node.addressesOfOthers.contains(vip.prefix)
        if vip.binds, node.refusals > 0, !speaker.isBound(vip.prefix) { return false }
        if !vip.binds, !isThere { return false }
        guard node.isWell(vip), node.lostProbes == 0 || vip.checks.isEmpty else {
            return vip.onUnhealthy == .lastResort ? nil : false
        }
        return true
    }

    /// Whether a node advertises a VIP now, by its own word.
    private func known(_ speaker: Speaker, _ prefix: IPPrefix) -> Bool {
        speaker.status(version: "", at: now).vips.contains { $0.prefix == "\(prefix)" && $0.advertisedTo > 0 }
    }

    /// A route as it must look, from the settings and by the rules of RFC 4271 section 5.1.
    private func expectedRoute(to vip: VIPSettings, _ peer: PeerSettings) -> Route {
        let isInternal = peer.peerAS == .internal
        let changes = peer.routeAdjustment
        var route = Route()
        route.discriminator = changes.multiExitDiscriminator ?? vip.attributes.multiExitDiscriminator
        route.preference = isInternal ? changes.localPreference ?? vip.attributes.localPreference ?? 100 : nil
        route.pathLength = isInternal ? 0 : 1 + (changes.prepend ?? vip.attributes.prepend)
        route.communities = Set((vip.attributes.communities + changes.communities).map(\.value))
        return route
    }

    /// The interface has what the process takes to be on it.
    private func addressFlaw(of node: Int) -> String? {
        guard let process = nodes[node].process, !process.isFrozen, nodes[node].refusals == 0 else { return nil }
        let bound = process.speaker.boundVIPs
        guard bound != nodes[node].addresses else { return nil }
        return
            "node \(node) takes \(bound.sorted()) to be on its interface, where \(nodes[node].addresses.sorted()) are"
    }

    /// What the node has written and the router's TCP has acknowledged is what the router holds.
    mutating func compareBeliefs(on id: Int) {
        guard let link = connections[id]?.link, routers[link.router].deafnesses == 0,
            let session = routers[link.router].sessions[id], session.state == .established,
            let process = nodes[link.node].process,
            process.outgoing[link.router] == id || process.incoming[link.router] == id
        else { return }
        let (told, held) = (process.told[id, default: []], Set(session.routes.keys))
        if told != held, connections[id]?.acknowledged == connections[id]?.sent {
            blame("router \(link.router) holds \(held.sorted()) of node \(link.node), which has told \(told.sorted())")
        }
    }
}
