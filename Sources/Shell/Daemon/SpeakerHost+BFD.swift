import BFD
import BFDTransport
import Deadlines
import Glibc
import IPTypes
import Logging
import NIOCore
import Netlink
import Settings
import SpeakerCore

/// The sockets of BFD, and what the kernel said about them.
struct BFDSockets {
    var receivers: [BFDReceiver] = []
    var senders: [ScopedAddress: BFDSender] = [:]
    /// The source port of each session, which it keeps for life (RFC 5881 section 4), also when its socket is opened anew.
    var sourcePorts: [ScopedAddress: UInt16] = [:]
    /// Our address on the BGP session with a peer, which BFD shares.
    var localAddresses: [ScopedAddress: IPAddress] = [:]
    /// Where unnumbered peers were asked to show themselves.
    var solicitations: [ScopedAddress: RouterSolicitation] = [:]
    /// Why packets to a peer cannot be sent, as it was logged.
    var failures: [ScopedAddress: String] = [:]
    /// What the kernel said to real-time scheduling; nil if no peer has BFD.
    var scheduling: RealTime?
    /// Datagrams that were no legal BFD packet.
    var discarded = 0
    /// How often a detection has been put off in a row because packets waited to be read.
    var postponements = 0
}

// MARK: - Receiving

extension SpeakerHost {
    /// One kind of BFD packets in one family, which has a socket of its own.
    private struct Kind: Hashable {
        var isIPv4: Bool
        var isMultihop: Bool

        init(_ peer: PeerSettings) {
            isIPv4 = peer.address.address.isIPv4
            isMultihop = peer.isBFDMultihop
        }

        var wildcard: IPAddress { isIPv4 ? .v4(IPv4Address(0)) : .v6(IPv6Address(high: 0, low: 0)) }
    }

    /// Opens the receiving sockets that the peers need, and asks for real-time scheduling.
    func openBFD() throws {
        let peers = settings.peers.filter { $0.bfd != nil }
        guard !peers.isEmpty else { return }
        let scheduling = RealTime.request()
        bfd.scheduling = scheduling
        logger.log(level: scheduling.isPreferred ? .info : .notice, "BFD runs with \(scheduling)")
        var kinds: Set<Kind> = []
        for peer in peers {
            let kind = Kind(peer)
            if kinds.insert(kind).inserted { try receive(kind) }
        }
    }

    private func receive(_ kind: Kind) throws(BFDSocketFailure) {
        let peers = settings.peers.filter { $0.bfd != nil && Kind($0) == kind }.map(\.address)
        let receiver = try BFDReceiver.open(
            on: kind.wildcard, isMultihop: kind.isMultihop, from: peers, loop: loop
        ) { [self] event in
            assumeIsolated { $0.received(event, on: kind) }
        }
        bfd.receivers.append(receiver)
    }

    private func received(_ event: BFDReceiverEvent, on kind: Kind) {
        switch event {
        case .received(let arrival):
            take(.bfdReceived(arrival.packet, from: arrival.source, isMultihop: arrival.isMultihop))
        case .discarded(let reason, let source):
            bfd.discarded &+= 1
            logger.debug("BFD packet discarded", metadata: ["from": "\(source)", "reason": "\(reason)"])
        case .ended(let reason):
            logger.error("BFD cannot receive any more; trying again", metadata: ["reason": "\(reason)"])
            bfd.receivers.removeAll { !$0.isOpen }
            receiveAgain(kind)
        }
    }

    private func receiveAgain(_ kind: Kind) {
        loop.scheduleTask(in: .seconds(1)) { [self] in
            assumeIsolated { host in
                do throws(BFDSocketFailure) { try host.receive(kind) } catch { host.receiveAgain(kind) }
            }
        }
    }

    /// True if the peer that would be taken for dead now may have sent packets that nobody has read: the loop was stalled,
    /// and its timers come before its sockets. They are read before the next timer.
    ///
    /// Not for ever: a flood must not keep a dead peer alive. Each turn of the loop reads 128 packets, and a socket holds
    /// a few hundred.
    func mustReadBFDFirst() -> Bool {
        guard speaker.isBFDDetectionDue(at: Self.now()), bfd.postponements < 16,
            bfd.receivers.contains(where: \.hasWaiting)
        else {
            bfd.postponements = 0
            return false
        }
        bfd.postponements += 1
        return true
    }

    /// A timer has fired that was due at `deadline`. If it was the whole machine that stood still, a virtual one that was
    /// moved for example, no packet waits: those of that time are lost or still to come.
    func excuseBFD(ifLateSince deadline: Instant) {
        let now = Self.now()
        guard now - deadline > Self.stall, speaker.isBFDDetectionDue(at: now) else { return }
        logger.notice(
            "the daemon did not run for a while; waiting for BFD packets before a peer is taken for dead",
            metadata: ["milliseconds": .milliseconds(now - deadline)])
        take(.stalled)
    }

    /// Closes all sockets.
    func closeBFD() {
        for receiver in bfd.receivers { receiver.close() }
        for sender in bfd.senders.values { sender.close() }
        bfd.receivers = []
        bfd.senders = [:]
    }
}

// MARK: - Sending

extension SpeakerHost {
    /// Sends one packet. What cannot be sent is lost; the peer will miss it.
    func send(_ packet: BFDPacket, to peer: ScopedAddress) {
        // So that a router which takes AdminDown for a failure has read our Cease before.
        flush()
        do throws(BFDSocketFailure) {
            guard let sender = try sender(for: peer, isSearching: packet.state == .down) else { return }
            try sender.send(packet)
            if let failure = bfd.failures.removeValue(forKey: peer) {
                logger.info("BFD packets can be sent again", metadata: ["peer": "\(peer)", "failed": "\(failure)"])
            }
        } catch {
            sendingFailed(error, to: peer)
        }
    }

    /// The peer has a TCP connection to this address of ours, so this is where it expects BFD from.
    func follow(local address: IPAddress, of peer: ScopedAddress) {
        guard let settings = bfdSettings(of: peer), settings.source == nil, bfd.localAddresses[peer] != address else {
            return
        }
        bfd.localAddresses[peer] = address
        forgetSender(of: peer)
    }

    /// The socket for packets to a peer; nil if nobody knows yet where the peer is.
    private func sender(for peer: ScopedAddress, isSearching: Bool) throws(BFDSocketFailure) -> BFDSender? {
        if let sender = bfd.senders[peer], !isSearching || !peer.isUnnumbered { return sender }
        guard let settings = bfdSettings(of: peer), let remote = remote(of: peer) else { return bfd.senders[peer] }
        if let sender = bfd.senders[peer] {
            if sender.remote == remote { return sender }
            forgetSender(of: peer)
        }
        let endpoint = BFDEndpoint(
            remote: remote, source: settings.source ?? bfd.localAddresses[peer], interface: settings.sourceInterface,
            isMultihop: settings.isBFDMultihop)
        let sender = try BFDSender.open(
            endpoint, preferring: bfd.sourcePorts[peer], avoiding: Set(bfd.senders.values.map(\.sourcePort)))
        bfd.sourcePorts[peer] = sender.sourcePort
        bfd.senders[peer] = sender
        return sender
    }

    private func bfdSettings(of peer: ScopedAddress) -> PeerSettings? {
        settings.peers.first { $0.address == peer && $0.bfd != nil }
    }

    /// Where a peer is. Whoever is the router on a link is looked up until the session is up; if it cannot be told, hosts
    /// on the link are asked, and the next packet, a second later, finds the answer.
    private func remote(of peer: ScopedAddress) -> ScopedAddress? {
        guard peer.isUnnumbered, let interface = peer.zone else { return peer }
        let solicitation = bfd.solicitations.removeValue(forKey: peer)
        switch try? NodeNetwork.router(on: interface, after: solicitation) {
        case .found(let router):
            return ScopedAddress(.v6(router), zone: interface)
        case .unknown:
            bfd.solicitations[peer] = NodeNetwork.solicitRouters(on: interface)
        case .ambiguous(let candidates):
            bfd.solicitations[peer] = NodeNetwork.solicitRouters(on: interface, among: candidates)
        case nil:
            break
        }
        return nil
    }

    /// Logs each failure once. The socket is opened anew with the next packet: its interface, address or route went.
    private func sendingFailed(_ failure: BFDSocketFailure, to peer: ScopedAddress) {
        if failure.errno == EAGAIN || failure.errno == ENOBUFS { return }
        bfd.localAddresses[peer] = nil
        forgetSender(of: peer)
        let words = "\(failure)"
        guard bfd.failures.updateValue(words, forKey: peer) != words else { return }
        logger.warning("BFD packets cannot be sent", metadata: ["peer": "\(peer)", "reason": "\(words)"])
    }

    private func forgetSender(of peer: ScopedAddress) {
        bfd.senders.removeValue(forKey: peer)?.close()
    }
}
