import BFD
import BGPFSM
import BGPWire
import Deadlines
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// BFD that comes, changes and goes while its peer's BGP session stays Established.
struct BFDReloadTests {
    private static let bfd = BFDSettings(transmitInterval: .milliseconds(50), receiveInterval: .milliseconds(50))

    private static func packet(_ rack: Rack, _ state: BFDState, isFinal: Bool = false) -> Input {
        .bfdReceived(
            BFDPacket(
                state: state, isFinal: isFinal, multiplier: 3, myDiscriminator: 77,
                yourDiscriminator: rack.speaker.bfd.all[0].session.discriminator, desiredMinTx: 50_000,
                requiredMinRx: 50_000),
            from: Rack.tor, isMultihop: false)
    }

    /// Established, with BFD that is Up if there is any.
    private static func inService(_ bfd: BFDSettings? = bfd) -> Rack {
        var rack = Rack { $0.peers[0].bfd = bfd }
        _ = rack.take(.started)
        rack.becomeHealthy()
        if bfd != nil {
            _ = rack.take(packet(rack, .down))
            _ = rack.take(packet(rack, .up))
        }
        rack.establish()
        return rack
    }

    private static func packets(_ effects: [Effect]) -> [BFDPacket] {
        effects.compactMap { if case .bfd(_, let packet) = $0 { packet } else { nil } }
    }

    /// Everything else, without probes.
    private static func others(_ effects: [Effect]) -> [Effect] {
        effects.filter { effect in
            switch effect {
            case .bfd, .probe: false
            default: true
            }
        }
    }

    @Test func `other timers are agreed on by a Poll Sequence, and the session stays up`() {
        var rack = Self.inService()
        let discriminator = rack.speaker.bfd.all[0].session.discriminator
        // The Poll Sequence that came with Up is over.
        _ = rack.take(.deadlineReached, after: .milliseconds(50))
        _ = rack.take(Self.packet(rack, .up, isFinal: true))
        #expect(rack.reload { $0.peers[0].bfd?.transmitInterval = .milliseconds(40) } == [])
        let sent = Self.packets(rack.take(.deadlineReached, after: .milliseconds(50)))
        #expect(sent.map(\.isPoll) == [true])
        #expect(sent.map(\.desiredMinTx) == [40_000])
        #expect(sent.map(\.state) == [.up])
        _ = rack.take(Self.packet(rack, .up, isFinal: true))
        #expect(rack.speaker.bfd.all[0].session.discriminator == discriminator)
        #expect(rack.speaker.bfd.all[0].session.timesUp == 1)
        #expect(rack.speaker.peers[0].session.state == .established)
    }

    @Test func `BFD that is switched off says AdminDown for a detection time, and then its path is closed`() {
        var rack = Self.inService()
        let effects = rack.reload { $0.peers[0].bfd = nil }
        #expect(Self.packets(effects).map(\.state) == [.adminDown])
        #expect(Self.others(effects) == [])
        #expect(rack.speaker.bfdStatus(of: Rack.tor, at: rack.now) == nil)
        // The router's answer changes nothing.
        #expect(Self.others(rack.take(Self.packet(rack, .down), after: .milliseconds(10))) == [])
        var later: [Effect] = []
        for _ in 0..<10 where !later.contains(.close(.bfd(Rack.tor))) {
            later = Self.others(rack.take(.deadlineReached, after: .milliseconds(500)))
        }
        #expect(later == [.close(.bfd(Rack.tor))])
        #expect(rack.speaker.bfd.all.isEmpty)
        #expect(rack.speaker.peers[0].session.state == .established)
    }

    @Test func `BFD that the router never answered is closed at once`() {
        var rack = Rack { $0.peers[0].bfd = Self.bfd }
        _ = rack.take(.started)
        #expect(Self.others(rack.reload { $0.peers[0].bfd = nil }) == [.close(.bfd(Rack.tor))])
    }

    @Test func `BFD that is switched on starts beside the session`() {
        var rack = Self.inService(nil)
        let effects = rack.reload { $0.peers[0].bfd = Self.bfd }
        #expect(effects.first == BFDPath(rack.speaker.settings.peers[0]).map { .open(.bfd($0)) })
        #expect(Self.packets(effects).map(\.state) == [.down])
        #expect(effects.count == 2)
        // Not even in strict mode it asks for an end of the session.
        #expect(rack.reload { $0.peers[0].bfd?.isStrict = true } == [])
        #expect(rack.speaker.peers[0].session.state == .established)
    }

    @Test func `a session that waits for BFD starts when it need not any more`() {
        var rack = Rack {
            $0.peers[0].bfd = Self.bfd
            $0.peers[0].bfd?.isStrict = true
        }
        #expect(!rack.take(.started).contains(.session(Rack.tor, .connect)))
        #expect(rack.reload { $0.peers[0].bfd?.isStrict = false } == [.session(Rack.tor, .connect)])
        // A session that is being dialled waits from now on.
        #expect(rack.reload { $0.peers[0].bfd?.isStrict = true } == [.session(Rack.tor, .close(.outgoing))])
        #expect(rack.reload { $0.peers[0].bfd = nil }.contains(.session(Rack.tor, .connect)))
    }

    @Test func `a removed peer hears AdminDown when it has read the Cease`() {
        var rack = Self.inService()
        let effects = rack.reload { $0.peers = [] }
        #expect(Self.packets(effects) == [])
        #expect(effects.last == .close(.transport(Rack.tor)))
        #expect(Self.packets(rack.take(.connectionClosed(Rack.tor))).map(\.state) == [.adminDown])
        #expect(rack.take(.deadlineReached, after: .seconds(5)).contains(.close(.bfd(Rack.tor))))
        #expect(rack.speaker.bfd.all.isEmpty)
    }

    @Test func `a peer that comes back at once gets a new BFD session`() {
        var rack = Self.inService()
        let old = rack.speaker.bfd.all[0].session.discriminator
        let peer = rack.speaker.settings.peers[0]
        _ = rack.reload { $0.peers = [] }
        let effects = rack.reload { $0.peers = [peer] }
        let path = BFDPath(peer)
        #expect(
            Self.others(effects)
                == [
                    .close(.bfd(Rack.tor)), .open(.transport(PeerTransport(peer, localAS: ASNumber(65001)))),
                    path.map { .open(.bfd($0)) }, .session(Rack.tor, .connect),
                ].compactMap { $0 })
        #expect(Self.packets(effects).map(\.state) == [.down])
        #expect(rack.speaker.bfd.all.map(\.session.discriminator) != [old])
        #expect(rack.speaker.bfd.all.count == 1)
    }

    @Test func `BFD on another path is another session`() {
        var rack = Self.inService()
        let effects = rack.reload { $0.peers[0].distance = .multihop(3) }
        #expect(Self.packets(effects).map(\.state) == [.adminDown, .down])
        let path = BFDPath(rack.speaker.settings.peers[0])
        #expect(path?.isMultihop == true)
        guard let departure = effects.firstIndex(where: { if case .bfd = $0 { true } else { false } }),
            let change = effects.firstIndex(where: { $0 == path.map { .change(.bfd($0)) } })
        else {
            Issue.record("no departure before the change: \(effects)")
            return
        }
        #expect(departure < change)
    }
}
