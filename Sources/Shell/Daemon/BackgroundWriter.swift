import Glibc
import NIOConcurrencyHelpers
import ShellSystem

/// Writes on a thread of its own to what may block although `poll` calls it writable: a terminal that is held up (XOFF), a
/// file on a frozen or hung file system. What is not written yet has a bound.
final class BackgroundWriter: Sendable {
    private let descriptor: CInt
    private let thread = BlockingThread()
    /// Bytes that are not written yet.
    private let waiting = NIOLockedValueBox(0)
    private static let capacity = 256 * 1024

    init(descriptor: CInt) {
        self.descriptor = descriptor
    }

    /// True if one more line may wait.
    var hasRoom: Bool { waiting.withLockedValue { $0 < Self.capacity } }

    func write(_ bytes: [UInt8]) {
        waiting.withLockedValue { $0 += bytes.count }
        thread.submit { [self] in
            writeAll(bytes)
            waiting.withLockedValue { $0 -= bytes.count }
        }
    }

    /// Gives what waits a moment to be written.
    func drain() {
        thread.drain(seconds: 0.2)
    }

    private func writeAll(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written >= 0 {
                rest = rest.dropFirst(written)
            } else if errno == EAGAIN {
                // Someone else has made it non-blocking.
                var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = Glibc.poll(&poll, 1, 1000)
            } else if errno != EINTR {
                return
            }
        }
    }
}
