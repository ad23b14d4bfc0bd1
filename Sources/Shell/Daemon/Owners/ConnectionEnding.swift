import IPTypes
import Logging
import NIOCore
import Netlink
import ShellSystem

/// Ends the connections that binding and unbinding cut off.
final class ConnectionEnding: LoopConfined {
    typealias Ending = @Sendable (BrokenConnections.Kind, [IPAddress]) -> Result<Int, NetlinkError>

    /// What waits for connections to be ended goes on after this time, whatever the kernel does.
    static let limit = TimeAmount.milliseconds(500)

    let loop: any EventLoop
    private let link: HostLink
    private let thread: any WorkThread
    private let end: Ending
    /// What goes on when connections are ended, by number.
    private var steps: [Int: () -> Void] = [:]
    private var lastStep = 0
    /// True if it has been logged that the kernel does not do it.
    private var isRefused = false

    init(_ link: HostLink, thread: any WorkThread, end: @escaping Ending) {
        loop = link.loop
        self.link = link
        self.thread = thread
        self.end = end
    }

    /// Ends connections of these VIPs, then goes on.
    func end(_ kind: BrokenConnections.Kind, of prefixes: [IPPrefix], then next: @escaping () -> Void = {}) {
        guard !prefixes.isEmpty else { return next() }
        lastStep += 1
        let step = lastStep
        steps[step] = next
        let limit = after(Self.limit) { self.goOn(from: step) }
        let addresses = prefixes.map(\.address)
        work(on: thread) { [end] in
            end(kind, addresses)
        } then: { result in
            limit.cancel()
            self.log(kind, result)
            self.goOn(from: step)
        }
    }

    private func goOn(from step: Int) {
        steps.removeValue(forKey: step)?()
    }

    private func log(_ kind: BrokenConnections.Kind, _ result: Result<Int, NetlinkError>) {
        switch result {
        case .success(0): break
        case .success(let count):
            link.logger.info("\(kind.words) ended", metadata: ["connections": .number(count)])
        case .failure(let error):
            guard !isRefused else { return }
            isRefused = true
            link.logger.warning(
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
