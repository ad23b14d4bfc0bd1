package import Deadlines
package import IPTypes
package import Settings

/// From what is configured to what is intended on this node: `gateway` becomes the default gateways, and there is a
/// router ID. Decides when the node's network is ready, and which of its gateways count.
///
/// A network that comes up may get its default gateways one after the other, and one that changes loses the old one before
/// it has the new one: so gateways count once they have stayed the same for two seconds. Only at a start that finds
/// everything there is nothing to wait for. If the last gateway goes, the peers stay: a session that is up is
/// better than none, and one that is down costs nothing.
package struct NodeIntent: Sendable, Hashable {
    /// What the kernel says of the node's network.
    package struct Network: Sendable, Hashable {
        /// The gateways of the default routes, the preferred first.
        package var gateways: [ScopedAddress]
        package var candidates: RouterIDCandidates

        package init(gateways: [ScopedAddress] = [], candidates: RouterIDCandidates = RouterIDCandidates()) {
            self.gateways = gateways
            self.candidates = candidates
        }
    }

    /// What a look at the network comes to.
    package enum Finding: Sendable, Hashable {
        /// Nothing can be intended yet, for this reason.
        case waiting(String)
        /// What has changed may change again.
        case settling
        /// This is intended now.
        case intended(Settings)
        /// What is intended stays.
        case unchanged
    }

    /// For how long gateways must have stayed the same.
    package static let patience = Duration.seconds(2)
    /// As long as nothing is intended, what the network lacks is looked for this often.
    package static let searchPause = Duration.milliseconds(200)

    /// As loaded.
    package private(set) var configured: Settings
    /// The router ID; nil while the network is waited for.
    package private(set) var routerID: RouterID?
    /// The gateways that count.
    private var gateways: [ScopedAddress] = []
    private var candidate: Candidate?
    private var hasWaited = false

    /// What may come to count.
    private struct Candidate: Sendable, Hashable {
        var gateways: Set<ScopedAddress>
        var routerID: RouterID?
        var since: Instant
    }

    package init(_ configured: Settings) {
        self.configured = configured
    }

    /// What is intended on this node; nil while its network is waited for.
    package var intended: Settings? {
        guard let routerID else { return nil }
        var settings = configured.following(gateways)
        settings.routerID = routerID.identifier
        return settings
    }

    /// When to look again although nothing has happened, after a look that was made now; nil if there is no need.
    package func nextLook(at now: Instant) -> Instant? { routerID == nil ? now + Self.searchPause : settledAt }

    /// When what may come to count does; nil if there is nothing.
    private var settledAt: Instant? { candidate.map { $0.since + Self.patience } }

    /// Looks at the network as it is now.
    /// - Throws: `isPeerAlready`, which no waiting can mend, and only while nothing is intended.
    package mutating func look(at network: Network, at now: Instant) throws(GatewayFailure) -> Finding {
        routerID == nil ? try begin(with: network, at: now) : follow(network, at: now)
    }

    /// The network could not be looked at, for this reason.
    package mutating func lookFailed(_ reason: String) -> Finding {
        routerID == nil ? wait(reason) : .unchanged
    }

    /// Other settings were loaded.
    /// - Throws: `isPeerAlready`; then everything stays as it is.
    package mutating func configure(_ settings: Settings, on network: Network) throws(GatewayFailure) {
        do throws(GatewayFailure) {
            _ = try settings.expandingGateways(network.gateways)
        } catch {
            if case .isPeerAlready = error { throw error }
        }
        let hasSameSource =
            (settings.routerID, settings.routerInterface) == (configured.routerID, configured.routerInterface)
        configured = settings
        candidate = nil
        guard routerID != nil else { return }
        gateways = settings.wanted(of: gateways)
        if gateways.isEmpty { gateways = settings.wanted(of: network.gateways) }
        if hasSameSource { return }
        // Without an address for it, the present one stays.
        if let other = try? settings.following(gateways).routerID(from: network.candidates) { routerID = other }
    }

    private mutating func begin(with network: Network, at now: Instant) throws(GatewayFailure) -> Finding {
        let expanded: Settings
        do throws(GatewayFailure) {
            expanded = try configured.expandingGateways(network.gateways)
        } catch {
            guard case .noDefaultRoute = error else { throw error }
            return wait(error.description)
        }
        let found: RouterID
        do throws(NoRouterID) {
            found = try expanded.routerID(from: network.candidates)
        } catch {
            return wait(error.description)
        }
        let wanted = configured.wanted(of: network.gateways)
        // A node that gets an IPv6 address first may have IPv4 a moment later.
        let mayChange = configured.namesGateways || found.derivedFrom != nil
        if hasWaited, mayChange, !hasSettled(wanted, found, at: now) { return .settling }
        routerID = found
        return adopt(wanted)
    }

    private mutating func follow(_ network: Network, at now: Instant) -> Finding {
        let wanted = configured.wanted(of: network.gateways)
        guard !wanted.isEmpty, Set(wanted) != Set(gateways) else {
            candidate = nil
            return .unchanged
        }
        return hasSettled(wanted, routerID, at: now) ? adopt(wanted) : .settling
    }

    private mutating func hasSettled(_ wanted: [ScopedAddress], _ routerID: RouterID?, at now: Instant) -> Bool {
        let next = Candidate(gateways: Set(wanted), routerID: routerID, since: candidate?.since ?? now)
        if next != candidate { candidate = Candidate(gateways: next.gateways, routerID: routerID, since: now) }
        return settledAt.map { $0 <= now } ?? false
    }

    private mutating func adopt(_ wanted: [ScopedAddress]) -> Finding {
        gateways = wanted
        candidate = nil
        return intended.map { .intended($0) } ?? .unchanged
    }

    private mutating func wait(_ reason: String) -> Finding {
        hasWaited = true
        candidate = nil
        return .waiting(reason)
    }
}
