import CLinuxShim
import Glibc
import NIOCore

/// The socket on which systemd, or another service manager, hears of us (sd_notify(3)), without libsystemd.
final class ServiceManager: Sendable {
    private let descriptor: CInt
    /// The manager's address, as `struct sockaddr_un` without what lies behind the path.
    private let address: [UInt8]
    /// How often the manager wants to hear that we live: twice in the time that it waits; nil if it does not.
    let watchdogPause: TimeAmount?

    /// - Parameters:
    ///   - socket: the value of `NOTIFY_SOCKET`: a path, or a name in the abstract namespace behind `@`.
    ///   - watchdog: the time after which the manager takes us for stuck.
    /// - Returns: nil if nothing can be sent there.
    init?(socket: String, watchdog: TimeAmount? = nil) {
        guard socket.hasPrefix("/") || socket.hasPrefix("@") else { return nil }
        var name = Array(socket.utf8)
        if name[0] == UInt8(ascii: "@") { name[0] = 0 }
        let family = withUnsafeBytes(of: sa_family_t(AF_UNIX)) { Array($0) }
        guard family.count + name.count < MemoryLayout<sockaddr_un>.size else { return nil }
        address = family + name
        descriptor = Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        watchdogPause = watchdog.map { .nanoseconds(max(1, $0.nanoseconds / 2)) }
        if descriptor < 0 { return nil }
    }

    deinit {
        close(descriptor)
    }

    /// The manager that the environment names; its variables are taken out of it, so that no program that we run can speak
    /// for us. Call before any thread exists.
    static func fromEnvironment() -> ServiceManager? {
        func take(_ name: String) -> String? {
            defer { unsetenv(name) }
            return getenv(name).map { String(cString: $0) }
        }
        let (socket, limit, process) = (take("NOTIFY_SOCKET"), take("WATCHDOG_USEC"), take("WATCHDOG_PID"))
        let isMeant = process.map { $0 == "\(getpid())" } ?? true
        let watchdog = isMeant ? limit.flatMap(Int64.init).map { TimeAmount.microseconds($0) } : nil
        return socket.flatMap { ServiceManager(socket: $0, watchdog: watchdog) }
    }

    /// Sends a datagram, or does nothing if the manager does not take it now; never blocks.
    /// - Returns: false if it is worth another attempt.
    @discardableResult
    func send(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let sent = address.withUnsafeBytes { address in
            sendto(
                descriptor, bytes, bytes.count, CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL),
                address.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(address.count))
        }
        return sent >= 0 || errno != EAGAIN && errno != ENOBUFS && errno != EINTR
    }
}
