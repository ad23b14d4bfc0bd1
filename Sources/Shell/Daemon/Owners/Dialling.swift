import BGPFSM
import BGPTransport
import BGPWire
import IPTypes
import NIOCore
import Netlink
import Settings
import SpeakerCore

/// A TCP connection to a peer; the real one is `PeerConnection`.
protocol PeerLink: AnyObject {
    typealias EventHandler = @Sendable (any PeerLink, ConnectionEvent) -> Void

    var remote: ScopedAddress { get }
    func adopt(_ endpoint: PeerEndpoint, telling handler: @escaping EventHandler)
    func reject()
    func send(_ message: Message)
    func flush()
    func probeWindow()
    var hasUnread: Bool { get }
    func close(_ done: @escaping @Sendable () -> Void)
    func abort(_ done: @escaping @Sendable () -> Void)
    func whenAcknowledged(within limit: Duration, _ done: @escaping @Sendable (Bool) -> Void)
    func setMD5Key(_ key: [UInt8]?) throws(TransportFailure)
    func setUserTimeout(_ timeout: Duration) throws(TransportFailure)
}

extension PeerConnection: PeerLink {
    func adopt(_ endpoint: PeerEndpoint, telling handler: @escaping PeerLink.EventHandler) {
        adopt(endpoint, onEvent: { handler($0, $1) })
    }
}

/// What the kernel does and knows for connections to peers; tests have another.
struct PeerKernel: Sendable {
    /// Begins to connect.
    var dial: @Sendable (PeerEndpoint, any EventLoop, @escaping PeerLink.EventHandler) -> any PeerLink
    /// The process of this node that has a session with this host, from the address that we would use; nil if none has. May
    /// take a while.
    var otherSpeaker: @Sendable (ScopedAddress, PeerTransport) -> Result<String?, any Error>
    /// Asks for the link-layer address of a silent host anew.
    var giveUpIfSilent: @Sendable (ScopedAddress) -> Void
    /// Both ends of a connection with our further addresses on that link that can be next hops.
    var complete: @Sendable (Endpoints, ScopedAddress) throws -> Endpoints
    /// What the kernel's tables say of the way to a host.
    var pathFacts: @Sendable (ScopedAddress) -> PathFacts
    /// The router on a link.
    var router: @Sendable (String, RouterSolicitation?) throws(NetlinkError) -> LinkRouter
    /// Asks hosts on a link; nil if nothing can be sent.
    var solicit: @Sendable (String, [IPv6Address]) -> RouterSolicitation?

    /// This machine's.
    static func ofNode(_ otherSpeakers: OtherSpeakers) -> PeerKernel {
        PeerKernel(
            dial: { endpoint, loop, handler in PeerConnection.dial(endpoint, on: loop) { handler($0, $1) } },
            otherSpeaker: { remote, transport in
                Result {
                    try otherSpeakers.speaker(
                        with: remote, port: transport.port, from: transport.source, interface: transport.interface)
                }
            },
            giveUpIfSilent: { try? NodeNetwork.giveUpIfSilent($0) },
            complete: { endpoints, remote in
                let local = ScopedAddress(endpoints.local, zone: remote.zone)
                var endpoints = endpoints
                // The global one beside a link-local one, and that of the other family, of which VIPs may come at any time.
                if !local.address.isIPv4, local.address.isLinkLocal {
                    endpoints.global = try NodeNetwork.global(beside: local)
                }
                endpoints.alternate = try NodeNetwork.alternate(to: local)
                return endpoints
            },
            pathFacts: { Daemon.pathFacts(to: $0) },
            router: { interface, solicitation throws(NetlinkError) in
                try NodeNetwork.router(on: interface, after: solicitation)
            },
            solicit: { NodeNetwork.solicitRouters(on: $0, among: $1) })
    }
}

/// What the kernel's tables say of the way to a host.
func pathFacts(to remote: ScopedAddress) -> PathFacts {
    // Not knowing is an answer too: the words name both possibilities then.
    let neighbour = (try? NodeNetwork.neighbour(of: remote)) ?? nil
    return PathFacts(
        answersARP: neighbour?.answersARP,
        isConnected: neighbour != nil || (try? NodeNetwork.isConnected(to: remote)) ?? true,
        hasRoute: NodeNetwork.hasRoute(to: remote), isOwn: (try? NodeNetwork.isOwn(remote)) ?? false)
}

extension PeerEndpoint {
    /// How to reach a peer that is at this address.
    init(by transport: PeerTransport, at remote: ScopedAddress) {
        self.init(
            remote: remote, port: transport.port, source: transport.source, interface: transport.interface,
            hops: transport.hops,
            md5Key: transport.password?.bytes, userTimeout: transport.userTimeout)
    }
}

extension RouterSearch.Sight {
    /// What the kernel knows of a link.
    init(_ router: LinkRouter) {
        switch router {
        case .found(let address): self = .router(address)
        case .unknown: self = .noNeighbour
        case .ambiguous(let candidates): self = .several(candidates)
        }
    }
}
