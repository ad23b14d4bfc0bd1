import Deadlines

extension BFDSession {
    /// What happened.
    package enum Event: Sendable, Hashable {
        /// The operator wants the session: from AdminDown to Down.
        case started
        /// The operator does not want the session any more: to AdminDown, which the peer is told.
        case stopped
        /// A packet that `BFDDemultiplexer` found to be ours.
        case received(BFDPacket)
        /// Time has reached `nextDeadline`; the machine knows what was due.
        case deadlineReached
        /// The node runs anyway: a packet that may be sent by now is sent, so that the node does not have to wake up for it.
        case awake
        /// The node did not run for a while up to now, so that silence proves nothing: the peer gets one more interval.
        /// Once only, so that a node which is always late finds a dead peer all the same.
        case stalled
        /// Something outside BFD knows that the path is down.
        case forcedDown
        /// The operator changed timers or multiplier; the session stays as it is.
        case configured(BFDConfiguration)
    }

    /// What has to be done, in the order given.
    package enum Action: Sendable, Hashable {
        /// Encode and send, now.
        case send(BFDPacket)
        /// The session is in another state.
        case stateChanged(BFDTransition)
        /// AdminDown has been told for a Detection Time after `stopped`: the session and its socket may go. If they
        /// stay, AdminDown goes on being told once a second.
        case departed
    }
}

/// A change of a session's state.
package struct BFDTransition: Sendable, Hashable {
    /// The state before.
    package var from: BFDState
    /// The state now.
    package var to: BFDState
    /// What made it change.
    package var cause: Cause

    /// A change between two different states.
    package init(from: BFDState, to: BFDState, cause: Cause) {
        self.from = from
        self.to = to
        self.cause = cause
    }

    /// What makes a state change.
    package enum Cause: Sendable, Hashable {
        /// The operator started it.
        case started
        /// The operator stopped it.
        case stopped
        /// The peer's packet led one step further up.
        case heard
        /// The peer was silent for this Detection Time.
        case detectionTimeExpired(Duration)
        /// The peer said that it is Down, for this reason.
        case peerSignaledDown(BFDDiagnostic)
        /// The peer's operator took the session down; the path is not to blame.
        case peerAdministrativelyDown
        /// Something outside BFD said so.
        case forced
    }

    /// True if the path to the peer has failed, so that BGP must not wait for its hold timer. False for the AdminDown
    /// of either side, which "SHOULD NOT" affect the client (RFC 5882 sections 3.2 and 4.2), and for sessions that
    /// were not Up, so that BFD never keeps BGP from coming up (section 4.1).
    package var isPathFailure: Bool {
        switch cause {
        case .detectionTimeExpired, .peerSignaledDown, .forced: from == .up
        case .started, .stopped, .heard, .peerAdministrativelyDown: false
        }
    }
}

extension BFDTransition: CustomStringConvertible {
    /// What happened in words: "Up to Down: nothing heard for 150 ms".
    package var description: String {
        "\(from) to \(to): \(cause)"
    }
}

extension BFDTransition.Cause: CustomStringConvertible {
    /// The cause in words.
    package var description: String {
        switch self {
        case .started: "started"
        case .stopped: "stopped"
        case .heard: "the peer answers"
        case .detectionTimeExpired(let time): "nothing heard for \(time.milliseconds) ms"
        case .peerSignaledDown(.none): "the peer signaled Down"
        case .peerSignaledDown(let diagnostic): "the peer signaled Down (\(diagnostic))"
        case .peerAdministrativelyDown: "the peer's operator shut BFD down"
        case .forced: "the path is down"
        }
    }
}
