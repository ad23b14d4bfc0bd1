import Advertising
import BGPFSM
import BGPWire
import Deadlines
import Health
import IPTypes
import Settings

@testable import SpeakerCore

/// A speaker with one VIP, one check and a choice of peers, and the inputs that bring it into service.
struct Rack {
    static let vip = IPPrefix(host: .v4(IPv4Address(0x0AFF_0001)))
    static let tor = ScopedAddress(.v4(IPv4Address(0x0A00_0001)))
    static let secondToR = ScopedAddress(.v4(IPv4Address(0x0A00_0101)))
    static let start = Instant(nanoseconds: 1_000_000_000)
    static let endpoints = Endpoints(local: .v4(IPv4Address(0x0A00_0002)), remote: .v4(IPv4Address(0x0A00_0001)))
    static let announcement = Update(
        attributes: [
            PathAttribute(flags: 0x40, value: .origin(.igp)),
            PathAttribute(flags: 0x40, value: .asPath([ASPathSegment(.sequence, [ASNumber(65001)])])),
            PathAttribute(flags: 0x40, value: .nextHop(IPv4Address(0x0A00_0002))),
        ],
        nlri: [vip])
    static let withdrawal = Update(withdrawn: [vip])

    var speaker: Speaker
    var now = start

    init(
        peers: [ScopedAddress] = [tor],
        departure: DepartureSettings = DepartureSettings(settle: .zero, linger: .milliseconds(200)),
        communities: [Community] = [], adapt: (inout Settings) -> Void = { _ in }
    ) {
        let check = Check(
            name: "api", kind: .tcp(SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 6443)))
        let vip = VIPSettings(
            prefix: Self.vip, checks: ["api"], attributes: RouteAttributes(communities: communities))
        var settings = Settings(
            localAS: ASNumber(65001), vips: [vip], checks: [check],
            peers: peers.map { PeerSettings(address: $0, peerAS: .exactly(ASNumber(65000))) }, departure: departure)
        adapt(&settings)
        speaker = Speaker(settings)
    }

    /// Takes an input `after` the one before.
    mutating func take(_ input: Input, after pause: Duration = .zero) -> [Effect] {
        now = now + pause
        return speaker.handle(input, at: now)
    }

    /// Everything up to the Established session of one peer.
    @discardableResult
    mutating func establish(_ peer: ScopedAddress = tor) -> [Effect] {
        _ = take(.session(peer, .tcpConnected(.outgoing, Self.endpoints)))
        _ = take(.session(peer, .received(.open(Self.open), .outgoing)))
        return take(.session(peer, .received(.keepalive, .outgoing)))
    }

    /// The rest of the handshake on a connection that the peer has opened.
    mutating func establishIncoming(_ peer: ScopedAddress = tor) -> [Effect] {
        _ = take(.session(peer, .received(.open(Self.open), .incoming)))
        return take(.session(peer, .received(.keepalive, .incoming)))
    }

    /// The router's OPEN.
    static let open = Open(
        myAS: 65000, holdTime: 9, identifier: BGPIdentifier(0x0A00_0001),
        parameters: [.capabilities([.multiprotocol(.ipv4Unicast), .routeRefresh, .fourOctetAS(ASNumber(65000))])])

    /// A passing probe, and the kernel's word that the VIP is there.
    @discardableResult
    mutating func becomeHealthy() -> [Effect] {
        _ = take(.check("api", .outcome(.passed)))
        return take(.bound([Self.vip]))
    }

    /// Started, healthy, bound, Established with all peers and advertising.
    static func inService(
        peers: [ScopedAddress] = [tor],
        departure: DepartureSettings = DepartureSettings(settle: .zero, linger: .milliseconds(200))
    ) -> Rack {
        var rack = Rack(peers: peers, departure: departure)
        _ = rack.take(.started)
        rack.becomeHealthy()
        for peer in peers { rack.establish(peer) }
        return rack
    }

    static func send(_ update: Update, to peer: ScopedAddress = tor) -> Effect {
        .session(peer, .send(.update(update), .outgoing))
    }

    static func cease(_ communication: String, to peer: ScopedAddress = tor) -> [Effect] {
        let text = Array(communication.utf8)
        let notification = Notification(code: 6, subcode: 2, data: [UInt8(text.count)] + text)
        return [
            .session(peer, .send(.notification(notification), .outgoing)), .session(peer, .close(.outgoing)),
        ]
    }
}

extension Speaker {
    /// A speaker that intends this and has not started, on a node of one address.
    init(_ intended: Settings) {
        var settings = intended
        settings.routerID = settings.routerID ?? BGPIdentifier(0x0A00_0002)
        self.init(hostName: nil, seed: 1, at: Rack.start)
        _ = handle(.intended(settings), at: Rack.start)
    }
}
