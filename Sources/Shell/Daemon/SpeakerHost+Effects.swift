import BGPTransport
import Deadlines
import HealthProbes
import IPTypes
import Logging
import NIOCore
import Netlink
import Settings
import SpeakerCore

/// What waits to be logged. The words are made then, so that nothing waits for them.
enum LogEntry {
    case report(Report)
    case trace(Trace)
}

extension SpeakerHost {
    /// Turns one effect into system calls.
    func perform(_ effect: Effect) {
        switch effect {
        case .session(let peer, let action):
            perform(action, for: peer)
        case .bfd(let peer, let packet):
            send(packet, to: peer)
        case .awaitAcknowledgement(let peer, let round, let limit):
            awaitAcknowledgement(of: peer, round: round, within: limit)
        case .probe(let check):
            probers[check]?.probe()
        case .bind(let prefixes, let globalScope):
            bind(prefixes[...], globalScope: globalScope)
        case .unbind(let prefixes):
            flush()
            endConnections(.fromRemote, of: prefixes.filter { !foreignVIPs.contains($0) }) { $0.unbind(prefixes[...]) }
        case .report(let report):
            unlogged.append(.report(report))
        case .exit:
            exitWhenClosed(status: 0)
        case .exitStillBound:
            exitWhenClosed(status: 1)
        }
    }

    private func awaitAcknowledgement(of peer: ScopedAddress, round: Int, within limit: Duration) {
        let direction = speaker.establishedDirection(of: peer)
        guard let connection = direction.flatMap({ connections[peer]?[$0] }) else {
            take(.acknowledged(peer, round: round, false))
            return
        }
        connection.whenAcknowledged(within: limit) { [self] isComplete in
            assumeIsolated { $0.take(.acknowledged(peer, round: round, isComplete)) }
        }
    }

    /// So many addresses are added or removed in one go: with thousands on an interface the kernel takes a good part of
    /// a millisecond for each.
    private static let batch = 64

    /// Goes on with the next batch when the loop has looked at its sockets: a task that is only queued comes before.
    private func afterLooking(_ next: @escaping @Sendable (isolated SpeakerHost) -> Void) {
        loop.scheduleTask(in: .microseconds(100)) { [self] in assumeIsolated { next($0) } }
    }

    private func bind(_ prefixes: ArraySlice<IPPrefix>, globalScope: Bool, knowing known: PresentAddresses? = nil) {
        guard let addresses else { return }
        flush()
        let batch = prefixes.prefix(Self.batch)
        var present = known
        var bound: [IPPrefix] = []
        var added: [IPPrefix] = []
        let results = addresses.bind(contentsOf: batch, globalScope: globalScope, knowing: &present)
        for (prefix, result) in zip(batch, results) {
            switch result {
            case .success(let binding):
                if binding == .foreign, foreignVIPs.insert(prefix).inserted {
                    logger.warning(
                        "VIP was put on \(settings.interface) by someone else; it is used, and left there in the end",
                        metadata: ["vip": "\(prefix)"])
                }
                if binding != .foreign { foreignVIPs.remove(prefix) }
                if binding == .added { added.append(prefix) }
                bound.append(prefix)
            case .failure(let error):
                take(.bindFailed(prefix, reason: "\(error)"))
            }
        }
        endConnections(.toOtherNodes, of: added)
        if !bound.isEmpty { take(.bound(bound)) }
        let rest = prefixes.dropFirst(Self.batch)
        if rest.isEmpty { return }
        afterLooking { [present] in $0.bind(rest, globalScope: globalScope, knowing: present) }
    }

    private func unbind(_ prefixes: ArraySlice<IPPrefix>, knowing known: PresentAddresses? = nil) {
        guard let addresses else { return }
        flush()
        let batch = prefixes.prefix(Self.batch)
        var present = known
        var unbound: [IPPrefix] = []
        var removed: [IPPrefix] = []
        for (prefix, result) in zip(batch, addresses.unbind(contentsOf: batch, knowing: &present)) {
            switch result {
            case .success(let isRemoved):
                if isRemoved { removed.append(prefix) }
                unbound.append(prefix)
            case .failure(let error): take(.unbindFailed(prefix, reason: "\(error)"))
            }
        }
        endConnections(.fromVIP, of: removed)
        if !unbound.isEmpty { take(.unbound(unbound)) }
        let rest = prefixes.dropFirst(Self.batch)
        if rest.isEmpty { return }
        afterLooking { [present] in $0.unbind(rest, knowing: present) }
    }

    /// Handles one input, and notes for the log what happened and what was done.
    func handleTracing(_ input: Input) {
        let now = Self.now()
        let peer: ScopedAddress? = if case .session(let address, _) = input { address } else { nil }
        let planned = peer.flatMap(speaker.nextAttempt)
        unlogged.append(.trace(.input(input)))
        for effect in speaker.handle(input, at: now) {
            unlogged.append(.trace(.effect(effect)))
            perform(effect)
        }
        guard let peer, let next = speaker.nextAttempt(at: peer), next != planned else { return }
        unlogged.append(.trace(.retry(peer, pause: next - now)))
    }

    /// Logs what was reported since the last time.
    func logReports() {
        for entry in unlogged {
            switch entry {
            case .report(let report): log(LogLine(report), with: logger)
            case .trace(let trace): if let line = LogLine(trace) { log(line, with: logger) }
            }
        }
        unlogged.removeAll(keepingCapacity: true)
    }

    func log(_ line: LogLine, with logger: Logger) {
        var metadata: Logger.Metadata = [:]
        for field in line.fields { metadata[field.name] = field.value }
        logger.log(level: line.level, "\(line.message)", metadata: metadata)
    }

    /// Ends the process once the last NOTIFICATION has left, or after a second.
    private func exitWhenClosed(status: Int32) {
        guard closing > 0 else {
            finish(status: status)
            return
        }
        exitStatus = status
        loop.scheduleTask(in: .seconds(1)) { [self] in assumeIsolated { $0.finish(status: status) } }
    }

    /// A connection is closed for good; an exit may have waited for it.
    func connectionClosed(_ connection: PeerConnection, of peer: ScopedAddress) {
        closing -= 1
        connections[peer]?.closing.removeAll { $0 === connection }
        take(.connectionClosed(peer))
        if closing == 0, let exitStatus { finish(status: exitStatus) }
    }
}
