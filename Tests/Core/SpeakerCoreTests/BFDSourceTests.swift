import BFD
import BGPWire
import Deadlines
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// Whose packets count: those from the peer's address (RFC 5880 section 6.8.6, RFC 5881 section 6).
struct BFDSourceTests {
    private static let router = ScopedAddress(.v6(IPv6Address(high: 0xFE80 << 48, low: 1)), zone: "eth0")
    private static let stranger = ScopedAddress(.v6(IPv6Address(high: 0xFE80 << 48, low: 2)), zone: "eth0")

    private static func rack(_ peer: ScopedAddress) -> Rack {
        var rack = Rack(peers: [peer]) { settings in
            settings.peers[0].bfd = BFDSettings(transmitInterval: .milliseconds(50), receiveInterval: .milliseconds(50))
        }
        _ = rack.take(.started)
        return rack
    }

    private static func packet(_ rack: Rack, _ state: BFDState, from source: ScopedAddress, your: UInt32? = nil)
        -> Input
    {
        .bfdReceived(
            BFDPacket(
                state: state, diagnostic: .none, multiplier: 3, myDiscriminator: 7,
                yourDiscriminator: your ?? rack.speaker.bfd.all[0].session.discriminator, desiredMinTx: 50_000,
                requiredMinRx: 50_000),
            from: source, isMultihop: false)
    }

    private static func state(_ rack: Rack) -> BFDState { rack.speaker.bfd.all[0].session.state }

    @Test func aStrangerThatKnowsTheDiscriminatorChangesNothing() {
        var rack = Self.rack(Rack.tor)
        _ = rack.take(Self.packet(rack, .down, from: Rack.secondToR))
        #expect(Self.state(rack) == .down)
        _ = rack.take(Self.packet(rack, .initializing, from: Rack.tor))
        #expect(Self.state(rack) == .up)
        _ = rack.take(Self.packet(rack, .down, from: Rack.secondToR))
        _ = rack.take(Self.packet(rack, .adminDown, from: Rack.secondToR))
        #expect(Self.state(rack) == .up)
        #expect(rack.speaker.bfd.discarded == 3)
        _ = rack.take(Self.packet(rack, .down, from: Rack.tor))
        #expect(Self.state(rack) == .down)
    }

    @Test func onAnUnnumberedLinkOnlyTheHostThatIsUpIsHeard() {
        var rack = Self.rack(.unnumbered("eth0"))
        _ = rack.take(Self.packet(rack, .down, from: Self.router, your: 0))
        #expect(Self.state(rack) == .initializing)
        _ = rack.take(Self.packet(rack, .up, from: Self.router))
        #expect(Self.state(rack) == .up)
        // The second needs no discriminator: the link alone selects the session.
        for your in [nil, 0] as [UInt32?] {
            _ = rack.take(Self.packet(rack, .down, from: Self.stranger, your: your))
            #expect(Self.state(rack) == .up)
        }
        var elsewhere = Self.router
        elsewhere.zone = "eth1"
        _ = rack.take(Self.packet(rack, .down, from: elsewhere))
        #expect(Self.state(rack) == .up)
        // A router that is replaced is heard once the session is down.
        _ = rack.take(Self.packet(rack, .down, from: Self.router))
        #expect(Self.state(rack) == .down)
        _ = rack.take(Self.packet(rack, .initializing, from: Self.stranger))
        #expect(Self.state(rack) == .up)
        _ = rack.take(Self.packet(rack, .down, from: Self.router))
        #expect(Self.state(rack) == .up)
    }
}
