import BFD
import BFDTransport
import IPTypes
import NIOCore
import Netlink
import SpeakerCore

/// A socket on which packets of one kind arrive; the real one is `BFDReceiver`.
protocol BFDReceiving: AnyObject, Sendable {
    /// False once nothing is received any more.
    var isOpen: Bool { get }
    /// True if packets wait to be read.
    var hasWaiting: Bool { get }
    func receive(from peers: [ScopedAddress]) throws(BFDSocketFailure)
    func close()
}

extension BFDReceiver: BFDReceiving {}

/// The socket that the packets to one peer leave from; the real one is `BFDSender`.
protocol BFDSending: AnyObject {
    var sourcePort: UInt16 { get }
    var remote: ScopedAddress { get }
    func send(_ packet: BFDPacket) throws(BFDSocketFailure)
    func close()
}

extension BFDSender: BFDSending {}

/// What the kernel does and knows for BFD; tests have another.
struct BFDKernel: Sendable {
    typealias EventHandler = @Sendable (BFDReceiverEvent) -> Void

    /// Opens the socket for one kind of packets, from these peers.
    var receive: @Sendable (BFDKind, [ScopedAddress], any EventLoop, @escaping EventHandler) throws -> any BFDReceiving
    /// Opens a socket to a peer, on this source port if it can be had and never on those that are taken.
    var send: @Sendable (BFDEndpoint, UInt16?, Set<UInt16>) throws(BFDSocketFailure) -> any BFDSending
    /// Asks for real-time scheduling.
    var schedule: @Sendable () -> RealTime
    /// Gives it back.
    var giveWay: @Sendable () -> RealTime
    /// The router on a link.
    var router: @Sendable (String, RouterSolicitation?) throws(NetlinkError) -> LinkRouter
    /// Asks hosts on a link; nil if nothing can be sent.
    var solicit: @Sendable (String, [IPv6Address]) -> RouterSolicitation?

    /// This machine's.
    static let ofNode = BFDKernel(
        receive: { kind, peers, loop, handler in
            try BFDReceiver.open(
                on: kind.wildcard, isMultihop: kind.isMultihop, from: peers, loop: loop, onEvent: handler)
        },
        send: { endpoint, preferred, taken throws(BFDSocketFailure) in
            try BFDSender.open(endpoint, preferring: preferred, avoiding: taken)
        },
        schedule: { RealTime.request() },
        giveWay: { RealTime.giveWay() },
        router: { interface, solicitation throws(NetlinkError) in
            try NodeNetwork.router(on: interface, after: solicitation)
        },
        solicit: { NodeNetwork.solicitRouters(on: $0, among: $1) })
}

/// One kind of BFD packets in one family, which has a socket of its own.
struct BFDKind: Hashable {
    var isIPv4: Bool
    var isMultihop: Bool

    init(_ path: BFDPath) {
        isIPv4 = path.peer.address.isIPv4
        isMultihop = path.isMultihop
    }

    var wildcard: IPAddress { isIPv4 ? .v4(IPv4Address(0)) : .v6(IPv6Address(high: 0, low: 0)) }
}
