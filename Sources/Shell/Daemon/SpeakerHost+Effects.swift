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
        case .awaitAcknowledgement(let peer, let limit):
            awaitAcknowledgement(of: peer, within: limit)
        case .probe(let check):
            probers[check]?.probe()
        case .bind(let prefix, let globalScope):
            bind(prefix, globalScope: globalScope)
        case .unbind(let prefix):
            unbind(prefix)
        case .report(let report):
            log(LogLine(report))
        case .exit:
            exitWhenClosed()
        }
    }

    private func awaitAcknowledgement(of peer: ScopedAddress, within limit: Duration) {
        let direction = speaker.establishedDirection(of: peer)
        guard let connection = direction.flatMap({ connections[peer]?[$0] }) else {
            take(.acknowledged(peer, false))
            return
        }
        connection.whenAcknowledged(within: limit) { [self] isComplete in
            assumeIsolated { $0.take(.acknowledged(peer, isComplete)) }
        }
    }

    private func bind(_ prefix: IPPrefix, globalScope: Bool) {
        do {
            if try addresses?.bind(prefix, globalScope: globalScope) == .foreign {
                logger.warning(
                    "VIP was put on \(settings.interface) by someone else; it is used, and left there in the end",
                    metadata: ["vip": "\(prefix)"])
            }
            take(.bound(prefix))
        } catch {
            take(.bindFailed(prefix, reason: "\(error)"))
        }
    }

    private func unbind(_ prefix: IPPrefix) {
        do {
            _ = try addresses?.unbind(prefix)
        } catch {
            logger.error(
                "VIP cannot be taken off \(settings.interface)", metadata: ["vip": "\(prefix)", "reason": "\(error)"])
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
