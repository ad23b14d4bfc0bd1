import Glibc
import NIOCore
import Testing

@testable import Daemon

/// Datagrams to a service manager, as it receives them.
@Suite(.serialized) struct `The socket of the service manager` {
    @Test(arguments: ["/tmp/bgpvip-notify-\(getpid())", "@bgpvip-notify-\(getpid())"])
    func `takes datagrams under a path and under an abstract name`(name: String) throws {
        let receiver = try Receiver(name)
        let manager = try #require(ServiceManager(socket: name))
        #expect(manager.send("READY=1\nSTATUS=fine"))
        #expect(receiver.datagram() == "READY=1\nSTATUS=fine")
    }

    @Test func `that is full never blocks, and asks for another attempt`() throws {
        let name = "@bgpvip-notify-full-\(getpid())"
        let receiver = try Receiver(name)
        let manager = try #require(ServiceManager(socket: name))
        var sent = 0
        while manager.send("WATCHDOG=1") { sent += 1 }
        #expect(sent > 0)
        #expect(receiver.datagram() == "WATCHDOG=1")
        #expect(manager.send("WATCHDOG=1"))
    }

    @Test func `that is gone is not tried again`() throws {
        let manager = try #require(ServiceManager(socket: "@bgpvip-notify-nobody-\(getpid())"))
        #expect(manager.send("READY=1"))
    }

    @Test(arguments: ["", "relative", "vsock:2:1", "/" + String(repeating: "x", count: 107)])
    func `has a name that can be sent to`(name: String) {
        #expect(ServiceManager(socket: name) == nil)
    }

    @Test func `is read from the environment, and taken out of it`() throws {
        setenv("NOTIFY_SOCKET", "@bgpvip-environment", 1)
        setenv("WATCHDOG_USEC", "5000000", 1)
        setenv("WATCHDOG_PID", "\(getpid())", 1)
        #expect(ServiceManager.fromEnvironment()?.watchdogPause == .milliseconds(2500))
        for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] { #expect(getenv(name) == nil) }
        #expect(ServiceManager.fromEnvironment() == nil)
    }

    @Test func `has no watchdog that is meant for another process`() throws {
        setenv("NOTIFY_SOCKET", "@bgpvip-environment", 1)
        setenv("WATCHDOG_USEC", "5000000", 1)
        setenv("WATCHDOG_PID", "1", 1)
        let manager = try #require(ServiceManager.fromEnvironment())
        #expect(manager.watchdogPause == nil)
    }
}

/// The service manager's end.
private final class Receiver {
    private struct Failed: Error {}
    private let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
    private let name: String

    init(_ name: String) throws {
        self.name = name
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(name.utf8)
        if name.hasPrefix("@") { bytes[0] = 0 } else { unlink(name) }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        if result != 0 { throw Failed() }
    }

    deinit {
        close(descriptor)
        if name.hasPrefix("/") { unlink(name) }
    }

    func datagram() -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}
