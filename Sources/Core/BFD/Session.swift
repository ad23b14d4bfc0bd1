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
/// * No Poll Sequence is started while the peer is not known: nobody could answer.
/// * A poll is answered in AdminDown as well ("without respect to the session state", section 6.8.7; 6.8.6 disagrees).
/// * After `stopped`, AdminDown is told for as long as the session exists; `departed` comes after a Detection Time, but
///   after five seconds at most, and at once if the peer was not known.
/// * A Final packet that carries a new state stands for the packet that tells it.
package struct BFDSession: Sendable, Hashable {
    /// A time in Up or an end of it, for the operator.
    package struct Change: Sendable, Hashable {
        /// What changed, and why.
        package var transition: BFDTransition
        /// When it did.
        package var at: Instant
    }

    /// Until Up, nobody sends faster (section 6.8.3), microseconds.
    static let slowTx: UInt32 = 1_000_000
    /// `departed` waits no longer.
    static let departureLimit = Duration.seconds(5)

    /// What the operator wants.
    package private(set) var configuration: BFDConfiguration
    /// Our number for the session, in every packet of ours (bfd.LocalDiscr).
    package let discriminator: UInt32
    /// bfd.SessionState.
    package private(set) var state: BFDState = .adminDown
    /// Why we last changed our state (bfd.LocalDiag).
    package private(set) var diagnostic: BFDDiagnostic = .none
    /// What the peer said last.
    package private(set) var remote = BFDRemote()
    /// The last change of state; nil before the first.
    package private(set) var lastChange: Change?
    /// The last change from Up to another state; nil before the first.
    package private(set) var lastDown: Change?
    /// How often the session came Up.
    package private(set) var timesUp = 0
    /// How often a path failure ended Up.
    package private(set) var failures = 0
    /// Packets sent.
    package private(set) var sent = 0
    /// Packets received and not discarded.
    package private(set) var received = 0

    private var generator: SeededGenerator
    private var jitter = Jitter()
    /// When the last packet went out that was not an answer to a poll; nil before `started`.
    private var lastSent: Instant?
    private var poll = PollSequence.none
    /// The timers that count. They are those we tell, except for an increase of tx or a decrease of rx that the peer has
    /// not acknowledged.
    private var inForce: Timers
    /// When `departed` is due.
    private var departure: Instant?

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
        case .forcedDown: forceDown(at: now)
        case .configured(let configuration): configure(configuration)
        }
    }

    /// When `deadlineReached` is due; nil if nothing waits for time. In the past if it is due at once.
    package var nextDeadline: Instant? {
        [detectionDeadline, nextTransmission, departure].earliest()
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

// MARK: - Events

extension BFDSession {
    private mutating func start(at now: Instant) -> [Action] {
        guard state == .adminDown else { return [] }
        departure = nil
        return change(to: .down, .none, because: .started, at: now)
    }

    /// Section 6.8.16: "BFD Control packets SHOULD be transmitted for at least a Detection Time after transitioning to
    /// AdminDown state in order to ensure that the remote system is aware of the state change."
    private mutating func stop(at now: Instant) -> [Action] {
        guard state != .adminDown else { return [] }
        // How long the peer would take to miss us counts as well as how long we would take to miss it.
        let time = detectionTime.map { max($0, .microseconds(agreedTx, times: configuration.multiplier)) }
        let actions = change(to: .adminDown, .administrativelyDown, because: .stopped, at: now)
        guard let time else { return actions + [.departed] }
        departure = now + min(time, Self.departureLimit)
        return actions
    }

    private mutating func forceDown(at now: Instant) -> [Action] {
        switch state {
        case .adminDown, .down: []
        case .initializing, .up: change(to: .down, .pathDown, because: .forced, at: now)
        }
    }

    private mutating func configure(_ configuration: BFDConfiguration) -> [Action] {
        let old = timers
        self.configuration = configuration
        adoptTimers(insteadOf: old)
        return []
    }

    /// Section 6.8.6 from where the session is known.
    private mutating func receive(_ packet: BFDPacket, at now: Instant) -> [Action] {
        // A session that was never started hears nothing, and nobody hears another's packets.
        guard lastSent != nil, packet.yourDiscriminator == discriminator || packet.canOpen else { return [] }
        received += 1
        remote = BFDRemote(packet, at: now)
        // "If a Poll Sequence is being transmitted ... and the Final (F) bit in the received packet is set, the Poll
        // Sequence MUST be terminated."
        if packet.isFinal { endPoll() }

        let step = step(on: packet)
        // "If the Poll (P) bit is set, send a BFD Control packet ... with the Poll (P) bit clear, and the Final (F) bit
        // set"
        guard let step else { return packet.isPoll ? [.send(makePacket(isFinal: true))] : [] }
        return change(to: step.state, step.diagnostic, because: step.cause, isFinal: packet.isPoll, at: now)
    }

    private mutating func passDeadlines(at now: Instant) -> [Action] {
        var actions: [Action] = []
        if let detectionDeadline, now >= detectionDeadline { actions += expire(at: now) }
        if let departure, now >= departure {
            self.departure = nil
            actions.append(.departed)
        }
        if let nextTransmission, now >= nextTransmission { actions.append(transmit(at: now)) }
        return actions
    }

    /// Section 6.8.4: "a period of time equal to the Detection Time passes without receiving a BFD Control packet".
    private mutating func expire(at now: Instant) -> [Action] {
        let time = detectionTime ?? .zero
        // Section 6.8.1: then bfd.RemoteDiscr "MUST be set to zero".
        remote = BFDRemote()
        poll = .none
        return switch state {
        case .adminDown, .down: []
        case .initializing, .up:
            change(to: .down, .detectionTimeExpired, because: .detectionTimeExpired(time), at: now)
        }
    }
}

// MARK: - States

extension BFDSession {
    private typealias Step = (state: BFDState, diagnostic: BFDDiagnostic, cause: BFDTransition.Cause)

    /// Where a packet leads; nil if it changes nothing (section 6.8.6).
    private func step(on packet: BFDPacket) -> Step? {
        switch (state, packet.state) {
        // "If bfd.SessionState is AdminDown Discard the packet"
        case (.adminDown, .adminDown), (.adminDown, .down), (.adminDown, .initializing), (.adminDown, .up): nil
        // "If received state is AdminDown If bfd.SessionState is not Down Set bfd.LocalDiag to 3 ... Set
        // bfd.SessionState to Down"
        case (.down, .adminDown): nil
        case (.initializing, .adminDown), (.up, .adminDown): (.down, .neighborSignaledDown, .peerAdministrativelyDown)
        // "If bfd.SessionState is Down If received State is Down Set bfd.SessionState to Init Else if received State
        // is Init Set bfd.SessionState to Up"
        case (.down, .down): (.initializing, .none, .heard)
        case (.down, .initializing): (.up, .none, .heard)
        case (.down, .up): nil
        // "Else if bfd.SessionState is Init If received State is Init or Up Set bfd.SessionState to Up"
        case (.initializing, .down): nil
        case (.initializing, .initializing), (.initializing, .up): (.up, .none, .heard)
        // "Else (bfd.SessionState is Up) If received State is Down Set bfd.LocalDiag to 3 ... Set bfd.SessionState to
        // Down"
        case (.up, .down): (.down, .neighborSignaledDown, .peerSignaledDown(packet.diagnostic))
        case (.up, .initializing), (.up, .up): nil
        }
    }

    /// Enters a state, and tells the peer at once (section 6.8.7).
    private mutating func change(
        to next: BFDState, _ diagnostic: BFDDiagnostic, because cause: BFDTransition.Cause, isFinal: Bool = false,
        at now: Instant
    ) -> [Action] {
        let old = timers
        let transition = BFDTransition(from: state, to: next, cause: cause)
        state = next
        self.diagnostic = diagnostic
        adoptTimers(insteadOf: old)
        lastChange = Change(transition: transition, at: now)
        if transition.to == .up { timesUp += 1 }
        if transition.from == .up { lastDown = lastChange }
        if transition.isPathFailure { failures += 1 }
        return [transmit(isFinal: isFinal, at: now), .stateChanged(transition)]
    }
}

// MARK: - Timers

extension BFDSession {
    /// The timers that we tell. Section 6.8.3: "When bfd.SessionState is not Up, the system MUST set
    /// bfd.DesiredMinTxInterval to a value of not less than one second".
    private var timers: Timers {
        let tx = configuration.desiredMinTx.wireMicroseconds
        return Timers(
            tx: state == .up ? tx : max(tx, Self.slowTx), rx: configuration.requiredMinRx.wireMicroseconds)
    }

    /// What we tell may have changed (section 6.8.3). "If either bfd.DesiredMinTxInterval is changed or
    /// bfd.RequiredMinRxInterval is changed, a Poll Sequence MUST be initiated".
    private mutating func adoptTimers(insteadOf old: Timers) {
        let new = timers
        guard new != old else { return }
        if remote.lastHeard != nil { poll = poll == .none ? .running : .runningAgain }
        // Up: an increase of tx and a decrease of rx "MUST NOT" hold before the Poll Sequence is over.
        inForce = state == .up ? Timers(tx: min(inForce.tx, new.tx), rx: max(inForce.rx, new.rx)) : new
    }

    private mutating func endPoll() {
        switch poll {
        case .none: break
        case .running:
            poll = .none
            inForce = timers
        case .runningAgain: poll = .running
        }
    }

    /// "less than the larger of bfd.DesiredMinTxInterval and bfd.RemoteMinRxInterval", microseconds.
    private var agreedTx: UInt32 { max(inForce.tx, remote.requiredMinRx) }

    /// False before `started` and where section 6.8.7 forbids periodic packets: "if bfd.RemoteMinRxInterval is zero",
    /// and "if Demand mode is active on the remote system ... and a Poll Sequence is not being transmitted".
    private var isPeriodic: Bool {
        let isDemandActive = remote.isDemanding && state == .up && remote.state == .up
        return lastSent != nil && remote.requiredMinRx != 0 && (!isDemandActive || poll != .none)
    }

    /// When the next periodic packet is due. It follows a change of the interval at once, as section 6.8.3 demands.
    private var nextTransmission: Instant? {
        guard isPeriodic, let lastSent else { return nil }
        return lastSent + jitter.shorten(agreedTx)
    }

    private var detectionDeadline: Instant? {
        guard let lastHeard = remote.lastHeard, let detectionTime else { return nil }
        return lastHeard + detectionTime
    }
}

// MARK: - Packets

extension BFDSession {
    /// A periodic packet or one that tells a new state: the next one is due an interval later.
    private mutating func transmit(isFinal: Bool = false, at now: Instant) -> Action {
        lastSent = now
        jitter.draw(multiplier: configuration.multiplier, from: &generator)
        return .send(makePacket(isFinal: isFinal))
    }

    /// "A BFD Control packet MUST NOT have both the Poll (P) and Final (F) bits set" (section 6.5).
    private mutating func makePacket(isFinal: Bool) -> BFDPacket {
        sent += 1
        return BFDPacket(
            state: state, diagnostic: diagnostic, isPoll: poll != .none && !isFinal, isFinal: isFinal,
            multiplier: configuration.multiplier, myDiscriminator: discriminator,
            yourDiscriminator: remote.discriminator, desiredMinTx: timers.tx, requiredMinRx: timers.rx)
    }
}

extension BFDPacket {
    /// True for the only packets that need not know our discriminator.
    fileprivate var canOpen: Bool {
        yourDiscriminator == 0 && (state == .down || state == .adminDown)
    }
}
