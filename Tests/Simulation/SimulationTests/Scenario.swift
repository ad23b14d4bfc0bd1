import Advertising
import BGPWire
import Deadlines
import Health
import IPTypes
import Settings

/// One TCP path between a node and a router.
struct Link: Hashable, Comparable {
    var node: Int
    var router: Int
    static func < (left: Link, right: Link) -> Bool { (left.node, left.router) < (right.node, right.router) }
}

/// What a rack is like: everything that one seed decides before anything happens.
struct Scenario {
    /// A router, as its operator has set it up.
    struct RouterPlan {
        var number: UInt32
        var identifier: UInt32
        var holdTime: UInt16 = 9
        var families: Set<WireFamily> = [.ipv4, .ipv6]
        var offersMultiprotocol = true
        var hasFourOctets = true
        var hasExtendedNextHop = false
        /// Keeps stale routes for as long as the node asks for (RFC 9494).
        var isLongLived = false
        /// The session with it runs over IPv6.
        var isIPv6 = false
        /// It dials the nodes; if these dial as well, the connections collide.
        var dials = false
        /// From a change of its routes to the last packet that still follows the old ones.
        var convergence = Duration.milliseconds(50)
    }

    /// The settings of each node when nobody plays with them.
    var nodes: [Settings] = []
    var routers: [RouterPlan] = []
    /// The AS of all nodes.
    var number: UInt32 = 65001
    /// VIPs that the second source gives each node from the beginning.
    var served: [IPPrefix: VIPSettings] = [:]
    var bfd: BFDSettings?

    static let firstVIP = IPPrefix(host: .v4(IPv4Address(0x0AFF_0001)))

    static func address(of node: Int, towards router: Int, isIPv6: Bool) -> IPAddress {
        isIPv6
            ? .v6(IPv6Address(high: 0x2001_0DB8_0000_0000 | UInt64(router), low: UInt64(node + 1)))
            : .v4(IPv4Address(0x0A0A_0001 + UInt32(router) << 8 + UInt32(node)))
    }

    func address(of router: Int) -> ScopedAddress {
        ScopedAddress(Self.address(of: 0xFD, towards: router, isIPv6: routers[router].isIPv6))
    }

    var links: [Link] {
        nodes.indices.flatMap { node in routers.indices.map { Link(node: node, router: $0) } }
    }

    /// A plain rack: one VIP with one check, and sessions over IPv4 that the nodes dial.
    init(nodes: Int, routers: Int, departure: DepartureSettings = DepartureSettings(), bfd: BFDSettings? = nil) {
        self.bfd = bfd
        self.routers = (0..<routers).map { RouterPlan(number: 65000, identifier: UInt32(1000 + $0)) }
        let target = SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 6443)
        let check = Check(name: "service", kind: .tcp(target))
        let vip = VIPSettings(prefix: Self.firstVIP, checks: ["service"])
        for node in 0..<nodes {
            let peers = (0..<routers).map { router in
                PeerSettings(address: address(of: router), peerAS: .external, bfd: bfd)
            }
            self.nodes.append(
                Settings(
                    localAS: ASNumber(number), routerID: BGPIdentifier(UInt32(node + 1)), vips: [vip],
                    checks: [check], peers: peers, departure: departure))
        }
    }

    /// The rack of a seed: any settings that are legal, and that the routers can live with.
    init(random: inout SeededGenerator) {
        self.init(nodes: 0, routers: 0)
        number = random.one(of: [65001, 65001, 4_200_000_001])
        if random.chance(1, in: 4) {
            let intervals: [Duration] = [.milliseconds(100), .milliseconds(300)]
            bfd = BFDSettings(
                transmitInterval: random.one(of: intervals), receiveInterval: random.one(of: intervals),
                isStrict: random.chance(1, in: 4))
        }
        for router in 0..<(random.chance(1, in: 3) ? 1 : 2) {
            routers.append(Self.router(router, number, isStrict: bfd?.isStrict == true, &random))
        }
        let checks = (0..<random.one(of: [1, 1, 2, 3])).map { Self.check($0, &random) }
        let vips = Self.vips(checks, &random)
        if random.chance(1, in: 2) { served = Self.served(&random) }
        let slowest = routers.map(\.convergence).max() ?? .zero
        let departure = DepartureSettings(
            settle: random.one(of: [.zero, .milliseconds(500), .seconds(2)]), acknowledgement: .seconds(1),
            linger: slowest + .milliseconds(50) + random.one(of: [.zero, .milliseconds(300)]))
        let longLived: UInt32? = random.chance(1, in: 4) ? 60 : nil
        let peers = routers.indices.map { peer($0, &random) }
        for node in 0..<random.one(of: [1, 2, 2, 3]) {
            var settings = Settings(
                localAS: ASNumber(number), routerID: BGPIdentifier(UInt32(node + 1)), vips: vips, checks: checks,
                peers: peers, listen: ListenSettings(), longLivedStaleTime: longLived, departure: departure)
            settings[Settings.process.drainFile] = "/run/drain"
            settings.vipSources = served.isEmpty ? [.configured] : [.configured, .services]
            nodes.append(settings)
        }
    }

    private static func router(
        _ index: Int, _ number: UInt32, isStrict: Bool, _ random: inout SeededGenerator
    ) -> RouterPlan {
        let isInternal = random.chance(1, in: 4)
        var plan = RouterPlan(number: isInternal ? number : 65100 + UInt32(index), identifier: 1000 + UInt32(index))
        plan.holdTime = random.one(of: isStrict ? [0, 3, 9] : [3, 6, 9])
        plan.families = random.one(of: [[.ipv4, .ipv6], [.ipv4, .ipv6], [.ipv4], [.ipv6]])
        plan.offersMultiprotocol = plan.families != [.ipv4] || random.chance(1, in: 2)
        plan.hasFourOctets = number > 65535 && isInternal || !random.chance(1, in: 5)
        plan.isIPv6 = random.chance(1, in: 3)
        plan.hasExtendedNextHop = plan.offersMultiprotocol && random.chance(1, in: 2)
        plan.isLongLived = random.chance(1, in: 2)
        plan.dials = random.chance(1, in: 3)
        plan.convergence = .milliseconds(random.one(of: [5, 50, 200]))
        return plan
    }

    private static func check(_ index: Int, _ random: inout SeededGenerator) -> Check {
        let target = SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 6443 + UInt16(index))
        let isHTTP = random.chance(1, in: 2)
        return Check(
            name: "check\(index)",
            kind: isHTTP ? .http(HTTPCheck(target: target, path: "/readyz", host: "localhost")) : .tcp(target),
            interval: .milliseconds(random.one(of: [250, 1000, 2000])),
            timeout: .milliseconds(random.one(of: [300, 1000])), rise: random.one(of: [1, 2, 3]),
            fall: random.one(of: [1, 2, 3]), failFast: !random.chance(1, in: 4))
    }

    private static func vips(_ checks: [Check], _ random: inout SeededGenerator) -> [VIPSettings] {
        (0..<random.one(of: [1, 2, 3])).map { index in
            let address: IPAddress =
                random.chance(1, in: 3)
                ? .v6(IPv6Address(high: 0x2001_0DB8_00FF_0000, low: UInt64(index + 1)))
                : .v4(IPv4Address(0x0AFF_0001 + UInt32(index)))
            let names = checks.map(\.name).filter { _ in random.chance(2, in: 3) }
            var vip = VIPSettings(
                prefix: IPPrefix(host: address), checks: names, binds: !random.chance(1, in: 6),
                onUnhealthy: random.chance(1, in: 5) ? .lastResort : .withdraw, drains: !random.chance(1, in: 8))
            vip.attributes = attributes(&random)
            return vip
        }
    }

    private static func attributes(_ random: inout SeededGenerator) -> RouteAttributes {
        guard random.chance(1, in: 2) else { return RouteAttributes() }
        return RouteAttributes(
            multiExitDiscriminator: random.one(of: [nil, 0, 7]), localPreference: random.one(of: [nil, 200]),
            prepend: random.one(of: [0, 0, 2]),
            communities: random.one(of: [[], [Community(0xFDE9_0001), Community(0xFDE9_0002)]]),
            largeCommunities: random.one(of: [[], [LargeCommunity(1, 2, 3)]]))
    }

    private static func served(_ random: inout SeededGenerator) -> [IPPrefix: VIPSettings] {
        var served: [IPPrefix: VIPSettings] = [:]
        for index in 0..<random.one(of: [1, 2]) {
            let prefix = IPPrefix(host: .v4(IPv4Address(0x0AFE_0001 + UInt32(index))))
            var vip = VIPSettings(prefix: prefix, checks: [])
            vip.placement = .notNeeded
            served[prefix] = vip
        }
        return served
    }

    private func peer(_ router: Int, _ random: inout SeededGenerator) -> PeerSettings {
        let isInternal = routers[router].number == number
        var peer = PeerSettings(
            address: address(of: router), peerAS: isInternal ? .internal : .exactly(ASNumber(routers[router].number)),
            isPassive: routers[router].dials && random.chance(1, in: 2),
            holdTime: bfd?.isStrict == true ? random.one(of: [0, 9]) : 9)
        peer.bfd = bfd
        if random.chance(1, in: 4) {
            peer.routeAdjustment.multiExitDiscriminator = 50
            peer.routeAdjustment.communities = [Community(0xFDE9_0009)]
        }
        return peer
    }
}

extension SeededGenerator {
    mutating func one<T>(of choices: [T]) -> T { choices[Int(next() % UInt64(choices.count))] }

    mutating func chance(_ times: UInt64, in of: UInt64) -> Bool { next() % of < times }

    /// A random duration between the two.
    mutating func between(_ least: Duration, _ most: Duration) -> Duration {
        let span = UInt64((most - least).nanoseconds)
        return least + .nanoseconds(Int64(next() % (span + 1)))
    }
}
