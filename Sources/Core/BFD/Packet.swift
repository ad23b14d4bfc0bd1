/// A BFD Control packet without its authentication section (RFC 5880 section 4.1).
package struct BFDPacket: Sendable, Hashable {
    /// Octets of a packet without authentication.
    package static let length = 24
    /// The version that RFC 5880 defines.
    static let version: UInt8 = 1

    /// Why the sender last changed its state.
    package var diagnostic: BFDDiagnostic
    /// The sender's state.
    package var state: BFDState
    /// P: the sender wants its timers acknowledged.
    package var isPoll: Bool
    /// F: the answer to a poll.
    package var isFinal: Bool
    /// C: the sender's BFD lives on when its control plane dies. Never ours.
    package var isControlPlaneIndependent: Bool
    /// A: an authentication section follows. Never ours.
    package var isAuthenticated: Bool
    /// D: the sender wants no periodic packets while the session is Up. Never ours.
    package var isDemanding: Bool
    /// How many packets in a row the receiver may miss; 0 is illegal.
    package var multiplier: UInt8
    /// The sender's number for the session; 0 is illegal.
    package var myDiscriminator: UInt32
    /// The receiver's number for the session; 0 if the sender does not know it.
    package var yourDiscriminator: UInt32
    /// The least interval at which the sender would like to send, microseconds.
    package var desiredMinTx: UInt32
    /// The least interval at which the sender can receive, microseconds; 0 if it wants no periodic packets.
    package var requiredMinRx: UInt32
    /// The least interval of echo packets that the sender can reflect, microseconds; 0 if none. Ours is 0.
    package var requiredMinEchoRx: UInt32

    /// A packet with all flags clear unless said otherwise.
    package init(
        state: BFDState, diagnostic: BFDDiagnostic = .none, isPoll: Bool = false, isFinal: Bool = false,
        isControlPlaneIndependent: Bool = false, isAuthenticated: Bool = false, isDemanding: Bool = false,
        multiplier: UInt8, myDiscriminator: UInt32, yourDiscriminator: UInt32, desiredMinTx: UInt32,
        requiredMinRx: UInt32, requiredMinEchoRx: UInt32 = 0
    ) {
        self.diagnostic = diagnostic
        self.state = state
        self.isPoll = isPoll
        self.isFinal = isFinal
        self.isControlPlaneIndependent = isControlPlaneIndependent
        self.isAuthenticated = isAuthenticated
        self.isDemanding = isDemanding
        self.multiplier = multiplier
        self.myDiscriminator = myDiscriminator
        self.yourDiscriminator = yourDiscriminator
        self.desiredMinTx = desiredMinTx
        self.requiredMinRx = requiredMinRx
        self.requiredMinEchoRx = requiredMinEchoRx
    }
}
