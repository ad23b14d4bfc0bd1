package import Advertising
package import IPTypes

/// How the address of a Service is to be advertised. It is not bound: kube-proxy takes the packets to it before they are
/// routed.
package struct ServiceVIP: Sendable, Hashable {
    /// The Services that have it.
    package var services: [ObjectName]
    package var attributes: RouteAttributes
    /// The peers it is meant for; nil is all of them.
    package var peers: Set<ScopedAddress>?
    /// True while it is about to be withdrawn: marked with GRACEFUL_SHUTDOWN (RFC 8326), and still carried.
    package var isSettling: Bool

    package init(
        services: [ObjectName], attributes: RouteAttributes = RouteAttributes(), peers: Set<ScopedAddress>? = nil,
        isSettling: Bool = false
    ) {
        self.services = services
        self.attributes = attributes
        self.peers = peers
        self.isSettling = isSettling
    }
}
