import BGPFSM
import BGPWire
import Deadlines
import Fuzzing

/// A shell that does what the session tells it and nothing else. What it is told must make sense to it.
struct ShellModel {
    private(set) var lines: [Direction: Line] = [:]
    private(set) var isStarted = false
    private(set) var isDialling = false
    private(set) var sent = MessageTally()
    private(set) var received = MessageTally()
    /// How many Established sessions have ended.
    private(set) var ended = 0
    /// True from a dial or an OPEN to the end that is told.
    private(set) var attemptLives = false
    /// A connection whose `tcpConnected` is being handled.
    private var candidate: Direction?
    /// True if an Established session is gone and its end has not been told.
    private var owesEnd = false

    /// The direction of the Established connection.
    var established: Direction? { lines.first { $0.value.negotiated != nil }?.key }

    /// Takes note of an event before the session is told of it.
    mutating func take(_ event: PeerSession.Event, at now: Instant) {
        candidate = nil
        switch event {
        case .started: isStarted = true
        case .stopped: isStarted = false
        case .tcpConnected(let direction, _):
            candidate = direction
            if direction == .outgoing { isDialling = false }
        case .tcpFailed(let direction, _):
            if direction == .outgoing { isDialling = false }
            hangUp(direction)
        case .received(let message, let direction):
            guard lines[direction] != nil else { return }
            received.add(message.type)
            if message.type == .keepalive || message.type == .update { lines[direction]?.heard = now }
        case .reset, .deadlineReached, .malformed, .withdrawalIgnored, .openAcknowledged: break
        }
    }

    /// Does what the session asks for.
    mutating func perform(_ actions: [PeerSession.Action], at now: Instant) {
        var ends = 0
        var attemptsEnded = 0
        for action in actions {
            switch action {
            case .connect:
                require(isStarted && !isDialling && lines[.outgoing] == nil, "dials twice")
                isDialling = true
                attemptLives = true
            case .send(let message, let direction):
                if case .open = message {
                    require(candidate == direction && lines[direction] == nil, "OPEN out of turn")
                    candidate = nil
                    lines[direction] = Line()
                    attemptLives = true
                }
                require(lines[direction] != nil, "\(message) on a closed connection")
                lines[direction]?.send(message, at: now)
                sent.add(message.type)
            case .windowProbe(let direction):
                require(lines[direction]?.negotiated != nil, "a window probe outside Established")
            case .close(let direction):
                let isDial = direction == .outgoing && isDialling
                require(lines[direction] != nil || candidate == direction || isDial, "closes what is closed")
                if isDial { isDialling = false } else { hangUp(direction) }
            case .abort(let direction):
                require(lines[direction]?.negotiated != nil, "aborts what is not Established")
                hangUp(direction)
            case .rejectIncoming(let notification):
                require(candidate == .incoming, "rejects nothing")
                candidate = nil
                let message = Message.notification(notification)
                requireArrival(of: message, as: message.encoded(fourOctetAS: false), fourOctetAS: false)
                sent.add(.notification)
            case .established(let negotiated, let direction):
                require(established == nil, "a second Established connection")
                require(lines[direction] != nil, "Established without a connection")
                lines[direction]?.negotiated = negotiated
                lines[direction]?.heard = now
            case .routesRequested:
                require(established != nil, "routes for nobody")
            case .ended(_, wasEstablished: true):
                require(owesEnd, "the end of a session that was not Established")
                owesEnd = false
                ended += 1
                ends += 1
            case .ended(_, wasEstablished: false):
                require(attemptLives, "the end of nothing")
                require(!isDialling && lines.isEmpty, "the end of an attempt that lives")
                attemptsEnded += 1
                ends += 1
            }
        }
        require(!owesEnd, "the end of the session was not told")
        require(attemptsEnded <= 1, "more than one end of an attempt")
        guard !isDialling, lines.isEmpty else { return }
        require(ends > 0 || !attemptLives, "the end of the attempt was not told")
        attemptLives = false
    }

    private mutating func hangUp(_ direction: Direction) {
        if let line = lines.removeValue(forKey: direction), line.negotiated != nil { owesEnd = true }
    }

    // MARK: What the peer sends

    /// True if AS numbers have four octets on this connection; nil if there is none.
    func usesFourOctetAS(_ direction: Direction) -> Bool? { lines[direction]?.codec.usesFourOctetAS }

    /// Octets of the peer arrive; without a connection there is nobody to send them.
    mutating func buffer(_ octets: [UInt8], _ direction: Direction) {
        lines[direction]?.received += octets
    }

    /// The next whole message, or why there cannot be one; nil until there are more octets.
    mutating func nextMessage(_ direction: Direction) -> Result<ReceivedMessage, DecodeError>? {
        lines[direction]?.nextMessage()
    }
}
