import Advertising
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// What differs from peer to peer.
struct PeerRoutesTests {
    @Test func eachPeerIsToldTheNextHopThatIsSetForIt() {
        let fixed = IPv4Address(0x0A00_0063)
        var rack = Rack(peers: [Rack.tor, Rack.secondToR]) { $0.peers[1].routeAdjustment.nextHopIPv4 = fixed }
        _ = rack.take(.started)
        rack.becomeHealthy()
        rack.establish(Rack.tor)
        rack.establish(Rack.secondToR)
        let nextHops = rack.speaker.peers.map { $0.adjRIBOut.nextHop(of: Rack.vip) }
        #expect(nextHops == [.v4(IPv4Address(0x0A00_0002)), .v4(fixed)])
    }
}
