import Deadlines
import IPTypes
import Intent
import NIOCore
import Netlink
import Settings
import SpeakerCore
import ShellSystem
import Wording

/// Looks at the node's network, from which follows what is intended on this node: before anything is intended until it is
/// ready, and then as long as a peer is `gateway`.
final class NetworkLooks: LoopConfined {
    typealias Look = @Sendable (Settings) -> Result<NodeIntent.Network, NetlinkError>
    /// Calls back when default routes may have changed, for as long as what is returned is kept.
    typealias WatchRoutes = @Sendable (any EventLoop, @escaping @Sendable () -> Void) throws(NetlinkError) -> AnyObject

    /// What comes of the looks.
    enum News {
        /// Nothing can be intended yet, for this reason; `isFirst` if nothing was waited for before.
        case waits(String, isFirst: Bool)
        /// The network is ready, and this is intended.
        case ready(Settings)
        /// Other default gateways count, so that this is intended now.
        case changed(Settings)
        case failed(GatewayFailure)
    }

    let loop: any EventLoop
    private let link: HostLink
    private let thread: any WorkThread
    private let look: Look
    private let watchRoutes: WatchRoutes
    private let tell: (News) -> Void
    /// What is configured, and what that means on this node.
    var node: NodeIntent
    /// What the daemon waits for, before anything is intended.
    private(set) var waitsFor: String?
    /// True once the network was looked at.
    private(set) var hasBegun = false
    /// True once the speaker has been told what is intended. Then a thread looks: a node may have thousands of routes to go
    /// through.
    var isIntending = false
    private var next: Scheduled<Void>?
    /// Tells of default routes that change; nil unless a peer is `gateway`.
    private var routes: AnyObject?

    init(
        _ link: HostLink, node: NodeIntent, thread: any WorkThread, look: @escaping Look,
        watchRoutes: @escaping WatchRoutes, tell: @escaping (News) -> Void
    ) {
        loop = link.loop
        self.link = link
        self.node = node
        self.thread = thread
        self.look = look
        self.watchRoutes = watchRoutes
        self.tell = tell
    }

    /// Looks at the network, and says what follows from it.
    func lookNow() {
        guard link.isRunning else { return }
        hasBegun = true
        next?.cancel()
        next = nil
        var configured = node.configured
        // Once there is one, nothing is looked up for it.
        configured.routerID = configured.routerID ?? node.routerID?.identifier
        guard isIntending else { return note(look(configured)) }
        work(on: thread) { [look, configured] in
            look(configured)
        } then: {
            self.note($0)
        }
    }

    /// Something has changed that gateways may follow from: one look for all that comes together.
    func lookSoon() {
        guard isIntending, node.configured.namesGateways, next == nil else { return }
        lookAgain(in: .milliseconds(1))
    }

    /// Watches the default routes as long as they count.
    func followRoutes() {
        guard node.configured.namesGateways else { return end() }
        guard routes == nil else { return }
        do throws(NetlinkError) {
            routes = try watchRoutes(loop, callback { $0.lookSoon() })
        } catch {
            link.log(.defaultRoutesUnwatched(reason: "\(error)"))
        }
    }

    /// Looks no more by itself.
    func end() {
        next?.cancel()
        next = nil
        routes = nil
    }

    private func note(_ seen: Result<NodeIntent.Network, NetlinkError>) {
        guard link.isRunning else { return }
        let isFirst = node.routerID == nil
        switch seen {
        case .success(let network):
            do throws(GatewayFailure) {
                follow(try node.look(at: network, at: link.now), isFirst: isFirst)
            } catch {
                tell(.failed(error))
            }
        case .failure(let error):
            follow(node.lookFailed("\(error)"), isFirst: isFirst)
        }
    }

    private func follow(_ finding: NodeIntent.Finding, isFirst: Bool) {
        switch finding {
        case .waiting(let reason):
            let before = waitsFor
            waitsFor = reason
            if reason != before { tell(.waits(reason, isFirst: before == nil)) }
            lookAgain()
        case .settling:
            lookAgain()
        case .intended(let settings) where isFirst:
            waitsFor = nil
            tell(.ready(settings))
        case .intended(let settings):
            tell(.changed(settings))
        case .unchanged:
            break
        }
    }

    private func lookAgain() {
        let now = link.now
        if let due = node.nextLook(at: now) { lookAgain(in: .nanoseconds((due - now).nanoseconds)) }
    }

    private func lookAgain(in pause: TimeAmount) {
        next = after(pause) { self.lookNow() }
    }
}

extension NodeIntent.Network {
    /// What the kernel says, as far as these settings need it.
    init(for settings: Settings) throws(NetlinkError) {
        self.init(
            gateways: settings.namesGateways ? try NodeNetwork.defaultGateways() : [],
            candidates: try RouterIDCandidates(for: settings))
    }
}

extension RouterIDCandidates {
    /// The addresses of the interface that is set for the router ID, or the node's own. A VIP cannot be it: all nodes share
    /// that one.
    init(for settings: Settings) throws(NetlinkError) {
        self.init()
        guard settings.routerID == nil else { return }
        let vips = Set(settings.vips.map(\.prefix.address))
        if let interface = settings.routerInterface {
            for found in try NodeNetwork.addresses(of: interface) where !vips.contains(found.address) {
                guard ipv4 == nil, found.preferredLifetime > 0, !found.address.isLoopback else { continue }
                if case .v4(let address) = found.address { ipv4 = address }
            }
        } else {
            ipv4 = try NodeNetwork.nodeAddress(excluding: vips)
        }
        if ipv4 == nil { ipv6 = try NodeNetwork.stableIPv6Address(of: settings.routerInterface, excluding: vips) }
    }
}
