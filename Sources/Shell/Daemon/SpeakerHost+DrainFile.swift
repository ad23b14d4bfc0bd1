import Logging
import NIOCore
import Settings
import SpeakerCore

/// What is known of the drain file, and who looks at it.
struct DrainFileLooks {
    var watch: FileWatch?
    /// Looks, and waits for a file system that hangs; nil before the drain file is watched.
    var thread: BlockingThread?
    /// What was last seen; nil before the first look.
    var seen: DrainFile?
    /// True while a look has not come back.
    var isUnderWay = false
    /// True if there may be something new since the look that is under way began.
    var isDueAgain = false
    /// The last troubles with looking and with watching that were logged.
    var faults: (look: String?, watch: String?)
}

extension SpeakerHost {
    /// A look that takes longer is worth a line in the log.
    private static let usualLook = TimeAmount.seconds(1)

    /// Watches the drain file. The speaker starts when it is known whether the file is there: a node that may be meant to
    /// stay out of service must not start.
    func watchDrainFile() {
        guard let path = settings.drainFile else { return beginService() }
        let thread = BlockingThread()
        drainFile.thread = thread
        drainFile.watch = FileWatch(
            path, by: thread, on: loop, lookIsDue: { [self] in assumeIsolated { $0.lookAtDrainFile() } },
            cannotWatch: { [self] reason in assumeIsolated { $0.drainFileUnwatchable(reason) } })
        lookAtDrainFile()
    }

    private func lookAtDrainFile() {
        guard let path = settings.drainFile, let thread = drainFile.thread else { return }
        guard !drainFile.isUnderWay else {
            drainFile.isDueAgain = true
            return
        }
        drainFile.isUnderWay = true
        let warning = loop.scheduleTask(in: Self.usualLook) { [self] in assumeIsolated { $0.drainFileHangs() } }
        thread.submit { [self] in
            let result = Result { () throws(DrainFile.Unknown) in try DrainFile(at: path) }
            loop.execute { [self] in
                warning.cancel()
                assumeIsolated { $0.looked(result) }
            }
        }
    }

    private func looked(_ result: Result<DrainFile, DrainFile.Unknown>) {
        guard onExit != nil else { return }
        drainFile.isUnderWay = false
        let isFirst = drainFile.seen == nil
        switch result {
        case .success(let file):
            drainFile.faults.look = nil
            noteDrainFile(file)
        case .failure(let error) where isFirst:
            return fail(error)
        case .failure(let error):
            // What was seen last stays in force.
            if drainFile.faults.look != error.description { logger.error("\(error)") }
            drainFile.faults.look = error.description
        }
        if isFirst { beginService() }
        if drainFile.isDueAgain {
            drainFile.isDueAgain = false
            lookAtDrainFile()
        }
    }

    private func noteDrainFile(_ file: DrainFile) {
        guard file != drainFile.seen else { return }
        drainFile.seen = file
        switch file {
        case .absent: take(.drainFileGone)
        case .present(let reason): take(.drainFileFound(reason: reason))
        }
    }

    private func drainFileHangs() {
        guard drainFile.isUnderWay else { return }
        let consequence =
            drainFile.seen == nil ? "nothing is advertised before it does" : "what was seen last stays in force"
        logger.error(
            "the file system of the drain file does not answer; \(consequence)",
            metadata: ["path": "\(settings.drainFile ?? "")"])
    }

    private func drainFileUnwatchable(_ reason: String) {
        guard drainFile.faults.watch != reason else { return }
        drainFile.faults.watch = reason
        logger.warning(
            "the drain file's directory cannot be watched; looking each second instead",
            metadata: ["reason": "\(reason)"])
    }
}
