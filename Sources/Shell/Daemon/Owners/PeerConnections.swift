import BGPFSM
import BGPTransport
import BGPWire
import Deadlines
import IPTypes
import NIOCore
import Netlink
import Settings
import SpeakerCore
import ShellSystem
import Wording

/// Owns the TCP connections with peers, and performs the actions of their sessions.
final class PeerConnections: LoopConfined {
    /// So many connections of one peer may wait for its FIN. One that opens thousands a second would make us keep them all
    /// for a second.
    static let closingLimit = 8

    let loop: any EventLoop
    let link: HostLink
    let kernel: PeerKernel
    /// Where the kernel is asked what may take it a while.
    let thread: any WorkThread
    /// Called with our address on each connection with a peer.
    private let onLocalAddress: (IPAddress, ScopedAddress) -> Void
    var links: [ScopedAddress: PeerLinks] = [:]
    /// How each peer is reached.
    private(set) var transports: [ScopedAddress: PeerTransport] = [:]
    /// Connections that were told to close and have not ended yet; an exit waits for them, for a bounded time.
    private(set) var closing = 0
    /// Called when the last of those has ended.
    private let onClosed: () -> Void
    /// Connections that have been sent something since the last `flush`.
    private var unflushed: [any PeerLink] = []
    /// True if an UPDATE is among that.
    private var hasUnflushedUpdate = false

    init(
        _ link: HostLink, kernel: PeerKernel, thread: any WorkThread,
        onLocalAddress: @escaping (IPAddress, ScopedAddress) -> Void, onClosed: @escaping () -> Void
    ) {
        loop = link.loop
        self.link = link
        self.kernel = kernel
        self.thread = thread
        self.onLocalAddress = onLocalAddress
        self.onClosed = onClosed
    }

    /// How a peer is reached from now on. Another key, and how long what we send may stay unacknowledged, hold for the
    /// connections that are open; all else for the next one.
    func reach(by transport: PeerTransport) {
        let peer = transport.peer
        guard let before = transports.updateValue(transport, forKey: peer) else { return }
        for connection in links[peer]?.open ?? [] {
            do throws(TransportFailure) {
                if before.password != transport.password { try connection.setMD5Key(transport.password?.bytes) }
                if before.userTimeout != transport.userTimeout { try connection.setUserTimeout(transport.userTimeout) }
            } catch {
                link.log(.connectionUnchanged(peer, reason: "\(error)"))
            }
        }
    }

    /// The peer is reached no more. Connections that are being closed still send what they have to.
    func forget(_ peer: ScopedAddress) {
        transports[peer] = nil
    }

    /// Turns an action of one peer's session into something on the wire.
    func perform(_ action: PeerSession.Action, for peer: ScopedAddress) {
        switch action {
        case .connect:
            dial(peer)
        case .send(let message, let direction):
            send(message, on: links[peer]?[direction])
        case .windowProbe(let direction):
            probe(links[peer]?[direction])
        case .close(let direction):
            if direction == .outgoing { links[peer]?.callOffDial() }
            close(links[peer]?[direction], of: peer)
        case .abort(let direction):
            abort(links[peer]?[direction], of: peer)
        case .rejectIncoming(let notification):
            send(.notification(notification), on: links[peer]?.candidate)
            close(links[peer]?.candidate, of: peer)
        case .established, .routesRequested, .ended:
            // Followed up by the Speaker itself; none of them leaves it as an effect.
            break
        }
    }

    /// Hands everything that was sent to the kernel. What is sent together leaves together.
    /// - Returns: True if an UPDATE was among it.
    func flush() -> Bool {
        defer { hasUnflushedUpdate = false }
        for connection in unflushed { connection.flush() }
        unflushed.removeAll(keepingCapacity: true)
        return hasUnflushedUpdate
    }

    /// True if something has arrived that was not read: the loop was stalled, and its timers come before its sockets.
    var hasUnread: Bool {
        links.values.contains { $0.open.contains { $0.hasUnread } }
    }

    /// Answers with `acknowledged` when the TCP of the peer has everything that was sent on this connection.
    func awaitAcknowledgement(of peer: ScopedAddress, on direction: Direction?, round: Int, within limit: Duration) {
        guard let connection = direction.flatMap({ links[peer]?[$0] }) else {
            return link.take(.acknowledged(peer, round: round, false))
        }
        connection.whenAcknowledged(
            within: limit, callback { $0.link.take(.acknowledged(peer, round: round, $1)) })
    }

    private func send(_ message: Message, on connection: (any PeerLink)?) {
        guard let connection else { return }
        connection.send(message)
        if unflushed.last !== connection { unflushed.append(connection) }
        if case .update = message { hasUnflushedUpdate = true }
    }

    /// Asks the peer's TCP for a sign, and before that for its link-layer address if that had no answer since the last
    /// probe.
    private func probe(_ connection: (any PeerLink)?) {
        guard let connection else { return }
        kernel.giveUpIfSilent(connection.remote)
        connection.probeWindow()
    }

    /// Closes after what was written has left.
    private func close(_ connection: (any PeerLink)?, of peer: ScopedAddress) {
        guard let connection else { return }
        links[peer]?.forget(connection)
        closing += 1
        links[peer]?.closing.append(connection)
        connection.close(callback { $0.closed(connection, of: peer) })
        if let oldest = links[peer]?.closing.first, links[peer]?.closing.count ?? 0 > Self.closingLimit {
            links[peer]?.closing.removeFirst()
            oldest.abort {}
        }
    }

    /// Closes at once; what was written and has not left is lost.
    private func abort(_ connection: (any PeerLink)?, of peer: ScopedAddress) {
        guard let connection else { return }
        links[peer]?.forget(connection)
        closing += 1
        connection.abort(callback { $0.closed(connection, of: peer) })
    }

    private func closed(_ connection: any PeerLink, of peer: ScopedAddress) {
        closing -= 1
        links[peer]?.closing.removeAll { $0 === connection }
        link.take(.connectionClosed(peer))
        if closing == 0 { onClosed() }
    }
}

// MARK: - What connections tell

extension PeerConnections {
    /// What a connection that we have dialled, or that is the session's, tells.
    func take(_ event: ConnectionEvent, of connection: any PeerLink, _ peer: ScopedAddress, _ direction: Direction) {
        guard links[peer]?[direction] === connection else { return }
        switch event {
        case .unanswered:
            // The kernel asks for a link-layer address once a second. If that may not be changed, its time passes.
            kernel.giveUpIfSilent(connection.remote)
        case .connected(let endpoints):
            onLocalAddress(endpoints.local, peer)
            link.take(.session(peer, .tcpConnected(direction, completed(endpoints, of: connection))))
        case .openAcknowledged:
            link.take(.session(peer, .openAcknowledged(direction)))
        case .acknowledged(let updates):
            link.take(.updatesAcknowledged(peer, updates))
        case .received(let message):
            link.take(.session(peer, .received(message, direction)))
        case .malformed(let error):
            link.take(.session(peer, .malformed(error, direction)))
        case .ended(let failure):
            links[peer]?.forget(connection)
            link.take(.session(peer, .tcpFailed(direction, explained(failure, of: connection.remote, peer))))
        }
    }

    private func completed(_ endpoints: Endpoints, of connection: any PeerLink) -> Endpoints {
        do {
            return try kernel.complete(endpoints, connection.remote)
        } catch {
            link.log(.furtherNextHopsUnknown(reason: "\(error)"))
            return endpoints
        }
    }

    /// What the kernel's tables add to a failed dial: a SYN without an answer means different things if the host answers
    /// ARP and if it does not, and so does "unreachable".
    private func explained(
        _ failure: TransportFailure, of remote: ScopedAddress, _ peer: ScopedAddress
    ) -> TransportFailure {
        failure.explained(by: kernel.pathFacts(remote), isForOneHop: transports[peer]?.hops == .direct)
    }

    /// A peer has dialled us, or someone else has. The connection is adopted or rejected before this returns.
    func accepted(_ connection: any PeerLink) {
        guard let transport = transport(to: connection.remote), links[transport.peer]?.candidate == nil else {
            link.trace(.strangerRefused(connection.remote))
            connection.reject()
            return
        }
        let peer = transport.peer
        connection.adopt(
            endpoint(by: transport, at: connection.remote),
            telling: callback { $0.takeIncoming($2, of: $1, peer) })
    }

    private func takeIncoming(_ event: ConnectionEvent, of connection: any PeerLink, _ peer: ScopedAddress) {
        guard case .connected(let endpoints) = event else {
            return take(event, of: connection, peer, .incoming)
        }
        links[peer, default: PeerLinks()].candidate = connection
        onLocalAddress(endpoints.local, peer)
        link.take(.session(peer, .tcpConnected(.incoming, completed(endpoints, of: connection))))
        // Not rejected: it is the session's incoming connection now.
        if links[peer]?.candidate === connection {
            links[peer]?.candidate = nil
            links[peer]?.incoming = connection
        }
    }

    /// How the peer with this address is reached, else the one that includes it.
    private func transport(to address: ScopedAddress) -> PeerTransport? {
        transports[address] ?? transports.values.first { $0.peer.includes(address) }
    }

    /// Where and how a peer is reached that is at this address.
    func endpoint(by transport: PeerTransport, at remote: ScopedAddress) -> PeerEndpoint {
        var endpoint = PeerEndpoint(by: transport, at: remote)
        endpoint.watched = link.speaker.settings.watchedRoutes
        return endpoint
    }
}
