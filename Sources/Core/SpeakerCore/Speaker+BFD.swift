import BFD
import BGPFSM
package import Deadlines
import IPTypes
import Settings

extension Speaker {
    /// Starts BFD, and every BGP session that need not wait for it.
    mutating func startSessions(at now: Instant) {
        for position in bfd.all.indices where bfd.all[position].index != nil { startBFD(position, at: now) }
        for index in peers.indices { startSession(index, at: now) }
    }

    /// Starts a BGP session, unless it has to wait for BFD.
    mutating func startSession(_ index: Int, at now: Instant) {
        if waitsForBFD(index) {
            effects.append(.report(.waitingForBFD(peers[index].settings.address)))
        } else {
            handle(.started, peer: index, at: now)
        }
    }

    private mutating func startBFD(_ position: Int, at now: Instant) {
        bfd.all[position].complaint = now + BFDSessions.patience
        bfd.all[position].stop = nil
        handle(.started, bfd: position, at: now)
    }

    /// What is not as it is wanted departs, as long as its path is open: at once if another session takes its place, because
    /// two sessions of one peer could not be told apart.
    mutating func departBFD(to wanted: Settings, at now: Instant) {
        let paths = Dictionary(wanted.peers.map { ($0.address, BFDPath($0)) }) { first, _ in first }
        for session in bfd.all {
            let path = paths[session.address] ?? nil
            if path != session.path, session.index != nil {
                bfd.detach(session.address, stop: now)
                stopBFDIfDue(of: session.address, at: now)
            }
            guard let path, path != session.path || session.index == nil else { continue }
            bfd.remove(session.address)
            if session.index == nil { effects.append(.close(.bfd(session.address))) }
        }
    }

    /// Starts the sessions that are new. Timers of the others change by a Poll Sequence.
    mutating func adoptBFD(at now: Instant) {
        for (index, peer) in peers.enumerated() {
            guard let path = BFDPath(peer.settings), let wanted = peer.settings.bfd else { continue }
            if let position = bfd.positions[path.peer] {
                bfd.all[position].index = index
                bfd.all[position].isStrict = wanted.isStrict
                let configuration = BFDConfiguration(wanted, isMultihop: path.isMultihop)
                if bfd.all[position].session.configuration != configuration {
                    handle(.configured(configuration), bfd: position, at: now)
                }
            } else {
                bfd.add(path, wanted, generator: &generator)
                bfd.all[bfd.all.count - 1].index = index
                if runsSessions { startBFD(bfd.all.count - 1, at: now) }
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
            guard let index = bfd.all[position].index else { continue }
            bfd.all[position].complaint = nil
            bfd.all[position].stop = peers[index].session.hasConnection ? now + BFDSessions.courtesy : now
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
                guard let index = bfd.all[position].index, let obstacle = bfd.all[position].obstacle else { continue }
                let isTold = report(.bfdNotUp(bfd.all[position].address, reason: obstacle), of: index, at: now)
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
        guard let position = bfd.positions[peers[index].settings.address], bfd.all[position].index != nil else {
            return false
        }
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
            // Otherwise AdminDown goes on being told until the process ends or the session starts again.
            case .departed: bfd.noteDeparted(position)
            }
        }
    }

    /// What a change of BFD's state means for BGP (RFC 5882 section 4).
    private mutating func follow(_ transition: BFDTransition, of position: Int, at now: Instant) {
        let peer = bfd.all[position]
        // The peer may do what it likes about a session that we are about to end.
        guard peer.stop == nil, let index = peer.index else { return }
        if transition.isPathFailure {
            bfd.all[position].complaint = now + BFDSessions.patience
            let endsSession = peers[index].session.state == .established
            report(
                .bfdDown(peer.address, reason: "\(transition.cause)", endsSession: endsSession), of: index,
                at: now)
            // In strict mode the next session has to wait for BFD.
            handle(
                peer.isStrict ? .stopped(.bfdDown, communication: "") : .reset(.bfdDown), peer: index, at: now)
        } else if transition.to == .up {
            bfd.all[position].complaint = nil
            report(.bfdUp(peer.address), of: index, at: now)
            if peer.isStrict { handle(.started, peer: index, at: now) }
        } else if transition.from == .up, transition.cause == .peerAdministrativelyDown {
            report(.bfdShutDownByPeer(peer.address), of: index, at: now)
        }
    }
}
