import BFD
import Deadlines
import IPTypes
import Settings

/// The BFD sessions that stand beside the peers' BGP sessions.
struct PeerBFD: Sendable {
    let path: BFDPath
    /// The peer's place among the speaker's peers; nil once it is removed or has no BFD any more, so that nothing follows
    /// from what becomes of this session.
    var index: Int?
    /// True if the BGP session is started only while BFD is up.
    var isStrict: Bool
    var session: BFDSession
    /// When to say why the session is not up; nil if it is, or if it has been said.
    var complaint: Instant?
    /// When to stop the session at the latest, while the peer has not answered our Cease; nil if it is not to stop.
    var stop: Instant?
    /// Where the packet came from that brought the session up: of an unnumbered peer's link any host may send.
    var upFrom: ScopedAddress?

    var address: ScopedAddress { path.peer }
    var isMultihop: Bool { path.isMultihop }

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

    /// Sessions that have departed from a peer without BFD, by discriminator.
    private var departed: Set<UInt32> = []

    /// Adds the session of a peer that has none; all that is random in it follows from `generator`.
    mutating func add(_ path: BFDPath, _ settings: BFDSettings, generator: inout SeededGenerator) {
        var discriminator: UInt32
        repeat {
            discriminator = UInt32(truncatingIfNeeded: generator.next())
        } while !demultiplexer.insert(path.peer, discriminator: discriminator, isMultihop: path.isMultihop)
        positions[path.peer] = all.count
        all.append(
            PeerBFD(
                path: path, isStrict: settings.isStrict,
                session: BFDSession(
                    configuration: BFDConfiguration(settings, isMultihop: path.isMultihop),
                    discriminator: discriminator, seed: generator.next())))
    }

    /// Nothing follows from this peer's session any more, and it departs from `stop` on at the latest.
    mutating func detach(_ peer: ScopedAddress, stop: Instant) {
        guard let position = positions[peer], all[position].index != nil else { return }
        all[position].index = nil
        all[position].complaint = nil
        all[position].stop = stop
        if all[position].session.state == .adminDown { departed.insert(all[position].session.discriminator) }
    }

    /// A session has said for long enough that it is down on purpose.
    mutating func noteDeparted(_ position: Int) {
        if all[position].index == nil { departed.insert(all[position].session.discriminator) }
    }

    /// True if this is the path of a session that departs.
    func isLeaving(_ resource: Resource.ID) -> Bool {
        guard case .bfd(let peer) = resource, let position = positions[peer] else { return false }
        return all[position].index == nil
    }

    /// Forgets the sessions that have departed, and says whose they were.
    mutating func takeDeparted() -> [ScopedAddress] {
        guard !departed.isEmpty else { return [] }
        let gone = all.filter { departed.contains($0.session.discriminator) }
        departed = []
        for peer in gone { remove(peer.address) }
        return gone.map(\.address)
    }

    /// Forgets a peer's session.
    mutating func remove(_ peer: ScopedAddress) {
        guard let position = positions.removeValue(forKey: peer) else { return }
        demultiplexer.remove(discriminator: all[position].session.discriminator)
        departed.remove(all[position].session.discriminator)
        all.remove(at: position)
        for later in position..<all.count { positions[all[later].address] = later }
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

extension BFDConfiguration {
    init(_ settings: BFDSettings, isMultihop: Bool) {
        self.init(
            desiredMinTx: settings.transmitInterval, requiredMinRx: settings.receiveInterval,
            multiplier: settings.multiplier, isMultihop: isMultihop)
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
