import NIOCore
import SpeakerCore
import ShellSystem
import Wording

/// Looks at the drain file whenever it may have changed, on a thread that waits for a file system that hangs.
final class DrainFileLooks: LoopConfined {
    typealias Look = @Sendable (String) -> Result<DrainFile, DrainFile.Unknown>
    /// Watches a file, and calls when it may have changed, or with the reason why it cannot be watched; what is returned
    /// ends that. Works on the thread.
    typealias Watch =
        @Sendable (
            String, any WorkThread, any EventLoop, _ lookIsDue: @escaping @Sendable () -> Void,
            _ cannotWatch: @escaping @Sendable (String) -> Void
        ) -> () -> Void

    /// A look that takes longer is worth a line in the log.
    static let usualLook = TimeAmount.seconds(1)

    let loop: any EventLoop
    private let link: HostLink
    private let makeThread: @Sendable () -> any WorkThread
    private let look: Look
    private let watch: Watch
    /// Called when a look has ended, as long as the node is not in service.
    private let onKnown: () -> Void
    private var file: File?

    /// What is known of one drain file.
    private final class File {
        let path: String
        /// Its own: one that waits for another file system is of no use.
        let thread: any WorkThread
        var endWatch: () -> Void = {}
        /// What was last seen; nil before the first look.
        var seen: DrainFile?
        /// True while a look has not come back.
        var isUnderWay = false
        /// True if there may be something new since the look that is under way began.
        var isDueAgain = false
        /// The last troubles with looking and with watching that were logged.
        var faults: (look: String?, watch: String?)

        init(_ path: String, thread: any WorkThread) {
            self.path = path
            self.thread = thread
        }
    }

    init(
        _ link: HostLink, makeThread: @escaping @Sendable () -> any WorkThread, look: @escaping Look,
        watch: @escaping Watch,
        onKnown: @escaping () -> Void
    ) {
        loop = link.loop
        self.link = link
        self.makeThread = makeThread
        self.look = look
        self.watch = watch
        self.onKnown = onKnown
    }

    /// True while there is a drain file to look at, whose state may be unknown.
    var isFollowing: Bool { file != nil }

    /// Follows the file at this path, and no other. The speaker starts when it is known whether the file is there: a node
    /// that may be meant to stay out of service must not start.
    func follow(_ path: String) {
        end()
        let file = File(path, thread: makeThread())
        self.file = file
        file.endWatch = watch(path, file.thread, loop, callback { $0.lookNow() }, callback { $0.cannotWatch($1) })
        lookNow()
    }

    /// Follows no file.
    func end() {
        file?.endWatch()
        file = nil
    }

    private func lookNow() {
        guard let file else { return }
        guard !file.isUnderWay else {
            file.isDueAgain = true
            return
        }
        file.isUnderWay = true
        let warning = after(Self.usualLook) { self.warn(of: file) }
        work(on: file.thread) { [look, path = file.path] in
            look(path)
        } then: { result in
            warning.cancel()
            self.note(result, of: file)
        }
    }

    private func note(_ result: Result<DrainFile, DrainFile.Unknown>, of file: File) {
        // Another one may be followed by now.
        guard link.isRunning, self.file === file else { return }
        file.isUnderWay = false
        switch result {
        case .success(let found):
            file.faults.look = nil
            note(found, of: file)
        case .failure(let error) where !link.isServing:
            return link.fail(error)
        case .failure(let error):
            // What was seen last stays in force.
            if file.faults.look != error.description {
                link.log(.drainFileUnknown(reason: error.description))
            }
            file.faults.look = error.description
        }
        if !link.isServing { onKnown() }
        if file.isDueAgain {
            file.isDueAgain = false
            lookNow()
        }
    }

    private func note(_ found: DrainFile, of file: File) {
        guard found != file.seen else { return }
        file.seen = found
        switch found {
        case .absent: link.take(.drainFileGone)
        case .present(let reason): link.take(.drainFileFound(reason: reason))
        }
    }

    private func warn(of file: File) {
        guard self.file === file, file.isUnderWay else { return }
        link.log(.drainFileHangs(path: file.path, isServing: link.isServing))
    }

    private func cannotWatch(_ reason: String) {
        guard let file, file.faults.watch != reason else { return }
        file.faults.watch = reason
        link.log(.drainFileUnwatched(reason: reason))
    }
}
