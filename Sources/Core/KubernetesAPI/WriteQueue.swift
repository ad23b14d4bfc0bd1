package import Deadlines
import JSON
import Services

/// Writes to the API, one thing after the other. After a failure the rest waits: what is due again is for its owner to say.
package struct WriteQueue: APIMachine {
    /// How long an answer is waited for.
    static let patience = Duration.seconds(30)
    /// How long an idle connection is kept for what is written next.
    static let idleTime = Duration.seconds(10)

    private enum Phase: Sendable, Hashable {
        /// The connection is closed.
        case idle
        /// It is open, and nothing is to be written.
        case kept(until: Instant)
        case asking(APIWrite, until: Instant)
        case pausing(until: Instant)
    }

    private let nodeName: String
    private let namespace: String
    private var generator: SeededGenerator
    private var phase = Phase.idle
    private var waiting: [(write: APIWrite, wall: WallTime)] = []
    private var wall = WallTime(milliseconds: 0)
    private var head: (code: Int, retryAfter: Duration?)?
    private var body: JSONValue?
    private var pause = APIPause()

    /// A queue that writes for this node, with Leases in this namespace; `seed` is for the jitter.
    package init(nodeName: String, namespace: String, seed: UInt64) {
        self.nodeName = nodeName
        self.namespace = namespace
        generator = SeededGenerator(seed: seed)
    }

    package var nextDeadline: Instant? {
        switch phase {
        case .idle: nil
        case .kept(let until), .asking(_, let until), .pausing(let until): until
        }
    }

    package mutating func handle(_ input: APIInput, at now: Instant) -> [APIOutput] {
        switch (input, phase) {
        case (.write(let step, let wall), _):
            guard let write = APIWrite(step, nodeName: nodeName, namespace: namespace) else { return [] }
            waiting.append((write, wall))
            switch phase {
            case .idle, .kept: return next(at: now)
            case .asking, .pausing: return []
            }
        case (.answered(let code, let retryAfter), .asking):
            head = (code, retryAfter)
            return []
        case (.read(.document(let json)), .asking):
            body = json
            return []
        case (.ended, .asking(let write, _)):
            return answered(write, at: now)
        case (.failed(let failure), .asking(let write, _)):
            return fail(write, failure, at: now)
        case (.failed, .kept):
            phase = .idle
            return [.hangUp]
        case (.deadlineReached, _):
            guard let deadline = nextDeadline, deadline <= now else { return [] }
            return deadlineReached(at: now)
        case (.started, _), (.follow, _), (.unfollow, _), (.read, _), (.answered, _), (.ended, _), (.failed, _):
            return []
        }
    }

    private mutating func deadlineReached(at now: Instant) -> [APIOutput] {
        switch phase {
        case .idle: return []
        case .kept:
            phase = .idle
            return [.hangUp]
        case .asking(let write, _): return fail(write, .silent(Self.patience), at: now)
        case .pausing: return next(at: now)
        }
    }

    /// Goes on with what waits.
    private mutating func next(at now: Instant) -> [APIOutput] {
        guard !waiting.isEmpty else {
            phase = .kept(until: now + Self.idleTime)
            return []
        }
        let (write, wall) = waiting.removeFirst()
        self.wall = wall
        return ask(write, at: now)
    }

    private mutating func ask(_ write: APIWrite, at now: Instant) -> [APIOutput] {
        head = nil
        body = nil
        phase = .asking(write, until: now + Self.patience)
        return [.ask(write.request(at: wall))]
    }

    private mutating func answered(_ write: APIWrite, at now: Instant) -> [APIOutput] {
        guard let head else { return fail(write, .unreadable("it has no head"), at: now) }
        if head.code == 429 || head.code >= 500 {
            return fail(
                write, APIFailure(APIStatus(code: head.code, retryAfter: head.retryAfter, body)), at: now)
        }
        pause.forget()
        var write = write
        switch write.answered(code: head.code, body) {
        case .ask: return ask(write, at: now)
        case .done(let event):
            return (event.map { [.event($0)] } ?? []) + next(at: now)
        }
    }

    private mutating func fail(_ write: APIWrite, _ failure: APIFailure, at now: Instant) -> [APIOutput] {
        phase = .pausing(until: now + pause.next(after: failure, &generator))
        return [.hangUp] + (write.failed(failure).map { [.event($0)] } ?? [])
    }
}
