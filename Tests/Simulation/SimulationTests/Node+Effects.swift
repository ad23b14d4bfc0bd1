import BGPFSM
import BGPWire
import Deadlines
import Health
import IPTypes
import Settings
import SpeakerCore

extension World {
    /// What the owners of the daemon do.
    mutating func perform(_ effect: Effect, of node: Int) {
        guard let life = nodes[node].process?.life else { return }
        switch effect {
        case .open(.locality(let prefixes)), .change(.locality(let prefixes)):
            nodes[node].process?.asked = prefixes
            tellLocality(node)
        case .change(.probe(let check)):
            // The prober is made anew: what it was asked has no outcome.
            nodes[node].process?.probing.remove(check.name)
            nodes[node].process?.probers[check.name, default: 0] += 1
        case .open, .change, .close, .report:
            break
        case .session(let address, let action):
            perform(action, on: Link(node: node, router: router(at: address)))
        case .bfd(let address, let packet):
            sendBFD(packet, on: Link(node: node, router: router(at: address)))
        case .awaitAcknowledgement(let address, let round, let limit):
            awaitAcknowledgement(on: Link(node: node, router: router(at: address)), round: round, within: limit)
        case .probe(let check):
            probe(check, of: node)
        case .bind(let prefixes, _):
            if nodes[node].lateness == .zero, nodes[node].lastAnswer <= now {
                answer(bind: true, prefixes, of: node)
            } else {
                planAnswer(.kernelAnswers(node: node, life: life, bind: true, prefixes), of: node)
            }
        case .unbind(let prefixes):
            judgeUnbind(prefixes, of: node)
            planAnswer(.kernelAnswers(node: node, life: life, bind: false, prefixes), of: node)
        case .runProgram:
            give(.programEnded(failure: nil), to: node)
        case .exit, .exitStillBound:
            nodes[node].hasExited = true
            kill(node, silently: false)
        }
    }

    private func router(at address: ScopedAddress) -> Int {
        addresses.firstIndex(of: address) ?? 0
    }

    /// What `LocalityLooks` tells: which of the addresses that are left to others are local.
    mutating func tellLocality(_ node: Int) {
        guard let process = nodes[node].process, !process.asked.isEmpty else { return }
        let local = process.asked.intersection(nodes[node].addressesOfOthers).sorted()
        let foreign = process.asked.subtracting(local).sorted()
        for (prefixes, isLocal) in [(local, true), (foreign, false)] where !prefixes.isEmpty {
            let input = Input.localityFound(prefixes, isLocal: isLocal)
            plan(.news(node: node, life: process.life, .input(input)), after: .milliseconds(1))
        }
    }
}

// MARK: - Connections

extension World {
    private mutating func perform(_ action: PeerSession.Action, on link: Link) {
        guard let process = nodes[link.node].process else { return }
        func connection(_ direction: Direction) -> Int? {
            direction == .outgoing ? process.outgoing[link.router] : process.incoming[link.router]
        }
        switch action {
        case .connect:
            lastConnection += 1
            nodes[link.node].process?.dials[link.router] = lastConnection
            plan(
                .dialArrives(link, life: process.life, dial: lastConnection),
                after: random.between(.microseconds(100), .milliseconds(5)))
        case .send(let message, let direction):
            let id = connection(direction) ?? (direction == .incoming ? process.candidate : nil)
            if let id { write(message, on: id) }
        case .close(let direction):
            if direction == .outgoing { nodes[link.node].process?.dials[link.router] = nil }
            if let id = connection(direction) { closeEnd(id, with: .end) }
        case .abort(let direction):
            if let id = connection(direction) { closeEnd(id, with: .reset) }
        case .rejectIncoming(let notification):
            guard let id = process.candidate else { return blame("no connection to reject") }
            write(.notification(notification), on: id)
            nodes[link.node].process?.candidate = nil
            closeEnd(id, with: .end)
        case .windowProbe(let direction):
            if let id = connection(direction), connections[id]?.routerKnowsIt == false {
                send(.reset, on: id, toRouter: false)
            }
        case .established, .routesRequested, .ended:
            break
        }
    }

    private mutating func write(_ message: Message, on id: Int) {
        guard let connection = connections[id] else { return }
        let bytes = connection.codec.encode(message)
        guard !bytes.isEmpty else { return blame("a message does not fit into 4096 octets") }
        connection.sent += 1
        if case .update(let update) = message {
            connection.updatesSent += 1
            noteWritten(update, on: id, connection.link)
        }
        send(.bytes(bytes, sentAt: now), on: id, toRouter: true)
    }

    /// The rule that everything is about: only what is on the interface is announced.
    private mutating func noteWritten(_ update: Update, on id: Int, _ link: Link) {
        let node = nodes[link.node]
        nodes[link.node].withdrawals += update.allWithdrawn.count
        nodes[link.node].process?.told[id, default: []].subtract(update.allWithdrawn)
        nodes[link.node].process?.told[id, default: []].formUnion(update.allAnnounced)
        for prefix in update.allAnnounced {
            let isOurs = node.configured.vips.contains { $0.prefix == prefix && $0.binds }
            if isOurs, !node.addresses.contains(prefix), !node.vanished.contains(prefix) {
                blame("node \(link.node) advertises \(prefix), which is not bound")
            }
        }
    }

    private mutating func awaitAcknowledgement(on link: Link, round: Int, within limit: Duration) {
        guard let process = nodes[link.node].process else { return }
        let peer = addresses[link.router]
        let late = Input.acknowledged(peer, round: round, false)
        let direction = process.speaker.establishedDirection(of: peer)
        let id = direction == .incoming ? process.incoming[link.router] : process.outgoing[link.router]
        guard direction != nil, let id, let connection = connections[id] else {
            return plan(.news(node: link.node, life: process.life, .input(late)), after: .zero)
        }
        if connection.acknowledged == connection.sent {
            let answer = Input.acknowledged(peer, round: round, true)
            plan(.news(node: link.node, life: process.life, .input(answer)), after: .zero)
        } else {
            connections[id]?.waiters.append(round)
            // Whoever has been answered takes no notice of this.
            plan(.news(node: link.node, life: process.life, .input(late)), after: limit)
        }
    }
}

// MARK: - The kernel's addresses

extension World {
    /// The kernel answers in order, each change after the one before.
    private mutating func planAnswer(_ what: Happening, of node: Int) {
        let pause = nodes[node].lateness + random.between(.microseconds(50), .milliseconds(2))
        nodes[node].lastAnswer = max(nodes[node].lastAnswer, now + pause)
        plan(what, after: nodes[node].lastAnswer - now)
    }

    /// The kernel does what it was asked, or refuses.
    mutating func answer(bind: Bool, _ prefixes: [IPPrefix], of node: Int) {
        guard let life = nodes[node].process?.life else { return }
        var inputs: [Input] = []
        let isRefused = nodes[node].refusals > 0
        if bind, isRefused {
            inputs = prefixes.map { .bindFailed($0, reason: "the kernel says no") }
        } else if bind {
            nodes[node].addresses.formUnion(prefixes)
            nodes[node].vanished.subtract(prefixes)
            inputs = [.bound(prefixes)]
        } else {
            // What is not there need not be removed.
            let kept = prefixes.filter { isRefused && nodes[node].addresses.contains($0) }
            let gone = prefixes.filter { !kept.contains($0) }
            nodes[node].addresses.subtract(gone)
            nodes[node].vanished.subtract(gone)
            inputs = kept.map { .unbindFailed($0, reason: "the kernel says no") }
            if !gone.isEmpty { inputs.append(.unbound(gone)) }
        }
        reconsider(node)
        for input in inputs { tell(.input(input), to: node, life: life) }
    }

    /// What must be true when a node takes addresses off its interface: no router is told of them any more.
    private mutating func judgeUnbind(_ prefixes: [IPPrefix], of node: Int) {
        for prefix in prefixes {
            for (id, told) in nodes[node].process?.told ?? [:] where told.contains(prefix) {
                blame(
                    "node \(node) unbinds \(prefix) while router \(connections[id]?.link.router ?? 0) is still told of it"
                )
            }
        }
    }
}

// MARK: - Services

extension World {
    private mutating func probe(_ check: String, of node: Int) {
        guard let process = nodes[node].process, !process.probing.contains(check) else { return }
        let settings = process.speaker.settings.checks.first { $0.name == check }
        guard let timeout = settings?.timeout, nodes[node].lostProbes == 0 else { return }
        nodes[node].process?.probing.insert(check)
        let isHung = nodes[node].services[check] == .hanging
        let most = nodes[node].services[check] == .up ? Duration.milliseconds(30) : .milliseconds(2)
        plan(
            .probeEnds(
                node: node, life: process.life, check: check, prober: process.probers[check, default: 0], askedAt: now,
                hung: isHung),
            after: isHung ? timeout : random.between(.microseconds(200), most))
    }

    mutating func endProbe(of check: String, prober: Int, on node: Int, life: Int, askedAt: Instant, hung: Bool) {
        guard let process = nodes[node].process, process.life == life else { return }
        // The prober was made anew since.
        guard process.probers[check, default: 0] == prober else { return }
        let outcome: Outcome =
            switch nodes[node].services[check] {
            case _ where hung: .failed(reason: "no answer", definitive: false)
            case .up, nil: .passed
            case .refusing: .failed(reason: "connection refused", definitive: true)
            case .failing: .failed(reason: "answers 500", definitive: false)
            case .hanging: .failed(reason: "no answer", definitive: false)
            }
        tell(.outcome(check, outcome, askedAt: askedAt), to: node, life: life)
    }

    /// A service changes; whoever keeps a connection to it learns that it is lost.
    mutating func set(_ check: String, of node: Int, to state: ServiceState) {
        guard nodes[node].services[check] != state else { return }
        nodes[node].services[check] = state
        if state == .refusing, let life = nodes[node].process?.life {
            let lost = Input.check(check, .connectionLost)
            plan(
                .news(node: node, life: life, .input(lost)),
                after: random.between(.microseconds(200), .milliseconds(2)))
        }
        reconsider(node)
    }
}
