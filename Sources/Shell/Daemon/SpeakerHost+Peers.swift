import BGPFSM
import BGPTransport
import BGPWire
import IPTypes
import Logging
import NIOCore
import NIOPosix
import Netlink
import Settings
import SpeakerCore

/// The TCP connections of one peer.
struct PeerConnections {
    var outgoing: PeerConnection?
    var incoming: PeerConnection?
    /// An accepted connection while the session decides on it; it may take the place of `incoming`.
    var candidate: PeerConnection?
    /// The next look for the router of an unnumbered peer, before it is dialled.
    var search: Scheduled<Void>?
    /// The question whether another process of this node has a session with the peer, before it is dialled.
    var question: DialQuestion?
    /// Those that were told to close and have not ended yet, the oldest first.
    var closing: [PeerConnection] = []

    /// The connection that an action of the session means.
    subscript(direction: Direction) -> PeerConnection? {
        switch direction {
        case .outgoing: outgoing
        case .incoming: incoming ?? candidate
        }
    }

    /// Forgets a connection that has ended or is being closed.
    mutating func forget(_ connection: PeerConnection) {
        if outgoing === connection { outgoing = nil }
        if incoming === connection { incoming = nil }
        if candidate === connection { candidate = nil }
    }

    /// Calls off what comes before a dial.
    mutating func endSearch() {
        search?.cancel()
        search = nil
        question = nil
    }
}

/// One question before one dial; an answer to an earlier one is none.
final class DialQuestion: Sendable {}

extension SpeakerHost {
    /// Turns an action of one peer's session into something on the wire.
    func perform(_ action: PeerSession.Action, for peer: ScopedAddress) {
        switch action {
        case .connect:
            dial(peer)
        case .send(let message, let direction):
            send(message, on: connections[peer]?[direction])
        case .windowProbe(let direction):
            probe(connections[peer]?[direction])
        case .close(let direction):
            if direction == .outgoing { connections[peer]?.endSearch() }
            close(connections[peer]?[direction], of: peer)
        case .abort(let direction):
            abort(connections[peer]?[direction], of: peer)
        case .rejectIncoming(let notification):
            send(.notification(notification), on: connections[peer]?.candidate)
            close(connections[peer]?.candidate, of: peer)
        case .established, .routesRequested, .ended:
            // Followed up by the Speaker itself; none of them leaves it as an effect.
            break
        }
    }

    private func send(_ message: Message, on connection: PeerConnection?) {
        guard let connection else { return }
        connection.send(message)
        unflushed.append(connection)
    }

    /// Hands everything that was sent to the kernel. What is sent together leaves together, but nothing waits behind
    /// an address that is being unbound, nor behind the log.
    func flush() {
        for connection in unflushed { connection.flush() }
        unflushed.removeAll(keepingCapacity: true)
        logReports()
    }

    /// Dials a peer; what comes of it returns as events of its session.
    private func dial(_ peer: ScopedAddress) {
        guard let settings = peerSettings(peer) else { return }
        if peer.isUnnumbered, let interface = peer.zone {
            dialRouter(of: settings, on: interface)
        } else {
            dial(settings, at: peer)
        }
    }

    /// Dials a peer at this address, unless another process of this node has a session with it from the address that we
    /// would use: the router would end that one. The kernel goes through all connections of the node for the answer, so
    /// that is done on a thread of its own.
    func dial(_ settings: PeerSettings, at remote: ScopedAddress) {
        let question = DialQuestion()
        connections[settings.address, default: PeerConnections()].question = question
        let (port, source, interface) = (settings.port, settings.source, settings.sourceInterface)
        socketThread.submit { [self] in
            let answer = Result {
                try NodeNetwork.otherSpeaker(with: remote, port: port, from: source, interface: interface)
            }
            loop.execute { [self] in
                assumeIsolated { host in
                    guard host.connections[settings.address]?.question === question else { return }
                    host.connections[settings.address]?.question = nil
                    host.dial(settings, at: remote, knowing: answer)
                }
            }
        }
    }

    private func dial(
        _ settings: PeerSettings, at remote: ScopedAddress, knowing other: Result<String?, any Error>
    ) {
        let peer = settings.address
        switch other {
        case .success(nil): break
        case .success(let process?): return take(.session(peer, .tcpFailed(.outgoing, .inUse(by: process))))
        // A kernel without inet_diag cannot tell: then the peer is dialled.
        case .failure(let error):
            logger.debug(
                "cannot tell whether another speaker has the peer", metadata: ["peer": "\(peer)", "reason": "\(error)"])
        }
        let connection = PeerConnection.dial(endpoint(of: settings, at: remote), on: loop) {
            [self] connection, event in
            assumeIsolated { $0.connectionEvent(event, of: connection, peer, .outgoing) }
        }
        connections[peer, default: PeerConnections()].outgoing = connection
    }

    /// Asks the peer's TCP for a sign, and before that for its link-layer address if that had no answer since the last
    /// probe.
    private func probe(_ connection: PeerConnection?) {
        guard let connection else { return }
        try? NodeNetwork.giveUpIfSilent(connection.remote)
        connection.probeWindow()
    }

    /// So many connections of one peer may wait for its FIN. One that opens thousands a second would make us keep them all
    /// for a second.
    private static let closingLimit = 8

    /// Closes after what was written has left.
    private func close(_ connection: PeerConnection?, of peer: ScopedAddress) {
        guard let connection else { return }
        connections[peer]?.forget(connection)
        closing += 1
        connections[peer]?.closing.append(connection)
        connection.close { [self] in assumeIsolated { $0.connectionClosed(connection, of: peer) } }
        if let oldest = connections[peer]?.closing.first, connections[peer]?.closing.count ?? 0 > Self.closingLimit {
            connections[peer]?.closing.removeFirst()
            oldest.abort()
        }
    }

    /// Closes at once; what was written and has not left is lost.
    private func abort(_ connection: PeerConnection?, of peer: ScopedAddress) {
        guard let connection else { return }
        connections[peer]?.forget(connection)
        closing += 1
        connection.abort { [self] in assumeIsolated { $0.connectionClosed(connection, of: peer) } }
    }

    private func connectionEvent(
        _ event: ConnectionEvent, of connection: PeerConnection, _ peer: ScopedAddress, _ direction: Direction
    ) {
        guard connections[peer]?[direction] === connection else { return }
        switch event {
        case .unanswered:
            // The kernel asks for a link-layer address once a second. If that may not be changed, its time passes.
            try? NodeNetwork.giveUpIfSilent(connection.remote)
        case .connected(let endpoints):
            follow(local: endpoints.local, of: peer)
            take(.session(peer, .tcpConnected(direction, completed(endpoints, of: connection))))
        case .acknowledged(let updates):
            take(.updatesAcknowledged(peer, updates))
        case .received(let message):
            take(.session(peer, .received(message, direction)))
        case .malformed(let error):
            take(.session(peer, .malformed(error, direction)))
        case .ended(let failure):
            connections[peer]?.forget(connection)
            take(.session(peer, .tcpFailed(direction, explained(failure, of: connection.remote, peer))))
        }
    }

    /// Adds our further addresses on that link as far as they are needed as next hops: the global one beside a
    /// link-local one, and that of the other family if there are VIPs of it.
    private func completed(_ endpoints: Endpoints, of connection: PeerConnection) -> Endpoints {
        let local = ScopedAddress(endpoints.local, zone: connection.remote.zone)
        let needsAlternate = settings.vips.contains { $0.prefix.address.isIPv4 != local.address.isIPv4 }
        var endpoints = endpoints
        do {
            if !local.address.isIPv4, local.address.isLinkLocal {
                endpoints.global = try NodeNetwork.global(beside: local)
            }
            if needsAlternate { endpoints.alternate = try NodeNetwork.alternate(to: local) }
        } catch {
            logger.warning("further next hops on the link not found", metadata: ["reason": "\(error)"])
        }
        return endpoints
    }

    /// What the kernel's tables add to a failed dial: a SYN without an answer means different things if the host answers
    /// ARP and if it does not, and so does "unreachable".
    private func explained(
        _ failure: TransportFailure, of remote: ScopedAddress, _ peer: ScopedAddress
    ) -> TransportFailure {
        // The tables may be long, and the other failures say enough by themselves.
        switch failure {
        case .hostUnreachable, .networkUnreachable, .timedOut, .prohibited, .refused: break
        default: return failure
        }
        guard let settings = peerSettings(peer) else { return failure }
        return failure.explained(
            by: pathFacts(to: remote), isForOneHop: endpoint(of: settings, at: remote).hops == .direct)
    }
}

// MARK: - Incoming

extension SpeakerHost {
    func accepted(_ connection: PeerConnection) {
        guard let settings = peerSettings(connection.remote), connections[settings.address]?.candidate == nil else {
            logger.debug("connection refused: its address is no peer's", metadata: ["remote": "\(connection.remote)"])
            connection.reject()
            return
        }
        let peer = settings.address
        connection.adopt(endpoint(of: settings, at: connection.remote)) { [self] connection, event in
            assumeIsolated { $0.incomingEvent(event, of: connection, peer) }
        }
    }

    private func incomingEvent(_ event: ConnectionEvent, of connection: PeerConnection, _ peer: ScopedAddress) {
        guard case .connected(let endpoints) = event else {
            connectionEvent(event, of: connection, peer, .incoming)
            return
        }
        connections[peer, default: PeerConnections()].candidate = connection
        follow(local: endpoints.local, of: peer)
        take(.session(peer, .tcpConnected(.incoming, completed(endpoints, of: connection))))
        // Not rejected: it is the session's incoming connection now.
        if connections[peer]?.candidate === connection {
            connections[peer]?.candidate = nil
            connections[peer]?.incoming = connection
        }
    }

    /// The peer with this address, else the one that includes it.
    private func peerSettings(_ address: ScopedAddress) -> PeerSettings? {
        settings.peers.first { $0.address == address } ?? settings.peers.first { $0.address.includes(address) }
    }
}

// MARK: - Endpoints

extension SpeakerHost {
    /// How to reach a peer that is at this address, for the transport.
    private func endpoint(of peer: PeerSettings, at remote: ScopedAddress) -> PeerEndpoint {
        PeerEndpoint(of: peer, at: remote, localAS: settings.localAS)
    }
}

extension PeerEndpoint {
    /// How to reach a peer that is at this address.
    init(of peer: PeerSettings, at remote: ScopedAddress, localAS: ASNumber) {
        let isInternal: Bool =
            switch peer.peerAS {
            case .internal: true
            case .external: false
            case .exactly(let number): number == (peer.localAS ?? localAS)
            }
        let hops: Hops =
            switch peer.distance {
            case .direct: isInternal ? .kernelDefault : .direct
            case .multihop(let ttl): .multihop(ttl)
            case .ttlSecurity(let hops): .ttlSecurity(hops)
            }
        self.init(
            remote: remote, port: peer.port, source: peer.source, interface: peer.sourceInterface, hops: hops,
            md5Key: peer.password?.bytes, userTimeout: peer.sendHoldTime)
    }
}

/// What the kernel's tables say of the way to a host.
func pathFacts(to remote: ScopedAddress) -> PathFacts {
    // Not knowing is an answer too: the words name both possibilities then.
    let neighbour = (try? NodeNetwork.neighbour(of: remote)) ?? nil
    return PathFacts(
        answersARP: neighbour?.answersARP,
        isConnected: neighbour != nil || (try? NodeNetwork.isConnected(to: remote)) ?? true,
        hasRoute: NodeNetwork.hasRoute(to: remote), isOwn: (try? NodeNetwork.isOwn(remote)) ?? false)
}
