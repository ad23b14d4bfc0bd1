import BFD
import BFDTransport
import BGPFSM
import Glibc
import IPTypes
import NIOCore
import Netlink
import SpeakerCore
import ShellSystem
import Wording

/// Owns the sockets of BFD, and keeps what the kernel said about them.
final class BFDEndpoints: LoopConfined {
    let loop: any EventLoop
    private let link: HostLink
    private let kernel: BFDKernel
    /// How each peer that has BFD is reached.
    private var paths: [ScopedAddress: BFDPath] = [:]
    private var receivers: [BFDKind: Opening<any BFDReceiving>] = [:]
    private var senders: [ScopedAddress: any BFDSending] = [:]
    /// The source port of each session, which it keeps for life (RFC 5881 section 4), also when its socket is opened anew.
    private var sourcePorts: [ScopedAddress: UInt16] = [:]
    /// Our address on the BGP session with a peer, which BFD shares.
    private var localAddresses: [ScopedAddress: IPAddress] = [:]
    /// Where unnumbered peers were asked to show themselves.
    private var solicitations: [ScopedAddress: RouterSolicitation] = [:]
    /// Why packets to a peer cannot be sent, as it was logged.
    private var failures: [ScopedAddress: String] = [:]
    /// What the kernel said to real-time scheduling; nil if no peer has had BFD.
    private(set) var scheduling: RealTime?
    /// Datagrams that were no legal BFD packet.
    private(set) var discarded = 0

    init(_ link: HostLink, kernel: BFDKernel) {
        loop = link.loop
        self.link = link
        self.kernel = kernel
    }

    /// Opens what BFD with a peer needs, and asks for real-time scheduling with the first.
    func run(by path: BFDPath) {
        if scheduling == nil {
            let answer = kernel.schedule()
            scheduling = answer
            link.log(.bfdScheduled("\(answer)", isPreferred: answer.isPreferred))
        }
        let before = paths.updateValue(path, forKey: path.peer)
        forgetSender(of: path.peer)
        // The one that it is reached by now comes first, so that the socket is not closed and opened in between.
        receive(BFDKind(path))
        if let before { receive(BFDKind(before)) }
    }

    /// So long others of the node come first after the daemon was too busy for real time.
    private static let wayPause = TimeAmount.seconds(10)

    /// Gives real-time priority back for a while: the daemon has taken a whole processor.
    func giveWay() {
        guard scheduling == .granted else { return }
        let answer = kernel.giveWay()
        scheduling = answer
        link.log(.bfdGaveWay("\(answer)"))
        after(Self.wayPause) { self.scheduling = self.kernel.schedule() }
    }

    /// Closes what only BFD with this peer needed.
    func end(with peer: ScopedAddress) {
        guard let path = paths.removeValue(forKey: peer) else { return }
        forgetSender(of: peer)
        sourcePorts[peer] = nil
        localAddresses[peer] = nil
        solicitations[peer] = nil
        failures[peer] = nil
        receive(BFDKind(path))
    }

    /// Closes all sockets.
    func endAll() {
        for receiver in receivers.values { receiver.callOff() }
        for sender in senders.values { sender.close() }
        receivers = [:]
        senders = [:]
    }

    private func forgetSender(of peer: ScopedAddress) {
        senders.removeValue(forKey: peer)?.close()
    }
}

// MARK: - Receiving

extension BFDEndpoints {
    /// True if packets have arrived that were not read: the loop was stalled, and its timers come before its sockets.
    var hasUnread: Bool {
        receivers.values.contains { $0.opened?.hasWaiting ?? false }
    }

    /// Takes packets of a kind from the peers that have it now.
    private func receive(_ kind: BFDKind) {
        let peers = peers(of: kind)
        if peers.isEmpty {
            receivers.removeValue(forKey: kind)?.callOff()
        } else if let receiver = receivers[kind]?.opened, receiver.isOpen {
            do throws(BFDSocketFailure) {
                try receiver.receive(from: peers)
            } catch {
                link.log(.bfdPeersDropped(reason: "\(error)"))
            }
        } else if receivers[kind] == nil {
            openReceiver(kind)
        }
    }

    /// The peers whose packets are of this kind.
    private func peers(of kind: BFDKind) -> [ScopedAddress] {
        paths.values.filter { BFDKind($0) == kind }.map(\.peer).sorted { "\($0)" < "\($1)" }
    }

    private func openReceiver(_ kind: BFDKind) {
        receivers[kind] = Opening<any BFDReceiving>(
            on: loop,
            open: { [self] in
                loop.makeCompletedFuture {
                    try kernel.receive(kind, peers(of: kind), loop, callback { $0.take($1, on: kind) })
                }
            },
            close: { $0.close() }, tell: { [self] news in note(news) })
    }

    private func note(_ news: Opening<any BFDReceiving>.News) {
        switch news {
        case .opened(_, afterFailure: false): break
        case .opened(_, afterFailure: true): link.log(.bfdReceiving)
        // Another BFD daemon has the port: at a start that is for the operator to settle.
        case .failed(let error) where !link.isServing: link.fail(error)
        case .failed(let error):
            link.log(.bfdReceivingFailed(reason: "\(error)"))
        }
    }

    private func take(_ event: BFDReceiverEvent, on kind: BFDKind) {
        switch event {
        case .received(let arrival):
            link.take(.bfdReceived(arrival.packet, from: arrival.source, isMultihop: arrival.isMultihop))
        case .discarded(let reason, let source):
            discarded &+= 1
            link.trace(.bfdPacketDiscarded(from: source, reason))
        case .ended(let reason):
            link.log(.bfdReceivingEnded(reason: reason))
            after(Opening<any BFDReceiving>.pause) {
                guard self.receivers[kind]?.opened?.isOpen == false else { return }
                self.receivers[kind] = nil
                self.receive(kind)
            }
        }
    }
}

// MARK: - Sending

extension BFDEndpoints {
    /// Sends one packet. What cannot be sent is lost; the peer will miss it.
    func send(_ packet: BFDPacket, to peer: ScopedAddress) {
        // So that a router which takes AdminDown for a failure has read our Cease before.
        link.flush()
        do throws(BFDSocketFailure) {
            guard let sender = try sender(for: peer, isSearching: packet.state == .down) else { return }
            try sender.send(packet)
            if let failure = failures.removeValue(forKey: peer) {
                link.log(.bfdSending(peer, failed: failure))
            }
        } catch {
            note(error, of: peer)
        }
    }

    /// The peer has a TCP connection to this address of ours, so this is where it expects BFD from.
    func follow(local address: IPAddress, of peer: ScopedAddress) {
        guard let path = paths[peer], path.source == nil, localAddresses[peer] != address else { return }
        localAddresses[peer] = address
        forgetSender(of: peer)
    }

    /// The socket for packets to a peer; nil if it is not known yet where the peer is.
    private func sender(for peer: ScopedAddress, isSearching: Bool) throws(BFDSocketFailure) -> (any BFDSending)? {
        if let sender = senders[peer], !isSearching || !peer.isUnnumbered { return sender }
        guard let path = paths[peer], let remote = remote(of: peer) else { return senders[peer] }
        if let sender = senders[peer] {
            if sender.remote == remote { return sender }
            forgetSender(of: peer)
        }
        let endpoint = BFDEndpoint(
            remote: remote, source: path.source ?? localAddresses[peer], interface: path.interface,
            isMultihop: path.isMultihop)
        let sender = try kernel.send(endpoint, sourcePorts[peer], Set(senders.values.map(\.sourcePort)))
        sourcePorts[peer] = sender.sourcePort
        senders[peer] = sender
        return sender
    }

    /// Where a peer is. Whoever is the router on a link is looked up until the session is up; if it cannot be told, hosts
    /// on the link are asked, and the next packet, a second later, finds the answer.
    private func remote(of peer: ScopedAddress) -> ScopedAddress? {
        guard peer.isUnnumbered, let interface = peer.zone else { return peer }
        let solicitation = solicitations.removeValue(forKey: peer)
        guard let seen = try? kernel.router(interface, solicitation) else { return nil }
        let sight = RouterSearch.Sight(seen)
        if case .router(let router) = sight { return ScopedAddress(.v6(router), zone: interface) }
        solicitations[peer] = sight.toAsk.flatMap { kernel.solicit(interface, $0) }
        return nil
    }

    /// Logs each failure once. The socket is opened anew with the next packet: its interface, address or route went.
    private func note(_ failure: BFDSocketFailure, of peer: ScopedAddress) {
        if failure.errno == EAGAIN || failure.errno == ENOBUFS { return }
        localAddresses[peer] = nil
        forgetSender(of: peer)
        let words = "\(failure)"
        guard failures.updateValue(words, forKey: peer) != words else { return }
        link.log(.bfdSendingFailed(peer, reason: words))
    }
}
