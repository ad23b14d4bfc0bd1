import BFD
import BGPFSM
import BGPWire
import Deadlines
import Health
import IPTypes
import Settings
import SpeakerCore

/// What comes for a process. While it stands still, it waits.
enum News {
    case input(Input)
    case dialled(Int, Int, Int)
    case dialFailed(Int, Int, TransportFailure)
    case accepted(Int)
    case bytes(Int, [UInt8])
    case ended(Int, TransportFailure)
    case acknowledged(Int, updates: Int)
    case outcome(String, Outcome, askedAt: Instant)
    /// The kernel has announced that an address is gone.
    case vanished(IPPrefix)
    case bfd(Int, BFDPacket)
}

/// The process of a node, with what it holds open.
final class Process {
    let life: Int
    var loop: EffectLoop
    /// The dial that is under way to each router, and the open connections.
    var dials: [Int: Int] = [:]
    var outgoing: [Int: Int] = [:]
    var incoming: [Int: Int] = [:]
    var candidate: Int?
    /// What is to be read, while the process stands still.
    var inbox: [News]?
    var isFrozen: Bool { inbox != nil }
    /// True while it reads what came before its timer may fire.
    var isReading = false
    var timer: Instant?
    var probing: Set<String> = []
    /// How often the prober of a check was made anew.
    var probers: [String: Int] = [:]
    /// Addresses that are left to others and that the kernel is asked about.
    var asked: Set<IPPrefix> = []
    /// What has been announced on each open connection.
    var told: [Int: Set<IPPrefix>] = [:]
    /// As it is in the loop: a copy would take long.
    var speaker: Speaker { _read { yield loop.speaker } }

    init(life: Int, loop: EffectLoop) { (self.life, self.loop) = (life, loop) }

    /// The loop is asked in its place: a copy would take long.
    func findTimer() {
        func deadline(of loop: inout EffectLoop) -> Instant? { loop.nextDeadline }
        timer = deadline(of: &loop)
    }

    func hasPeer(_ address: ScopedAddress) -> Bool { speaker.settings.peers.contains { $0.address == address } }
}

/// What becomes of a connection to a service.
enum ServiceState: Hashable {
    case up
    /// Nothing listens.
    case refusing
    /// It answers that it is unwell.
    case failing
    /// It accepts, and answers nothing.
    case hanging
}

/// One machine of the rack.
final class Node {
    /// The settings when nobody plays with them.
    let configured: Settings
    /// The settings that the operator has given last.
    var wanted: Settings
    var process: Process?
    var lives = 0
    /// What is on the interface.
    var addresses: Set<IPPrefix> = []
    /// Those of these that others have put there.
    var addressesOfOthers: Set<IPPrefix> = []
    /// What someone else has taken off the interface, and the process has not put back or given up.
    var vanished: Set<IPPrefix> = []
    /// How many routes were withdrawn.
    var withdrawals = 0
    /// The kernel refuses to change addresses, and answers that much later.
    var refusals = 0
    var lateness = Duration.zero
    var services: [String: ServiceState] = [:]
    /// Probes that are asked for now are never answered.
    var lostProbes = 0
    /// Until when a verdict may still end because of probes that were lost.
    var missesProbesUntil = Instant(nanoseconds: 0)
    /// What the second source has, and whether it can be reached.
    var served: [IPPrefix: VIPSettings]
    var sourceAbsences = 0
    var hasDrainFile = false
    /// What the operator wants, by the faults that want it.
    var drains: [Int] = []
    var vipDrains: [Int: IPPrefix] = [:]
    /// How many faults have the process down, frozen, or play with its settings.
    var deaths = 0
    var freezes = 0
    var experiments = 0
    var hasExited = false
    /// Until when a fault has the process stand still.
    var frozenUntil = Instant(nanoseconds: 0)
    var touchedAt = Instant(nanoseconds: 0)
    var lastAnswer = Instant(nanoseconds: 0)
    var timer: Instant? { process.flatMap { $0.isFrozen || $0.isReading ? nil : $0.timer } }

    init(configured: Settings, served: [IPPrefix: VIPSettings]) {
        self.configured = configured
        wanted = configured
        self.served = served
        for check in configured.checks { services[check.name] = .up }
        addressesOfOthers = Set(configured.vips.filter { !$0.binds }.map(\.prefix))
    }

    /// True if a verdict may end for want of outcomes.
    func missesProbes(at now: Instant) -> Bool { lostProbes > 0 || now < missesProbesUntil }

    /// True if a packet to a VIP is answered.
    func answers(_ prefix: IPPrefix) -> Bool {
        guard let vip = configured.vips.first(where: { $0.prefix == prefix }) else { return true }
        let isThere = vip.binds ? addresses.contains(prefix) : addressesOfOthers.contains(prefix)
        return isThere && isWell(vip)
    }

    /// True if all services behind a VIP serve.
    func isWell(_ vip: VIPSettings) -> Bool { vip.checks.allSatisfy { services[$0] == .up } }
}

extension World {
    /// A process starts, on what an earlier one left.
    mutating func boot(_ node: Int) {
        nodes[node].lives += 1
        nodes[node].hasExited = false
        nodes[node].wanted = nodes[node].configured
        nodes[node].drains = []
        nodes[node].vanished = []
        let seed = random.next()
        var speaker = Speaker(hostName: "node\(node)", seed: seed, at: now)
        // So that what is told of a few VIPs takes several turns, as otherwise of thousands.
        if seed % 4 > 0 { speaker.portion = Int(seed % 4) }
        nodes[node].process = Process(life: nodes[node].lives, loop: EffectLoop(speaker))
        give(.intended(nodes[node].configured), to: node)
        let leftovers = nodes[node].addresses.sorted()
        if !leftovers.isEmpty { give(.leftoversFound(leftovers), to: node) }
        if nodes[node].hasDrainFile { give(.drainFileFound(reason: "maintenance"), to: node) }
        give(.started, to: node)
        if !scenario.served.isEmpty {
            plan(.sourceSpeaks(node: node), after: random.between(.zero, .seconds(2)))
        }
    }

    /// The second source says what it has, if it can be reached.
    mutating func tellServed(_ node: Int) {
        guard nodes[node].sourceAbsences == 0, nodes[node].process != nil else { return }
        var all: [IPPrefix: VIPSettings?] = [:]
        for prefix in scenario.served.keys { all.updateValue(nodes[node].served[prefix], forKey: prefix) }
        let life = nodes[node].lives
        plan(.news(node: node, life: life, .input(.vips(.services, all))), after: .zero)
        plan(.news(node: node, life: life, .input(.vipsAreComplete(.services))), after: .zero)
    }

    /// The process is gone: its kernel closes what it had open.
    mutating func kill(_ node: Int, silently: Bool) {
        guard let process = nodes[node].process else { return }
        nodes[node].process = nil
        for id in connections.keys.sorted() where connections[id]?.life == process.life {
            guard connections[id]?.link.node == node, connections[id]?.nodeKnowsIt == true else { continue }
            connections[id]?.nodeKnowsIt = false
            if !silently { send(.end, on: id, toRouter: true) }
            forgetIfGone(id)
        }
    }

    mutating func tell(_ news: News, to node: Int, life: Int) {
        guard nodes[node].process?.life == life else { return }
        if nodes[node].process?.isFrozen == true {
            nodes[node].process?.inbox?.append(news)
        } else {
            take(news, node)
        }
    }

    /// The process goes on: it finds first that its timer is late, or reads first what has come.
    mutating func resume(_ node: Int) {
        guard let inbox = nodes[node].process?.inbox else { return }
        nodes[node].process?.inbox = nil
        nodes[node].touchedAt = now
        if let due = nodes[node].process?.timer, due <= now, random.chance(1, in: 2) {
            fireLateTimer(of: node, due: due)
        }
        for news in inbox where nodes[node].process != nil { take(news, node) }
    }

    private mutating func take(_ news: News, _ node: Int) {
        func session(_ router: Int, _ event: PeerSession.Event) -> Input {
            .session(addresses[router], event)
        }
        switch news {
        case .input(let input): give(input, to: node)
        case .dialled(let router, let dial, let id):
            guard nodes[node].process?.dials[router] == dial else { return closeEnd(id, with: .reset) }
            nodes[node].process?.dials[router] = nil
            nodes[node].process?.outgoing[router] = id
            give(session(router, .tcpConnected(.outgoing, endpoints(node, router))), to: node)
        case .dialFailed(let router, let dial, let failure):
            guard nodes[node].process?.dials[router] == dial else { return }
            nodes[node].process?.dials[router] = nil
            give(session(router, .tcpFailed(.outgoing, failure)), to: node)
        case .accepted(let id):
            guard let router = connections[id]?.link.router else { return }
            guard nodes[node].process?.hasPeer(addresses[router]) == true else {
                return closeEnd(id, with: .reset)
            }
            nodes[node].process?.candidate = id
            give(session(router, .tcpConnected(.incoming, endpoints(node, router))), to: node)
            if nodes[node].process?.candidate == id { nodes[node].process?.incoming[router] = id }
            nodes[node].process?.candidate = nil
        case .bytes(let id, let bytes):
            guard let connection = connections[id], isOpen(id, of: node) else { return }
            let router = connection.link.router
            do {
                let message = try connection.codec.decode(bytes.span.bytes)
                // ROUTE-REFRESH does not restart the hold timer (RFC 4271 section 8.2.2).
                if bytes[18] != 5 { routers[router].noteRead(id, at: now) }
                give(session(router, .received(message, connection.direction)), to: node)
            } catch { blame("node \(node) cannot read what router \(router) sends: \(error)") }
        case .ended(let id, let failure):
            guard let connection = connections[id], isOpen(id, of: node) else { return finishClosing(id) }
            connections[id]?.nodeKnowsIt = false
            forget(id, of: node)
            forgetIfGone(id)
            give(session(connection.link.router, .tcpFailed(connection.direction, failure)), to: node)
        case .acknowledged(let id, let updates):
            guard let connection = connections[id], isOpen(id, of: node) else { return }
            give(session(connection.link.router, .openAcknowledged(connection.direction)), to: node)
            give(.updatesAcknowledged(addresses[connection.link.router], updates), to: node)
        case .outcome(let check, let outcome, let askedAt):
            nodes[node].process?.probing.remove(check)
            give(.check(check, .outcome(outcome, took: now - askedAt)), to: node)
        case .vanished(let prefix):
            if !nodes[node].addresses.contains(prefix), nodes[node].process?.speaker.isBound(prefix) == true {
                give(.vanished([prefix]), to: node)
            }
        case .bfd(let router, let packet):
            give(.bfdReceived(packet, from: addresses[router], isMultihop: false), to: node)
        }
    }

    /// True if the process has the connection open.
    private func isOpen(_ id: Int, of node: Int) -> Bool {
        guard let link = connections[id]?.link, let process = nodes[node].process else { return false }
        return process.outgoing[link.router] == id || process.incoming[link.router] == id
    }

    private mutating func forget(_ id: Int, of node: Int) {
        guard let router = connections[id]?.link.router else { return }
        nodes[node].process?.told[id] = nil
        if nodes[node].process?.outgoing[router] == id { nodes[node].process?.outgoing[router] = nil }
        if nodes[node].process?.incoming[router] == id { nodes[node].process?.incoming[router] = nil }
    }

    /// The node's end of a connection is closed.
    mutating func closeEnd(_ id: Int, with segment: Segment) {
        guard let link = connections[id]?.link else { return }
        forget(id, of: link.node)
        connections[id]?.nodeKnowsIt = false
        connections[id]?.isClosing = true
        send(segment, on: id, toRouter: true)
        plan(.closed(connection: id), after: .seconds(1))
    }

    /// Both addresses of the node on the link, whatever the session runs over.
    private func endpoints(_ node: Int, _ router: Int) -> Endpoints {
        let isIPv6 = scenario.routers[router].isIPv6
        return Endpoints(
            local: Scenario.address(of: node, towards: router, isIPv6: isIPv6),
            remote: addresses[router].address,
            alternate: Scenario.address(of: node, towards: router, isIPv6: !isIPv6))
    }
}

// MARK: - Inputs and time

extension World {
    /// Hands an input to a node's process, does what it says, and arms its timer: what `SpeakerHost.take` does.
    mutating func give(_ input: Input, to node: Int) {
        guard nodes[node].process?.loop.add(input) == true else { return }
        while let turn = nodes[node].process?.loop.next(at: now) {
            for effect in turn.effects where nodes[node].process != nil { perform(effect, of: node) }
        }
        nodes[node].process?.findTimer()
    }

    mutating func fireTimer(of node: Int) {
        if let due = nodes[node].process?.timer { fireLateTimer(of: node, due: due) }
    }

    /// The timer that was due then fires now.
    mutating func fireLateTimer(of node: Int, due: Instant) {
        guard let process = nodes[node].process else { return }
        let waking = process.loop.wake(due: due, at: now, hasUnread: { false }, hasUnreadBFD: { false })
        process.isReading = false
        switch waking {
        case .early: process.findTimer()
        case .readFirst(let due):
            process.isReading = true
            plan(.timerFires(node: node, life: process.life, due: due), after: EffectLoop.readingPause)
        case .due(let stall):
            if stall != nil { give(.stalled, to: node) }
            give(.deadlineReached, to: node)
        }
    }
}
