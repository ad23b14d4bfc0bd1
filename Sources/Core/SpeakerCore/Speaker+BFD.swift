import BFD
import BGPFSM
package import Deadlines
import IPTypes
import Settings

/// The BFD sessions that stand beside the peers' BGP sessions.
struct PeerBFD: Sendable {
    /// The peer's place among the speaker's peers.
    let index: Int
    let address: ScopedAddress
    let isMultihop: Bool
    /// True if the BGP session is started only while BFD is up.
    let isStrict: Bool
    var session: BFDSession
    /// When to say why the session is not up; nil if it is, or if it has been said.
    var complaint: Instant?
    /// When to stop the session at the latest, while the peer has not answered our Cease; nil if it is not to stop.
    var stop: Instant?
    /// Where the packet came from that brought the session up: of an unnumbered peer's link any host may send.
    var upFrom: ScopedAddress?

    /// True if a packet from there may be the peer's (RFC 5880 section 6.8.6, RFC 5881 section 6).
    func accepts(_ source: ScopedAddress) -> Bool {
        address.includes(source) && (session.state != .up || upFrom == nil || upFrom == source)
    }
}

/// All BFD sessions, and how a packet finds its own.
struct BFDSessions: Sendable {
    /// A session that is not up after this time is worth a line.
    static let patience = Duration.seconds(10)
    /// How long AdminDown waits for the peer to close the connection that a Cease went out on.
    static let courtesy = Duration.milliseconds(500)

    private(set) var positions: [ScopedAddress: Int] = [:]
    var all: [PeerBFD] = []
    private var demultiplexer = BFDDemultiplexer<ScopedAddress>()
    /// Packets that belong to no session.
    private(set) var discarded = 0

    /// The sessions of the peers that have BFD; all that is random in them follows from `generator`.
    init(_ peers: [PeerSettings], generator: inout SeededGenerator) {
        for (index, peer) in peers.enumerated() {
            guard let bfd = peer.bfd, positions[peer.address] == nil else { continue }
            let isMultihop = peer.isBFDMultihop
            var discriminator: UInt32
            repeat {
                discriminator = UInt32(truncatingIfNeeded: generator.next())
            } while !demultiplexer.insert(peer.address, discriminator: discriminator, isMultihop: isMultihop)
            let configuration = BFDConfiguration(
                desiredMinTx: bfd.transmitInterval, requiredMinRx: bfd.receiveInterval, multiplier: bfd.multiplier,
                isMultihop: isMultihop)
            positions[peer.address] = all.count
            all.append(
                PeerBFD(
                    index: index, address: peer.address, isMultihop: isMultihop, isStrict: bfd.isStrict,
                    session: BFDSession(
                        configuration: configuration, discriminator: discriminator, seed: generator.next())))
        }
    }

    /// The session that a packet belongs to; nil if it is discarded.
    mutating func position(for packet: BFDPacket, from source: ScopedAddress, isMultihop: Bool) -> Int? {
        guard let position = session(for: packet, from: source, isMultihop: isMultihop), all[position].accepts(source)
        else {
            discarded &+= 1
            return nil
        }
        return position
    }

    private func session(for packet: BFDPacket, from source: ScopedAddress, isMultihop: Bool) -> Int? {
        // Nearly all packets, without hashing an address.
        if let position = all.firstIndex(where: { $0.session.discriminator == packet.yourDiscriminator }),
            all[position].isMultihop == isMultihop, !packet.isAuthenticated
        {
            return position
        }
        let peer = try? demultiplexer.peer(for: packet, from: identity(of: source), isMultihop: isMultihop)
        return peer.flatMap { positions[$0] }
    }

    /// A host as the peer it is: its own address, or that of whoever is the router on its link.
    private func identity(of source: ScopedAddress) -> ScopedAddress {
        guard let zone = source.zone, positions[source] == nil else { return source }
        return .unnumbered(zone)
    }

    /// The next moment at which something is due.
    var nextDeadline: Instant? {
        var earliest: Instant?
        for position in all.indices {
            earliest = earlier(earliest, earlier(all[position].session.nextDeadline, all[position].complaint))
            if let deadline = all[position].stop { earliest = min(earliest ?? deadline, deadline) }
        }
        return earliest
    }
}

extension Speaker {
    /// Starts BFD, and every BGP session that need not wait for it.
    mutating func startSessions(at now: Instant) {
        for position in bfd.all.indices {
            bfd.all[position].complaint = now + BFDSessions.patience
            bfd.all[position].stop = nil
            handle(.started, bfd: position, at: now)
        }
        for index in peers.indices {
            if waitsForBFD(index) {
                effects.append(.report(.waitingForBFD(peers[index].settings.address)))
            } else {
                handle(.started, peer: index, at: now)
            }
        }
    }

    /// Ends all sessions for good or until `startSessions`: BGP with a Cease, and BFD with AdminDown, so that no peer takes
    /// our silence for a failure of the path (RFC 5880 section 6.8.16).
    ///
    /// Most routers take AdminDown itself for a failure. So it waits until the peer has read the Cease, which shows by
    /// the end of the connection.
    mutating func stopSessions(_ communication: String, at now: Instant) {
        for position in bfd.all.indices {
            bfd.all[position].complaint = nil
            bfd.all[position].stop =
                peers[bfd.all[position].index].session.hasConnection ? now + BFDSessions.courtesy : now
        }
        for index in peers.indices {
            handle(.stopped(.administrativeShutdown, communication: communication), peer: index, at: now)
        }
        for position in bfd.all.indices { stopBFDIfDue(position, at: now) }
    }

    /// The peer has closed a connection of ours, or left it open for too long.
    mutating func stopBFDIfDue(of address: ScopedAddress, at now: Instant) {
        guard let position = bfd.positions[address], bfd.all[position].stop != nil else { return }
        bfd.all[position].stop = now
        stopBFDIfDue(position, at: now)
    }

    private mutating func stopBFDIfDue(_ position: Int, at now: Instant) {
        guard let stop = bfd.all[position].stop, stop <= now else { return }
        bfd.all[position].stop = nil
        handle(.stopped, bfd: position, at: now)
    }

    /// A packet has arrived.
    mutating func receiveBFD(_ packet: BFDPacket, from source: ScopedAddress, isMultihop: Bool, at now: Instant) {
        guard let position = bfd.position(for: packet, from: source, isMultihop: isMultihop) else { return }
        // A peer that has read our Cease may have ended its BFD session at once: no failure, and nothing to wait for.
        if bfd.all[position].stop != nil, packet.state != .up {
            bfd.all[position].stop = now
            stopBFDIfDue(position, at: now)
        }
        let wasUp = bfd.all[position].session.state == .up
        handle(.received(packet), bfd: position, at: now)
        if !wasUp { bfd.all[position].upFrom = source }
    }

    /// What time brings to BFD.
    mutating func passBFDDeadlines(at now: Instant) {
        var isDue = false
        for position in bfd.all.indices {
            if let deadline = bfd.all[position].session.nextDeadline, deadline <= now {
                isDue = true
                handle(.deadlineReached, bfd: position, at: now)
            }
            stopBFDIfDue(position, at: now)
            if let complaint = bfd.all[position].complaint, complaint <= now {
                bfd.all[position].complaint = nil
                guard let obstacle = bfd.all[position].obstacle else { continue }
                let isTold = report(
                    .bfdNotUp(bfd.all[position].address, reason: obstacle), of: bfd.all[position].index, at: now)
                if !isTold { bfd.all[position].complaint = now + BFDSessions.patience }
            }
        }
        // One timer for all peers: waking up costs more than a packet.
        if isDue { for position in bfd.all.indices { handle(.awake, bfd: position, at: now) } }
    }

    /// True if `deadlineReached` would take a peer for dead now. Packets that wait to be read have to be read before.
    package func isBFDDetectionDue(at now: Instant) -> Bool {
        bfd.all.indices.contains { position in
            bfd.all[position].session.detectionDeadline.map { $0 <= now } ?? false
        }
    }

    /// Silence of a peer proves nothing while we did not run ourselves.
    mutating func excuseBFD(at now: Instant) {
        for position in bfd.all.indices { handle(.stalled, bfd: position, at: now) }
    }

    /// True if the peer's BGP session must not be started now.
    func waitsForBFD(_ index: Int) -> Bool {
        guard let position = bfd.positions[peers[index].settings.address] else { return false }
        return bfd.all[position].isStrict && bfd.all[position].session.state != .up
    }

    /// A session that ended is not tried again before BFD is up, if the operator wants it so.
    mutating func holdBackIfStrict(_ index: Int, at now: Instant) {
        guard waitsForBFD(index), peers[index].session.state != .idle else { return }
        handle(.stopped(.bfdDown, communication: ""), peer: index, at: now)
    }

    private mutating func handle(_ event: BFDSession.Event, bfd position: Int, at now: Instant) {
        for action in bfd.all[position].session.handle(event, at: now) {
            switch action {
            case .send(let packet): effects.append(.bfd(bfd.all[position].address, packet))
            case .stateChanged(let transition): follow(transition, of: position, at: now)
            // AdminDown goes on being told until the process ends or the session starts again.
            case .departed: break
            }
        }
    }

    /// What a change of BFD's state means for BGP (RFC 5882 section 4).
    private mutating func follow(_ transition: BFDTransition, of position: Int, at now: Instant) {
        let peer = bfd.all[position]
        // The peer may do what it likes about a session that we are about to end.
        guard peer.stop == nil else { return }
        if transition.isPathFailure {
            bfd.all[position].complaint = now + BFDSessions.patience
            let endsSession = peers[peer.index].session.state == .established
            report(
                .bfdDown(peer.address, reason: "\(transition.cause)", endsSession: endsSession), of: peer.index,
                at: now)
            // In strict mode the next session has to wait for BFD.
            handle(
                peer.isStrict ? .stopped(.bfdDown, communication: "") : .reset(.bfdDown), peer: peer.index, at: now)
        } else if transition.to == .up {
            bfd.all[position].complaint = nil
            report(.bfdUp(peer.address), of: peer.index, at: now)
            if peer.isStrict { handle(.started, peer: peer.index, at: now) }
        } else if transition.from == .up, transition.cause == .peerAdministrativelyDown {
            report(.bfdShutDownByPeer(peer.address), of: peer.index, at: now)
        }
    }
}

extension PeerBFD {
    /// Why the session is not up, as far as that is the peer's or the network's doing; nil if it is up or held down.
    var obstacle: String? {
        let port = isMultihop ? 4784 : 3784
        switch session.state {
        case .adminDown, .up: return nil
        case .down where session.remote.lastHeard == nil:
            return "no BFD packet is heard from the peer: see that BFD for our address is configured there, "
                + (isMultihop ? "for a multihop session, " : "") + "and that nothing filters UDP port \(port)"
        case .down where session.remote.state == .adminDown:
            return "the peer's operator holds BFD down"
        case .down, .initializing:
            return "the peer does not hear us: see that BFD for the address we send from is configured there, "
                + "and that nothing filters UDP port \(port)"
        }
    }
}
