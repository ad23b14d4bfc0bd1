import Glibc

/// The file of a listening unix socket.
struct UnixSocketFile: Sendable {
    let path: String
    /// What tells our file from one that another process put in its place.
    private let identity: Identity

    private struct Identity: Equatable, Sendable {
        var device: dev_t
        var inode: ino_t
    }

    /// Makes the directory if it is missing, replaces the file of a dead daemon, and listens with mode 0660.
    /// The caller owns the non-blocking descriptor.
    static func listen(at path: String) throws(ControlSocketError) -> (descriptor: CInt, file: UnixSocketFile) {
        guard withUnixSocketAddress(path, { _, _ in () }) != nil else { throw .unusablePath(path) }
        try makeDirectories(above: path)
        try removeStaleFile(at: path)
        guard let descriptor = unixStreamSocket(nonblocking: true) else { throw failure("make a socket for", path) }
        do throws(ControlSocketError) {
            guard withUnixSocketAddress(path, { bind(descriptor, $0, $1) }) == 0 else { throw failure("bind", path) }
            // No client can connect before listen, so the mode is right from the first connection on. Not by umask: that
            // would hold for all that the process does meanwhile.
            guard chmod(path, 0o660) == 0 else { throw failure("set the mode of", path) }
            guard Glibc.listen(descriptor, 512) == 0 else { throw failure("listen on", path) }
            guard let identity = identity(of: path) else { throw failure("look at", path) }
            return (descriptor, UnixSocketFile(path: path, identity: identity))
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// Removes the file unless another process has replaced it.
    func remove() {
        if UnixSocketFile.identity(of: path) == identity { unlink(path) }
    }

    private static func removeStaleFile(at path: String) throws(ControlSocketError) {
        var information = stat()
        guard lstat(path, &information) == 0 else { return }
        guard information.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path: path) }
        guard let descriptor = unixStreamSocket(nonblocking: true) else { throw failure("make a socket for", path) }
        defer { close(descriptor) }
        if withUnixSocketAddress(path, { connect(descriptor, $0, $1) }) == 0 { throw .alreadyRunning(path: path) }
        switch errno {
        // EAGAIN: a process listens and is too busy to accept.
        case EAGAIN: throw .alreadyRunning(path: path)
        case ECONNREFUSED:
            if unlink(path) != 0 && errno != ENOENT { throw failure("remove the stale socket", path) }
        case ENOENT: return
        // Perhaps a daemon that we may not talk to.
        default: throw .notOurs(path: path, text: systemText(errno))
        }
    }

    /// Makes the directory if it is missing; what is wrong with it is said by `listen`.
    /// - Returns: the directory.
    static func makeDirectory(for path: String) -> String {
        try? makeDirectories(above: path)
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func makeDirectories(above path: String) throws(ControlSocketError) {
        var missing: [String] = []
        var directory = parent(of: path)
        while !directory.isEmpty, access(directory, F_OK) != 0, errno == ENOENT {
            missing.append(directory)
            directory = parent(of: directory)
        }
        for directory in missing.reversed() {
            // EEXIST: another process was faster. The mode is set again because of the process's own mask.
            if mkdir(directory, 0o755) == 0 {
                chmod(directory, 0o755)
            } else if errno != EEXIST {
                throw failure("make the directory", directory)
            }
        }
    }

    /// The path up to the last slash; empty for a bare name and for what lies in the root.
    private static func parent(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }

    private static func identity(of path: String) -> Identity? {
        var information = stat()
        guard lstat(path, &information) == 0 else { return nil }
        return Identity(device: information.st_dev, inode: information.st_ino)
    }

    private static func failure(_ doing: String, _ path: String) -> ControlSocketError {
        .system(doing: doing, path: path, text: systemText(errno))
    }
}
