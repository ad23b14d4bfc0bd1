import ControlSocket
import Health
import NIOCore
import SpeakerCore
import ShellSystem
import Wording

/// A server that answers requests; the real one is `ControlServer`.
protocol Answering: AnyObject, Sendable {
    @discardableResult
    func stop() -> EventLoopFuture<Void>
}

extension ControlServer: Answering {}

/// Owns the control socket, and the ports for metrics and health.
final class ControlServers: LoopConfined {
    let loop: any EventLoop
    private let link: HostLink
    private let openControl: (String) -> EventLoopFuture<any Answering>
    private let openMonitoring: (SocketTarget) -> EventLoopFuture<any Answering>
    private var control: Opening<any Answering>?
    private var monitoring: [SocketTarget: Opening<any Answering>] = [:]

    /// - Parameters:
    ///   - openControl: opens the unix socket at a path.
    ///   - openMonitoring: opens a port.
    init(
        _ link: HostLink, openControl: @escaping (String) -> EventLoopFuture<any Answering>,
        openMonitoring: @escaping (SocketTarget) -> EventLoopFuture<any Answering>
    ) {
        loop = link.loop
        self.link = link
        self.openControl = openControl
        self.openMonitoring = openMonitoring
    }

    /// Opens the control socket; `onFirst` runs once, when there is one or it turns out that it cannot be made: then that is
    /// tried again, and the VIPs are served all the same. Another daemon that has it is an end.
    func openControl(at path: String, onFirst: @escaping () -> Void) {
        var isFirst = true
        control = Opening<any Answering>(
            on: loop, open: { [openControl] in openControl(path) }, close: { $0.stop() },
            tell: { [self] news in
                guard note(news, isFirst: isFirst), isFirst else { return }
                isFirst = false
                onFirst()
            })
    }

    /// False if the daemon cannot run.
    private func note(_ news: Opening<any Answering>.News, isFirst: Bool) -> Bool {
        switch news {
        case .opened(_, afterFailure: false): break
        case .opened(_, afterFailure: true): link.log(.controlSocketOpen)
        case .failed(let error):
            guard !isFirst || (error as? ControlSocketError)?.isOfThePlace == true else {
                link.fail(error)
                return false
            }
            link.log(.controlSocketFailed(reason: "\(error)"))
        }
        return true
    }

    /// Opens a port for metrics and health; one that cannot be had is tried again until it can. The VIPs do not depend on
    /// who has it.
    func openMonitoring(at endpoint: SocketTarget) {
        guard monitoring[endpoint] == nil else { return }
        monitoring[endpoint] = Opening<any Answering>(
            on: loop, open: { [openMonitoring] in openMonitoring(endpoint) }, close: { $0.stop() },
            tell: { [self] news in note(news, at: endpoint) })
    }

    func closeMonitoring(at endpoint: SocketTarget) {
        monitoring.removeValue(forKey: endpoint)?.callOff()
    }

    /// Closes the ports that are not among these.
    func keepMonitoring(at endpoints: Set<SocketTarget>) {
        for endpoint in monitoring.keys where !endpoints.contains(endpoint) { closeMonitoring(at: endpoint) }
    }

    func closeAll() {
        control?.callOff()
        for port in monitoring.values { port.callOff() }
        monitoring = [:]
    }

    private func note(_ news: Opening<any Answering>.News, at endpoint: SocketTarget) {
        switch news {
        case .opened(_, afterFailure: false): break
        case .opened(_, afterFailure: true): link.log(.monitoringOpen(endpoint))
        case .failed(let error): link.log(.monitoringFailed(endpoint, reason: "\(error)"))
        }
    }
}
