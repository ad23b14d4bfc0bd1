import BFD
import Deadlines
import Fuzzing

/// What RFC 5880 section 6.8 says of the session, read once more and kept as simple as it can be.
struct Model {
    private var configuration: BFDConfiguration
    /// The last packet, until a Detection Time without another one has passed.
    private var heard: (packet: BFDPacket, at: Instant)?
    /// Until when silence is excused; once for each silence.
    private var excusedUntil: Instant?
    private var isStarted = false
    private var stoppedAt: Instant?
    /// When the last packet went out that was not an answer to a poll.
    private var sentAt: Instant?
    private var sent = 0
    private var received = 0
    /// The intervals that the peer may still go by, as it has not acknowledged another one.
    private var possibleRx: [Duration] = []
    /// The largest RequiredMinRx since the peer was not heard.
    private var largestRx = Duration.zero
    /// What the session said before the event.
    private var detectionDeadline: Instant?
    /// How many of them a packet with P has told of since they changed last; nil if none has.
    private var polled: Int?
    /// The least DesiredMinTx since the session is Up: an increase may wait for more than one Poll Sequence.
    private var smallestTx = Duration.zero

    init(_ configuration: BFDConfiguration) {
        self.configuration = configuration
        forget()
    }

    /// The one state that may follow, or two where silence ends.
    func states(after event: BFDSession.Event, from state: BFDState, at now: Instant) -> Set<BFDState> {
        switch event {
        case .started: [state == .adminDown ? .down : state]
        case .stopped: [.adminDown]
        case .forcedDown: [state == .adminDown ? .adminDown : .down]
        case .awake, .stalled, .configured: [state]
        case .received(let packet): [isStarted ? Self.next(state, packet.state) : state]
        case .deadlineReached:
            switch state {
            case .adminDown, .down: [state]
            case .initializing, .up: silence(state, at: now)
            }
        }
    }

    /// The table of section 6.8.6.
    private static func next(_ state: BFDState, _ heard: BFDState) -> BFDState {
        switch (state, heard) {
        case (.adminDown, _): .adminDown
        case (_, .adminDown): .down
        case (.down, .down): .initializing
        case (.down, .initializing): .up
        case (.down, .up): .down
        case (.initializing, .initializing), (.initializing, .up): .up
        case (.initializing, .down): .initializing
        case (.up, .down): .down
        case (.up, .initializing), (.up, .up): .up
        }
    }

    /// Down if nothing was heard for a Detection Time, and not before.
    private func silence(_ state: BFDState, at now: Instant) -> Set<BFDState> {
        guard let ends else { return [] }
        return if now < ends.lowerBound { [state] } else if now < ends.upperBound { [state, .down] } else { [.down] }
    }

    /// When silence has lasted for a Detection Time (section 6.8.4); nil while nothing is heard. A smaller RequiredMinRx
    /// does not count before the peer has acknowledged it (section 6.8.3); how much later is left open.
    private var ends: ClosedRange<Instant>? {
        guard let heard else { return nil }
        let theirs = Duration.microseconds(Int64(heard.packet.desiredMinTx))
        func end(_ ours: Duration) -> Instant {
            max(heard.at + max(ours, theirs) * Int(heard.packet.multiplier), excusedUntil ?? heard.at)
        }
        return end(possibleRx.max() ?? .zero)...end(largestRx)
    }

    /// Learns what happened; `check` follows.
    mutating func take(_ event: BFDSession.Event, from old: BFDState, to session: BFDSession, at now: Instant) {
        switch event {
        case .started:
            isStarted = true
            if old == .adminDown { stoppedAt = nil }
        case .stopped:
            if old != .adminDown { stoppedAt = now }
        case .received(let packet):
            guard isStarted else { return }
            received += 1
            heard = (packet, now)
            excusedUntil = nil
            if packet.isFinal { acknowledge() }
        case .deadlineReached:
            guard let ends, session.detectionTime == nil else { return }
            require(now >= ends.lowerBound, "forgets the peer \(ends.lowerBound - now) too early")
            heard = nil
            excusedUntil = nil
        case .stalled:
            guard excusedUntil == nil, session.detectionDeadline != detectionDeadline else { break }
            require(ends.map { now >= $0.lowerBound } ?? false, "an excuse for what was no silence")
            excusedUntil = session.detectionDeadline
            require(excusedUntil.map { $0 - now } == session.receiveInterval, "an excuse of more than an interval")
        case .configured(let configuration):
            self.configuration = configuration
        case .awake, .forcedDown: break
        }
        detectionDeadline = session.detectionDeadline
        if session.state == .up {
            smallestTx = min(smallestTx, configuration.desiredMinTx)
            if configuration.requiredMinRx != possibleRx.last {
                possibleRx.append(configuration.requiredMinRx)
                polled = nil
            }
        } else {
            forget()
        }
        largestRx = max(largestRx, configuration.requiredMinRx)
    }

    /// What was told before the last poll does not count any more.
    private mutating func acknowledge() {
        guard let polled else { return }
        possibleRx = Array(possibleRx.dropFirst(polled - 1))
        self.polled = nil
    }

    /// While not Up, what we tell holds at once.
    private mutating func forget() {
        smallestTx = max(configuration.desiredMinTx, .seconds(1))
        possibleRx = [configuration.requiredMinRx]
        if heard == nil { largestRx = configuration.requiredMinRx }
        polled = nil
    }

    // MARK: What the session does

    /// What must be true after an event that `take` knows of.
    mutating func check(
        _ actions: [BFDSession.Action], of session: BFDSession, after event: BFDSession.Event, at now: Instant
    ) {
        let hasChanged = actions.contains { if case .stateChanged = $0 { true } else { false } }
        let isPolled = if case .received(let packet) = event { isStarted && packet.isPoll } else { false }
        var finals = 0
        for action in actions {
            switch action {
            case .send(let packet):
                sent += 1
                check(packet, of: session)
                if packet.isFinal { finals += 1 }
                if packet.isFinal, !hasChanged { continue }
                if !hasChanged { checkPause(before: packet, from: session, at: now) }
                sentAt = now
            case .departed:
                require(session.state == .adminDown, "departed in \(session.state)")
                require(
                    stoppedAt.map { now - $0 <= .seconds(5) } ?? false || event == .deadlineReached, "departed late")
                stoppedAt = nil
            case .stateChanged: break
            }
        }
        require(finals == (isPolled ? 1 : 0), "\(finals) answers to a poll")
        require((session.sent, session.received) == (sent, received), "counted \(session.sent), \(session.received)")
        checkTimes(session)
    }

    /// Sections 4.1, 6.5, 6.8.3 and 6.8.7.
    private mutating func check(_ packet: BFDPacket, of session: BFDSession) {
        require(isStarted, "a session that was never started sends")
        require(packet.state == session.state, "\(packet.state) is told in \(session.state)")
        require(packet.myDiscriminator == ourDiscriminator, "sent as \(packet.myDiscriminator)")
        require(packet.yourDiscriminator == heard?.packet.myDiscriminator ?? 0, "sent to \(packet.yourDiscriminator)")
        require(!packet.isPoll || !packet.isFinal, "a poll that answers a poll")
        require(!packet.isDemanding && !packet.isAuthenticated && !packet.isControlPlaneIndependent, "a flag too many")
        require(packet.requiredMinEchoRx == 0, "echo packets are asked for")
        require(packet.multiplier == configuration.multiplier, "multiplier \(packet.multiplier)")
        let tx = Duration.microseconds(Int64(packet.desiredMinTx))
        require(
            tx == (session.state == .up ? configuration.desiredMinTx : max(configuration.desiredMinTx, .seconds(1))),
            "\(tx) is told in \(session.state)")
        require(
            .microseconds(Int64(packet.requiredMinRx)) == configuration.requiredMinRx, "\(packet.requiredMinRx) is told"
        )
        if packet.isPoll { polled = possibleRx.count }
    }

    /// A periodic packet comes when it may: section 6.8.7.
    private func checkPause(before packet: BFDPacket, from session: BFDSession, at now: Instant) {
        let least = max(smallestTx, .microseconds(Int64(heard?.packet.requiredMinRx ?? 1)))
        require(heard?.packet.requiredMinRx != 0, "the peer wants no packets")
        if let theirs = heard?.packet, theirs.isDemanding, theirs.state == .up, session.state == .up {
            require(packet.isPoll, "the peer wants no packets while both are Up")
        }
        guard let sentAt else { return }
        // Durations of whole nanoseconds, and a rounding of one.
        require(now - sentAt >= .nanoseconds(least.nanoseconds / 4 * 3 - 1), "\(now - sentAt) after the last packet")
    }

    /// What the session says of its times.
    private func checkTimes(_ session: BFDSession) {
        require((session.detectionTime == nil) == (heard == nil), "hears a peer that is silent, or the other way round")
        guard let ends, let deadline = session.detectionDeadline else { return }
        require(ends.contains(deadline), "ends at \(deadline), where \(ends) was agreed")
    }
}
