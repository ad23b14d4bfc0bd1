import Advertising
import BGPWire
import Health
import IPTypes
@testable import Intent
import Settings
import Testing

/// What differs between two settings, as a value and in English.
struct IntentChangeTests {
    static let first = ScopedAddress(.v4(IPv4Address(0x0A00_0001)))
    static let second = ScopedAddress(.v4(IPv4Address(0x0A00_0002)))
    static let vip = IPPrefix(host: .v4(IPv4Address(0x0AFF_0001)))
    static let vip6 = IPPrefix(host: .v6(IPv6Address(high: 0x2001_0DB8_0000_0000, low: 1)))

    static let settings = Settings(
        localAS: ASNumber(65001), routerID: BGPIdentifier(1),
        vips: [VIPSettings(prefix: vip, checks: ["api"])],
        checks: [Check(name: "api", kind: .tcp(SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 6443)))],
        peers: [
            PeerSettings(address: first, peerAS: .exactly(ASNumber(65000))),
            PeerSettings(
                address: second, peerAS: .exactly(ASNumber(65000)), password: Secret("hush"), bfd: BFDSettings()),
        ])

    /// The change from the settings to what `adapt` makes of them.
    private func change(_ adapt: (inout Settings) -> Void) -> IntentChange {
        var settings = Self.settings
        adapt(&settings)
        return IntentChange(from: Self.settings, to: settings)
    }

    /// The fields that differ in the second peer, of which alone something may differ.
    private func peerFields(_ adapt: (inout PeerSettings) -> Void) -> Set<PeerField> {
        let change = change { adapt(&$0.peers[1]) }
        #expect(change.peers.map(\.name) == [Self.second])
        #expect(change.vips.isEmpty && change.checks.isEmpty && change.process.isEmpty)
        return change.peers.first?.fields ?? []
    }

    @Test func `equal settings differ in nothing, and that is said`() {
        let change = change { _ in }
        #expect(change.isEmpty)
        #expect(change.lines == ["nothing changes"])
    }

    @Test func `no property of the settings is left out of the comparison`() {
        let properties = Mirror(reflecting: Self.settings).children.compactMap(\.label)
        // Compared with the peers, or followed by what is compared.
        let others: Set = ["peers", "vips", "checks", "longLivedStaleTime", "vipSources", "routerInterface"]
        #expect(others.isSubset(of: properties))
        // All settings of the process that have a row are one property.
        #expect(properties.contains("processValues"))
        #expect(properties.count - 1 == others.count + ProcessField.all.count - Settings.processRows.count)
        #expect(Set(ProcessField.all).count == ProcessField.all.count)
    }

    @Test func `each setting of the process is one difference`() {
        func process(_ adapt: (inout Settings) -> Void) -> [String] { change(adapt).process.map(\.name) }
        let port = SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 9179)
        #expect(process { $0.localAS = ASNumber(65009) } == ["local AS"])
        #expect(process { $0.routerID = BGPIdentifier(2) } == ["router ID"])
        #expect(process { $0.listen = ListenSettings() } == ["listen"])
        #expect(process { $0[Settings.process.logLevel] = .debug } == ["log level"])
        #expect(process { $0[Settings.process.logFormat] = .json } == ["log format"])
        #expect(process { $0[Settings.process.metrics] = port } == ["metrics"])
        #expect(process { $0[Settings.process.health] = port } == ["health"])
        #expect(process { $0[Settings.process.readyWhen] = .advertised } == ["ready-when"])
        #expect(process { $0[Settings.process.onChange] = "/bin/true" } == ["on-change"])
        #expect(process { $0[Settings.process.drainFile] = "/run/drain" } == ["drain file"])
        #expect(process { $0.departure.linger = .zero } == ["drain times"])
        #expect(process { $0.interface = "dummy0" } == ["interface"])
        #expect(process { $0[Settings.process.controlSocket] = nil } == ["control socket"])
    }

    @Test func `each setting of a peer is one difference`() {
        #expect(peerFields { $0.peerAS = .external } == [.peerAS])
        #expect(peerFields { $0.localAS = ASNumber(65002) } == [.localAS])
        #expect(peerFields { $0.port = 1790 } == [.port])
        #expect(peerFields { $0.distance = .multihop(3) } == [.distance])
        #expect(peerFields { $0.source = .v4(IPv4Address(9)) } == [.source])
        #expect(peerFields { $0.sourceInterface = "eth1" } == [.sourceInterface])
        #expect(peerFields { $0.holdTime = 30 } == [.holdTime])
        #expect(peerFields { $0.capabilities = .all } == [.capabilities])
        #expect(peerFields { $0.password = nil } == [.authentication])
        #expect(peerFields { $0.password = Secret("other") } == [.password])
        #expect(peerFields { $0.routeAdjustment.multiExitDiscriminator = 9 } == [.routes])
        #expect(peerFields { $0.keepaliveInterval = .seconds(1) } == [.timers])
        #expect(peerFields { $0.sendHoldTime = .seconds(60) } == [.timers])
        #expect(peerFields { $0.connectRetryInitial = .seconds(2) } == [.timers])
        #expect(peerFields { $0.connectRetryMaximum = .seconds(9) } == [.timers])
        #expect(peerFields { $0.isPassive = true } == [.passive])
        #expect(peerFields { $0.bfd = nil } == [.bfd])
        #expect(peerFields { $0.bfd?.transmitInterval = .milliseconds(50) } == [.bfdTimers])
        #expect(peerFields { $0.bfd?.receiveInterval = .milliseconds(50) } == [.bfdTimers])
        #expect(peerFields { $0.bfd?.multiplier = 5 } == [.bfdTimers])
        #expect(peerFields { $0.bfd?.isStrict = true } == [.bfdStrict])
    }

    @Test func `what holds for all sessions differs in every peer that is in both settings`() {
        func fields(_ adapt: (inout Settings) -> Void) -> [Set<PeerField>] { change(adapt).peers.map(\.fields) }
        #expect(fields { $0.routerID = BGPIdentifier(2) } == [[.routerID], [.routerID]])
        #expect(fields { $0.longLivedStaleTime = 60 } == [[.longLivedStaleTime], [.longLivedStaleTime]])
        #expect(fields { $0.localAS = ASNumber(65009) } == [[.localAS], [.localAS]])
        let own = change {
            $0.localAS = ASNumber(65009)
            $0.peers[0].localAS = ASNumber(65001)
        }
        // The first peer says now what held for it before.
        #expect(own.peers == [.init(name: Self.second, kind: .changed([.localAS]))])
        let three = change {
            $0.routerID = BGPIdentifier(2)
            $0.peers[1].address = ScopedAddress(.v4(IPv4Address(3)))
        }
        #expect(three.peers.map(\.kind) == [.removed, .changed([.routerID]), .added])
    }

    @Test func `another family concerns only a session that offers no more than is needed`() {
        let six = VIPSettings(prefix: Self.vip6, checks: [])
        #expect(change { $0.vips.append(six) }.peers.isEmpty)
        var minimal = Self.settings
        minimal.peers[0].capabilities = .minimal
        var both = minimal
        both.vips.append(six)
        #expect(
            IntentChange(from: minimal, to: both).peers == [.init(name: Self.first, kind: .changed([.families]))])
    }

    @Test func `each setting of a VIP and of a check is one difference`() {
        func vip(_ adapt: (inout VIPSettings) -> Void) -> Set<VIPField>? {
            change { adapt(&$0.vips[0]) }.vips.first?.fields
        }
        #expect(vip { $0.checks = [] } == [.checks])
        #expect(vip { $0.binds = false } == [.binding])
        #expect(vip { $0.hasGlobalScope = true } == [.scope])
        #expect(vip { $0.onUnhealthy = .lastResort } == [.onUnhealthy])
        #expect(vip { $0.drains = false } == [.drains])
        #expect(vip { $0.attributes.multiExitDiscriminator = 5 } == [.attributes])
        #expect(vip { $0.peers = [Self.first] } == [.peers])
        func check(_ adapt: (inout Check) -> Void) -> Set<CheckField>? {
            change { adapt(&$0.checks[0]) }.checks.first?.fields
        }
        #expect(check { $0.kind = .exec(["/bin/true"]) } == [.target])
        #expect(check { $0.interval = .seconds(5) } == [.interval])
        #expect(check { $0.timeout = .seconds(5) } == [.timeout])
        #expect(check { $0.rise = 7 } == [.rise])
        #expect(check { $0.fall = 7 } == [.fall])
        #expect(check { $0.failFast = false } == [.failFast])
    }

    @Test func `what needs a restart is named, and left out of what can be reached`() {
        let change = change {
            $0.interface = "dummy0"
            $0[Settings.process.controlSocket] = nil
            $0[Settings.process.logLevel] = .debug
        }
        #expect(change.process.map(\.name) == ["log level", "interface", "control socket"])
        #expect(change.needsRestart.map(\.name) == ["interface", "control socket"])
        #expect(
            change.lines == [
                "log level: changed", "interface: needs a restart; the running daemon keeps what it has",
                "control socket: needs a restart; the running daemon keeps what it has",
            ])
        var wanted = Self.settings
        wanted.interface = "dummy0"
        wanted[Settings.process.controlSocket] = nil
        #expect(wanted.keeping(from: Self.settings) == Self.settings)
    }

    @Test func `everything is said in one line each, removals first, and no secret is in it`() {
        let third = ScopedAddress(.v4(IPv4Address(0x0A00_0003)))
        let change = change {
            $0[Settings.process.metrics] = SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 9474)
            $0.peers[1].password = Secret("s3cret")
            $0.peers[1].bfd?.multiplier = 4
            $0.peers[0].address = third
            $0.vips[0].attributes.prepend = 2
            $0.vips.append(VIPSettings(prefix: Self.vip6, checks: ["web"]))
            $0.checks[0].kind = .exec(["/bin/true"])
            $0.checks.append(Check(name: "web", kind: .exec(["/bin/true"])))
        }
        #expect(
            change.lines == [
                "metrics: changed",
                "peer 10.0.0.1: removed; its session ends with Cease/Peer De-configured",
                "peer 10.0.0.3: added",
                "peer 10.0.0.2: password, BFD timers changed; the key is replaced and its session stays",
                "check api: what it asks changed; its verdict stays until the next outcome",
                "check web: added",
                "VIP 10.255.0.1/32: route attributes changed",
                "VIP 2001:db8::1/128: added; it is advertised once its checks pass",
            ])
        let reset = self.change {
            $0.peers[0].holdTime = 3
            $0.peers[0].isPassive = true
            $0.vips = []
            $0.checks = []
        }
        #expect(
            reset.lines == [
                "peer 10.0.0.1: hold time, passive changed; its session is reset", "check api: removed",
                "VIP 10.255.0.1/32: removed; it is withdrawn and unbound",
            ])
        #expect(
            self.change { $0.peers[0].routeAdjustment.prepend = 1 }.lines == [
                "peer 10.0.0.1: route attributes changed; its routes are advertised again and its session stays"
            ])
    }

    @Test func `of many changes the first hundred are listed`() {
        let change = change {
            $0.vips += (0..<250).map {
                VIPSettings(prefix: IPPrefix(host: .v4(IPv4Address(0x0B00_0000 + $0))), checks: [])
            }
        }
        #expect(change.lines.count == 101)
        #expect(change.lines.last == "and 150 more VIPs")
    }

    @Test func `the consequences are ordered by weight`() {
        #expect(
            [.reset, .none, .advertisedAgain, .newKey].sorted() == [
                PeerField.Consequence.none, .newKey, .advertisedAgain, .reset,
            ])
    }
}
