import CLinuxShim
import Glibc
import IPTypes
import NIOCore
import NIOPosix

@testable import Netlink

@_silgen_name("unshare") private func unshareFromNamespaces(_ flags: CInt) -> CInt

/// An event loop whose thread lives in a network namespace of its own: sockets opened on it, and processes started
/// from it, belong there. It starts with `lo` only, down and without addresses.
struct NetworkNamespace {
    private let group: MultiThreadedEventLoopGroup
    let loop: any EventLoop

    private static let newNetwork: CInt = 0x4000_0000

    private init() {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        loop = group.next()
    }

    /// Whether this process may make network namespaces (root, as a rule) and has iproute2 to furnish them.
    static let isPermitted: Bool = {
        let namespace = NetworkNamespace()
        defer { try? namespace.group.syncShutdownGracefully() }
        return
            (try? namespace.loop.submit {
                unshareFromNamespaces(newNetwork) == 0 && (try? ip("link set lo up")) != nil
            }.wait()) ?? false
    }()

    /// Runs `body` in a fresh namespace, which goes away with everything in it.
    static func with<Value: Sendable>(
        _ body: @Sendable (NetworkNamespace) async throws -> Value
    ) async throws -> Value {
        let namespace = NetworkNamespace()
        let result: Result<Value, any Error>
        do {
            try await namespace.run {
                guard unshareFromNamespaces(newNetwork) == 0 else { throw SystemCallFailure(code: errno) }
            }
            result = .success(try await body(namespace))
        } catch {
            result = .failure(error)
        }
        try await namespace.group.shutdownGracefully()
        return try result.get()
    }

    /// Runs `body` on the namespace's thread.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await loop.submit(body).get()
    }

    struct CommandFailed: Error {
        var command: String
        var status: CInt
    }

    /// Runs `ip` with these words on the current thread's namespace and waits for it.
    static func ip(_ words: String) throws {
        var arguments = (["ip"] + words.split(separator: " ").map(String.init)).map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var child: pid_t = 0
        var status: CInt = posix_spawnp(&child, "ip", nil, nil, &arguments, environ)
        if status == 0 {
            while waitpid(child, &status, 0) != child {
                guard errno == EINTR else { throw CommandFailed(command: "waiting for ip \(words)", status: errno) }
            }
        }
        guard status == 0 else { throw CommandFailed(command: "ip \(words)", status: status) }
    }

    /// Adds an address to an interface that is up, without duplicate address detection, and waits until packets to it
    /// are local: of an IPv6 address the kernel says so only after `ip` has ended.
    static func add(_ address: String, to interface: String) throws {
        guard address.contains(":") else { return try ip("address add \(address) dev \(interface)") }
        let routes = try openNetlinkSocket(flags: 0, groups: UInt32(RTMGRP_IPV6_ROUTE))
        defer { close(routes) }
        try ip("address add \(address) dev \(interface) nodad")
        let bytes = IPAddress.of(String(address.prefix { $0 != "/" })).bytes
        var datagram = [UInt8](repeating: 0, count: 8192)
        var length = 0
        repeat {
            length = recv(routes, &datagram, datagram.count, 0)
            guard length >= 0 || errno == EINTR else { throw SystemCallFailure(code: errno) }
            // rtm_type is the eighth octet behind the header; a prefix route of the same bytes comes before.
        } while length < 24 || datagram[23] != RTN_LOCAL || !datagram.prefix(length).contains(bytes)
    }
}
