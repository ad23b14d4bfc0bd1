import BFD
import Deadlines
import Fuzzing

/// The session under test, a clock, and what RFC 5880 says about them.
struct Bench {
    private(set) var session: BFDSession
    private var model: Model
    private let peers = Peers()
    private var now = Instant(nanoseconds: 1_000_000_000_000)

    init(_ configuration: BFDConfiguration) {
        session = BFDSession(configuration: configuration, discriminator: ourDiscriminator, seed: 1)
        model = Model(configuration)
        trace("var session = BFDSession(configuration: \(configuration), discriminator: 0x1111_1111, seed: 1)")
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

    /// A datagram of the peer.
    mutating func receive(_ datagram: [UInt8]) {
        guard let packet = packet(in: datagram), peers.isOurs(packet) else { return }
        apply(.received(packet))
    }

    /// Hands the session an event and checks what comes of it.
    mutating func apply(_ event: BFDSession.Event) {
        trace("session.handle(.\(event), at: Instant(nanoseconds: \(now.nanoseconds)))")
        let before = session
        let expected = model.states(after: event, from: before.state, at: now)
        let actions = session.handle(event, at: now)
        trace("  \(actions)")
        require(expected.contains(session.state), "\(before.state) to \(session.state), and not to one of \(expected)")
        checkTransition(actions, before: before)
        model.take(event, from: before.state, to: session, at: now)
        model.check(actions, of: session, after: event, at: now)
        checkDeadlines(after: event)
    }

    /// A change of state is told once, as it is, and counted.
    private func checkTransition(_ actions: [BFDSession.Action], before: BFDSession) {
        let told = actions.compactMap { action in
            if case .stateChanged(let transition) = action { transition } else { nil }
        }
        require(told.count == (before.state == session.state ? 0 : 1), "told \(told)")
        guard let transition = told.first else {
            require(session.lastChange == before.lastChange, "\(session.lastChange.debugDescription) did not happen")
            return
        }
        requireOneLine(transition.description)
        require((transition.from, transition.to) == (before.state, session.state), "\(transition) is not what happened")
        let change = session.lastChange
        require(change?.transition == transition && change?.at == now, "the change is not kept")
        let (timesUp, failures) = (session.state == .up ? 1 : 0, transition.isPathFailure ? 1 : 0)
        require(session.timesUp == before.timesUp + timesUp, "came up \(session.timesUp) times")
        require(session.failures == before.failures + failures, "\(session.failures) failures")
        require(!transition.isPathFailure || before.state == .up, "\(transition) ends a BGP session")
    }

    /// Nothing is overdue, so that nobody is called again and again; and no session is Up without an end.
    private func checkDeadlines(after event: BFDSession.Event) {
        if session.state == .up || session.state == .initializing {
            require(session.detectionDeadline != nil, "\(session.state) without an end")
        }
        guard event == .deadlineReached else { return }
        require(session.nextDeadline.map { $0 > now } ?? true, "a deadline that was reached is still there")
    }
}
