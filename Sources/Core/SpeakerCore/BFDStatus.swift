import BFD
import BGPFSM
import Deadlines
import IPTypes

/// BFD with one peer at one instant.
package struct BFDStatus: Codable, Sendable, Hashable {
    /// Our state: AdminDown, Down, Init or Up.
    package var state: String
    /// Seconds in this state.
    package var stateSeconds: Double
    /// When it came into this state.
    package var stateSince: String?
    /// The peer's state, while it is heard.
    package var remoteState: String?
    /// True for multihop BFD (RFC 5883).
    package var isMultihop: Bool
    /// True if the BGP session is started only while BFD is up.
    package var isStrict: Bool
    /// True while the BGP session is held back because BFD is not up.
    package var holdsSession: Bool
    /// Our discriminator.
    package var localDiscriminator: UInt32
    /// The peer's discriminator; 0 while it is not heard.
    package var remoteDiscriminator: UInt32
    /// Why we last changed our state.
    package var localDiagnostic: String
    /// Why the peer last changed its state, while it is heard.
    package var remoteDiagnostic: String?
    /// Seconds between our packets, before jitter, while they are sent.
    package var transmitSeconds: Double?
    /// Seconds between the peer's packets, before jitter, while it is heard.
    package var receiveSeconds: Double?
    /// After how many seconds of silence the peer is down, while it is heard.
    package var detectionSeconds: Double?
    /// How many of our packets in a row the peer may miss.
    package var multiplier: Int
    /// How many of the peer's packets in a row we may miss; 0 while it is not heard.
    package var remoteMultiplier: Int
    /// Times the session came up.
    package var timesUp: Int
    /// Times the path failed while the session was up.
    package var failures: Int
    /// Why it last went down.
    package var lastDown: String?
    /// Seconds since then.
    package var lastDownSecondsAgo: Double?
    /// When that was.
    package var lastDownAt: String?
    /// Packets to the peer.
    package var packetsSent: Int
    /// Packets from the peer.
    package var packetsReceived: Int
    /// Why it is not up, and what to do.
    package var obstacle: String?

    package init(
        state: String, stateSeconds: Double, remoteState: String? = nil, isMultihop: Bool = false,
        isStrict: Bool = false, holdsSession: Bool = false, localDiscriminator: UInt32, remoteDiscriminator: UInt32 = 0,
        localDiagnostic: String, remoteDiagnostic: String? = nil, transmitSeconds: Double? = nil,
        receiveSeconds: Double? = nil, detectionSeconds: Double? = nil, multiplier: Int = 3, remoteMultiplier: Int = 0,
        timesUp: Int = 0, failures: Int = 0, lastDown: String? = nil, lastDownSecondsAgo: Double? = nil,
        packetsSent: Int = 0, packetsReceived: Int = 0, obstacle: String? = nil
    ) {
        self.state = state
        self.stateSeconds = stateSeconds
        self.remoteState = remoteState
        self.isMultihop = isMultihop
        self.isStrict = isStrict
        self.holdsSession = holdsSession
        self.localDiscriminator = localDiscriminator
        self.remoteDiscriminator = remoteDiscriminator
        self.localDiagnostic = localDiagnostic
        self.remoteDiagnostic = remoteDiagnostic
        self.transmitSeconds = transmitSeconds
        self.receiveSeconds = receiveSeconds
        self.detectionSeconds = detectionSeconds
        self.multiplier = multiplier
        self.remoteMultiplier = remoteMultiplier
        self.timesUp = timesUp
        self.failures = failures
        self.lastDown = lastDown
        self.lastDownSecondsAgo = lastDownSecondsAgo
        self.packetsSent = packetsSent
        self.packetsReceived = packetsReceived
        self.obstacle = obstacle
    }
}

extension Speaker {
    /// BFD with the peer of this address; nil if it has none.
    func bfdStatus(of address: ScopedAddress, at now: Instant) -> BFDStatus? {
        guard let position = bfd.positions[address], let index = bfd.all[position].index else { return nil }
        let peer = bfd.all[position]
        let session = peer.session
        let isHeard = session.remote.lastHeard != nil
        var status = BFDStatus(
            state: "\(session.state)", stateSeconds: (now - (session.lastChange?.at ?? startedAt)).inSeconds,
            isMultihop: peer.isMultihop, isStrict: peer.isStrict,
            holdsSession: waitsForBFD(index) && session.state != .adminDown
                && peers[index].session.state == .idle,
            localDiscriminator: session.discriminator, localDiagnostic: "\(session.diagnostic)",
            transmitSeconds: session.transmitInterval?.inSeconds,
            multiplier: Int(session.configuration.multiplier), timesUp: session.timesUp,
            failures: session.failures, packetsSent: session.sent, packetsReceived: session.received,
            obstacle: peer.obstacle)
        if isHeard {
            status.remoteState = "\(session.remote.state)"
            status.remoteDiscriminator = session.remote.discriminator
            status.remoteDiagnostic = "\(session.remote.diagnostic)"
            status.receiveSeconds = session.receiveInterval?.inSeconds
            status.detectionSeconds = session.detectionTime?.inSeconds
            status.remoteMultiplier = Int(session.remote.multiplier)
        }
        if let last = session.lastDown {
            status.lastDown = "\(last.transition.cause)"
            status.lastDownSecondsAgo = (now - last.at).inSeconds
        }
        return status
    }

    /// BFD packets that could be read and belong to no session.
    package var bfdPacketsDiscarded: Int { bfd.discarded }
}
