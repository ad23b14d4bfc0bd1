import Deadlines
import IPTypes

/// Where the writing of one Service's status stands.
struct StatusWrite: Sendable, Hashable {
    /// True if this node has claimed an address for it, so that it writes at once.
    var isOurs = false
    /// When it is to be written; nil if it is right.
    var dueAt: Instant?
    /// True while an answer is awaited.
    var isSent = false
    /// How often it was written or failed, and when last; after ten minutes that is forgotten.
    var attempts = 0
    var lastAt: Instant?
    /// Why it was not written last.
    var failure: String?
}

/// What the owner of a Service has to be told by an Event.
struct Notice: Sendable, Hashable {
    var reason: ServiceReason
    /// When it is to be posted; nil if it was.
    var dueAt: Instant?
}

extension Services {
    /// In how much time the nodes write what another has not written.
    static let reportSpread = Duration.seconds(5)

    /// Writes the status if it lacks something: the node that has claimed the address at once, the others later.
    /// - Returns: when to look again; nil if the status is right, or its answer is awaited.
    mutating func writeStatus(of entry: inout Entry, _ turn: inout Turn) -> Instant? {
        guard let wanted = wantedIngress(of: entry), !entry.service.shows(wanted) else {
            entry.statusWrite.dueAt = nil
            return nil
        }
        var write = entry.statusWrite
        defer { entry.statusWrite = write }
        if let last = write.lastAt, turn.now - last > .seconds(600) { write.attempts = 0 }
        if write.isSent { return nil }
        guard isFresh else {
            waitingForAPI.insert(entry.service.name)
            return nil
        }
        let earliest = write.lastAt.map { $0 + .seconds(min(1 << min(write.attempts, 9), 300)) } ?? turn.now
        let mine = self.turn(for: entry.service.uid, within: Self.reportSpread, after: turn.now)
        let due = max(write.isOurs ? turn.now : write.dueAt ?? mine, write.attempts == 0 ? turn.now : earliest)
        write.dueAt = due
        guard due <= turn.now else { return due }
        write.isSent = true
        write.isOurs = false
        write.attempts += 1
        write.lastAt = turn.now
        let service = entry.service
        turn.steps.append(
            .writeStatus(
                Service.Ingresses(
                    service: service.name, uid: service.uid, resourceVersion: service.resourceVersion, ingress: wanted))
        )
        return nil
    }

    /// What the status of the Service is to contain; nil while that is not decided, and for ever if it has nothing.
    private func wantedIngress(of entry: Entry) -> [Service.Ingress]? {
        guard entry.stop == nil, missingFamily(of: entry) == nil else { return nil }
        var ingress: [Service.Ingress] = []
        for family in entry.service.families {
            switch entry.places[family] {
            case .has(let address)?:
                ingress.append(Service.Ingress(address))
            case .needs(let address)? where entry.held.contains(address):
                ingress.append(Service.Ingress(address))
            // Both at once, unless one of them does not come.
            case .needs?
            where entry.requests[family].map({ $0.failures == 0 }) ?? true || entry.service.familyPolicy == .requireDual:
                return nil
            // What is there although it cannot be used is not ours to remove.
            case .stopped?:
                ingress += entry.service.ingress.filter { Service.Family(of: $0.address) == family }
            case .needs?, nil:
                break
            }
        }
        return ingress.isEmpty ? nil : ingress
    }

    mutating func noteStatusWritten(_ name: ObjectName) {
        entries[name]?.statusWrite.isSent = false
        entries[name]?.statusWrite.failure = nil
        guard let entry = entries[name] else { return }
        // If its new content does not come, or does not stay.
        deadlines[.service(name)] = earlier(
            deadlines[.service(name)], entry.statusWrite.lastAt.map { $0 + Self.reportSpread })
    }

    mutating func noteStatusFailed(_ name: ObjectName, reason: String, _ turn: inout Turn) {
        guard entries[name]?.statusWrite.isSent == true else { return }
        entries[name]?.statusWrite.isSent = false
        entries[name]?.statusWrite.failure = reason
        turn.dirty.insert(name)
    }

    /// Tells the owner of the Service, by an Event, what only he can mend.
    /// - Returns: when to look again; nil if nothing is to be told.
    mutating func post(about entry: inout Entry, _ turn: inout Turn) -> Instant? {
        var stopped: ServiceReason?
        for family in entry.service.families.reversed() {
            if case .stopped(let reason)? = entry.places[family] { stopped = reason }
        }
        guard entry.isFollowed, let reason = entry.stop ?? entry.complaint ?? stopped, reason.isConflict else {
            entry.notice = nil
            return nil
        }
        let mine = self.turn(for: entry.service.uid, within: Self.reportSpread, after: turn.now + .seconds(1))
        var notice = entry.notice.flatMap { $0.reason == reason ? $0 : nil } ?? Notice(reason: reason, dueAt: mine)
        defer { entry.notice = notice }
        guard let due = notice.dueAt else { return nil }
        guard isFresh else {
            waitingForAPI.insert(entry.service.name)
            return nil
        }
        guard due <= turn.now else { return due }
        notice.dueAt = nil
        turn.steps.append(.post(ServiceNotice(about: entry.service, reason)))
        return nil
    }
}

extension Service {
    /// True if the status contains these addresses, each as VIP, and no others.
    func shows(_ wanted: [Ingress]) -> Bool {
        Set(ingress.map { Ingress($0.address, mode: $0.mode ?? "VIP") })
            == Set(wanted.map { Ingress($0.address, mode: $0.mode ?? "VIP") })
    }
}

extension ServiceNotice {
    /// A warning with this reason.
    init(about service: Service, _ reason: ServiceReason) {
        let message = "\(reason)"
        let hash = String(StableHash(service.uid, message).value, radix: 16)
        let word = reason.code.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        self.init(
            name: "\(service.name.name).\(hash)", service: service.name, uid: service.uid, isWarning: true,
            reason: word, message: message)
    }
}
