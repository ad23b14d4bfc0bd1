import Glibc
import SpeakerCore

/// What is to be seen of the drain file.
enum DrainFile: Equatable {
    case absent
    /// There, whatever it is; `reason` is the first line of a file that can be read and says something.
    case present(reason: String?)

    /// Why it is not known whether the file is there.
    struct Unknown: Error, Equatable, CustomStringConvertible {
        var path: String
        var code: CInt

        var description: String {
            let reason = strerror(code).map { String(cString: $0) } ?? "error \(code)"
            return "cannot tell whether the drain file \(path) exists: \(reason)"
        }
    }

    /// Looks at the file.
    init(at path: String) throws(Unknown) {
        var info = stat()
        guard stat(path, &info) == 0 else {
            let code = errno
            guard code == ENOENT || code == ENOTDIR else { throw Unknown(path: path, code: code) }
            self = .absent
            return
        }
        let isRegular = info.st_mode & S_IFMT == S_IFREG
        self = .present(reason: isRegular ? DrainReason.firstLine(of: Self.beginning(of: path)) : nil)
    }

    /// The first 512 bytes; none if the file cannot be read, which takes nothing away from its being there.
    private static func beginning(of path: String) -> ArraySlice<UInt8> {
        // Without O_NONBLOCK a named pipe put there in the meantime would stop the event loop.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = read(descriptor, &bytes, bytes.count)
        return bytes.prefix(max(0, count))
    }
}
