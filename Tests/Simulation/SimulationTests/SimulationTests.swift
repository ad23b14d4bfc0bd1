import Advertising
import Deadlines
import Health
import IPTypes
import RandomSeeds
import Settings
import SpeakerCore
import Testing

/// Whole racks in virtual time: see `World` for what is checked while they run, and `Settled.swift` for what must be true when
/// they are left alone.
struct SimulationTests {
    @Test(arguments: Seeds.batches(3000))
    func aRackUnderFaultsKeepsTheRulesAndConverges(seeds: Range<UInt64>) throws {
        for seed in seeds {
            let report = Trial.report(seed: seed)
            try #require(report == nil, "\(report ?? "")")
        }
    }

    @Test func aSeedIsRepeatedExactly() {
        for seed in 0..<5 as Range<UInt64> {
            let trial = Trial(seed: seed)
            let (first, second) = (trial.world(after: trial.faults), trial.world(after: trial.faults))
            #expect(first.happenings == second.happenings)
            #expect(first.now == second.now)
        }
    }

    @Test func aServiceThatDiesIsWithdrawnFromAllRoutersInTheSameMoment() {
        var world = World(Scenario(nodes: 1, routers: 2), seed: 7)
        world.run(for: .seconds(30))
        #expect(world.routersKnow == [[0], [0]])
        world.set("service", of: 0, to: .refusing)
        world.run(for: .milliseconds(34))
        #expect(world.routersKnow == [[], []])
        #expect(world.nodes[0].addresses == [])
    }

    @Test(arguments: 0..<40)
    func aStopThatTheSessionsSurviveWithdrawsNothing(seed: Int) {
        var world = World(Scenario(nodes: 1, routers: 2), seed: UInt64(seed))
        world.run(for: .seconds(30))
        for _ in 0..<3 {
            world.run(for: world.random.between(.seconds(5), .seconds(8)))
            world.nodes[0].process?.inbox = []
            world.run(for: world.random.between(.seconds(3), .seconds(5)))
            world.resume(0)
            #expect(world.routersKnow == [[0], [0]])
        }
        world.run(for: .seconds(3))
        #expect(world.nodes[0].withdrawals == 0)
        #expect(world.routersKnow == [[0], [0]])
        // What died meanwhile is found at once.
        world.nodes[0].process?.inbox = []
        world.excuse(Link(node: 0, router: 0), for: .seconds(10))
        world.excuse(Link(node: 0, router: 1), for: .seconds(10))
        world.set("service", of: 0, to: .refusing)
        world.run(for: .seconds(4))
        world.resume(0)
        world.run(for: .milliseconds(40))
        #expect(world.routersKnow == [[], []])
        #expect(world.violations == [])
    }

    @Test func everyNodeThatIsToldToLeaveLeavesInBoundedTime() {
        let departure = DepartureSettings(
            settle: .seconds(2), acknowledgement: .seconds(1), linger: .seconds(1))
        var world = World(Scenario(nodes: 3, routers: 2, departure: departure), seed: 3)
        world.run(for: .seconds(30))
        for node in world.nodes.indices {
            world.give(.terminationRequested(reason: "stopped", isUrgent: false), to: node)
        }
        world.run(for: .seconds(5))
        #expect(world.nodes.map(\.hasExited) == [true, true, true])
        #expect(world.routersKnow == [[], []])
        #expect(world.violations == [])
    }

    /// The cable is silent until all that was on its way is lost, or only the first of it.
    @Test(arguments: 0..<40, [1500, 1001])
    func whatACableSwallowedComesInTheOrderInWhichItWasSent(seed: Int, silence: Int64) {
        var world = World(Scenario(nodes: 1, routers: 1), seed: UInt64(seed))
        world.run(for: .seconds(30))
        let link = Link(node: 0, router: 0)
        // What is sent now is on its way for so long that more is sent behind it when the cable is silent.
        world.cables[link].stalledUntil = world.now + .seconds(4)
        world.excuse(link, for: .seconds(10))
        world.set("service", of: 0, to: .refusing)
        world.run(for: .milliseconds(100))
        world.set("service", of: 0, to: .up)
        world.run(for: .milliseconds(2900))
        #expect(world.nodes[0].process?.told.values.contains([Scenario.firstVIP]) == true)
        #expect(world.nodes[0].withdrawals == 1)
        world.cables[link].silences = 1
        world.run(for: .milliseconds(silence))
        world.cables[link].silences = 0
        world.repeatUnsent(on: link)
        world.run(for: .seconds(5))
        #expect(world.violations == [])
        #expect(world.routersKnow == [[0]])
    }

    @Test func packetsThatAreLostWithoutAnExcuseAreFound() {
        var world = World(Scenario(nodes: 1, routers: 1), seed: 1)
        world.run(for: .seconds(10))
        world.nodes[0].addresses = []
        world.reconsider(0)
        #expect(world.violations.count == 1)
        #expect(world.violations.first?.hasPrefix("packets to 10.255.0.1/32 by router 0 are lost") == true)
    }
}

extension World {
    /// Per router, the nodes whose route to the first VIP it holds.
    var routersKnow: [Set<Int>] {
        routers.map { router in
            Set(nodes.indices.filter { router.routes(of: $0)[Scenario.firstVIP] != nil })
        }
    }
}
