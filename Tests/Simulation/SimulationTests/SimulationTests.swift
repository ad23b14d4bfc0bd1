import Advertising
import BGPFSM
import BGPWire
import Deadlines
import Health
import IPTypes
import RandomSeeds
import Settings
import SpeakerCore
import Testing

/// Whole racks under random faults in virtual time. While they run, no node may advertise what it has not bound, or
/// unbind what a router is still told or may still send to; when the faults are over, the routers must know exactly the
/// nodes that serve.
struct SimulationTests {
    @Test(arguments: Seeds.batches(60))
    func aRackUnderFaultsKeepsTheRulesAndConverges(seeds: Range<UInt64>) throws {
        for seed in seeds {
            let departure = DepartureSettings(
                settle: .milliseconds(seed % 2 == 0 ? 0 : 500), acknowledgement: .seconds(1), linger: .milliseconds(200)
            )
            var world = World(seed: seed, nodes: 3, routers: 2, departure: departure)
            for _ in 0..<120 {
                world.run(until: world.now + world.between(.milliseconds(1), .seconds(2)))
                world.disturb()
            }
            world.repair()
            world.run(until: world.now + .seconds(90))
            try #require(world.violations == [], "\(Seeds.repeated(seed))")
            try #require(world.routersKnow == world.nodesThatServe, "\(Seeds.repeated(seed))")
        }
    }

    @Test func aServiceThatDiesIsWithdrawnFromAllRoutersInTheSameMoment() {
        var world = World(seed: 7, nodes: 1, routers: 2, departure: DepartureSettings())
        world.run(until: world.now + .seconds(30))
        #expect(world.routersKnow == [[0], [0]])
        world.nodes[0].isServiceUp = false
        let died = world.now
        world.give(.check(World.check, .connectionLost), to: 0)
        world.run(until: died + .milliseconds(32))
        #expect(world.routersKnow == [[], []])
        #expect(!world.nodes[0].isBound)
    }

    @Test(arguments: 0..<40)
    func aStopThatTheSessionsSurviveWithdrawsNothing(seed: Int) {
        var world = World(seed: UInt64(seed), nodes: 1, routers: 2, departure: DepartureSettings())
        world.run(until: world.now + .seconds(30))
        for _ in 0..<3 {
            world.run(until: world.now + world.between(.seconds(5), .seconds(8)))
            world.stop(0)
            world.run(until: world.now + world.between(.seconds(3), .seconds(5)))
            world.resume(0)
            #expect(world.routersKnow == [[0], [0]])
        }
        world.run(until: world.now + .seconds(3))
        #expect(world.nodes[0].withdrawals == 0)
        #expect(world.routersKnow == [[0], [0]])
        // What died meanwhile is found at once.
        world.stop(0)
        world.nodes[0].isServiceUp = false
        world.nodes[0].refuses = true
        world.run(until: world.now + .seconds(4))
        world.resume(0)
        world.run(until: world.now + .milliseconds(40))
        #expect(world.routersKnow == [[], []])
    }

    @Test func everyNodeThatIsToldToLeaveLeavesInBoundedTime() {
        var world = World(
            seed: 3, nodes: 3, routers: 2,
            departure: DepartureSettings(settle: .seconds(2), acknowledgement: .seconds(1), linger: .seconds(1)))
        world.run(until: world.now + .seconds(30))
        for node in world.nodes.indices {
            world.give(.terminationRequested(reason: "stopped", isUrgent: false), to: node)
        }
        world.run(until: world.now + .seconds(5))
        #expect(world.nodes.map(\.hasExited) == [true, true, true])
        #expect(world.routersKnow == [[], []])
        #expect(world.violations == [])
    }
}

extension World {
    /// One random fault, or the end of one.
    mutating func disturb() {
        let node = Int(random.next() % UInt64(nodes.count))
        let links = routerEnds.keys.sorted { ($0.node, $0.router) < ($1.node, $1.router) }
        let link = links[Int(random.next() % UInt64(links.count))]
        switch random.next() % 13 {
        case 0, 1:
            nodes[node].isServiceUp.toggle()
            nodes[node].refuses = random.next() % 2 == 0
            if !nodes[node].isServiceUp { give(.check(Self.check, .connectionLost), to: node) }
        case 2:
            brokenLinks.insert(link)
            cut(link)
        case 3:
            brokenLinks.remove(link)
        case 4:
            cut(link)
        case 5:
            nodes[node].isDrained = true
            give(.drainRequested(reason: "maintenance"), to: node)
        case 6:
            nodes[node].isDrained = false
            give(.undrainRequested, to: node)
        case 9:
            nodes[node].isVIPDrained = nodes[node].speaker.hasVIP(Self.vip)
            give(.vipDrainRequested(Self.vip, reason: nil), to: node)
        case 10:
            nodes[node].isVIPDrained = false
            give(.vipUndrainRequested(Self.vip), to: node)
        case 11, 12:
            reload(node)
        case 7 where nodes[node].isBound:
            nodes[node].isBound = false
            // What was told stays told for the moment: the route does not flap when the address is put back.
            give(.vanished([Self.vip]), to: node)
        default:
            giveRouter(.received(.routeRefresh(.init(family: .ipv4Unicast)), .incoming), on: link)
        }
    }

    /// New settings: peers and the VIP come and go, and what is left of them changes.
    private mutating func reload(_ node: Int) {
        var settings = nodes[node].configured
        settings.peers.removeAll { _ in random.next() % 4 == 0 }
        for peer in settings.peers.indices {
            if random.next() % 4 == 0 { settings.peers[peer].holdTime = 30 }
            if random.next() % 4 == 0 { settings.peers[peer].routeAdjustment.multiExitDiscriminator = 7 }
            if random.next() % 4 == 0 { settings.peers[peer].bfd = nil }
        }
        if random.next() % 4 == 0 { settings.checks[0].interval = .milliseconds(500) }
        if random.next() % 4 == 0 {
            settings.vips = []
            nodes[node].isVIPDrained = false
        }
        give(.intended(settings), to: node)
    }

    /// The end of all faults but drains and dead services, and of all experiments with the settings.
    mutating func repair() {
        brokenLinks = []
        for node in nodes.indices { give(.intended(nodes[node].configured), to: node) }
    }

    /// Per router, the nodes whose route it holds.
    var routersKnow: [Set<Int>] {
        let count = (routerEnds.keys.map(\.router).max() ?? 0) + 1
        return (0..<count).map { router in
            Set(nodes.indices.filter { routerEnds[Link(node: $0, router: router)]?.routes.contains(Self.vip) ?? false })
        }
    }

    /// Per router, the nodes whose route it should hold.
    var nodesThatServe: [Set<Int>] {
        let serving = Set(
            nodes.indices.filter { nodes[$0].isServiceUp && !nodes[$0].isDrained && !nodes[$0].isVIPDrained })
        return routersKnow.map { _ in serving }
    }
}
