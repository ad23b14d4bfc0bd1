import Advertising
import BGPWire
import Deadlines
import Health
import IPTypes
import Intent
import Settings
import Testing

@testable import SpeakerCore

/// VIPs that come from another source than the settings, and how long what an earlier run left waits for them.
struct VIPSourceTests {
    private static let service = IPPrefix(host: .v4(IPv4Address(0x0AFF_0009)))
    private static let stranger = IPPrefix(host: .v4(IPv4Address(0x0AFF_0063)))

    private static func offer(_ condition: Verdict = .healthy) -> VIPSettings {
        var vip = VIPSettings(prefix: service, checks: [])
        vip.placement = .notNeeded
        vip.condition = condition
        return vip
    }

    /// A source has this VIP from now on.
    private static func given(_ vip: VIPSettings) -> [IPPrefix: VIPSettings?] { [vip.prefix: vip] }

    private static func announcement(med: UInt32? = nil) -> Update {
        var update = Rack.announcement
        update.nlri = [service]
        if let med { update.attributes.append(PathAttribute(flags: 0x80, value: .multiExitDiscriminator(med))) }
        return update
    }

    /// In service with the configured VIP, and waiting for Services.
    private static func waiting() -> Rack {
        var rack = Rack { $0.vipSources = [.configured, .services] }
        _ = rack.take(.started)
        rack.becomeHealthy()
        rack.establish()
        return rack
    }

    @Test func `a VIP of another source is advertised and withdrawn without a word on the interface`() {
        var rack = Self.waiting()
        #expect(
            rack.take(.vips(.services, Self.given(Self.offer()))) == [
                Rack.send(Self.announcement()), .report(.advertised(Rack.tor, [Self.service])),
            ])
        let status = rack.speaker.status(version: "1", at: rack.now)
        #expect(status.vips.map(\.prefix) == ["10.255.0.1/32", "10.255.0.9/32"])
        #expect(status.vips[1].reason == "healthy and needs no address on this node")
        #expect(!status.vips[1].bound && !status.vips[1].boundByOthers && status.vips[1].bindError == nil)
        #expect(rack.take(.vips(.services, Self.given(Self.offer()))) == [])
        #expect(
            rack.take(.vips(.services, [Self.service: nil])) == [
                Rack.send(Update(withdrawn: [Self.service])), .report(.withdrawn(Rack.tor, [Self.service])),
            ])
        #expect(!rack.speaker.hasVIP(Self.service))
        // All else follows when that has left.
        #expect(rack.speaker.vips.count == 2 && rack.speaker.nextDeadline == rack.now)
        #expect(rack.take(.deadlineReached) == [])
        #expect(rack.speaker.vips.count == 1 && rack.speaker.settings.vips.count == 1)
        #expect(rack.speaker.nextDeadline.map { $0 > rack.now } == true)
    }

    @Test func `what is wanted again before its withdrawal was followed is advertised again`() {
        var rack = Self.waiting()
        _ = rack.take(.vips(.services, Self.given(Self.offer())))
        _ = rack.take(.vips(.services, [Self.service: nil]))
        let again: [Effect] = [
            Rack.send(Self.announcement()), .report(.advertised(Rack.tor, [Self.service])),
        ]
        #expect(rack.take(.vips(.services, Self.given(Self.offer()))) == again)
        #expect(rack.speaker.hasVIP(Self.service) && rack.speaker.nextDeadline.map { $0 > rack.now } == true)
        // Or by the operator.
        _ = rack.take(.vips(.services, [Self.service: nil]))
        var settings = rack.speaker.intended
        settings.vips.append(Self.offer())
        #expect(rack.take(.intended(settings)).suffix(2) == again)
        // Then the source has no say.
        _ = rack.take(.vips(.services, Self.given(Self.offer())))
        #expect(rack.take(.vips(.services, [Self.service: nil])) == [])
    }

    @Test func `it follows the condition that its source gives, and says why it is withdrawn`() {
        var rack = Self.waiting()
        _ = rack.take(.vips(.services, Self.given(Self.offer(.unhealthy(reason: "no ready endpoint")))))
        #expect(rack.speaker.status(version: "1", at: rack.now).vips[1].reason == "no ready endpoint")
        #expect(
            rack.take(.vips(.services, Self.given(Self.offer()))) == [
                .report(.vipsChanged([Self.service], .healthy)), Rack.send(Self.announcement()),
                .report(.advertised(Rack.tor, [Self.service])),
            ])
        let lost = Verdict.unhealthy(reason: "no ready endpoint")
        #expect(
            rack.take(.vips(.services, Self.given(Self.offer(lost)))) == [
                .report(.vipsChanged([Self.service], lost)), Rack.send(Update(withdrawn: [Self.service])),
                .report(.withdrawn(Rack.tor, [Self.service])),
            ])
        #expect(
            rack.take(.vips(.services, Self.given(Self.offer(.unknown)))) == [
                .report(.vipsChanged([Self.service], .unknown))
            ])
    }

    @Test func `other attributes are advertised again without a withdrawal`() {
        var rack = Self.waiting()
        _ = rack.take(.vips(.services, Self.given(Self.offer())))
        var vip = Self.offer()
        vip.attributes.multiExitDiscriminator = 7
        #expect(
            rack.take(.vips(.services, Self.given(vip))) == [
                Rack.send(Self.announcement(med: 7)), .report(.advertised(Rack.tor, [Self.service])),
            ])
    }

    @Test func `a reload leaves the VIPs of other sources alone, until that source is no longer wanted`() {
        var rack = Self.waiting()
        _ = rack.take(.vips(.services, Self.given(Self.offer())))
        var settings = rack.speaker.intended
        #expect(rack.speaker.change(to: settings).isEmpty)
        settings[Settings.process.logLevel] = .debug
        #expect(rack.take(.intended(settings)).last == .change(.log(.debug, .logfmt)))
        settings.vipSources = [.configured]
        #expect(
            rack.take(.intended(settings)).suffix(2) == [
                Rack.send(Update(withdrawn: [Self.service])), .report(.withdrawn(Rack.tor, [Self.service])),
            ])
        // What it goes on to say counts for nothing.
        #expect(rack.take(.vips(.services, Self.given(Self.offer()))) == [])
    }

    @Test func `a prefix that is configured is the operator's`() {
        var rack = Self.waiting()
        var vip = Self.offer()
        vip.prefix = Rack.vip
        #expect(rack.take(.vips(.services, Self.given(vip))) == [])
        // It becomes the source's when the operator no longer wants it: as a VIP that is not bound.
        var settings = rack.speaker.intended
        settings.vips = []
        #expect(
            rack.take(.intended(settings)).suffix(2) == [
                Rack.send(Rack.withdrawal), .report(.withdrawn(Rack.tor, [Rack.vip])),
            ])
    }

    @Test func `what an earlier run left stays until every source is complete`() {
        var rack = Self.waiting()
        #expect(rack.take(.leftoversFound([Self.stranger])) == [])
        #expect(rack.speaker.unreadiness == "the VIPs of services are not known yet")
        #expect(rack.take(.vips(.services, [Self.service: nil])) == [])
        #expect(rack.take(.vipsAreComplete(.services)) == [.unbind([Self.stranger])])
        #expect(rack.take(.unbound([Self.stranger])) == [.report(.leftoverRemoved([Self.stranger]))])
        #expect(rack.speaker.unreadiness == nil)
        // From now on nothing is waited for.
        #expect(rack.take(.leftoversFound([Self.stranger])) == [.unbind([Self.stranger])])
    }

    @Test func `a source that does not say what it has is waited for, but not for ever`() {
        var rack = Self.waiting()
        let found = rack.now
        #expect(rack.take(.leftoversFound([Self.stranger])) == [])
        rack.now = found + .milliseconds(29_999)
        #expect(!rack.take(.deadlineReached).contains(.unbind([Self.stranger])))
        #expect(rack.speaker.nextDeadline == found + .seconds(30))
        #expect(rack.take(.deadlineReached, after: .milliseconds(1)).contains(.unbind([Self.stranger])))
    }

    @Test func `an address that was left and becomes a VIP is used as it is`() {
        var rack = Self.waiting()
        _ = rack.take(.leftoversFound([Self.stranger]))
        var announcement = Rack.announcement
        announcement.nlri = [Self.stranger]
        #expect(
            rack.take(.vips(.services, Self.given(VIPSettings(prefix: Self.stranger, checks: [])))) == [
                .report(.adopted([Self.stranger])), Rack.send(announcement),
                .report(.advertised(Rack.tor, [Self.stranger])), .bind([Self.stranger], globalScope: false),
            ])
        #expect(rack.take(.vipsAreComplete(.services)) == [])
    }

    @Test func `a process that ends does not wait for sources`() {
        var rack = Self.waiting()
        _ = rack.take(.leftoversFound([Self.stranger]))
        _ = rack.take(.terminationRequested(reason: "stopped", isUrgent: true))
        let effects = rack.take(.acknowledged(Rack.tor, round: 1, true))
        #expect(effects.contains(.unbind([Self.stranger])))
        #expect(!rack.take(.unbound([Rack.vip])).contains(.exit))
        #expect(rack.take(.unbound([Self.stranger])).contains(.exit))
    }

    @Test func `a node without any VIP is in service once it is known that there is none`() {
        var rack = Rack {
            $0.vips = []
            $0.vipSources = [.configured, .services]
        }
        _ = rack.take(.started)
        rack.establish()
        #expect(rack.speaker.phase == "starting")
        _ = rack.take(.vipsAreComplete(.services))
        #expect(rack.speaker.phase == "running")
        #expect(rack.speaker.unreadiness == nil)
    }
}
