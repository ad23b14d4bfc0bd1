import Glibc
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
        if status == 0 { waitpid(child, &status, 0) }
        guard status == 0 else { throw CommandFailed(command: "ip \(words)", status: status) }
    }
}
