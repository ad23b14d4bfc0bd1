package import Deadlines
import JSON
import Services

/// Keeps up with the objects of one kind: a list, then a watch from its version on, and the list again when that version is
/// gone. It never says that an object is gone because a watch broke.
///
/// * A failure is followed by a pause, and then by what was asked before: the watch from the last version known, or the list.
/// * 410 as the first answer after failures means that the API is well again, so the list does not wait as long as they did.
/// * 410, a Status of any kind inside a watch, and three watches in a row that the server refused or cut lead to a list. A
///   server that cannot be reached does not: when it returns, not all nodes are to list at once.
/// * A watch that is silent is replaced by a new one from its version on: as a rule servers send a bookmark every minute.
/// * After a failure a silent watch leads to a list: a server whose history is another one, as after a restore of etcd, sends
///   nothing at all until it reaches the version.
/// * Slices are asked for only if their Service is followed. One more Service leads to a list.
package struct Reflector: APIMachine {
    /// How long a list may make no progress, and a watch may take to begin.
    static let patience = Duration.seconds(30)
    /// How long a watch may be silent.
    static let longestSilence = Duration.seconds(75)
    /// How long a watch is asked for, before jitter.
    static let watchTime = Duration.seconds(300)
    /// A watch that lasted as long as this is no part of a series of failures.
    static let steadyTime = Duration.seconds(10)
    /// How long more Services to follow are waited for.
    static let gathering = Duration.milliseconds(20)

    private enum Phase: Sendable, Hashable {
        /// There is nothing to ask for.
        case idle
        /// The list is under way; `next` names the page behind the one that has been read.
        case listing(next: String?, isRead: Bool)
        /// `since` is when the watch was answered.
        case watching(since: Instant?)
        case pausing(until: Instant)
    }

    private var collection: Collection
    private var generator: SeededGenerator
    private var phase = Phase.idle
    /// Where a watch goes on; nil if there must be a list.
    private var version: String?
    /// The head of an answer that is a refusal.
    private var refusal: (code: Int, retryAfter: Duration?)?
    /// When the request under way is given up.
    private var patienceDeadline: Instant?
    /// When a list is due because more Services are followed.
    private var listDeadline: Instant?
    private var pause = APIPause()
    /// Watches in a row that the server refused or cut.
    private var failedWatches = 0
    /// True if since a failure nothing has shown that the server knows the version.
    private var isUnproven = false

    /// Nothing is asked before `started`; `seed` is for the jitter.
    package init(_ collection: Collection, seed: UInt64) {
        self.collection = collection
        generator = SeededGenerator(seed: seed)
    }

    package var nextDeadline: Instant? {
        switch phase {
        case .idle: listDeadline
        case .listing: patienceDeadline
        case .watching: earlier(patienceDeadline, listDeadline)
        case .pausing(let until): until
        }
    }

    package mutating func handle(_ input: APIInput, at now: Instant) -> [APIOutput] {
        switch input {
        case .started:
            return phase == .idle && !hasNothingToAsk ? go(at: now) : []
        case .answered(let code, let retryAfter):
            refusal = code == 200 ? nil : (code, retryAfter)
            if case .watching(nil) = phase, refusal == nil {
                phase = .watching(since: now)
                patienceDeadline = now + Self.longestSilence
                return [.event(.heard(collection.kind))]
            }
            return []
        case .read(let output):
            return read(output, at: now)
        case .ended:
            return ended(at: now)
        case .failed(let failure):
            return fail(failure, at: now)
        case .follow(let service):
            guard collection.followed.insert(service).inserted else { return [] }
            listDeadline = listDeadline ?? now + Self.gathering
            return []
        case .unfollow(let service):
            guard collection.followed.remove(service) != nil, hasNothingToAsk else { return [] }
            let wasIdle = phase == .idle
            phase = .idle
            version = nil
            listDeadline = nil
            return wasIdle ? [] : [.hangUp]
        case .write:
            return []
        case .deadlineReached:
            guard let deadline = nextDeadline, deadline <= now else { return [] }
            return deadlineReached(at: now)
        }
    }

    private var hasNothingToAsk: Bool { collection.kind == .slices && collection.followed.isEmpty }

    private mutating func deadlineReached(at now: Instant) -> [APIOutput] {
        switch phase {
        case .pausing:
            return go(at: now)
        case .listing, .watching(nil):
            return fail(.silent(Self.patience), at: now)
        case .idle, .watching:
            // More is followed, or the watch is silent.
            if isUnproven { version = nil }
            return (phase == .idle ? [] : [.hangUp]) + go(at: now)
        }
    }

    /// Asks for what is needed.
    private mutating func go(at now: Instant) -> [APIOutput] {
        refusal = nil
        patienceDeadline = now + Self.patience
        // What was gathered while a list was under way needs another one.
        if listDeadline != nil { version = nil }
        listDeadline = nil
        guard let version else {
            phase = .listing(next: nil, isRead: false)
            return [.event(.listBegan(collection.kind)), .ask(collection.list())]
        }
        phase = .watching(since: nil)
        let time = generator.jittered(Self.watchTime)
        return [.ask(collection.watch(from: version, seconds: time.milliseconds / 1000))]
    }

    private mutating func read(_ output: JSONReader.Output, at now: Instant) -> [APIOutput] {
        if let refusal {
            guard case .document(let json) = output else { return [] }
            return fail(
                APIFailure(APIStatus(code: refusal.code, retryAfter: refusal.retryAfter, json)), at: now)
        }
        switch (phase, output) {
        case (.listing, .element(let json)):
            patienceDeadline = now + Self.patience
            return collection.object(json).map { [.event(.changed($0))] } ?? []
        case (.listing, .document(let json)):
            let next = json["metadata"]?["continue"]?.text ?? ""
            version = json["metadata"]?["resourceVersion"]?.text
            isUnproven = false
            phase = .listing(next: next.isEmpty ? nil : next, isRead: true)
            return []
        case (.watching(_?), .document(let json)):
            patienceDeadline = now + Self.longestSilence
            return changed(json, at: now)
        default:
            return []
        }
    }

    /// One line of a watch.
    private mutating func changed(_ json: JSONValue, at now: Instant) -> [APIOutput] {
        guard let type = json["type"]?.text, let object = json["object"] else {
            return fail(.unreadable("a line of a watch has no type or no object"), at: now)
        }
        if type == "ERROR" {
            version = nil
            return fail(APIFailure(APIStatus(event: object)), at: now)
        }
        if let present = object["metadata"]?["resourceVersion"]?.text, !present.isEmpty { version = present }
        pause.forget()
        failedWatches = 0
        isUnproven = false
        switch type {
        case "ADDED", "MODIFIED": return collection.object(object).map { [.event(.changed($0))] } ?? []
        case "DELETED": return collection.object(object).map { [.event(.deleted($0.id))] } ?? []
        default: return [.event(.heard(collection.kind))]
        }
    }

    private mutating func ended(at now: Instant) -> [APIOutput] {
        if let refusal {
            return fail(APIFailure(APIStatus(code: refusal.code, retryAfter: refusal.retryAfter, nil)), at: now)
        }
        switch phase {
        case .listing(let next?, _):
            phase = .listing(next: nil, isRead: false)
            patienceDeadline = now + Self.patience
            return [.ask(collection.list(next: next))]
        case .listing(nil, isRead: true) where version?.isEmpty == false:
            return [.event(.listEnded(collection.kind))] + go(at: now)
        case .listing:
            return fail(.unreadable("a list has no end, or no version"), at: now)
        case .watching(let since?) where now - since >= .seconds(1):
            return go(at: now)
        case .watching:
            return fail(.transport("the API server ends each watch at once"), at: now)
        case .idle, .pausing:
            return []
        }
    }

    private mutating func fail(_ failure: APIFailure, at now: Instant) -> [APIOutput] {
        switch phase {
        case .idle, .pausing:
            return []
        case .listing:
            version = nil
        case .watching(let since):
            if let since, now - since >= Self.steadyTime {
                pause.forget()
                failedWatches = 0
            }
            if failure.isExpired, isUnproven { pause.forget() }
            if since != nil || failure.isRefusal { failedWatches += 1 }
            if failedWatches >= 3 || !failure.isOfTheMoment { version = nil }
        }
        if version == nil { failedWatches = 0 }
        isUnproven = true
        phase = .pausing(until: now + pause.next(after: failure, &generator))
        // An old version says nothing of the API.
        return failure.isExpired ? [.hangUp] : [.hangUp, .event(.lost(collection.kind, reason: "\(failure)"))]
    }
}
