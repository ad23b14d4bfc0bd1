import BFD
import BGPFSM
import BGPWire
import Deadlines
import Health
import IPTypes
import Settings
import SpeakerCore

// What happens on the wire and in the kernels, and the rules that are checked while it happens.

extension World {
    mutating func happen(_ what: Happening) {
        if let node = what.node, nodes[node].waiting?.append(what) != nil { return }
        switch what {
        case .input(let node, let input):
            give(input, to: node)
        case .outcome(let node, let askedAt):
            let isUp = nodes[node].isServiceUp
            nodes[node].wasRefused = !isUp && nodes[node].refuses
            let outcome: Outcome =
                isUp ? .passed : .failed(reason: "the service is down", definitive: nodes[node].refuses)
            give(.check(Self.check, .outcome(outcome, took: now - askedAt)), to: node)
        case .bfdToRouter(let link, let packet):
            if !silentLinks.contains(link) { giveRouterBFD(.received(packet), on: link) }
        case .bfdToNode(let link, let packet):
            guard !silentLinks.contains(link) else { return }
            let router = Self.address(ofRouter: link.router)
            give(.bfdReceived(packet, from: router, isMultihop: false), to: link.node)
        case .dialArrives(let link):
            connect(link)
        case .toRouter(let link, let connection, let message):
            guard connections[link] == connection, !silentLinks.contains(link) else { return }
            giveRouter(.received(Self.received(message), .incoming), on: link, learning: message)
        case .toNode(let link, let connection, let message):
            guard connections[link] == connection, !silentLinks.contains(link) else { return }
            give(session(link, .received(Self.received(message), .outgoing)), to: link.node)
        case .closedByNode(let link, let connection):
            guard connections[link] == connection, !silentLinks.contains(link) else { return }
            connections[link] = nil
            giveRouter(.tcpFailed(.incoming, .closedByPeer), on: link)
        case .closedByRouter(let link, let connection):
            guard connections[link] == connection, !silentLinks.contains(link) else { return }
            connections[link] = nil
            nodes[link.node].told[link.router] = []
            give(session(link, .tcpFailed(.outgoing, .closedByPeer)), to: link.node)
        }
    }

    /// The node's process stands still (SIGSTOP, a paused machine); what comes for it waits.
    mutating func stop(_ node: Int) {
        nodes[node].waiting = []
    }

    /// It goes on: sees first what waits, or first that its time is over.
    mutating func resume(_ node: Int) {
        let waiting = nodes[node].waiting ?? []
        nodes[node].waiting = nil
        if random.next() % 2 == 0 { give(.deadlineReached, to: node) }
        for what in waiting { happen(what) }
        give(.deadlineReached, to: node)
    }

    private func session(_ link: Link, _ event: PeerSession.Event) -> Input {
        .session(Self.address(ofRouter: link.router), event)
    }

    /// The network or the router lets a dial through, or not.
    private mutating func connect(_ link: Link) {
        // A dial to a peer that is removed is called off.
        let peers = nodes[link.node].speaker.settings.peers.map(\.address)
        guard peers.contains(Self.address(ofRouter: link.router)) else { return }
        guard !brokenLinks.contains(link), !silentLinks.contains(link), connections[link] == nil else {
            give(session(link, .tcpFailed(.outgoing, .timedOut(md5: false, onLink: nil))), to: link.node)
            return
        }
        lastConnection += 1
        connections[link] = lastConnection
        nodes[link.node].told[link.router] = []
        let node = IPAddress.v4(IPv4Address(UInt32(link.node + 1)))
        let router = Self.address(ofRouter: link.router).address
        giveRouter(.tcpConnected(.incoming, Endpoints(local: router, remote: node)), on: link)
        give(session(link, .tcpConnected(.outgoing, Endpoints(local: node, remote: router))), to: link.node)
    }

    /// The cable is cut or the router restarts: both ends lose the connection.
    mutating func cut(_ link: Link) {
        guard connections.removeValue(forKey: link) != nil else { return }
        nodes[link.node].told[link.router] = []
        giveRouter(.tcpFailed(.incoming, .reset), on: link)
        give(session(link, .tcpFailed(.outgoing, .reset)), to: link.node)
    }

    /// Hands an input to a node's speaker and does what it says.
    mutating func give(_ input: Input, to node: Int) {
        guard !nodes[node].hasExited else { return }
        guard nodes[node].effectLoop.add(input) else { return }
        while let turn = nodes[node].effectLoop.next(at: now) {
            for effect in turn.effects { perform(effect, of: node) }
        }
    }

    private mutating func perform(_ effect: Effect, of node: Int) {
        switch effect {
        case .open, .change, .close:
            break
        case .session(let address, let action):
            perform(action, on: Link(node: node, router: Self.router(at: address)))
        case .bfd(let address, let packet):
            send(packet, on: Link(node: node, router: Self.router(at: address)))
        case .awaitAcknowledgement(let address, let round, let limit):
            plan(.input(node: node, .acknowledged(address, round: round, true)), after: between(.zero, limit))
        case .probe:
            plan(.outcome(node: node, askedAt: now), after: between(.microseconds(200), .milliseconds(30)))
        case .bind(let prefixes, _):
            for prefix in prefixes {
                if random.next() % 20 == 0 {
                    nodes[node].isBound = false
                    give(.bindFailed(prefix, reason: "the kernel says no"), to: node)
                } else {
                    nodes[node].isBound = true
                    give(.bound([prefix]), to: node)
                }
            }
        case .unbind(let prefixes):
            for prefix in prefixes {
                if nodes[node].told.values.contains(where: { $0.contains(prefix) }) {
                    violations.append("node \(node) unbinds \(prefix) while a router is still told of it, at \(now)")
                }
                if let withdrawnAt = nodes[node].withdrawnAt, now < withdrawnAt + linger, !nodes[node].wasRefused {
                    violations.append("node \(node) unbinds \(prefix) while routers may still send to it, at \(now)")
                }
                if random.next() % 20 == 0 {
                    give(.unbindFailed(prefix, reason: "the kernel says no"), to: node)
                } else {
                    nodes[node].isBound = false
                    give(.unbound([prefix]), to: node)
                }
            }
        case .runProgram:
            give(.programEnded(failure: nil), to: node)
        case .exit, .exitStillBound:
            nodes[node].hasExited = true
        case .report:
            break
        }
    }

    private mutating func perform(_ action: PeerSession.Action, on link: Link) {
        switch action {
        case .connect:
            plan(.dialArrives(link), after: between(.microseconds(100), .milliseconds(5)))
        case .send(let message, _):
            guard let connection = connections[link] else { return }
            if case .update(let update) = message {
                noteWritten(update, on: link)
                let all = Input.updatesAcknowledged(Self.address(ofRouter: link.router), .max)
                plan(.input(node: link.node, all), after: .milliseconds(2))
            }
            plan(.toRouter(link, connection: connection, message), after: .milliseconds(1))
        case .close, .abort:
            nodes[link.node].told[link.router] = []
            let closed = Input.connectionClosed(Self.address(ofRouter: link.router))
            plan(.input(node: link.node, closed), after: .milliseconds(2))
            guard let connection = connections[link] else { return }
            plan(.closedByNode(link, connection: connection), after: .milliseconds(1))
        case .rejectIncoming, .windowProbe, .established, .routesRequested, .ended:
            break
        }
    }

    /// The rule that everything is about: only what is bound and healthy is advertised.
    private mutating func noteWritten(_ update: Update, on link: Link) {
        if !update.withdrawn.isEmpty { nodes[link.node].withdrawals += 1 }
        nodes[link.node].told[link.router, default: []].subtract(update.withdrawn)
        nodes[link.node].told[link.router, default: []].formUnion(update.nlri)
        if !update.withdrawn.isEmpty { nodes[link.node].withdrawnAt = now }
        if !update.nlri.isEmpty && !nodes[link.node].isBound {
            violations.append("node \(link.node) advertises what is not bound, at \(now)")
        }
    }

    mutating func giveRouter(_ event: PeerSession.Event, on link: Link, learning message: Message? = nil) {
        guard var end = routerEnds[link] else { return }
        let actions = end.session.handle(event, at: now)
        if case .update(let update) = message, end.session.state == .established {
            end.routes.subtract(update.withdrawn)
            end.routes.formUnion(update.nlri)
        }
        for action in actions {
            switch action {
            case .send(let message, _):
                if let connection = connections[link] {
                    plan(.toNode(link, connection: connection, message), after: .milliseconds(1))
                }
            case .close, .abort:
                if let connection = connections[link] {
                    plan(.closedByRouter(link, connection: connection), after: .milliseconds(1))
                }
            case .ended:
                end.routes = []
            case .connect, .rejectIncoming, .windowProbe, .established, .routesRequested:
                break
            }
        }
        routerEnds[link] = end
    }

    private static func received(_ message: Message) -> ReceivedMessage {
        switch message {
        case .open(let open): .open(open)
        case .update(let update):
            .update(UpdateSummary(announced: update.nlri.count, withdrawn: update.withdrawn.count))
        case .notification(let notification): .notification(notification)
        case .keepalive: .keepalive
        case .routeRefresh(let refresh): .routeRefresh(refresh)
        }
    }
}

extension World.Happening {
    /// The node that takes notice of it; nil if none does.
    fileprivate var node: Int? {
        switch self {
        case .input(let node, _), .outcome(let node, _): node
        case .toNode(let link, _, _), .closedByRouter(let link, _), .bfdToNode(let link, _): link.node
        case .toRouter, .dialArrives, .closedByNode, .bfdToRouter: nil
        }
    }
}
