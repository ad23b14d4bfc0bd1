import Glibc
import NIOCore
import NIOHTTP1

/// Bounds on what clients can take from the daemon.
struct ControlLimits: Sendable {
    /// Connections at a time; more are told so and closed.
    var connections = 16
    /// Bytes of a whole request.
    var requestBytes = 16 * 1024
    /// From the connection to the end of the request, for the daemon's answer, and for the client to take it.
    var patience = TimeAmount.seconds(10)
}

/// The connections of one listening socket. Lives on the event loop.
final class ControlConnections {
    private let audience: Audience
    private let limits: ControlLimits
    private let answer: ControlAnswer
    private var open: [ObjectIdentifier: any Channel] = [:]

    init(audience: Audience, limits: ControlLimits, answer: @escaping ControlAnswer) {
        self.audience = audience
        self.limits = limits
        self.answer = answer
    }

    /// Equips a new connection to speak HTTP.
    func adopt(_ channel: any Channel) throws {
        let connection = ControlConnection(
            audience: audience, mayChangeState: mayChangeState(channel), limits: limits,
            refusal: open.count < limits.connections ? nil : .text(503, "too many connections; try again"),
            answer: answer)
        let operations = channel.pipeline.syncOperations
        try operations.addHandler(RequestSizeLimit(bytes: limits.requestBytes))
        try operations.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
        try operations.addHandler(HTTPResponseEncoder())
        try operations.addHandler(connection)

        let key = ObjectIdentifier(channel)
        open[key] = channel
        channel.closeFuture.assumeIsolated().whenComplete { _ in self.open[key] = nil }
    }

    func closeAll() {
        for channel in open.values { channel.close(promise: nil) }
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
