import IPTypes
import NIOCore
import Netlink
import ShellSystem
import Wording

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
            link.log(kind.ended(count))
        case .failure(let error):
            guard !isRefused else { return }
            isRefused = true
            link.log(.connectionsNotEnded(reason: "\(error)"))
        }
    }
}

extension BrokenConnections.Kind {
    /// So many of this kind were ended.
    fileprivate func ended(_ count: Int) -> HostFact {
        switch self {
        case .fromRemote: .remoteClientsEnded(count: count)
        case .fromVIP: .ownClientsEnded(count: count)
        case .toOtherNodes: .connectionsToOtherNodesEnded(count: count)
        }
    }
}
