import Glibc
import NIOCore

/// Why a TCP port cannot be listened on, in the words of an operator and not in those of the library.
package struct EndpointFailure: Error, Hashable, CustomStringConvertible {
    package let description: String

    init(_ error: any Error) {
        let code = (error as? IOError)?.errnoCode
        description =
            switch code {
            case EADDRINUSE: "another program uses this port"
            case EADDRNOTAVAIL: "this node has no such address"
            case EACCES: "ports below 1024 need CAP_NET_BIND_SERVICE"
            case let code?: systemText(code)
            case nil: "the address cannot be used"
            }
    }
}

/// Why the control socket cannot be opened, in words that tell what to do.
package enum ControlSocketError: Error, Hashable, CustomStringConvertible {
    /// A process answers on this path.
    case alreadyRunning(path: String)
    /// There is a socket on this path, and it cannot be found out whose.
    case notOurs(path: String, text: String)
    /// Something else has this path.
    case notASocket(path: String)
    /// The kernel takes at most 107 bytes.
    case unusablePath(String)
    /// A system call failed.
    case system(doing: String, path: String, text: String)

    /// True if the place is to blame, which is none of the service's business: a read-only file system, a directory of
    /// another owner's. The other faults are of the settings, or say that this is not the only daemon.
    package var isOfThePlace: Bool {
        if case .system = self { true } else { false }
    }

    package var description: String {
        switch self {
        case .alreadyRunning(let path):
            "another bgpvip is running and answers on \(path): stop it, or give this one its own --control-socket"
        case .notOurs(let path, let text):
            "cannot find out who uses \(path): \(text)"
        case .notASocket(let path):
            "\(path) exists and is not a socket: remove it, or give another --control-socket"
        case .unusablePath(let path):
            "'\(path)' cannot be the path of a socket: it must have 1 to 107 bytes"
        case .system(let doing, let path, let text):
            "cannot \(doing) \(path): \(text)"
        }
    }
}
