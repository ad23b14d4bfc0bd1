import BGPWire
import Deadlines

/// One TCP connection of a session, from the moment TCP is up: OpenSent, OpenConfirm, Established (RFC 4271 section
/// 8.2.2). Idle, Connect and Active have no connection yet; they belong to `PeerSession`.
///
/// ```
///   TCP up: OPEN sent        valid OPEN, no collision: KEEPALIVE sent        KEEPALIVE
///  ───────────────────▶ OpenSent ───────────────────▶ OpenConfirm ───────────────────▶ Established
///                           │                             │                                 │
///                           └──────────── anything that does not fit: closed ──────────────┘
/// ```
///
/// Deviations from RFC 4271, each beside its branch as well:
/// * A received NOTIFICATION is never answered. The text has OpenSent answer event 25 with an FSM Error, which
///   section 6.4 forbids.
/// * Header errors get their own NOTIFICATION in every state, as section 6.1 says and as everybody does, although the
///   text of Established lists event 21 under "any other event".
/// * The SendHoldTimer (event 29, RFC 9687) is the kernel's: only TCP_USER_TIMEOUT sees that the peer reads nothing, and
///   also when the window is zero. It arrives as event 18 with `.unacknowledged`.
/// * Another TCP MD5 key restarts the hold timer, with twice its time. The RFC knows no keys that change.
/// * OpenConfirm is bounded by the open hold time when the negotiated hold time is 0; the text would wait for ever.
struct Connection: Sendable, Hashable {
    /// Exits: OpenSent to OpenConfirm, OpenConfirm to Established, each to closed, none back.
    enum State: Sendable, Hashable {
        case openSent
        case openConfirm(Negotiated)
        case established(Negotiated)
    }

    /// Events of RFC 4271 section 8.1 that concern a connection which is up.
    enum Event: Sendable, Hashable {
        /// Event 19 (valid, and not the loser of a collision) or 22 (an OPEN that does not suit us).
        case open(Result<Negotiated, DecodeError>)
        /// Event 26.
        case keepalive
        /// Event 27.
        case update
        /// ROUTE-REFRESH (RFC 2918).
        case routeRefresh(RouteRefresh)
        /// Events 24 and 25.
        case notification(Notification)
        /// Events 21, 22 and 28: what the codec could not read.
        case malformed(DecodeError)
        /// Event 10.
        case holdTimerExpired
        /// Event 11.
        case keepaliveTimerExpired
        /// The peer says less than it agreed to. No event of the RFC.
        case silenceTimerExpired
        /// Event 18.
        case failed(TransportFailure)
        /// Event 23.
        case lostCollision
        /// The peer restarted and has a new connection (RFC 4724 section 5).
        case replaced
        /// Events 2 and 8.
        case ceased(CeaseSubcode, communication: String)
        /// Event 29.
        case withdrawalIgnored(seconds: Int)
    }

    /// Between two window probes to a peer that is silent.
    static let probeInterval = Duration.milliseconds(200)

    let direction: Direction
    let endpoints: Endpoints
    /// When our OPEN went out.
    let openedAt: Instant
    private(set) var state = State.openSent
    /// True once the peer's TCP has our OPEN.
    var isOpenAcknowledged = false
    /// When the peer has been silent for too long; nil if it may be silent.
    private(set) var holdDeadline: Instant?
    /// When the next KEEPALIVE is due; nil if none is.
    private(set) var keepaliveDeadline: Instant?
    /// When an Established peer has been silent for half of the hold time, or the next window probe is due after that;
    /// nil if it may be silent.
    private(set) var silenceDeadline: Instant?

    /// When the last KEEPALIVE or UPDATE went out.
    private(set) var lastSent: Instant?

    /// A connection on which the OPEN goes out now. RFC 4271 section 8.2.2: "sets the HoldTimer to a large value".
    init(
        _ direction: Direction, _ endpoints: Endpoints, at now: Instant, configuration: SessionConfiguration
    ) {
        self.direction = direction
        self.endpoints = endpoints
        openedAt = now
        holdDeadline = now + configuration.openHoldTime
    }

    /// The state by the name that `PeerSession` shows.
    var name: PeerSession.State {
        switch state {
        case .openSent: .openSent
        case .openConfirm: .openConfirm
        case .established: .established
        }
    }

    /// The first of the three deadlines; nil if nothing waits for time.
    var nextDeadline: Instant? {
        earlier(holdDeadline, earlier(keepaliveDeadline, silenceDeadline))
    }

    /// What was agreed, while Established.
    var negotiated: Negotiated? {
        switch state {
        case .openSent, .openConfirm: nil
        case .established(let negotiated): negotiated
        }
    }

    /// Handles one event. With a reason in the result the connection is closed, and no event must follow.
    mutating func handle(
        _ event: Event, at now: Instant, configuration: SessionConfiguration, generator: inout SeededGenerator
    ) -> (closed: EndReason?, actions: [PeerSession.Action]) {
        let (next, restarted, actions): Step =
            switch (state, event) {
            // RFC 4271 section 8.2.2, OpenSent: "sends a KEEPALIVE message, and sets a KeepaliveTimer ... sets the
            // HoldTimer according to the negotiated value ... changes its state to OpenConfirm".
            case (.openSent, .open(.success(let negotiated))):
                (.state(.openConfirm(negotiated)), [.hold, .keepalive], [.send(.keepalive, direction)])

            // "If the BGP message header checking (Event 21) or OPEN message checking detects an error (Event 22) ...
            // sends a NOTIFICATION message with the appropriate error code".
            case (.openSent, .open(.failure(let error))):
                fail(error.notification, error.explanation)
            case (.openSent, .malformed(let error)), (.openConfirm, .malformed(let error)),
                (.established, .malformed(let error)):
                reject(error)

            // "In response to any other event ... sends the NOTIFICATION with the Error Code Finite State Machine
            // Error".
            case (.openSent, .keepalive): unexpected(.keepalive)
            case (.openSent, .update), (.openConfirm, .update): unexpected(.update)
            case (.openSent, .routeRefresh), (.openConfirm, .routeRefresh): unexpected(.routeRefresh)
            case (.openConfirm, .open), (.established, .open): unexpected(.open)

            // OpenConfirm: "If the local system receives a KEEPALIVE message ... restarts the HoldTimer and changes its
            // state to Established."
            case (.openConfirm(let negotiated), .keepalive):
                (.state(.established(negotiated)), [.hold], [.established(negotiated, direction)])

            // Established: "restarts its HoldTimer, if the negotiated HoldTime value is non-zero". Only KEEPALIVE and
            // UPDATE do so; a ROUTE-REFRESH does not.
            case (.established, .keepalive), (.established, .update):
                (.state(state), [.hold], [])
            case (.established(let negotiated), .routeRefresh(let refresh)):
                (.state(state), [], answer(refresh, negotiated))

            // "If the local system receives a KeepaliveTimer_Expires event (Event 11) ... sends a KEEPALIVE message,
            // restarts the KeepaliveTimer".
            case (.openConfirm, .keepaliveTimerExpired), (.established, .keepaliveTimerExpired):
                (.state(state), [.keepalive], [.send(.keepalive, direction)])
            // The timer does not run here, so this is ours, not the peer's.
            case (.openSent, .keepaliveTimerExpired):
                (.state(state), [], [])

            // Two KEEPALIVEs are missing. If the path is back and the peer has given us up meanwhile, our own data would
            // find out with its next retransmission, up to a second later.
            case (.established, .silenceTimerExpired):
                (.state(state), [.silence], [.windowProbe(direction)])
            case (.openSent, .silenceTimerExpired), (.openConfirm, .silenceTimerExpired):
                (.state(state), [], [])

            // "If the HoldTimer_Expires (Event 10), the local system sends a NOTIFICATION message with the error code
            // Hold Timer Expired", in all three states.
            case (.openSent, .holdTimerExpired), (.openConfirm, .holdTimerExpired),
                (.established, .holdTimerExpired):
                expire(configuration)

            // Section 6.4: a NOTIFICATION is not answered, whatever its code.
            case (.openSent, .notification(let notification)), (.openConfirm, .notification(let notification)),
                (.established, .notification(let notification)):
                (.closed(.notificationReceived(notification)), [], [.close(direction)])

            // Event 18: "drops the TCP connection"; the shell has closed it already.
            case (.openSent, .failed(let failure)): (.closed(closedBeforeOpen(failure)), [], [])
            // Event 29 (RFC 9687 section 4): the kernel's TCP_USER_TIMEOUT is the SendHoldTimer, and the connection
            // is gone when we hear of it, so 8/0 cannot be sent any more.
            case (.established, .failed(.unacknowledged)): (.closed(.sendHoldTimeExpired), [], [])
            case (.openConfirm, .failed(let failure)), (.established, .failed(let failure)):
                (.closed(.transport(failure)), [], [])

            // Section 6.8: "Closing the BGP connection (that results from the collision resolution procedure) is
            // accomplished by sending the NOTIFICATION message with the Error Code Cease."
            case (.openSent, .lostCollision), (.openConfirm, .lostCollision), (.established, .lostCollision):
                fail(.cease(.connectionCollision), "another connection to the same peer was kept")

            // RFC 4724 section 4.2: "Since the previous connection is considered to be terminated, no NOTIFICATION
            // message should be sent".
            case (.openSent, .replaced), (.openConfirm, .replaced), (.established, .replaced):
                (.closed(.peerRestarted), [], [.close(direction)])

            // RFC 9687 section 3.3: "drops the TCP connection". Its NOTIFICATION would wait behind what the peer does not
            // take, so it is left out; the RST tells the peer's TCP, and so its BGP, that the routes are gone.
            case (.established, .withdrawalIgnored(let seconds)):
                (.closed(.withdrawalIgnored(seconds: seconds)), [], [.abort(direction)])
            case (.openSent, .withdrawalIgnored), (.openConfirm, .withdrawalIgnored):
                (.state(state), [], [])

            // "If a ManualStop event (Event 2) is issued ... sends the NOTIFICATION with a Cease", and so for Event 8.
            case (.openSent, .ceased(let subcode, let text)), (.openConfirm, .ceased(let subcode, let text)),
                (.established, .ceased(let subcode, let text)):
                (
                    .closed(.local(subcode, communication: text)), [],
                    [.send(.notification(.cease(subcode, communication: text)), direction), .close(direction)]
                )
            }
        switch next {
        case .state(let next):
            state = next
            if restarted.contains(.hold) { restartHold(at: now, configuration) }
            if restarted.contains(.keepalive) { restartKeepalive(at: now, configuration, &generator) }
            if restarted.contains(.silence) { silenceDeadline = now + Self.probeInterval }
            return (nil, actions)
        case .closed(let reason):
            return (reason, actions)
        }
    }

    /// Sends UPDATEs while Established; in other states nothing. RFC 4271 section 8.2.2: "Each time the local system
    /// sends a KEEPALIVE or UPDATE message, it restarts its KeepaliveTimer".
    mutating func send(
        _ updates: [Update], at now: Instant, configuration: SessionConfiguration, generator: inout SeededGenerator
    ) -> [PeerSession.Action] {
        guard negotiated != nil, !updates.isEmpty else { return [] }
        restartKeepalive(at: now, configuration, &generator)
        return updates.map { .send(.update($0), direction) }
    }
}

// MARK: - Branches

extension Connection {
    /// Where a branch leads, which timers start anew, and what is to be done.
    private typealias Step = (next: Next, restarted: Timers, actions: [PeerSession.Action])

    private enum Next {
        case state(State)
        case closed(EndReason)
    }

    private struct Timers: OptionSet {
        let rawValue: UInt8
        static let hold = Timers(rawValue: 1)
        static let keepalive = Timers(rawValue: 2)
        static let silence = Timers(rawValue: 4)
    }

    private func fail(_ notification: Notification, _ explanation: String) -> Step {
        (
            .closed(.notificationSent(notification, explanation: explanation)), [],
            [.send(.notification(notification), direction), .close(direction)]
        )
    }

    private func unexpected(_ type: MessageType) -> Step {
        fail(
            .fsmError(subcode: fsmErrorSubcode, messageType: type), "\(type) in state \(name.rawValue)")
    }

    /// RFC 6608 section 3.
    private var fsmErrorSubcode: UInt8 {
        switch state {
        case .openSent: 1
        case .openConfirm: 2
        case .established: 3
        }
    }

    private func expire(_ configuration: SessionConfiguration) -> Step {
        let seconds = holdTime(configuration).map { Int(clamping: $0.components.seconds) } ?? 0
        // A peer that has our OPEN may not like it; one that does not even have it cannot know.
        let reason: EndReason =
            negotiated == nil && !isOpenAcknowledged
            ? .transport(.unacknowledged) : .holdTimeExpired(seconds: seconds, in: name)
        return (
            .closed(reason), [],
            [.send(.notification(.holdTimerExpired), direction), .close(direction)]
        )
    }

    /// Bytes that cannot be read get the NOTIFICATION of RFC 4271 section 6, unless the message was out of place
    /// anyway: an OPEN in Established, an UPDATE before it.
    private func reject(_ error: DecodeError) -> Step {
        switch (state, error.notification.code) {
        case (.established, 2): unexpected(.open)
        case (.openSent, 3), (.openConfirm, 3): unexpected(.update)
        case (.openSent, 7), (.openConfirm, 7): unexpected(.routeRefresh)
        case (.openSent, _), (.openConfirm, _), (.established, _): fail(error.notification, error.explanation)
        }
    }

    private func closedBeforeOpen(_ failure: TransportFailure) -> EndReason {
        switch failure {
        case .closedByPeer, .reset: .closedBeforeOpen(failure)
        case .refused, .timedOut, .hostUnreachable, .rejectedOnTheWay, .beyondLink, .prohibited, .ownAddress,
            .networkUnreachable, .sourceUnavailable, .inUse, .unacknowledged, .md5Unavailable, .noNeighbour,
            .severalNeighbours, .system:
            .transport(failure)
        }
    }

    /// Subtype 0 is a request; others are ignored (RFC 7313 section 5), as are families that were not negotiated
    /// (RFC 2918 section 4).
    private func answer(_ refresh: RouteRefresh, _ negotiated: Negotiated) -> [PeerSession.Action] {
        refresh.subtype == 0 && negotiated.families.contains(refresh.family) ? [.routesRequested(refresh.family)] : []
    }
}

// MARK: - Timers

extension Connection {
    /// How long the peer may be silent in this state; nil if for ever. RFC 4271 section 10 allows jitter for other
    /// timers, not for this one.
    private func holdTime(_ configuration: SessionConfiguration) -> Duration? {
        switch state {
        case .openSent: configuration.openHoldTime
        case .openConfirm(let negotiated):
            negotiated.holdTime == 0 ? configuration.openHoldTime : .seconds(Int64(negotiated.holdTime))
        case .established(let negotiated):
            negotiated.holdTime == 0 ? nil : .seconds(Int64(negotiated.holdTime))
        }
    }

    private mutating func restartHold(at now: Instant, _ configuration: SessionConfiguration) {
        let holdTime = holdTime(configuration)
        holdDeadline = holdTime.map { now + $0 }
        silenceDeadline = negotiated == nil ? nil : holdTime.map { now + $0 / 2 }
    }

    /// The peer may be silent for two hold times from now on.
    mutating func forgiveSilence(at now: Instant, _ configuration: SessionConfiguration) {
        holdDeadline = holdTime(configuration).map { now + $0 * 2 }
    }

    private mutating func restartKeepalive(
        at now: Instant, _ configuration: SessionConfiguration, _ generator: inout SeededGenerator
    ) {
        lastSent = now
        keepaliveDeadline = keepaliveInterval(configuration).map { interval in
            // Section 10: jitter from 0.75 to 1.0. Section 4.4: "MUST NOT be sent more frequently than one per second".
            now + max(.seconds(1), generator.jittered(interval))
        }
    }

    /// Time between KEEPALIVEs before jitter: "one third of the Hold Time interval" (section 4.4), or less if so
    /// configured; nil if the hold time is 0 and "periodic KEEPALIVE messages MUST NOT be sent".
    func keepaliveInterval(_ configuration: SessionConfiguration) -> Duration? {
        switch state {
        case .openSent:
            return nil
        case .openConfirm(let negotiated), .established(let negotiated):
            guard negotiated.holdTime > 0 else { return nil }
            let third = Duration.seconds(Int64(negotiated.holdTime)) / 3
            return max(.seconds(1), min(third, configuration.keepaliveInterval ?? third))
        }
    }
}
