import Glibc

/// Calls `body` with the kernel's form of a socket path. Nil if the path is empty or longer than the kernel takes.
func withUnixSocketAddress<Result>(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let path = Array(path.utf8)
    // One byte is left for the NUL at the end.
    guard !path.isEmpty, path.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}

/// A new unix stream socket, closed on exec; nil with errno set if the process has too many files open.
func unixStreamSocket(nonblocking: Bool) -> CInt? {
    let flags = CInt(SOCK_CLOEXEC.rawValue) | (nonblocking ? CInt(SOCK_NONBLOCK.rawValue) : 0)
    let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | flags, 0)
    return descriptor < 0 ? nil : descriptor
}

/// The system's text for an error number.
func systemText(_ code: CInt) -> String {
    String(cString: strerror(code))
}
