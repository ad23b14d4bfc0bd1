import Advertising
import Deadlines
import Health
import IPTypes
import Settings
import SpeakerCore

// What faults do.

extension World {
    /// The time after which a router that hears nothing has given a node up.
    private func detection(_ link: Link) -> Duration {
        let peer = nodes[link.node].configured.peers[link.router]
        let hold = min(peer.holdTime, scenario.routers[link.router].holdTime)
        return hold == 0 ? .seconds(3) : .seconds(Int64(hold) + 1)
    }

    /// The time after which a node no longer advertises a VIP whose service does not serve.
    private func patience(of node: Int) -> Duration {
        let checks = nodes[node].configured.checks.map { check in
            let interval = max(check.interval, .seconds(2))
            return interval + max(interval, check.timeout) * (check.fall - 1) + check.timeout
                + max(interval / 2, .milliseconds(250))
        }
        return (checks.max() ?? .zero) + nodes[node].lateness
    }

    private func links(of node: Int) -> [Link] { routers.indices.map { Link(node: node, router: $0) } }
    private func links(ofRouter router: Int) -> [Link] { nodes.indices.map { Link(node: $0, router: router) } }

    private mutating func touch(_ fault: Fault) {
        nodes[fault.node].touchedAt = now
        for link in links(of: fault.node) + links(ofRouter: fault.router) { cables[link].touchedAt = now }
    }

    private mutating func excuse(node: Int, for time: Duration) {
        let rest = max(nodes[node].frozenUntil, now) - now
        for link in links(of: node) { excuse(link, for: rest + time) }
    }

    private mutating func excuseReload(of node: Int) {
        // What is removed, or is reset, lingers and does not wait for an acknowledgement.
        for link in links(of: node) where cables[link].stalledUntil > now { excuse(link, for: .zero) }
        // A check that has changed is given time for another probe.
        if nodes[node].services.values.contains(where: { $0 != .up }) { excuse(node: node, for: patience(of: node)) }
    }

    private mutating func ask(_ input: Input, of node: Int) { tell(.input(input), to: node, life: nodes[node].lives) }

    /// The fault begins; it ends by itself if it has a duration.
    mutating func begin(_ fault: Fault) {
        touch(fault)
        if let duration = fault.duration { plan(.faultEnds(fault), after: duration) }
        let (node, router) = (fault.node, fault.router)
        switch fault.kind {
        case .service(let check, let state, let flaps):
            excuse(node: node, for: patience(of: node))
            set(check, of: node, to: state)
            var next = fault
            next.kind = .service(check, state, flaps: flaps - 1)
            next.duration = fault.duration.map { min($0, .seconds(3)) }
            if flaps > 0, let time = next.duration {
                plan(.faultBegins(next), after: time + .milliseconds(10 + Int64(fault.detail % 2000)))
            }
        case .probesLost:
            // What the next probes would have found, the verdict finds out by its age.
            if nodes[node].services.values.contains(where: { $0 != .up }) {
                excuse(node: node, for: patience(of: node))
            }
            nodes[node].lostProbes += 1
            // The verdict may end before a stall does, and with it the route.
            for link in links(of: node) where cables[link].stalledUntil > now { excuse(link, for: .zero) }
        case .othersTakeAddress(let prefix):
            excuse(node: node, for: .milliseconds(50))
            nodes[node].addressesOfOthers.remove(prefix)
            tellLocality(node)
            reconsider(node)
        case .sourceChanges(let prefix, let isGone):
            nodes[node].served[prefix] = isGone ? nil : scenario.served[prefix]
            nodes[node].served[prefix]?.condition = .unhealthy(reason: "no endpoint of this node is ready")
            tellServed(node)
        case .sourceAway: nodes[node].sourceAbsences += 1
        case .drain(let keepsSessions):
            nodes[node].drains.append(fault.number)
            ask(.drainRequested(reason: "maintenance", keepsSessions: keepsSessions), of: node)
        case .drainVIP(let prefix): ask(.vipDrainRequested(prefix, reason: nil), of: node)
        case .drainFile:
            nodes[node].hasDrainFile = true
            ask(.drainFileFound(reason: "file"), of: node)
        case .reload:
            excuseReload(of: node)
            var random = SeededGenerator(seed: fault.detail)
            nodes[node].wanted = varied(nodes[node].configured, &random)
            ask(.intended(nodes[node].wanted), of: node)
        case .leave(let isUrgent):
            // Asked twice means: now.
            if isUrgent || nodes[node].deaths > 0 { excuse(node: node, for: .milliseconds(50)) }
            nodes[node].deaths += 1
            ask(.terminationRequested(reason: "stopped", isUrgent: isUrgent), of: node)
        case .crash:
            nodes[node].deaths += 1
            kill(node, silently: false)
        case .powerLoss:
            nodes[node].deaths += 1
            for link in links(of: node) { excuse(link, for: detection(link)) }
            kill(node, silently: true)
            nodes[node].addresses = []
            silence(links(of: node))
        case .freeze, .machinePause:
            nodes[node].freezes += 1
            let rest = fault.duration ?? .seconds(10_000)
            nodes[node].frozenUntil = max(nodes[node].frozenUntil, now + rest)
            // What has happened just now is attended to later.
            for link in links(of: node) {
                let end = cables[link].excusedUntil
                if end > now { cables[link].excusedUntil = end + rest }
            }
            if nodes[node].process?.isFrozen == false { nodes[node].process?.inbox = [] }
            guard fault.kind == .machinePause else { break }
            for link in links(of: node) { excuse(link, for: detection(link)) }
            silence(links(of: node))
        case .addressForgotten(let prefix): forget(prefix, fault)
        case .kernelRefuses: nodes[node].refusals += 1
        case .kernelLate(let lateness):
            nodes[node].lateness = max(nodes[node].lateness, lateness)
            if !nodes[node].vanished.isEmpty { excuse(node: node, for: .seconds(2) + lateness) }
        case .partition:
            excuse(fault.link, for: detection(fault.link))
            silence([fault.link])
        case .cut:
            excuse(fault.link, for: .milliseconds(50))
            cables[fault.link].cuts += 1
            cut(fault.link)
            reconsider(node)
        case .reset: cut(fault.link)
        case .stall:
            let end = now + min(fault.duration ?? .seconds(2), .seconds(3))
            cables[fault.link].stalledUntil = max(cables[fault.link].stalledUntil, end)
            // Who leaves waits for the acknowledgement of what is withdrawn, for a second.
            let waitsInVain = end - now > .milliseconds(900)
            // What follows from something that has just happened, or from a lost probe, is withdrawn without such a wait.
            let isWithdrawing = cables[fault.link].excusedUntil > now || nodes[node].missesProbes(at: now)
            if waitsInVain || isWithdrawing { excuse(fault.link, for: .zero) }
        case .halfOpen: loseSilently(fault.link)
        case .routerRestarts(let isSilent):
            for link in links(ofRouter: router) {
                if isSilent { loseSilently(link) } else { cut(link) }
            }
            guard isSilent else { break }
            for link in links(ofRouter: router) { forgetStale(link, since: nil) }
            routers[router].lives += 1
            routers[router].best = [:]
            for prefix in routers[router].next.keys.sorted() { forward(prefix, to: [], by: router) }
        case .routerDeaf:
            routers[router].deafnesses += 1
            let end = now + (fault.duration ?? .seconds(10_000))
            let more = max(end - max(routers[router].deafUntil, now), .zero)
            routers[router].deafUntil = max(routers[router].deafUntil, end)
            routers[router].findDeadline()
            for link in links(ofRouter: router) {
                // What has happened just now is noticed later.
                if cables[link].excusedUntil > now { cables[link].excusedUntil = cables[link].excusedUntil + more }
                excuse(link, for: .zero)
            }
        case .routerResets:
            for id in routers[router].ofNode[node] where routers[router].deafnesses == 0 {
                endSession(id, with: [6, 4])
            }
        case .refresh:
            guard let id = routers[router].established(with: node), routers[router].deafnesses == 0 else { break }
            for family in routers[router].sessions[id]?.oracle.families.sorted(by: { $0.afi < $1.afi }) ?? [] {
                reply(RouterMessage.refresh(family), on: id)
            }
        }
    }

    mutating func end(_ fault: Fault) {
        touch(fault)
        let (node, router) = (fault.node, fault.router)
        switch fault.kind {
        case .service(let check, _, _): set(check, of: node, to: .up)
        case .probesLost:
            nodes[node].lostProbes -= 1
            nodes[node].missesProbesUntil = now + patience(of: node)
        case .othersTakeAddress(let prefix):
            nodes[node].addressesOfOthers.insert(prefix)
            tellLocality(node)
            reconsider(node)
        case .sourceChanges(let prefix, _):
            nodes[node].served[prefix] = scenario.served[prefix]
            tellServed(node)
        case .sourceAway:
            nodes[node].sourceAbsences -= 1
            tellServed(node)
        case .drain:
            guard let place = nodes[node].drains.firstIndex(of: fault.number) else { break }
            nodes[node].drains.remove(at: place)
            if nodes[node].drains.isEmpty { ask(.undrainRequested, of: node) }
        case .drainVIP(let prefix): ask(.vipUndrainRequested(prefix), of: node)
        case .drainFile:
            nodes[node].hasDrainFile = false
            ask(.drainFileGone, of: node)
        case .reload:
            excuseReload(of: node)
            nodes[node].wanted = nodes[node].configured
            ask(.intended(nodes[node].configured), of: node)
        case .leave, .crash, .powerLoss:
            nodes[node].deaths -= 1
            if fault.kind == .powerLoss { carry(links(of: node)) }
            guard nodes[node].deaths == 0 else { break }
            // What an operator's signal did not end in time is killed before it is started again.
            if nodes[node].process != nil {
                if case .leave = fault.kind, nodes[node].process?.isFrozen == false { excuse(node: node, for: .zero) }
                kill(node, silently: false)
            }
            excuse(node: node, for: .milliseconds(100))
            boot(node)
            if nodes[node].freezes > 0 { nodes[node].process?.inbox = [] }
        case .freeze, .machinePause:
            nodes[node].freezes -= 1
            if fault.kind == .machinePause { carry(links(of: node)) }
            guard nodes[node].freezes == 0 else { break }
            excuse(node: node, for: nodes[node].services.values.contains { $0 != .up } ? patience(of: node) : .zero)
            resume(node)
        case .kernelRefuses: nodes[node].refusals -= 1
        case .kernelLate: nodes[node].lateness = .zero
        case .partition: carry([fault.link])
        case .cut:
            cables[fault.link].cuts -= 1
            reconsider(node)
        case .routerDeaf:
            routers[router].deafnesses -= 1
            guard routers[router].deafnesses == 0 else { break }
            let unread = routers[router].unread
            routers[router].unread = []
            routers[router].deafUntil = now
            for link in links(ofRouter: router) {
                // Its timers start anew.
                let end = now + max(detection(link), patience(of: link.node)) + .seconds(2)
                cables[link].excusedUntil = min(cables[link].excusedUntil, end)
                excuse(link, for: .milliseconds(50))
            }
            for item in unread { hear(item.bytes, sentAt: item.sentAt, on: item.connection) }
            routers[router].findDeadline()
        case .addressForgotten, .reset, .stall, .halfOpen, .routerRestarts, .routerResets, .refresh: break
        }
    }

    private mutating func silence(_ links: [Link]) {
        for link in links {
            cables[link].silences += 1
            reconsider(link.node)
        }
    }

    private mutating func carry(_ links: [Link]) {
        for link in links {
            cables[link].silences -= 1
            guard !cables[link].isSilent else { continue }
            excuse(link, for: .seconds(2))
            repeatUnsent(on: link)
            reconsider(link.node)
        }
    }

    /// The router's ends of all connections of a link are gone, and the node is not told.
    private mutating func loseSilently(_ link: Link) {
        for id in routers[link.router].ofNode[link.node] {
            connections[id]?.routerKnowsIt = false
            loseConnection(id, hasToKeepStale: false)
            forgetIfGone(id)
        }
        startRouterBFD(link)
    }

    /// Someone takes an address off the interface; the process learns of it, sometimes late.
    private mutating func forget(_ prefix: IPPrefix, _ fault: Fault) {
        guard nodes[fault.node].addresses.remove(prefix) != nil else { return }
        nodes[fault.node].vanished.insert(prefix)
        let late: Duration = fault.detail % 4 == 0 ? .seconds(2) : .milliseconds(2)
        let answer = max(nodes[fault.node].lastAnswer, now) - now
        excuse(node: fault.node, for: late + nodes[fault.node].lateness + answer + .milliseconds(50))
        reconsider(fault.node)
        plan(.news(node: fault.node, life: nodes[fault.node].lives, .vanished(prefix)), after: late)
    }

    /// Other settings for a while: peers and VIPs come and go, and what is left of them changes.
    private func varied(_ configured: Settings, _ random: inout SeededGenerator) -> Settings {
        var settings = configured
        settings.peers.removeAll { _ in random.chance(1, in: 4) }
        for peer in settings.peers.indices {
            if random.chance(1, in: 4), settings.peers[peer].holdTime > 0 { settings.peers[peer].holdTime = 6 }
            if random.chance(1, in: 4) { settings.peers[peer].routeAdjustment.multiExitDiscriminator = 77 }
            if random.chance(1, in: 4), scenario.bfd?.isStrict == false { settings.peers[peer].bfd = nil }
        }
        settings.vips.removeAll { _ in random.chance(1, in: 4) }
        for vip in settings.vips.indices {
            if random.chance(1, in: 4) { settings.vips[vip].attributes.communities = [] }
            if random.chance(1, in: 4) { settings.vips[vip].onUnhealthy = random.one(of: [.lastResort, .withdraw]) }
        }
        for check in settings.checks.indices where random.chance(1, in: 4) {
            settings.checks[check].interval = .milliseconds(500)
        }
        return settings
    }
}
