import BGPFSM
import BGPWire
import Deadlines
import Health
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// A router that reads nothing: sent is not known.
struct DeliveryTests {
    private static let refused = Input.check("api", .outcome(.failed(reason: "connection refused", definitive: true)))

    /// In service, told the VIP and the End-of-RIB, and both acknowledged; the check fails and the VIP is withdrawn.
    private static func withdrawn(_ adapt: (inout PeerSettings) -> Void = { _ in }) -> Rack {
        var rack = Rack { adapt(&$0.peers[0]) }
        _ = rack.take(.started)
        rack.becomeHealthy()
        rack.establish()
        _ = rack.take(.updatesAcknowledged(Rack.tor, 2))
        let effects = rack.take(refused, after: .milliseconds(100))
        #expect(effects.contains(Rack.send(Rack.withdrawal)))
        return rack
    }

    /// A KEEPALIVE of the router each second, and our timer in time.
    private static func live(_ rack: inout Rack, for seconds: Int) -> [Effect] {
        (0..<seconds).flatMap { _ in
            rack.take(.session(Rack.tor, .received(.keepalive, .outgoing)), after: .seconds(1))
                + rack.take(.deadlineReached)
        }
    }

    private static func ends(_ effects: [Effect]) -> [Effect] {
        effects.filter { effect in
            switch effect {
            case .session(_, .abort), .report(.sessionLost): true
            default: false
            }
        }
    }

    private static let end: [Effect] = [
        .session(Rack.tor, .abort(.outgoing)),
        .report(
            .sessionLost(
                Rack.tor,
                reason:
                    "peer 10.0.0.1 did not acknowledge a withdrawal for 9 s, so it may still send traffic here: its "
                    + "BGP process hangs and reads nothing, or the path to it loses our packets; the connection was reset"
            )),
    ]

    @Test func aWithdrawalThatIsNotAcknowledgedForAHoldTimeEndsTheSession() {
        var rack = Self.withdrawn()
        #expect(Self.ends(Self.live(&rack, for: 8)).isEmpty)
        #expect(rack.speaker.withdrawalDeadline(of: 0) == rack.now + .seconds(1))
        #expect(Self.ends(Self.live(&rack, for: 1)) == Self.end)
        #expect(rack.speaker.withdrawalDeadline(of: 0) == nil)
        #expect(Self.ends(Self.live(&rack, for: 20)).isEmpty)
    }

    @Test func anAcknowledgedWithdrawalEndsNothing() {
        var rack = Self.withdrawn()
        #expect(Self.ends(Self.live(&rack, for: 5)).isEmpty)
        #expect(rack.take(.updatesAcknowledged(Rack.tor, 3)) == [])
        #expect(Self.ends(Self.live(&rack, for: 20)).isEmpty)
    }

    @Test func anAcknowledgementOfWhatWasSentBeforeIsNone() {
        var rack = Self.withdrawn()
        #expect(rack.take(.updatesAcknowledged(Rack.tor, 2)) == [])
        #expect(Self.ends(Self.live(&rack, for: 9)) == Self.end)
    }

    @Test func aShorterSendHoldTimeCounts() {
        var rack = Self.withdrawn { $0.sendHoldTime = .seconds(4) }
        #expect(Self.ends(Self.live(&rack, for: 3)).isEmpty)
        #expect(Self.ends(Self.live(&rack, for: 1)).count == 2)
        #expect(Delivery.patience(holdTime: 0, sendHoldTime: .seconds(480)) == .seconds(90))
        #expect(Delivery.patience(holdTime: 180, sendHoldTime: .seconds(480)) == .seconds(180))
    }

    @Test func theStatusTellsSentFromAcknowledged() {
        var rack = Self.withdrawn()
        #expect(
            rack.speaker.status(version: "", at: rack.now).peers[0].undelivered
                == UndeliveredStatus(seconds: 0, withdrawn: ["10.255.0.1/32"], resetInSeconds: 9))
        _ = Self.live(&rack, for: 2)
        #expect(
            rack.speaker.status(version: "", at: rack.now).peers[0].undelivered
                == UndeliveredStatus(seconds: 2, withdrawn: ["10.255.0.1/32"], resetInSeconds: 7))
        _ = rack.take(.updatesAcknowledged(Rack.tor, 3))
        #expect(rack.speaker.status(version: "", at: rack.now).peers[0].undelivered == nil)
    }

    @Test func anAnnouncementThatIsNotAcknowledgedIsShownAndEndsNothing() {
        let rack = Rack.inService()
        #expect(rack.speaker.status(version: "", at: rack.now + .milliseconds(999)).peers[0].undelivered == nil)
        #expect(
            rack.speaker.status(version: "", at: rack.now + .seconds(20)).peers[0].undelivered
                == UndeliveredStatus(seconds: 20, withdrawn: []))
        #expect(rack.speaker.withdrawalDeadline(of: 0) == nil)
    }

    @Test func eachOfSeveralWithdrawalsHasItsOwnTime() {
        let other = IPPrefix(host: .v4(IPv4Address(0x0AFF_0002)))
        var delivery = Delivery()
        delivery.send(1, withdrawing: [Rack.vip], at: Rack.start)
        delivery.send(1, withdrawing: [other], at: Rack.start + .seconds(3))
        #expect(delivery.withdrawnAt == Rack.start)
        delivery.acknowledge(1, at: Rack.start + .seconds(4))
        #expect(delivery.withdrawnAt == Rack.start + .seconds(3))
        #expect(delivery.withdrawn == [other])
        delivery.acknowledge(.max, at: Rack.start + .seconds(5))
        #expect(delivery.withdrawnAt == nil)
        #expect(delivery.stalledSince == nil)
    }
}
