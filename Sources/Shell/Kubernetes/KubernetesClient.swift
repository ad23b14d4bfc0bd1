package import Deadlines
package import KubernetesAPI
package import NIOCore
import NIOPosix
package import Services

/// Keeps up with what Services of type LoadBalancer depend on, and writes what is to be written.
///
/// On the event loop: its owner calls on the loop, and events come on the loop, never from inside a call. It decides nothing:
/// that is for `Reflector` and `WriteQueue`. There is one connection for each kind that is watched, and one for writing.
package final class KubernetesClient {
    /// Who we are in the cluster.
    package struct Identity: Sendable, Hashable {
        /// The name of the node we run on.
        package var nodeName: String
        /// Where our Leases are.
        package var namespace: String
        /// What the API server's log shows.
        package var userAgent: String

        package init(nodeName: String, namespace: String, userAgent: String) {
            self.nodeName = nodeName
            self.namespace = namespace
            self.userAgent = userAgent
        }
    }

    private let loop: any EventLoop
    private let onEvents: ([Services.Event]) -> Void
    /// Reads files and looks names up, which can block.
    private let threads = NIOThreadPool(numberOfThreads: 1)
    private var reflectors: [ClusterObject.Kind: Conversation<Reflector>] = [:]
    private var writer: Conversation<WriteQueue>?
    /// Events that wait until the present call of the owner has returned.
    private var pending: [Services.Event] = []

    /// Asks for nothing before `start`; `seed` is for the jitter. `access` says where the API is: it is asked for each
    /// connection, on a thread where it may block.
    package init(
        _ access: @escaping @Sendable () -> Result<APIAccess, APIFailure>, as identity: Identity, seed: UInt64,
        on loop: any EventLoop,
        onEvents: @escaping ([Services.Event]) -> Void
    ) {
        self.loop = loop
        self.onEvents = onEvents
        threads.start()
        let files = AccessFiles(access)
        func connect(_ report: @escaping (APIReport) -> Void) -> APIConnection {
            APIConnection(files, threads: threads, on: loop, userAgent: identity.userAgent, report: report)
        }
        func conversation<Machine: APIMachine>(_ machine: Machine) -> Conversation<Machine> {
            Conversation(machine, on: loop, connect: connect) { [weak self] in self?.deliver($0) }
        }
        for (number, kind) in ClusterObject.Kind.allCases.enumerated() {
            let collection = Collection(kind, nodeName: identity.nodeName, namespace: identity.namespace)
            reflectors[kind] = conversation(Reflector(collection, seed: seed &+ UInt64(number)))
        }
        writer = conversation(
            WriteQueue(nodeName: identity.nodeName, namespace: identity.namespace, seed: seed &- 1))
    }

    /// Begins with the lists.
    package func start() {
        for kind in ClusterObject.Kind.allCases { reflectors[kind]?.handle(.started) }
    }

    /// Performs a step that concerns the API: `follow`, `unfollow`, and all that is written. Others do nothing.
    package func perform(_ step: Services.Step, at wall: WallTime) {
        switch step {
        case .follow(let service): reflectors[.slices]?.handle(.follow(service))
        case .unfollow(let service): reflectors[.slices]?.handle(.unfollow(service))
        default: writer?.handle(.write(step, wall))
        }
    }

    /// Closes all connections. No event comes afterwards.
    package func stop() {
        for reflector in reflectors.values { reflector.stop() }
        writer?.stop()
        reflectors = [:]
        writer = nil
        pending = []
        threads.shutdownGracefully { _ in }
    }

    private func deliver(_ events: [Services.Event]) {
        if pending.isEmpty {
            loop.assumeIsolated().execute { [weak self] in
                guard let self else { return }
                let events = pending
                pending = []
                if !events.isEmpty { onEvents(events) }
            }
        }
        pending += events
    }
}

@available(*, unavailable)
extension KubernetesClient: Sendable {}
