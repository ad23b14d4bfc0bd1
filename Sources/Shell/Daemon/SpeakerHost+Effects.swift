import Deadlines
import HealthProbes
import IPTypes
import NIOCore
import Settings
import SpeakerCore

extension SpeakerHost {
    /// Hands one effect to the owner of what it is about.
    func perform(_ effect: Effect) {
        switch effect {
        case .open(let resource), .change(let resource):
            provide(resource)
        case .close(let id):
            giveUp(id)
        case .session(let peer, let action):
            peers.perform(action, for: peer)
        case .bfd(let peer, let packet):
            bfd.send(packet, to: peer)
        case .awaitAcknowledgement(let peer, let round, let limit):
            peers.awaitAcknowledgement(
                of: peer, on: speaker.establishedDirection(of: peer), round: round, within: limit)
        case .probe(let check):
            probes.probe(check)
        case .bind(let prefixes, let globalScope):
            addresses.bind(prefixes, globalScope: globalScope)
        case .unbind(let prefixes):
            addresses.unbind(prefixes)
        case .runProgram(let change, let limit):
            runProgram(change, within: limit)
        case .report(let report):
            reports.append(.report(report))
            service.noteNews()
        case .exit:
            exitWhenClosed(status: 0)
        case .exitStillBound:
            exitWhenClosed(status: 1)
        }
    }

    /// Opens a resource, or brings one that is open into another shape.
    private func provide(_ resource: Resource) {
        guard link.isRunning else { return }
        switch resource {
        case .log(let level, let format):
            link.logLevel = level
            log.format = format
        case .listener(let listener): listeners.listen(as: listener)
        case .transport(let transport): peers.reach(by: transport)
        case .bfd(let path): bfd.run(by: path)
        case .probe(let check): probes.provide(check)
        case .monitoring(let target): control.openMonitoring(at: target)
        case .drainFile(let path): drainFile.follow(path)
        case .locality(let prefixes): locality.follow(prefixes)
        case .services(let settings): cluster.serve(settings)
        case .loopGuard(let loops): loopRules.prevent(loops)
        }
    }

    /// Closes a resource.
    private func giveUp(_ resource: Resource.ID) {
        switch resource {
        case .log: break
        case .listener(let id): listeners.close(id)
        case .transport(let peer): peers.forget(peer)
        case .bfd(let peer): bfd.end(with: peer)
        case .probe(let check): probes.end(check)
        case .monitoring(let target): control.closeMonitoring(at: target)
        case .drainFile:
            drainFile.end()
            // At a start the first look at it was waited for.
            beginService()
        case .locality: locality.follow([])
        case .services: cluster.end()
        case .loopGuard: loopRules.end()
        }
    }

    /// Runs the program of `onChange` with what has changed.
    private func runProgram(_ change: Change, within limit: Duration) {
        guard let path = speaker.settings[Settings.process.onChange] else { return take(.programEnded(failure: nil)) }
        if changeProgram?.path != path { changeProgram = ChangeProgram(path, on: loop) }
        changeProgram?.run(change.environment + [("CHANGE_TIME", "\(WallTime.now())")], within: limit) { failure in
            self.take(.programEnded(failure: failure))
            self.finishIfNothingIsLeft()
        }
    }

    /// Logs what was reported since the last time.
    func logReports() {
        reports.log(at: link.now, link.log)
    }
}
