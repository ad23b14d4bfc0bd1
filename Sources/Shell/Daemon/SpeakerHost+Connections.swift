import IPTypes
import Logging
import NIOCore
import Netlink

/// Ends the connections that binding and unbinding cut off.
struct ConnectionEnding {
    let broken = BrokenConnections()
    /// What goes on when connections are ended, by number.
    var steps: [Int: @Sendable (isolated SpeakerHost) -> Void] = [:]
    var lastStep = 0
    /// True if it has been logged that the kernel does not do it.
    var isRefused = false
}

extension SpeakerHost {
    /// What waits for connections to be ended goes on after this time, whatever the kernel does.
    private static let endingLimit = TimeAmount.milliseconds(500)

    /// Ends connections of these VIPs, then goes on.
    func endConnections(
        _ kind: BrokenConnections.Kind, of prefixes: [IPPrefix],
        then next: @escaping @Sendable (isolated SpeakerHost) -> Void = { _ in }
    ) {
        guard !prefixes.isEmpty else { return next(self) }
        connectionEnding.lastStep += 1
        let step = connectionEnding.lastStep
        connectionEnding.steps[step] = next
        let limit = loop.scheduleTask(in: Self.endingLimit) { [self] in assumeIsolated { $0.goOn(from: step) } }
        let addresses = prefixes.map(\.address)
        socketThread.submit { [self, broken = connectionEnding.broken] in
            let result = Result { () throws(NetlinkError) in try broken.end(kind, of: addresses) }
            loop.execute { [self] in
                limit.cancel()
                assumeIsolated { host in
                    host.logEnding(kind, result)
                    host.goOn(from: step)
                }
            }
        }
    }

    private func goOn(from step: Int) {
        connectionEnding.steps.removeValue(forKey: step)?(self)
    }

    private func logEnding(_ kind: BrokenConnections.Kind, _ result: Result<Int, NetlinkError>) {
        switch result {
        case .success(0): break
        case .success(let count):
            logger.info("\(kind.words) ended", metadata: ["connections": .number(count)])
        case .failure(let error):
            guard !connectionEnding.isRefused else { return }
            connectionEnding.isRefused = true
            logger.warning(
                "connections that a change of the VIPs cuts off cannot be ended; clients notice by their own timeouts",
                metadata: ["reason": "\(error)"])
        }
    }
}

extension BrokenConnections.Kind {
    fileprivate var words: String {
        switch self {
        case .fromRemote: "connections of remote clients to a VIP that is unbound"
        case .fromVIP: "connections of this node's clients to a VIP that was unbound"
        case .toOtherNodes: "connections of this node's clients to other nodes, whose VIP is bound here now,"
        }
    }
}
