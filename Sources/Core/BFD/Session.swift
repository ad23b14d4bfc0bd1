package import Deadlines

/// One BFD session in asynchronous mode: the machine of RFC 5880 section 6.8, in the active role.
///
/// ```
///              started                  Down heard              Init or Up heard
///  AdminDown ───────────▶ Down ─────────────────────▶ Init ──────────────────────▶ Up
///      ▲                   ▲ │       Init heard         │                           │
///      │ stopped           │ └──────────────────────────┼──────────────────────────▶│
///      └─ from anywhere    │                            ▼                           ▼
///                          └── Detection Time over, AdminDown heard, forced; from Up also Down heard
/// ```
///
/// A new session is in AdminDown and silent until `started`.
///
/// What RFC 5880 leaves open, and where we go our own way:
/// * When nothing was heard for a Detection Time, all that the peer said is forgotten, not only its discriminator
///   (section 6.8.1): a peer that asked for silence (RequiredMinRx 0) and died would never hear us again.
/// * No Poll Sequence is started while the peer is not known: there is no peer to answer.
/// * A poll is answered in AdminDown as well ("without respect to the session state", section 6.8.7; 6.8.6 disagrees).
/// * After `stopped`, AdminDown is told for as long as the session exists; `departed` comes after a Detection Time, but
///   after five seconds at most, and at once if the peer was not known.
/// * When this node itself did not run for a while (`stalled`), a Detection Time that has passed meanwhile is prolonged by
///   one interval of the peer's.
/// * A Final packet that carries a new state stands for the packet that tells it.
package struct BFDSession: Sendable, Hashable {
    /// A change of state and when it happened, for the operator.
    package struct Change: Sendable, Hashable {
        /// What changed, and why.
        package var transition: BFDTransition
        /// When it did.
        package var at: Instant
    }

    /// Until Up, no system sends faster (section 6.8.3), microseconds.
    static let slowTx: UInt32 = 1_000_000
    /// `departed` waits no longer.
    static let departureLimit = Duration.seconds(5)

    /// What the operator wants.
    package internal(set) var configuration: BFDConfiguration
    /// Our number for the session, in every packet of ours (bfd.LocalDiscr).
    package let discriminator: UInt32
    /// bfd.SessionState.
    package internal(set) var state: BFDState = .adminDown
    /// Why we last changed our state (bfd.LocalDiag).
    package internal(set) var diagnostic: BFDDiagnostic = .none
    /// What the peer said last.
    package internal(set) var remote = BFDRemote()
    /// The last change of state; nil before the first.
    package internal(set) var lastChange: Change?
    /// The last change from Up to another state; nil before the first.
    package internal(set) var lastDown: Change?
    /// How often the session came Up.
    package internal(set) var timesUp = 0
    /// How often a path failure ended Up.
    package internal(set) var failures = 0
    /// Packets sent.
    package internal(set) var sent = 0
    /// Packets received and not discarded.
    package internal(set) var received = 0

    var generator: SeededGenerator
    var jitter = Jitter()
    /// When the last packet went out that was not an answer to a poll; nil before `started`.
    var lastSent: Instant?
    var poll = PollSequence.none
    /// The timers that count. They are those we tell, except for an increase of tx or a decrease of rx that the peer
    /// has not acknowledged.
    var inForce: Timers
    /// When `departed` is due.
    var departure: Instant?

    /// A silent session. `discriminator` is random, not 0 and no other session's; `seed` decides the jitter.
    package init(configuration: BFDConfiguration, discriminator: UInt32, seed: UInt64) {
        self.configuration = configuration
        self.discriminator = discriminator
        generator = SeededGenerator(seed: seed)
        inForce = Timers(tx: 0, rx: 0)
        inForce = timers
    }

    /// Handles one event. Never throws, never traps: any event is legal in any state.
    package mutating func handle(_ event: Event, at now: Instant) -> [Action] {
        switch event {
        case .started: start(at: now)
        case .stopped: stop(at: now)
        case .received(let packet): receive(packet, at: now)
        case .deadlineReached: passDeadlines(at: now)
        case .awake: sendEarly(at: now)
        case .stalled: excuse(at: now)
        case .forcedDown: forceDown(at: now)
        case .configured(let configuration): configure(configuration)
        }
    }

    /// When `deadlineReached` is due; nil if nothing waits for time. In the past if it is due at once.
    package var nextDeadline: Instant? {
        // Asked for with every packet, so without an array.
        var earliest = nextTransmission
        if let detectionDeadline { earliest = min(earliest ?? detectionDeadline, detectionDeadline) }
        if let departure { earliest = min(earliest ?? departure, departure) }
        return earliest
    }
}

// MARK: - What the operator sees

extension BFDSession {
    /// The interval at which we send, before jitter (section 6.8.7); nil while no periodic packets are sent.
    package var transmitInterval: Duration? {
        isPeriodic ? .microseconds(agreedTx, times: 1) : nil
    }

    /// The interval at which the peer sends, before jitter (section 6.8.2); nil while it is not heard.
    package var receiveInterval: Duration? {
        remote.lastHeard == nil ? nil : .microseconds(max(inForce.rx, remote.desiredMinTx), times: 1)
    }

    /// After how long a silence the session goes down (section 6.8.4); nil while the peer is not heard.
    package var detectionTime: Duration? {
        remote.lastHeard == nil
            ? nil : .microseconds(max(inForce.rx, remote.desiredMinTx), times: remote.multiplier)
    }
}
