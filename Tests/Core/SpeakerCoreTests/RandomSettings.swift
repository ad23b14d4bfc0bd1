import Advertising
import BGPWire
import Deadlines
import Health
import IPTypes
import Settings

/// Settings made from a pool of a few peers, VIPs and checks, so that two of them have much in common.
struct RandomSettings {
    var random: SeededGenerator

    /// A number below `count`.
    mutating func below(_ count: UInt64) -> Int { Int(random.next() % count) }

    /// True once in `count` times.
    mutating func once(in count: UInt64) -> Bool { below(count) == 0 }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(UInt64(elements.count))] }

    /// A different order each time.
    mutating func some<Element>(of elements: [Element]) -> [Element] {
        var left = elements
        var chosen: [Element] = []
        while !left.isEmpty {
            let element = left.remove(at: below(UInt64(left.count)))
            if !once(in: 3) { chosen.append(element) }
        }
        return chosen
    }

    mutating func settings() -> Settings {
        let checks = some(of: ["a", "b", "c", "d"]).map { check($0) }
        let peers = some(of: Self.peers).map { peer($0) }
        let vips = some(of: Self.vips).map { vip($0, checks: checks, peers: peers.map(\.address)) }
        var settings = Settings(
            localAS: ASNumber(once(in: 8) ? 65002 : 65001), routerID: BGPIdentifier(once(in: 8) ? 8 : 7), vips: vips,
            checks: checks, peers: peers)
        if once(in: 3) { settings.listen = ListenSettings(port: once(in: 2) ? 179 : 1790) }
        if once(in: 8) { settings.longLivedStaleTime = 600 }
        if once(in: 3) { settings[Settings.process.logLevel] = .debug }
        if once(in: 3) { settings[Settings.process.logFormat] = .json }
        if once(in: 3) {
            settings[Settings.process.metrics] = SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 9474)
        }
        if once(in: 3) {
            settings[Settings.process.health] = SocketTarget(
                address: .v4(IPv4Address(0x7F00_0001)), port: pick([9474, 80]))
        }
        if once(in: 3) { settings[Settings.process.drainFile] = pick(["/run/drain", "/etc/drain"]) }
        if once(in: 3) { settings.departure.settle = .seconds(2) }
        return settings
    }

    private static let peers =
        (1...4).map { ScopedAddress(.v4(IPv4Address(0x0A00_0000 + $0))) }
        + (1...2).map { ScopedAddress(.v6(IPv6Address(high: 0x2001_0DB8 << 32, low: $0))) }
        + [.unnumbered("eth0")]
    private static let vips =
        (1...4).map { IPPrefix(host: .v4(IPv4Address(0x0AFF_0000 + $0))) }
        + (1...2).map { IPPrefix(host: .v6(IPv6Address(high: 0x2001_0DB8_00FF_0000, low: $0))) }

    private mutating func peer(_ address: ScopedAddress) -> PeerSettings {
        var peer = PeerSettings(address: address, peerAS: pick([.exactly(ASNumber(65000)), .external, .internal]))
        if once(in: 6) { peer.port = 1790 }
        if once(in: 3) { peer.password = Secret(pick(["one", "two"])) }
        if once(in: 5) { peer.distance = pick([.multihop(3), .ttlSecurity(hops: 1)]) }
        if once(in: 8) { peer.sourceInterface = "eth1" }
        if once(in: 4) { peer.isPassive = true }
        if once(in: 8) { peer.localAS = ASNumber(65003) }
        if once(in: 4) { peer.holdTime = 30 }
        if once(in: 4) { peer.keepaliveInterval = .seconds(2) }
        if once(in: 4) { peer.connectRetryInitial = .milliseconds(500) }
        if once(in: 4) { peer.routeAdjustment.multiExitDiscriminator = UInt32(below(3)) }
        if once(in: 4) { peer.routeAdjustment.nextHopIPv4 = IPv4Address(0x0A00_00FF) }
        if once(in: 4) { peer.routeAdjustment.communities = [Community(7)] }
        if once(in: 8) { peer.capabilities = .minimal }
        if once(in: 3) { peer.bfd = BFDSettings(multiplier: UInt8(3 + below(2)), isStrict: once(in: 3)) }
        return peer
    }

    private mutating func check(_ name: String) -> Check {
        var check = Check(
            name: name, kind: .tcp(SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: pick([80, 443, 666]))))
        if once(in: 4) { check.interval = .milliseconds(500) }
        if once(in: 4) { check.timeout = .milliseconds(700) }
        if once(in: 4) { check.rise = 4 }
        if once(in: 4) { check.fall = 5 }
        if once(in: 4) { check.failFast = false }
        return check
    }

    private mutating func vip(_ prefix: IPPrefix, checks: [Check], peers: [ScopedAddress]) -> VIPSettings {
        let chosen = once(in: 2) ? some(of: checks) : []
        var vip = VIPSettings(prefix: prefix, checks: chosen.map(\.name))
        if once(in: 4) { vip.binds = false }
        if once(in: 4) { vip.hasGlobalScope = true }
        // Whether a VIP whose service has failed is kept depends on what was before.
        if once(in: 4), !chosen.contains(where: \.isDoomed) { vip.onUnhealthy = .lastResort }
        if once(in: 4) { vip.drains = false }
        if once(in: 4) { vip.attributes.multiExitDiscriminator = UInt32(below(3)) }
        if once(in: 4) { vip.attributes.communities = [Community(UInt32(below(3)))] }
        if once(in: 4) { vip.peers = Set(some(of: peers)) }
        return vip
    }
}

extension Check {
    /// True for checks that never pass here.
    var isDoomed: Bool { kind.target?.port == 666 }
}
