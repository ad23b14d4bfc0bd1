import Glibc
import Health

/// What tells a replaced or rewritten file from the one read before.
struct FileStamp: Hashable {
    private let device: UInt
    private let inode: UInt
    private let size: Int
    private let seconds: Int
    private let nanoseconds: Int

    /// Nil if there is no such file.
    init?(path: String) {
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        device = info.st_dev
        inode = info.st_ino
        size = info.st_size
        seconds = info.st_mtim.tv_sec
        nanoseconds = info.st_mtim.tv_nsec
    }
}

/// The whole of a small file: certificates, keys, tokens. `role` names the file in the error. Blocks if its disk hangs.
func contents(of path: String, role: String) throws(CheckUnusable) -> [UInt8] {
    let most = 4 * 1024 * 1024
    // A named pipe would be waited for until a process writes to it.
    var info = stat()
    if stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFIFO {
        throw CheckUnusable(reason: "the \(role) \(path) is a named pipe and no file")
    }
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw CheckUnusable(reason: "cannot read the \(role) \(path): \(systemWords(errno))") }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16 * 1024)
    while true {
        let count = read(file, &chunk, chunk.count)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw CheckUnusable(reason: "cannot read the \(role) \(path): \(systemWords(errno))") }
        if count == 0 { return bytes }
        bytes += chunk.prefix(count)
        guard bytes.count <= most else { throw CheckUnusable(reason: "the \(role) \(path) is too large") }
    }
}

/// The token in a file, without the white space around it.
func bearerToken(in path: String) throws(CheckUnusable) -> String {
    guard let token = Health.bearerToken(in: try contents(of: path, role: "bearer token file")) else {
        throw CheckUnusable(reason: "the bearer token file \(path) must hold one token and nothing else")
    }
    return token
}
