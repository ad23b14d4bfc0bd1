import Deadlines

extension BFDSession {
    mutating func start(at now: Instant) -> [Action] {
        guard state == .adminDown else { return [] }
        departure = nil
        return change(to: .down, .none, because: .started, at: now)
    }

    /// Section 6.8.16: "BFD Control packets SHOULD be transmitted for at least a Detection Time after transitioning to
    /// AdminDown state in order to ensure that the remote system is aware of the state change."
    mutating func stop(at now: Instant) -> [Action] {
        guard state != .adminDown else { return [] }
        // How long the peer would take to miss us counts as well as how long we would take to miss it.
        let time = detectionTime.map { max($0, .microseconds(agreedTx, times: configuration.multiplier)) }
        let actions = change(to: .adminDown, .administrativelyDown, because: .stopped, at: now)
        guard let time else { return actions + [.departed] }
        departure = now + min(time, Self.departureLimit)
        return actions
    }

    /// Section 6.8.7 leaves a quarter of the interval to chance. What others send at random is chance enough.
    mutating func sendEarly(at now: Instant) -> [Action] {
        guard state == .up, let earliestTransmission, earliestTransmission <= now else { return [] }
        return [transmit(at: now)]
    }

    mutating func excuse(at now: Instant) -> [Action] {
        if remote.excusedUntil == nil, let detectionDeadline, detectionDeadline <= now, let receiveInterval {
            remote.excusedUntil = now + receiveInterval
        }
        return []
    }

    mutating func forceDown(at now: Instant) -> [Action] {
        switch state {
        case .adminDown, .down: []
        case .initializing, .up: change(to: .down, .pathDown, because: .forced, at: now)
        }
    }

    mutating func configure(_ configuration: BFDConfiguration) -> [Action] {
        let old = timers
        self.configuration = configuration
        adoptTimers(insteadOf: old)
        return []
    }

    /// Section 6.8.6 from where the session is known.
    mutating func receive(_ packet: BFDPacket, at now: Instant) -> [Action] {
        // A session that was never started hears nothing, and none hears another's packets.
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

    mutating func passDeadlines(at now: Instant) -> [Action] {
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

// MARK: - Packets

extension BFDSession {
    /// A periodic packet or one that tells a new state: the next one is due an interval later.
    mutating func transmit(isFinal: Bool = false, at now: Instant) -> Action {
        lastSent = now
        jitter.draw(multiplier: configuration.multiplier, from: &generator)
        return .send(makePacket(isFinal: isFinal))
    }

    /// "A BFD Control packet MUST NOT have both the Poll (P) and Final (F) bits set" (section 6.5).
    mutating func makePacket(isFinal: Bool) -> BFDPacket {
        sent += 1
        let isPoll = poll != .none && !isFinal
        if isPoll, poll == .due { poll = .running }
        return BFDPacket(
            state: state, diagnostic: diagnostic, isPoll: isPoll, isFinal: isFinal,
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
