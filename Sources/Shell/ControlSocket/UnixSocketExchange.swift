import Glibc

/// Sends bytes to a unix socket and reads until the other side closes, all within one span of time.
struct UnixSocketExchange {
    private let path: String
    private let timeout: Duration
    private let deadline: ContinuousClock.Instant
    /// More than any answer has; keeps a strange server from filling our memory.
    private let longestAnswer = 16 << 20

    init(path: String, timeout: Duration) {
        self.path = path
        self.timeout = timeout
        deadline = .now + timeout
    }

    /// Connects, sends `request`, and returns all that comes back.
    func send(_ request: [UInt8]) throws(ControlClientError) -> [UInt8] {
        guard let descriptor = unixStreamSocket(nonblocking: false) else {
            throw .system(path: path, text: systemText(errno))
        }
        defer { close(descriptor) }
        try connect(descriptor)
        try write(request, to: descriptor)
        return try readAll(from: descriptor)
    }

    private func connect(_ descriptor: CInt) throws(ControlClientError) {
        try boundNextCall(on: descriptor)
        guard let result = withUnixSocketAddress(path, { Glibc.connect(descriptor, $0, $1) }) else {
            throw .system(path: "'\(path)'", text: "the path of a socket must have 1 to 107 bytes")
        }
        guard result != 0 else { return }
        switch errno {
        case ENOENT, ENOTDIR, ECONNREFUSED: throw .notRunning(path: path)
        case EACCES, EPERM: throw .noPermission(path: path, group: groupOfFile())
        case EAGAIN: throw timedOut
        case let code: throw .system(path: path, text: systemText(code))
        }
    }

    private func write(_ request: [UInt8], to descriptor: CInt) throws(ControlClientError) {
        var rest = request[...]
        while !rest.isEmpty {
            try boundNextCall(on: descriptor)
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            switch (count, errno) {
            case (0..., _): rest = rest.dropFirst(count)
            case (_, EINTR): continue
            case (_, EAGAIN): throw timedOut
            // The server may have answered already, for instance that it has too many connections.
            case (_, EPIPE), (_, ECONNRESET): return
            case (_, let code): throw .system(path: path, text: systemText(code))
            }
        }
    }

    private func readAll(from descriptor: CInt) throws(ControlClientError) -> [UInt8] {
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while answer.count <= longestAnswer {
            try boundNextCall(on: descriptor)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            switch (count, errno) {
            case (0, _): return answer
            case (1..., _): answer += buffer.prefix(count)
            case (_, EINTR): continue
            case (_, EAGAIN): throw timedOut
            case (_, ECONNRESET): return answer
            case (_, let code): throw .system(path: path, text: systemText(code))
            }
        }
        throw .garbage(path: path, detail: "the answer does not end")
    }

    /// Lets the next blocking call take no longer than what is left of the time.
    private func boundNextCall(on descriptor: CInt) throws(ControlClientError) {
        let left = (deadline - .now).components
        let microseconds = left.attoseconds / 1_000_000_000_000
        // A zero timeval would mean for ever.
        guard left.seconds > 0 || (left.seconds == 0 && microseconds > 0) else { throw timedOut }
        var time = timeval(tv_sec: Int(left.seconds), tv_usec: Int(microseconds))
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size)
    }

    private var timedOut: ControlClientError {
        .timedOut(path: path, after: timeout)
    }

    private func groupOfFile() -> UInt32? {
        var information = stat()
        return stat(path, &information) == 0 ? information.st_gid : nil
    }
}
