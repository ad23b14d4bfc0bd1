package import BGPWire
package import Deadlines

/// One peer's session: the machine of RFC 4271 section 8, with one TCP connection per direction.
///
/// ```
///            started                 TCP up           OPEN, no collision        KEEPALIVE
///   Idle ─────────────▶ Connect ─────────────▶ OpenSent ────────▶ OpenConfirm ────────▶ Established
///    ▲  stopped            │ ▲                    │                   │                     │
///    └── from anywhere     ▼ │ pause over         ▼                   ▼                     ▼
///                        Active ◀──────────── a connection ends, and no other one is left ──┘
/// ```
///
/// Idle, Connect and Active are the session's; OpenSent to Established belong to its connections (`Connection`), which
/// live side by side until section 6.8 decides. The session shows the furthest of them. A peer that may not be dialled
/// (`isPassive`) waits in Active.
///
/// Deviations from RFC 4271, with reasons:
/// * After a failure the session goes to Active, not to Idle: it starts again by itself (AutomaticStart), and accepts
///   the peer's connections while it waits. How long it waits, `Backoff` says.
/// * The ConnectRetryTimer does not run in Connect: the shell bounds the time of a dial and reports it as failed.
/// * DelayOpen, which the RFC makes optional, is left out: an OPEN that waits is of no benefit. Events 12 and 20 do not occur.
/// * An incoming connection while Established: section 6.8 has the Established one win, and so do we, but we send a
///   KEEPALIVE on it, so that the kernel finds out at once if the peer has lost it by a restart. If the peer has
///   promised graceful restart for a family, the new connection wins (RFC 4724 section 5); beside a connection that we
///   dialled it has to send a valid OPEN first.
package struct PeerSession: Sendable, Hashable {
    /// The states of RFC 4271 section 8.2.2.
    package enum State: String, Sendable, Hashable, CaseIterable {
        case idle = "Idle"
        case connect = "Connect"
        case active = "Active"
        case openSent = "OpenSent"
        case openConfirm = "OpenConfirm"
        case established = "Established"
    }

    /// How and when an attempt or a session ended.
    package struct End: Sendable, Hashable {
        /// Why it ended.
        package var reason: EndReason
        /// When it ended.
        package var at: Instant
        /// True if it was an Established session, false if an attempt at one.
        package var wasEstablished: Bool
    }

    /// What the session knows about its peer and us.
    package private(set) var configuration: SessionConfiguration
    /// How the last attempt or session ended; nil before the first end.
    package internal(set) var lastEnd: End?
    /// The end that tells most of why there is no session: what the peer has said stays until something better is known
    /// than a guess. The same as `lastEnd` otherwise.
    package internal(set) var cause: End?
    /// When the session last became Established or ceased to be; nil if it never was Established.
    package internal(set) var stateSince: Instant?
    /// How often the session left Established although this node did not want it to.
    package internal(set) var flaps = 0
    /// How often it left Established because this node wanted it to: a drain, the end of the process, a reset.
    package internal(set) var plannedEnds = 0
    /// When we dial again; nil while no dial is planned.
    package internal(set) var nextAttempt: Instant?
    /// Messages sent since the session was made.
    package internal(set) var sent = MessageTally()
    /// Messages received since the session was made, those that could be read.
    package internal(set) var received = MessageTally()
    /// Prefixes that the peer announced and we forgot.
    package internal(set) var prefixesDiscarded = 0
    /// The last NOTIFICATION that we sent, on any connection; nil before the first.
    package internal(set) var lastNotificationSent: Notification?
    /// The last NOTIFICATION that the peer sent; nil before the first.
    package internal(set) var lastNotificationReceived: Notification?

    var generator: SeededGenerator
    var backoff = Backoff()
    var isStarted = false
    var isDialling = false
    /// When the session was started, or dialled last.
    var attemptedAt: Instant?
    /// Which capabilities the next OPEN offers.
    package internal(set) var offer: CapabilityOffer
    /// How often in a row the peer closed the connection after our OPEN without a word.
    var silentCloses = 0
    var outgoing: Connection?
    var incoming: Connection?

    /// A session that is Idle until `started`. `seed` decides its jitter.
    package init(configuration: SessionConfiguration, seed: UInt64) {
        self.configuration = configuration
        offer = configuration.capabilityPolicy.first
        generator = SeededGenerator(seed: seed)
    }

    /// Handles one event. Never throws, never traps: any event is legal in any state.
    package mutating func handle(_ event: Event, at now: Instant) -> [Action] {
        let actions: [Action] =
            switch event {
            case .started: start(at: now)
            case .stopped(let subcode, let communication): stop(subcode, communication, at: now)
            case .reset(let subcode): reset(subcode, at: now)
            case .deadlineReached: passDeadlines(at: now)
            case .tcpConnected(.outgoing, let endpoints): dialled(endpoints, at: now)
            case .tcpConnected(.incoming, let endpoints): accept(endpoints, at: now)
            case .tcpFailed(let direction, let failure): fail(direction, failure, at: now)
            case .received(let message, let direction): receive(message, direction, at: now)
            case .openAcknowledged(let direction): noteOpenAcknowledged(direction)
            case .malformed(let error, let direction): deliver(.malformed(error), to: direction, at: now)
            case .withdrawalIgnored(let seconds):
                establishedDirection.map { deliver(.withdrawalIgnored(seconds: seconds), to: $0, at: now) } ?? []
            }
        count(actions)
        return actions
    }

    /// Goes on with another configuration. What the two sides have agreed on stays until a `reset`.
    package mutating func configure(_ configuration: SessionConfiguration) {
        let policy = self.configuration.capabilityPolicy
        if configuration.open != self.configuration.open || configuration.capabilityPolicy != policy {
            offer = configuration.capabilityPolicy.first
            silentCloses = 0
        }
        self.configuration = configuration
    }

    /// Sends UPDATEs on the Established connection and restarts its keepalive timer (RFC 4271 section 4.4). Returns
    /// nothing if the session is not Established.
    package mutating func send(_ updates: [Update], at now: Instant) -> [Action] {
        guard let direction = establishedDirection, var connection = self[direction] else { return [] }
        let actions = connection.send(updates, at: now, configuration: configuration, generator: &generator)
        self[direction] = connection
        count(actions)
        return actions
    }

    /// Another TCP MD5 key is about to hold for the open connection; the actions come before it. Until the peer has it too,
    /// neither hears the other. A KEEPALIVE now gives the peer the whole hold time. We give it twice that, once: it repeats
    /// what was lost in pauses that double, so that after its change it can take as long again as the keys have differed.
    package mutating func prepareForKey(at now: Instant) -> [Action] {
        guard let direction = establishedDirection else { return [] }
        let actions = probe(at: now)
        let configuration = configuration
        self[direction]?.forgiveSilence(at: now, configuration)
        count(actions)
        return actions
    }

    /// When `deadlineReached` is due; nil if nothing waits for time.
    package var nextDeadline: Instant? {
        earlier(nextAttempt, earlier(outgoing?.nextDeadline, incoming?.nextDeadline))
    }

    /// The furthest state of all connections.
    package var state: State {
        let states = [outgoing?.name, incoming?.name]
        for state in [State.established, .openConfirm, .openSent] where states.contains(state) { return state }
        return isDialling ? .connect : isStarted ? .active : .idle
    }

    /// True while TCP is up in one of the directions.
    package var hasConnection: Bool { outgoing != nil || incoming != nil }

    /// What was agreed with the peer, while Established.
    package var negotiated: Negotiated? { outgoing?.negotiated ?? incoming?.negotiated }

    /// True if TCP MD5 protects the furthest connection (RFC 2385); nil while there is none.
    package var isSigned: Bool? {
        (establishedDirection.flatMap { self[$0] } ?? outgoing ?? incoming)?.endpoints.isSigned
    }

    /// Time between two KEEPALIVEs before jitter, while Established; nil if none are sent.
    package var keepaliveInterval: Duration? {
        establishedDirection.flatMap { self[$0] }.flatMap { $0.keepaliveInterval(configuration) }
    }

    /// The capabilities in our OPEN, in order.
    package var offeredCapabilities: [Capability] { configuration.offering(offer).offeredCapabilities }
}

// MARK: - Start and stop

extension PeerSession {
    /// Events 1, 3, 4, 5 are ignored unless Idle. RFC 4271 section 8.2.2, Idle: "sets ConnectRetryCounter to zero ...
    /// initiates a TCP connection to the other BGP peer".
    private mutating func start(at now: Instant) -> [Action] {
        guard !isStarted else { return [] }
        isStarted = true
        backoff = Backoff()
        attemptedAt = now
        return configuration.isPassive ? [] : dial(at: now)
    }

    /// Event 2, from any state to Idle.
    private mutating func stop(_ subcode: CeaseSubcode, _ communication: String, at now: Instant) -> [Action] {
        isStarted = false
        nextAttempt = nil
        return endAll(subcode, communication, at: now)
    }

    /// Event 8, then event 3 after one short pause: a reset asks for a new session, so earlier failures are forgotten.
    private mutating func reset(_ subcode: CeaseSubcode, at now: Instant) -> [Action] {
        guard isStarted else { return [] }
        backoff = Backoff()
        nextAttempt = nil
        let actions = endAll(subcode, "", at: now)
        planAttempt(after: .local(subcode, communication: ""), established: nil, at: now)
        return actions
    }

    /// Ends whatever lives, the furthest connection last: that one is the session's end, and the only one told.
    private mutating func endAll(_ subcode: CeaseSubcode, _ communication: String, at now: Instant) -> [Action] {
        let wasDialling = isDialling
        isDialling = false
        var actions: [Action] = wasDialling ? [.close(.outgoing)] : []
        if wasDialling, incoming == nil {
            return actions + end(.local(subcode, communication: communication), established: nil, at: now)
        }
        let last = establishedDirection ?? .outgoing
        for direction in [last.opposite, last] {
            actions += deliver(.ceased(subcode, communication: communication), to: direction, at: now)
        }
        return actions
    }
}

// MARK: - TCP

extension PeerSession {
    mutating func dial(at now: Instant) -> [Action] {
        isDialling = true
        attemptedAt = now
        return [.connect]
    }

    /// Event 16: our dial was answered. An answer without a dial, or to one that was cancelled in the meantime, is noise.
    private mutating func dialled(_ endpoints: Endpoints, at now: Instant) -> [Action] {
        guard isDialling else { return outgoing == nil ? [.close(.outgoing)] : [] }
        isDialling = false
        return open(.outgoing, endpoints, at: now)
    }

    /// Event 17. RFC 4271 section 8.2.2: in Idle "BGP FSM refuses all incoming BGP connections"; in other states "the
    /// second connection SHALL be tracked until it sends an OPEN message". One per direction is tracked, no more.
    private mutating func accept(_ endpoints: Endpoints, at now: Instant) -> [Action] {
        guard isStarted else { return [.rejectIncoming(.cease(.connectionRejected))] }
        // An accepted connection that did not have to be signed: the kernel has no key for it yet.
        guard endpoints.isSigned || !configuration.requiresSignature else {
            return [.rejectIncoming(.cease(.connectionRejected))]
        }
        guard incoming != nil else {
            return probe(at: now) + open(.incoming, endpoints, at: now)
        }
        if incoming?.name == .openSent {
            // A peer dials again when it has given up the connection it had: the silent one must not keep it out
            // until the open hold time is over.
            incoming = nil
            return [.send(.notification(.cease(.connectionCollision)), .incoming), .close(.incoming)]
                + open(.incoming, endpoints, at: now)
        }
        guard incoming?.negotiated != nil, showsRestart(from: endpoints.remote, at: now) else {
            return probe(at: now) + [.rejectIncoming(.cease(.connectionCollision))]
        }
        // The old connection gives up its place at once: there is only one for connections of the peer's making.
        return deliver(.replaced, to: .incoming, at: now)
            + open(.incoming, endpoints, at: now)
    }

    /// "sends an OPEN message to its peer, sets the HoldTimer to a large value, changes its state to OpenSent".
    private mutating func open(_ direction: Direction, _ endpoints: Endpoints, at now: Instant) -> [Action] {
        self[direction] = Connection(direction, endpoints, at: now, configuration: configuration)
        return [.send(.open(configuration.offering(offer).open), direction)]
    }

    /// Event 18.
    private mutating func fail(_ direction: Direction, _ failure: TransportFailure, at now: Instant) -> [Action] {
        guard direction == .outgoing, isDialling else { return deliver(.failed(failure), to: direction, at: now) }
        isDialling = false
        return end(.transport(failure), established: nil, at: now)
    }
}
