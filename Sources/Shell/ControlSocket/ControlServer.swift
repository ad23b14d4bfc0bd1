import Glibc
package import NIOCore
import NIOHTTP1
import NIOPosix

/// The daemon's end of the control socket, and with `startTCP` of the metrics and health endpoint.
package final class ControlServer: Sendable {
    private let channel: any Channel
    private let file: UnixSocketFile?
    private let connections: NIOLoopBoundBox<ControlConnections>

    private init(
        channel: any Channel, file: UnixSocketFile?, connections: NIOLoopBoundBox<ControlConnections>
    ) {
        self.channel = channel
        self.file = file
        self.connections = connections
    }

    /// Makes the directory of the control socket if it is missing; `start` says what is wrong with it.
    /// - Returns: the directory.
    package static func makeDirectory(for path: String) -> String { UnixSocketFile.makeDirectory(for: path) }

    /// Opens the control socket: HTTP/1.1, one request a connection, mode 0660. Fails with a `ControlSocketError`.
    /// `answer` is called on `loop`.
    package static func start(
        path: String, on loop: any EventLoop, answer: @escaping ControlAnswer
    ) -> EventLoopFuture<ControlServer> {
        start(path: path, on: loop, limits: ControlLimits(), maySteer: [0, geteuid()], answer: answer)
    }

    /// The same with other limits and other users that may change the daemon's state.
    static func start(
        path: String, on loop: any EventLoop, limits: ControlLimits, maySteer: Audience.UserIDs,
        answer: @escaping ControlAnswer
    ) -> EventLoopFuture<ControlServer> {
        loop.flatSubmit {
            let connections = NIOLoopBoundBox(
                ControlConnections(audience: .operators(maySteer), limits: limits, answer: answer), eventLoop: loop)
            do {
                let (descriptor, file) = try UnixSocketFile.listen(at: path)
                return bootstrap(on: loop, connections).withBoundSocket(descriptor)
                    .map { ControlServer(channel: $0, file: file, connections: connections) }
                    .flatMapErrorThrowing { error in
                        file.remove()
                        throw ControlSocketError.system(
                            doing: "listen on", path: path, text: EndpointFailure(error).description)
                    }
            } catch {
                return loop.makeFailedFuture(error)
            }
        }
    }

    /// Opens the endpoint for monitoring, which serves a page for people, `/metrics`, `/livez` and `/readyz` and changes nothing.
    /// `address` is a literal; port 0 takes a free one. Fails with an `EndpointFailure`.
    package static func startTCP(
        address: String, port: Int, on loop: any EventLoop, answer: @escaping ControlAnswer
    ) -> EventLoopFuture<ControlServer> {
        startTCP(address: address, port: port, on: loop, limits: ControlLimits(), answer: answer)
    }

    static func startTCP(
        address: String, port: Int, on loop: any EventLoop, limits: ControlLimits, answer: @escaping ControlAnswer
    ) -> EventLoopFuture<ControlServer> {
        loop.flatSubmit {
            let connections = NIOLoopBoundBox(
                ControlConnections(audience: .monitoring, limits: limits, answer: answer), eventLoop: loop)
            do {
                let address = try SocketAddress(ipAddress: address, port: port)
                return bootstrap(on: loop, connections)
                    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                    .bind(to: address)
                    .map { ControlServer(channel: $0, file: nil, connections: connections) }
                    .flatMapErrorThrowing { error in throw EndpointFailure(error) }
            } catch {
                return loop.makeFailedFuture(EndpointFailure(error))
            }
        }
    }

    /// Where the server listens.
    package var localAddress: SocketAddress? { channel.localAddress }

    /// Removes the socket file and closes the socket and every connection. Answers given before are still delivered.
    @discardableResult
    package func stop() -> EventLoopFuture<Void> {
        channel.eventLoop.flatSubmit { [self] in
            file?.remove()
            connections.value.closeAll()
            return channel.close().flatMapErrorThrowing { error in
                // Closing twice is no fault.
                guard case ChannelError.alreadyClosed = error else { throw error }
            }
        }
    }

    private static func bootstrap(
        on loop: any EventLoop, _ connections: NIOLoopBoundBox<ControlConnections>
    ) -> ServerBootstrap {
        ServerBootstrap(group: loop)
            // Room for a burst: a connection for which there is none is tried again by its client a second later.
            .serverChannelOption(.backlog, value: 512)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(AcceptPause()) }
            }
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try connections.value.adopt(channel) }
            }
    }
}
