import BGPWire
import Deadlines
import IPTypes

// Messages, deadlines, and the collision of two connections (RFC 4271 section 6.8).

extension PeerSession {
    /// Events 19, 24...27 and ROUTE-REFRESH. A message of a connection that is closed already is noise.
    mutating func receive(_ message: ReceivedMessage, _ direction: Direction, at now: Instant) -> [Action] {
        guard let connection = self[direction] else { return [] }
        received.count(message)
        switch message {
        case .open(let open):
            return receive(open, on: connection, at: now)
        case .update(let summary):
            if connection.negotiated != nil { prefixesDiscarded = prefixesDiscarded.adding(summary.announced) }
            return deliver(.update, to: direction, at: now)
        case .notification(let notification):
            lastNotificationReceived = notification
            return deliver(.notification(notification), to: direction, at: now)
        case .keepalive:
            return deliver(.keepalive, to: direction, at: now)
        case .routeRefresh(let refresh):
            return deliver(.routeRefresh(refresh), to: direction, at: now)
        }
    }

    /// The peer hears us on this connection.
    mutating func noteOpenAcknowledged(_ direction: Direction) -> [Action] {
        self[direction]?.isOpenAcknowledged = true
        return []
    }

    /// RFC 4271 section 6.8: "Upon receipt of an OPEN message, the local system MUST examine all of its connections
    /// that are in the OpenConfirm state." A connection in OpenSent is left alone: its own OPEN decides.
    private mutating func receive(_ open: Open, on connection: Connection, at now: Instant) -> [Action] {
        let judged = configuration.offering(offer).negotiate(open, on: connection.endpoints)
        let direction = connection.direction
        guard case .success(let offered) = judged, connection.name == .openSent,
            let other = self[direction.opposite], other.name != .openSent
        else {
            return deliver(.open(judged), to: direction, at: now)
        }
        guard keeps(connection, offered, over: other) else {
            return deliver(.lostCollision, to: direction, at: now)
        }
        return deliver(.open(judged), to: direction, at: now)
            + deliver(other.negotiated == nil ? .lostCollision : .replaced, to: direction.opposite, at: now)
    }

    /// True if `connection`, whose valid OPEN has just come, is kept and `other` closed.
    private func keeps(_ connection: Connection, _ offered: Negotiated, over other: Connection) -> Bool {
        // "a connection collision with an existing BGP connection that is in the Established state causes closing of
        // the newly created connection", unless the peer restarted (RFC 4724 section 5).
        guard other.negotiated == nil else {
            return connection.direction == .incoming
                && showsRestart(from: connection.endpoints.remote, at: connection.openedAt)
        }
        // The connection that the side with the higher identifier opened is kept; with equal identifiers the higher
        // AS counts (RFC 6286 section 2.3).
        let ours = (configuration.identifier.value, configuration.localAS.value)
        let peers = (offered.peerIdentifier.value, offered.peerAS.value)
        return connection.direction == (ours > peers ? .outgoing : .incoming)
    }

    /// True if a connection that the peer opened from `address` at `opening` shows that it lost the Established one by a
    /// restart: we were Established with that address then, the peer promised graceful restart for a family, and our
    /// dials had not just crossed. Of an unnumbered peer's link any host may come.
    func showsRestart(from address: IPAddress, at opening: Instant) -> Bool {
        guard let negotiated, let stateSince, opening - stateSince >= .seconds(3),
            negotiated.endpoints.remote == address
        else { return false }
        // RFC 4724 section 3: of several instances "all but the last" are ignored.
        for case .gracefulRestart(let restart) in negotiated.peerCapabilities.reversed() {
            return !restart.families.isEmpty
        }
        return false
    }

    /// Sends a KEEPALIVE on the Established connection, if there is one. A peer that lost the connection by a restart
    /// answers with RST. Not twice a second (RFC 4271 section 4.4).
    mutating func probe(at now: Instant) -> [Action] {
        guard let direction = establishedDirection, let lastSent = self[direction]?.lastSent,
            now - lastSent >= .seconds(1)
        else { return [] }
        return deliver(.keepaliveTimerExpired, to: direction, at: now)
    }

    /// Events 9, 10 and 11: whatever is due. A connection whose hold time is over sends no KEEPALIVE any more.
    mutating func passDeadlines(at now: Instant) -> [Action] {
        var actions: [Action] = []
        for direction in Direction.allCases {
            if let deadline = self[direction]?.holdDeadline, deadline <= now {
                actions += deliver(.holdTimerExpired, to: direction, at: now)
            }
            if let deadline = self[direction]?.keepaliveDeadline, deadline <= now {
                actions += deliver(.keepaliveTimerExpired, to: direction, at: now)
            }
            if let deadline = self[direction]?.silenceDeadline, deadline <= now {
                actions += deliver(.silenceTimerExpired, to: direction, at: now)
            }
        }
        if let attempt = nextAttempt, attempt <= now {
            nextAttempt = nil
            actions += dial(at: now)
        }
        return actions
    }
}

// MARK: - Ends

extension PeerSession {
    /// Hands an event to the connection of one direction and draws the consequences for the session.
    mutating func deliver(_ event: Connection.Event, to direction: Direction, at now: Instant) -> [Action] {
        guard var connection = self[direction] else { return [] }
        let before = connection.name
        let (closed, actions) = connection.handle(
            event, at: now, configuration: configuration, generator: &generator)
        if let closed {
            self[direction] = nil
            guard before == .established else { return actions + end(closed, established: nil, at: now) }
            let established = stateSince.map { now - $0 } ?? .zero
            stateSince = now
            if closed.isPlanned { plannedEnds += 1 } else { flaps += 1 }
            return actions + end(closed, established: established, at: now)
        }
        self[direction] = connection
        // One connection has got as far as OpenConfirm: no reason to dial again while it lives.
        if connection.name != .openSent { nextAttempt = nil }
        guard before != .established, connection.name == .established else { return actions }
        stateSince = now
        let cancelled: [Action] = isDialling ? [.close(.outgoing)] : []
        isDialling = false
        return cancelled + actions
    }

    /// Follows up on the end of a dial or a connection. Only a session that was Established, or the last of several
    /// attempts, is told as ended. `established` is how long it was Established, nil if never.
    mutating func end(_ reason: EndReason, established: Duration?, at now: Instant) -> [Action] {
        planAttempt(after: reason, established: established, at: now)
        let isLast = outgoing == nil && incoming == nil && !isDialling
        guard established != nil || isLast else { return [] }
        let end = End(reason: reason, at: now, wasEstablished: established != nil)
        lastEnd = end
        if !isKept(cause, against: end) { cause = end }
        if isLast {
            let rejected = offer
            adaptOffer(to: end)
            if end.rejectsOffer, offer.rawValue > rejected.rawValue { hasten(at: now) }
        }
        return [.ended(reason, wasEstablished: established != nil)]
    }

    /// An OPEN that the peer has not seen yet need not wait as long as one that it has just rejected.
    private mutating func hasten(at now: Instant) {
        let soon = now + generator.jittered(max(configuration.connectRetryInitial, Backoff.floor))
        nextAttempt = nextAttempt.map { min($0, soon) }
    }

    /// Sets the time of the next dial, if we dial this peer, are not about to, and no connection is on its way.
    mutating func planAttempt(after reason: EndReason, established: Duration?, at now: Instant) {
        let isSettling = [outgoing?.name, incoming?.name].contains { $0 == .openConfirm || $0 == .established }
        guard isStarted, !configuration.isPassive, !isDialling, outgoing == nil, !isSettling, nextAttempt == nil
        else { return }
        let pause = backoff.pause(after: reason, established: established, configuration: configuration)
        nextAttempt = now + generator.jittered(pause)
    }

    /// Counts what goes out.
    mutating func count(_ actions: [Action]) {
        for action in actions {
            switch action {
            case .send(let message, _):
                sent.count(message)
                if case .notification(let notification) = message { lastNotificationSent = notification }
            case .rejectIncoming(let notification):
                sent.notification += 1
                lastNotificationSent = notification
            case .connect, .windowProbe, .close, .abort, .established, .routesRequested, .ended:
                break
            }
        }
    }

    /// The direction of the Established connection.
    package var establishedDirection: Direction? {
        Direction.allCases.first { self[$0]?.negotiated != nil }
    }

    /// The connection of one direction, if TCP is up.
    subscript(direction: Direction) -> Connection? {
        get {
            switch direction {
            case .outgoing: outgoing
            case .incoming: incoming
            }
        }
        set {
            switch direction {
            case .outgoing: outgoing = newValue
            case .incoming: incoming = newValue
            }
        }
    }
}

extension EndReason {
    /// True if this node ended the session on purpose. The peer's operator is not meant: what comes
    /// without a settling time on this side costs packets, whoever wanted it.
    package var isPlanned: Bool {
        switch self {
        case .local(let subcode, _): subcode != .bfdDown
        case .transport, .closedBeforeOpen, .peerRestarted, .notificationReceived, .notificationSent,
            .holdTimeExpired, .sendHoldTimeExpired, .withdrawalIgnored:
            false
        }
    }
}

extension Direction {
    /// The other direction.
    var opposite: Direction {
        switch self {
        case .outgoing: .incoming
        case .incoming: .outgoing
        }
    }
}

extension Int {
    /// The sum, or `Int.max` if it does not fit.
    fileprivate func adding(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
