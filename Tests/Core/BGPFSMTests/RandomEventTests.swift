import BGPFSM
import BGPWire
import Deadlines
import Testing

/// Events in random order, sensible or not: nothing may trap, and what the session asks for must always make sense to a
/// shell that only does what it is told.
@Suite("Random events")
struct RandomEventTests {
    @Test("200 000 random events leave the session consistent", arguments: [1, 2, 3, 4] as [UInt64])
    func randomRun(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var session = PeerSession(
            configuration: configured {
                $0.isPassive = seed == 4
                $0.connectRetryMaximum = .seconds(seed == 3 ? 1 : 5)
                $0.families = [.ipv4Unicast, .ipv6Unicast]
            }, seed: seed)
        var shell = ShellModel()
        var now = t0
        var established = 0
        for step in 0..<50_000 {
            let event: PeerSession.Event
            if let deadline = session.nextDeadline, generator.next() % 3 == 0 {
                now = max(now, deadline)
                event = .deadlineReached
            } else {
                now = now + .nanoseconds(Int64(generator.next() % 2_000_000_000))
                event = randomEvent(&generator)
            }
            shell.apply(event)
            let actions = session.handle(event, at: now)
            shell.perform(actions)
            established += shell.establishedNow

            if shell.complaints.isEmpty, let complaint = contradiction(of: session, and: shell, after: event, at: now) {
                shell.complaints.append(complaint)
            }
            guard shell.complaints.isEmpty else {
                Issue.record("step \(step), \(event): \(shell.complaints), \(actions)")
                return
            }
        }
        // The run has to get somewhere, or it shows nothing.
        #expect(established > 50)
        #expect(session.flaps > 50)
    }

    private func contradiction(
        of session: PeerSession, and shell: ShellModel, after event: PeerSession.Event, at now: Instant
    ) -> String? {
        if event == .deadlineReached, let deadline = session.nextDeadline, deadline <= now {
            return "a deadline that was reached is still there"
        }
        if (session.state == .established) != (shell.established != nil) { return "Established is not agreed on" }
        if (session.negotiated != nil) != (shell.established != nil) { return "negotiated without a session" }
        if shell.isDialling, session.state == .idle || session.state == .active { return "a dial in \(session.state)" }
        if !shell.open.isEmpty, ![.openSent, .openConfirm, .established].contains(session.state) {
            return "a connection in \(session.state)"
        }
        if session.nextAttempt != nil, shell.isDialling || shell.open.contains(.outgoing) { return "a dial too many" }
        if session.configuration.isPassive, shell.isDialling { return "a passive session dials" }
        let mustDial =
            session.state == .active && !session.configuration.isPassive && session.nextAttempt == nil
        return mustDial ? "nothing will ever happen again" : nil
    }

    private func randomEvent(_ generator: inout SeededGenerator) -> PeerSession.Event {
        let direction: Direction = generator.next() % 2 == 0 ? .outgoing : .incoming
        switch generator.next() % 32 {
        case 0...4: return .started
        case 5:
            let subcode = CeaseSubcode(rawValue: UInt8(generator.next() % 10) + 1) ?? .administrativeReset
            return generator.next() % 2 == 0 ? .stopped(subcode, communication: "text") : .reset(subcode)
        case 6: return .deadlineReached
        case 7...12: return .tcpConnected(direction, endpoints)
        case 13: return .tcpFailed(direction, randomFailure(&generator))
        case 14...19: return .received(.open(randomOpen(&generator)), direction)
        case 20...27: return .received(.keepalive, direction)
        case 28: return .received(.update(UpdateSummary(announced: 3, withdrawn: 1)), direction)
        case 29: return .received(.notification(randomNotification(&generator)), direction)
        case 30: return .received(.routeRefresh(RouteRefresh(family: .ipv4Unicast)), direction)
        default: return .malformed(DecodeError(randomNotification(&generator), "random"), direction)
        }
    }

    private func randomFailure(_ generator: inout SeededGenerator) -> TransportFailure {
        let failures: [TransportFailure] = [.refused, .closedByPeer, .reset, .unacknowledged, .hostUnreachable]
        return failures[Int(generator.next() % UInt64(failures.count))]
    }

    private func randomNotification(_ generator: inout SeededGenerator) -> Notification {
        Notification(code: UInt8(generator.next() % 10), subcode: UInt8(generator.next() % 12))
    }

    private func randomOpen(_ generator: inout SeededGenerator) -> Open {
        let identifiers = [lowerIdentifier, higherIdentifier, ourIdentifier, BGPIdentifier(0)]
        let kind = generator.next()
        return peerOpen(
            identifier: kind % 16 == 0 ? identifiers[3] : identifiers[Int(kind % 3)],
            myAS: kind % 8 == 1 ? 0 : 65000, holdTime: [0, 1, 3, 9, 90][Int(kind >> 8) % 5],
            capabilities: [peerCapabilities, restartingCapabilities, []][Int(kind >> 16) % 3])
    }
}

/// What the shell believes from the events it gave and the actions it got.
private struct ShellModel {
    var isDialling = false
    var open: Set<Direction> = []
    var established: Direction?
    var establishedNow = 0
    var complaints: [String] = []
    /// A connection whose `tcpConnected` is being handled.
    private var candidate: Direction?

    /// Takes note of an event. Only events that a shell could give change anything here.
    mutating func apply(_ event: PeerSession.Event) {
        candidate = nil
        switch event {
        case .tcpConnected(let direction, _):
            candidate = direction
            if direction == .outgoing { isDialling = false }
        case .tcpFailed(let direction, _):
            if direction == .outgoing { isDialling = false }
            open.remove(direction)
            if established == direction { established = nil }
        case .started, .stopped, .reset, .deadlineReached, .received, .malformed, .withdrawalIgnored,
            .openAcknowledged:
            break
        }
    }

    mutating func perform(_ actions: [PeerSession.Action]) {
        establishedNow = 0
        var ends = 0
        for action in actions {
            switch action {
            case .connect:
                if isDialling || open.contains(.outgoing) { complaints.append("dials twice") }
                isDialling = true
            case .send(.open, let direction):
                if open.contains(direction) || candidate != direction { complaints.append("OPEN out of turn") }
                open.insert(direction)
                candidate = nil
            case .send(_, let direction):
                if !open.contains(direction) { complaints.append("sends on a closed connection") }
            case .windowProbe(let direction):
                if established != direction { complaints.append("a window probe outside Established") }
            case .close(let direction):
                let isCandidate = candidate == direction
                let isDial = direction == .outgoing && isDialling
                if !open.contains(direction), !isCandidate, !isDial { complaints.append("closes what is closed") }
                if isDial { isDialling = false }
                open.remove(direction)
                if established == direction { established = nil }
            case .abort(let direction):
                if established != direction { complaints.append("aborts what is not Established") }
                open.remove(direction)
                established = nil
            case .rejectIncoming:
                if candidate != .incoming { complaints.append("rejects nothing") }
                candidate = nil
            case .established(_, let direction):
                if established != nil || !open.contains(direction) { complaints.append("two are Established") }
                established = direction
                establishedNow += 1
            case .routesRequested:
                if established == nil { complaints.append("routes without a session") }
            case .ended(_, let wasEstablished):
                ends += 1
                if wasEstablished, established != nil { complaints.append("the Established session has not ended") }
                if !wasEstablished, isDialling || !open.isEmpty { complaints.append("an end while something lives") }
            }
        }
        // One session and one attempt can end together, when time has passed for both.
        if ends > 2 { complaints.append("too many ends") }
    }
}
