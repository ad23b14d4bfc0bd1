import BGPFSM
import BGPWire
import Deadlines
import Fuzzing

/// The session under test with a shell that does what it is told, and a clock.
struct Bench {
    private(set) var session: PeerSession
    private var shell = ShellModel()
    private var now = Instant(nanoseconds: 1_000_000_000_000)

    init(_ configuration: SessionConfiguration) {
        session = PeerSession(configuration: configuration, seed: 1)
        trace("var session = PeerSession(configuration: \(configuration), seed: 1)")
    }

    /// Lets time pass; whether the session is told depends on the steps that follow.
    mutating func pass(_ duration: Duration) {
        now = now + duration
    }

    /// Lets time pass up to the deadline, if it is not over already, and tells the session.
    mutating func reachDeadline() {
        now = max(now, session.nextDeadline ?? now)
        apply(.deadlineReached)
    }

    /// Hands the session an event and checks what comes of it.
    mutating func apply(_ event: PeerSession.Event) {
        trace("session.handle(.\(event), at: Instant(nanoseconds: \(now.nanoseconds)))")
        let before = session
        shell.take(event, at: now)
        let actions = session.handle(event, at: now)
        trace("  \(actions)")
        shell.perform(actions, at: now)
        check(session, after: event, before: before, shell: shell, at: now)
    }

    /// Sends routes, which only an Established session does.
    mutating func advertise() {
        let updates = [Update.fuzzed, .endOfRIB(.ipv4Unicast)]
        trace("session.send(\(updates), at: Instant(nanoseconds: \(now.nanoseconds)))")
        let established = shell.established
        let actions = session.send(updates, at: now)
        shell.perform(actions, at: now)
        require(
            actions == updates.compactMap { update in established.map { .send(.update(update), $0) } }, "\(actions)")
    }

    /// A message of the peer: as octets if there is a connection, else as the noise that a late message is.
    mutating func receive(_ message: Message, _ direction: Direction) {
        if let width = shell.usesFourOctetAS(direction) {
            receive(message.encoded(fourOctetAS: width), direction)
        } else {
            apply(.received(ReceivedMessage(message), direction))
        }
    }

    /// Octets of the peer, cut into messages as the transport does.
    mutating func receive(_ octets: [UInt8], _ direction: Direction) {
        shell.buffer(octets, direction)
        while let next = shell.nextMessage(direction) {
            switch next {
            case .success(let message): apply(.received(message, direction))
            case .failure(let error): apply(.malformed(error, direction))
            }
        }
    }
}

extension ReceivedMessage {
    /// What the session is told of a message.
    fileprivate init(_ message: Message) {
        switch message {
        case .open(let open): self = .open(open)
        case .update(let update): self = .update(UpdateSummary(announced: update.nlri.count, withdrawn: 0))
        case .notification(let notification): self = .notification(notification)
        case .keepalive: self = .keepalive
        case .routeRefresh(let refresh): self = .routeRefresh(refresh)
        }
    }
}
