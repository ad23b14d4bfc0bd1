import Advertising
import BGPFSM
import BGPWire
import Deadlines
import Health
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// VIPs that come, change and go while the speaker runs. The session and the other VIP must not notice.
struct VIPReloadTests {
    private static let other = IPPrefix(host: .v4(IPv4Address(0x0AFF_0002)))
    private static let six = IPPrefix(host: .v6(IPv6Address(high: 0x2001_0DB8 << 32, low: 0xFF)))

    private static func announcement(_ prefix: IPPrefix) -> Update {
        var update = Rack.announcement
        update.nlri = [prefix]
        return update
    }

    private static func inService() -> Rack { .inService() }

    /// In service with two VIPs.
    private static func withTwo() -> Rack {
        var rack = inService()
        _ = rack.reload { $0.vips.append(VIPSettings(prefix: other, checks: ["api"])) }
        _ = rack.take(.bound([other]))
        return rack
    }

    @Test func `a VIP whose check is healthy already is bound and advertised`() {
        var rack = Self.inService()
        let effects = rack.reload { $0.vips.append(VIPSettings(prefix: Self.other, checks: ["api"])) }
        #expect(effects == [.report(.vipsChanged([Self.other], .healthy)), .bind([Self.other], globalScope: false)])
        #expect(
            rack.take(.bound([Self.other])) == [
                .report(.bound([Self.other])), Rack.send(Self.announcement(Self.other)),
                .report(.advertised(Rack.tor, [Self.other])),
            ])
    }

    @Test func `a VIP with a check of its own waits for it`() {
        var rack = Self.inService()
        let check = Check(name: "web", kind: .tcp(SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 443)))
        let effects = rack.reload {
            $0.checks.append(check)
            $0.vips.append(VIPSettings(prefix: Self.other, checks: ["web"]))
        }
        #expect(effects == [.open(.probe(check)), .probe("web")])
        #expect(
            rack.take(.check("web", .outcome(.passed))) == [
                .report(.checkChanged("web", .healthy)), .report(.vipsChanged([Self.other], .healthy)),
                .bind([Self.other], globalScope: false),
            ])
    }

    @Test func `a VIP that is removed is withdrawn, lingers, and goes`() {
        var rack = Self.withTwo()
        #expect(
            rack.reload { $0.vips.removeFirst() } == [
                Rack.send(Rack.withdrawal), .report(.withdrawn(Rack.tor, [Rack.vip])),
            ])
        #expect(!rack.speaker.hasVIP(Rack.vip))
        let status = rack.speaker.status(version: "1", at: rack.now)
        #expect(status.vips.map(\.prefix) == ["10.255.0.2/32", "10.255.0.1/32"])
        #expect(status.vips[1].reason == "removed from the settings: withdrawn")
        #expect(status.vips[1].bound)
        #expect(status.peers[0].total == 1)
        // It is no VIP that could be drained.
        #expect(rack.take(.vipDrainRequested(Rack.vip, reason: nil)) == [])
        #expect(rack.take(.deadlineReached, after: .milliseconds(199)) == [.probe("api")])
        #expect(rack.take(.deadlineReached, after: .milliseconds(1)) == [.unbind([Rack.vip])])
        #expect(rack.take(.unbound([Rack.vip])) == [.report(.unbound([Rack.vip]))])
        #expect(rack.speaker.vips.map(\.settings.prefix) == [Self.other])
        #expect(rack.speaker.boundVIPs == [Self.other])
    }

    @Test func `a VIP whose service refuses connections need not linger`() {
        var rack = Self.inService()
        _ = rack.take(.check("api", .outcome(.failed(reason: "refused", definitive: true))))
        rack = Rack()
        _ = rack.take(.started)
        rack.becomeHealthy()
        // No router had it.
        #expect(rack.reload { $0.vips = [] } == [.unbind([Rack.vip])])
        #expect(rack.take(.unbound([Rack.vip])) == [.report(.unbound([Rack.vip]))])
        #expect(rack.speaker.vips.isEmpty)
        #expect(rack.speaker.status(version: "1", at: rack.now).phase == "running")
    }

    @Test func `a VIP that comes back while it lingers never leaves the interface`() {
        var rack = Self.withTwo()
        let removed = rack.speaker.settings.vips[0]
        _ = rack.reload { $0.vips.removeFirst() }
        let effects = rack.reload(after: .milliseconds(100)) { $0.vips.insert(removed, at: 0) }
        #expect(
            effects == [.probe("api"), Rack.send(Rack.announcement), .report(.advertised(Rack.tor, [Rack.vip]))])
        #expect(rack.speaker.vips.map(\.binding) == [.bound, .bound])
        #expect(rack.speaker.vips.map(\.settings.prefix) == [Rack.vip, Self.other])
    }

    @Test func `a VIP that the kernel does not let go stays known until it does`() {
        var rack = Self.withTwo()
        _ = rack.reload { $0.vips.removeFirst() }
        _ = rack.take(.deadlineReached, after: .milliseconds(200))
        _ = rack.take(.unbindFailed(Rack.vip, reason: "busy"))
        #expect(rack.speaker.isBound(Rack.vip))
        #expect(rack.take(.deadlineReached, after: .seconds(1)).contains(.unbind([Rack.vip])))
        _ = rack.take(.unbound([Rack.vip]))
        #expect(rack.speaker.vips.count == 1)
    }

    @Test func `a VIP that someone takes away while it goes is gone`() {
        var rack = Self.withTwo()
        _ = rack.reload { $0.vips.removeFirst() }
        #expect(rack.take(.vanished([Rack.vip])) == [])
        #expect(rack.speaker.vips.count == 1)
    }

    @Test func `a VIP that is drained or draining can be removed`() {
        var rack = Self.withTwo()
        _ = rack.take(.vipDrainRequested(Rack.vip, reason: nil))
        #expect(rack.speaker.vips[0].drain?.step == .acknowledging)
        #expect(rack.reload { $0.vips.removeFirst() } == [])
        #expect(rack.take(.acknowledged(Rack.tor, round: 1, true)) == [])
        #expect(rack.take(.deadlineReached, after: .milliseconds(200)) == [.probe("api"), .unbind([Rack.vip])])
    }

    @Test func `other attributes are advertised again without a withdrawal, those of the other VIP not`() {
        var rack = Self.withTwo()
        let effects = rack.reload { $0.vips[0].attributes.multiExitDiscriminator = 7 }
        var announcement = Rack.announcement
        announcement.attributes.append(PathAttribute(flags: 0x80, value: .multiExitDiscriminator(7)))
        #expect(effects == [Rack.send(announcement), .report(.advertised(Rack.tor, [Rack.vip]))])
    }

    @Test func `a VIP that is not meant for a peer any more is withdrawn from that one`() {
        var rack = Rack.inService(peers: [Rack.tor, Rack.secondToR])
        #expect(
            rack.reload { $0.vips[0].peers = [Rack.tor] } == [
                Rack.send(Rack.withdrawal, to: Rack.secondToR), .report(.withdrawn(Rack.secondToR, [Rack.vip])),
            ])
        #expect(
            rack.reload { $0.vips[0].peers = nil } == [
                Rack.send(Rack.announcement, to: Rack.secondToR), .report(.advertised(Rack.secondToR, [Rack.vip])),
            ])
    }

    @Test func `a VIP of another family needs no new session, and it is said where it is not carried`() {
        var rack = Self.inService()
        let since = rack.speaker.peers[0].session.stateSince
        let effects = rack.reload { $0.vips.append(VIPSettings(prefix: Self.six, checks: [])) }
        #expect(rack.speaker.peers[0].session.state == .established)
        #expect(rack.speaker.peers[0].session.stateSince == since)
        #expect(
            effects == [
                .report(
                    .notCarried(
                        Rack.tor, [Self.six], reason: "the peer did not offer ipv6-unicast on this session")),
                .bind([Self.six], globalScope: false),
            ])
    }

    @Test func `another scope is brought to an address that is bound`() {
        var rack = Self.inService()
        #expect(rack.reload { $0.vips[0].hasGlobalScope = true } == [.bind([Rack.vip], globalScope: true)])
        #expect(rack.take(.bound([Rack.vip])) == [])
    }

    @Test func `an address that is left to others from now on is taken off, and advertised when they have it`() {
        var rack = Self.inService()
        let withdrawn = rack.reload { $0.vips[0].binds = false }
        #expect(
            withdrawn == [
                .open(.locality([Rack.vip])), Rack.send(Rack.withdrawal), .report(.withdrawn(Rack.tor, [Rack.vip])),
            ])
        #expect(rack.take(.deadlineReached, after: .milliseconds(200)) == [.probe("api"), .unbind([Rack.vip])])
        _ = rack.take(.unbound([Rack.vip]))
        #expect(
            rack.take(.localityFound([Rack.vip], isLocal: true)) == [
                Rack.send(Rack.announcement), .report(.advertised(Rack.tor, [Rack.vip])),
            ])
        let bound = rack.reload { $0.vips[0].binds = true }
        #expect(
            bound == [
                .close(.locality), Rack.send(Rack.withdrawal), .report(.withdrawn(Rack.tor, [Rack.vip])),
                .bind([Rack.vip], globalScope: false),
            ])
    }

    @Test func `the order of the status is that of the settings`() {
        var rack = Self.withTwo()
        #expect(rack.reload { $0.vips.reverse() } == [])
        #expect(
            rack.speaker.status(version: "1", at: rack.now).vips.map(\.prefix) == ["10.255.0.2/32", "10.255.0.1/32"])
        #expect(rack.speaker.hasVIP(Rack.vip) && rack.speaker.hasVIP(Self.other))
    }

    @Test func `what is removed while the process ends is off before it does`() {
        var rack = Self.withTwo()
        _ = rack.reload { $0.vips.removeFirst() }
        _ = rack.take(.terminationRequested(reason: "stopped", isUrgent: true))
        let effects = rack.take(.acknowledged(Rack.tor, round: 1, true))
        #expect(
            effects.contains(.unbind([Rack.vip, Self.other])) || effects.contains(.unbind([Self.other, Rack.vip])))
        _ = rack.take(.unbound([Self.other]))
        #expect(rack.take(.unbound([Rack.vip])).contains(.exit))
    }
}
