import Logging
import NIOCore
import Settings
import SpeakerCore

extension SpeakerHost {
    /// Watches the drain file, and drains before anything else starts if it is there already.
    /// - Throws: `DrainFile.Unknown`: a node that may be meant to stay out of service must not start.
    func watchDrainFile() throws {
        guard let path = settings.drainFile else { return }
        drainFileWatch = FileWatch(
            path, on: loop, lookIsDue: { [self] in assumeIsolated { $0.lookAtDrainFile() } },
            cannotWatch: { [self] reason in assumeIsolated { $0.drainFileUnwatchable(reason) } })
        noteDrainFile(try DrainFile(at: path))
    }

    private func lookAtDrainFile() {
        guard let path = settings.drainFile else { return }
        do {
            noteDrainFile(try DrainFile(at: path))
            drainFileFaults.look = nil
        } catch {
            // What was seen last stays in force.
            if drainFileFaults.look != error.description { logger.error("\(error)") }
            drainFileFaults.look = error.description
        }
    }

    private func noteDrainFile(_ file: DrainFile) {
        guard file != drainFile else { return }
        drainFile = file
        switch file {
        case .absent: take(.drainFileGone)
        case .present(let reason): take(.drainFileFound(reason: reason))
        }
    }

    private func drainFileUnwatchable(_ reason: String) {
        guard drainFileFaults.watch != reason else { return }
        drainFileFaults.watch = reason
        logger.warning(
            "the drain file's directory cannot be watched; looking each second instead",
            metadata: ["reason": "\(reason)"])
    }
}
