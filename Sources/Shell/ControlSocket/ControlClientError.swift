/// Why a command got no answer from the daemon, in words that tell what to do.
package enum ControlClientError: Error, Hashable, CustomStringConvertible {
    /// There is no socket, or no process listens on it.
    case notRunning(path: String)
    /// The file's mode keeps us out; `group` is the numeric group that may use it, if it can be seen.
    case noPermission(path: String, group: UInt32?)
    /// The daemon took longer than this.
    case timedOut(path: String, after: Duration)
    /// The connection was closed before a byte of the answer.
    case ended(path: String)
    /// Something answers, but not with what was asked for.
    case garbage(path: String, detail: String)
    /// A system call failed.
    case system(path: String, text: String)
    /// The daemon's own words, with the HTTP status they came with.
    case refused(code: Int, words: String)

    package var description: String {
        switch self {
        case .notRunning(let path):
            "bgpvip is not running here, or uses another control socket than \(path): start it or give --control-socket"
        case .noPermission(let path, let group):
            "no permission to use \(path): run as root or join the group of that file"
                + (group.map { " (group id \($0))" } ?? "")
        case .timedOut(let path, let time):
            "bgpvip did not answer on \(path) within \(time): it is stuck or starved of CPU; look at its log"
        case .ended(let path):
            "the daemon on \(path) ended before it answered: look at its log"
        case .garbage(let path, let detail):
            "what answers on \(path) is not this version of bgpvip: \(detail)"
        case .system(let path, let text):
            "cannot talk to \(path): \(text)"
        case .refused(_, let words):
            "the daemon says: \(words)"
        }
    }

    /// The exit status of a command that fails with this: 3 if the daemon cannot be reached, 2 for a request that it
    /// does not understand, 1 for one that it does not grant.
    package var exitCode: Int32 {
        switch self {
        case .notRunning, .noPermission, .timedOut, .ended, .garbage, .system: 3
        case .refused(code: 400, _): 2
        // No answer to the question: too slow, broken or busy.
        case .refused(code: 408, _), .refused(code: 500, _), .refused(code: 503, _): 3
        case .refused: 1
        }
    }
}
