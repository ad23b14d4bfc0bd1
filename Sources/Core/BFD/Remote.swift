package import Deadlines

/// What the peer said last: the remote variables of RFC 5880 section 6.8.1. All at their first values while nothing
/// has been heard for a Detection Time.
package struct BFDRemote: Sendable, Hashable {
    /// The peer's number for the session; 0 if not known.
    package internal(set) var discriminator: UInt32 = 0
    /// The peer's state.
    package internal(set) var state: BFDState = .down
    /// Why the peer last changed its state.
    package internal(set) var diagnostic: BFDDiagnostic = .none
    /// True if the peer wants no periodic packets while both are Up.
    package internal(set) var isDemanding = false
    /// The least interval at which the peer would like to send, microseconds.
    package internal(set) var desiredMinTx: UInt32 = 0
    /// The least interval at which the peer can receive, microseconds; 0 if it wants no periodic packets.
    package internal(set) var requiredMinRx: UInt32 = 1
    /// How many of its packets in a row we may miss; 0 if not known.
    package internal(set) var multiplier: UInt8 = 0
    /// When the last packet came; nil if nothing is known.
    package internal(set) var lastHeard: Instant?
    /// Until when its silence is excused, because it was we who did not run; nil if it is not.
    var excusedUntil: Instant?

    init() {}

    init(_ packet: BFDPacket, at now: Instant) {
        discriminator = packet.myDiscriminator
        state = packet.state
        diagnostic = packet.diagnostic
        isDemanding = packet.isDemanding
        desiredMinTx = packet.desiredMinTx
        requiredMinRx = packet.requiredMinRx
        multiplier = packet.multiplier
        lastHeard = now
    }
}
