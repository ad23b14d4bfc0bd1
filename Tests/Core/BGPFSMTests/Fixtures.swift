import BGPFSM
import BGPWire
import Deadlines
import IPTypes

let t0 = Instant(nanoseconds: 1_000_000_000_000)

/// We are 10.0.0.9 in AS 65001 with identifier 10.0.0.9; the peer is 10.0.0.1 in AS 65000 with identifier 10.0.0.1.
let local = IPAddress.v4(IPv4Address(0x0A00_0009))
let remote = IPAddress.v4(IPv4Address(0x0A00_0001))
let endpoints = Endpoints(local: local, remote: remote)
let localAS = ASNumber(65001)
let peerAS = ASNumber(65000)
let ourIdentifier = BGPIdentifier(0x0A00_0009)
let lowerIdentifier = BGPIdentifier(0x0A00_0001)
let higherIdentifier = BGPIdentifier(0x0A00_00FF)

func configured(_ adapt: (inout SessionConfiguration) -> Void = { _ in }) -> SessionConfiguration {
    var configuration = SessionConfiguration(
        peer: ScopedAddress(remote), localAS: localAS, peerAS: .exactly(peerAS), identifier: ourIdentifier)
    adapt(&configuration)
    return configuration
}

/// The OPEN that `configured()` sends.
let ourOpen = Open(
    myAS: 65001, holdTime: 9, identifier: ourIdentifier,
    parameters: [
        .capabilities([
            .multiprotocol(.ipv4Unicast), .routeRefresh,
            .gracefulRestart(Capability.GracefulRestart(flags: 0, restartTime: 120, families: [])),
            .fourOctetAS(localAS),
        ])
    ])

let peerCapabilities: [Capability] = [.multiprotocol(.ipv4Unicast), .routeRefresh, .fourOctetAS(peerAS)]

/// An OPEN of the peer that suits us, unless it is adapted.
func peerOpen(
    identifier: BGPIdentifier = lowerIdentifier, myAS: UInt16 = 65000, holdTime: UInt16 = 90,
    capabilities: [Capability] = peerCapabilities
) -> Open {
    Open(
        myAS: myAS, holdTime: holdTime, identifier: identifier,
        parameters: capabilities.isEmpty ? [] : [.capabilities(capabilities)])
}

/// What `configured()` and `peerOpen()` agree on.
func agreed(
    holdTime: UInt16 = 9, identifier: BGPIdentifier = lowerIdentifier, capabilities: [Capability] = peerCapabilities
) -> Negotiated {
    Negotiated(
        endpoints: endpoints, peerAS: peerAS, peerIdentifier: identifier, holdTime: holdTime, isInternal: false,
        usesFourOctetAS: true, families: [.ipv4Unicast], usesExtendedNextHop: false, peerCapabilities: capabilities)
}

/// Capabilities of a router that keeps forwarding while it restarts.
let restartingCapabilities: [Capability] =
    peerCapabilities + [
        .gracefulRestart(
            Capability.GracefulRestart(
                flags: 0, restartTime: 120,
                families: [Capability.GracefulRestart.Family(family: .ipv4Unicast, flags: 0x80)]))
    ]

func cease(_ subcode: UInt8, _ data: [UInt8] = []) -> Notification {
    Notification(code: 6, subcode: subcode, data: data)
}

extension PeerSession {
    /// A session in the given state, by way of one connection. Dialled sessions are active, accepted ones passive.
    static func inState(
        _ state: State, _ direction: Direction = .outgoing, open: Open = peerOpen(), seed: UInt64 = 1,
        adapt: (inout SessionConfiguration) -> Void = { _ in }
    ) -> PeerSession {
        var session = PeerSession(
            configuration: configured {
                $0.isPassive = direction == .incoming
                adapt(&$0)
            }, seed: seed)
        let steps: [(State, Event)] = [
            (direction == .outgoing ? .connect : .active, .started), (.openSent, .tcpConnected(direction, endpoints)),
            (.openConfirm, .received(.open(open), direction)), (.established, .received(.keepalive, direction)),
        ]
        if state == .active, direction == .outgoing {
            _ = session.handle(.started, at: t0)
            _ = session.handle(.tcpFailed(.outgoing, .refused), at: t0)
            return session
        }
        for (reached, event) in steps where session.state != state {
            _ = session.handle(event, at: t0)
            if reached == state { break }
        }
        _ = session.handle(.openAcknowledged(direction), at: t0)
        return session
    }
}
