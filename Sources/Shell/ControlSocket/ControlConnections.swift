import Glibc
import NIOCore
import NIOHTTP1

/// Bounds on what clients can take from the daemon.
struct ControlLimits: Sendable {
    /// Connections at a time. When there are more, the oldest one that has not asked for anything, or does not take its
    /// answer, gives way, of the client that has most of them. If all wait for an answer of ours, the new one is told so.
    var connections = 64
    /// Bytes of a whole request.
    var requestBytes = 16 * 1024
    /// From the connection to the end of the request, for the daemon's answer, and for the client to take it.
    var patience = TimeAmount.seconds(10)
}

/// The connections of one listening socket. Lives on the event loop.
///
/// Whoever reaches the socket can open connections and leave them idle, send or read slowly. So such a connection is worth
/// less than a new one, which as a rule sends its request at once: `/livez` is answered beside any number of them.
final class ControlConnections {
    private let audience: Audience
    private let limits: ControlLimits
    private let answer: ControlAnswer
    /// The oldest first.
    private var open: [Entry] = []

    private struct Entry {
        var channel: any Channel
        var connection: ControlConnection
        /// The client's address without its port; nil on a unix socket.
        var source: String?
    }

    init(audience: Audience, limits: ControlLimits, answer: @escaping ControlAnswer) {
        self.audience = audience
        self.limits = limits
        self.answer = answer
    }

    /// Equips a new connection to speak HTTP.
    func adopt(_ channel: any Channel) throws {
        let hasRoom = open.count < limits.connections || makeRoom()
        let connection = ControlConnection(
            audience: audience, mayChangeState: mayChangeState(channel), limits: limits,
            refusal: hasRoom ? nil : .text(503, "too many connections; try again"), answer: answer)
        let operations = channel.pipeline.syncOperations
        try operations.addHandler(RequestSizeLimit(bytes: limits.requestBytes))
        try operations.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
        try operations.addHandler(HTTPResponseEncoder())
        try operations.addHandler(connection)

        open.append(Entry(channel: channel, connection: connection, source: channel.remoteAddress?.ipAddress))
        channel.closeFuture.assumeIsolated().whenComplete { _ in self.forget(channel) }
    }

    func closeAll() {
        for entry in open { entry.channel.close(promise: nil) }
    }

    /// Closes one connection; false if none may be closed.
    private func makeRoom() -> Bool {
        let idle = open.filter { !$0.connection.isAwaitingAnswer }
        let counts = Dictionary(idle.map { ($0.source, 1) }, uniquingKeysWith: +)
        guard let most = counts.values.max(), let entry = idle.first(where: { counts[$0.source] == most }) else {
            return false
        }
        // At once: the channel may be told of its end only later.
        forget(entry.channel)
        entry.channel.close(promise: nil)
        return true
    }

    private func forget(_ channel: any Channel) {
        open.removeAll { $0.channel === channel }
    }

    /// Whether the kernel vouches that the client is one of the users who may steer the daemon.
    private func mayChangeState(_ channel: any Channel) -> Bool {
        guard case .operators(let users) = audience,
            let user = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
                of: NIOBSDSocket.Handle.self, { peerUserID($0) })
        else { return false }
        return user.map(users.contains) ?? false
    }
}

/// The user id of the process at the other end of a unix socket at the time it connected.
private func peerUserID(_ descriptor: CInt) -> UInt32? {
    // The kernel's struct ucred: pid, uid, gid. Glibc's module hides the type.
    var credentials: (process: Int32, user: UInt32, group: UInt32) = (0, .max, .max)
    var length = socklen_t(MemoryLayout.size(ofValue: credentials))
    guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0,
        length == socklen_t(MemoryLayout.size(ofValue: credentials))
    else { return nil }
    return credentials.user
}
