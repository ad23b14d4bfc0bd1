import BGPTransport
import HealthProbes
import IPTypes
import Logging
import NIOCore
import Netlink
import Settings
import SpeakerCore

extension SpeakerHost {
    /// Turns one effect into system calls.
    func perform(_ effect: Effect) {
        switch effect {
        case .session(let peer, let action):
            perform(action, for: peer)
        case .awaitAcknowledgement(let peer, let round, let limit):
            awaitAcknowledgement(of: peer, round: round, within: limit)
        case .probe(let check):
            probers[check]?.probe()
        case .bind(let prefixes, let globalScope):
            bind(prefixes, globalScope: globalScope)
        case .unbind(let prefixes):
            unbind(prefixes)
        case .report(let report):
            log(LogLine(report))
        case .exit:
            exitWhenClosed()
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

    private func bind(_ prefixes: [IPPrefix], globalScope: Bool) {
        guard let addresses else { return }
        for (prefix, result) in zip(prefixes, addresses.bind(contentsOf: prefixes, globalScope: globalScope)) {
            switch result {
            case .success(let binding):
                if binding == .foreign {
                    logger.warning(
                        "VIP was put on \(settings.interface) by someone else; it is used, and left there in the end",
                        metadata: ["vip": "\(prefix)"])
                }
                take(.bound(prefix))
            case .failure(let error):
                take(.bindFailed(prefix, reason: "\(error)"))
            }
        }
    }

    private func unbind(_ prefixes: [IPPrefix]) {
        guard let addresses else { return }
        flush()
        for (prefix, result) in zip(prefixes, addresses.unbind(contentsOf: prefixes)) {
            switch result {
            case .success: take(.unbound(prefix))
            case .failure(let error): take(.unbindFailed(prefix, reason: "\(error)"))
            }
        }
    }

    private func log(_ line: LogLine) {
        var metadata: Logger.Metadata = [:]
        for field in line.fields { metadata[field.name] = "\(field.value)" }
        logger.log(level: line.level, "\(line.message)", metadata: metadata)
    }

    /// Ends the process once the last NOTIFICATION has left, or after a second.
    private func exitWhenClosed() {
        guard closing > 0 else {
            finish(status: 0)
            return
        }
        isExiting = true
        loop.scheduleTask(in: .seconds(1)) { [self] in assumeIsolated { $0.finish(status: 0) } }
    }

    /// A connection is closed for good; an exit may have waited for it.
    func connectionClosed() {
        closing -= 1
        if closing == 0 && isExiting { finish(status: 0) }
    }
}
