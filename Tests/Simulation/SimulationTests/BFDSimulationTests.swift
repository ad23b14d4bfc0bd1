import BFD
import Deadlines
import Settings
import SpeakerCore
import Testing

/// BFD between real Speakers and routers' BFD in virtual time, over links that delay each packet as they like.
struct BFDSimulationTests {
    @Test(arguments: 0..<5)
    func `a link that loses nothing never fails, however uneven its delay`(seed: Int) {
        var world = World.withBFD(seed: UInt64(seed), nodes: 2, routers: 2)
        world.run(until: world.now + .seconds(15))
        for node in 0..<2 {
            #expect(world.bfdCounts(of: node) == [[1, 0], [1, 0]])
            #expect(world.sessionStates(of: node) == ["Established", "Established"])
        }
        #expect(world.routerEnds.values.map { $0.bfd?.failures } == [0, 0, 0, 0])
        #expect(world.violations == [])
    }

    @Test(arguments: 0..<5)
    func `a link that goes silent ends the session at both ends within the detection time, and comes back`(seed: Int) {
        var world = World.withBFD(seed: UInt64(100 + seed), nodes: 2, routers: 2)
        world.run(until: world.now + .seconds(8))
        #expect(world.routersKnow == [[0, 1], [0, 1]])
        world.run(until: world.now + world.between(.zero, .milliseconds(100)))
        let link = World.Link(node: 0, router: 1)
        world.silentLinks = [link]
        // The last packet may have arrived at this very moment.
        world.run(until: world.now + .milliseconds(150))
        #expect(world.sessionStates(of: 0)[0] == "Established")
        #expect(world.sessionStates(of: 0)[1] != "Established")
        #expect(world.routersKnow == [[0, 1], [1]])
        #expect(world.bfdCounts(of: 0) == [[1, 0], [1, 1]])
        #expect(world.bfdCounts(of: 1) == [[1, 0], [1, 0]])
        world.run(until: world.now + .seconds(8))
        world.silentLinks = []
        // Nobody told TCP that its connection is gone.
        world.cut(link)
        world.run(until: world.now + .seconds(8))
        #expect(world.routersKnow == [[0, 1], [0, 1]])
        #expect(world.bfdCounts(of: 0) == [[1, 0], [2, 1]])
        #expect(world.violations == [])
    }

    @Test func `a node that leaves is no failure of the path for its routers`() {
        var world = World.withBFD(seed: 5, nodes: 1, routers: 2)
        world.run(until: world.now + .seconds(8))
        world.give(.drainRequested(reason: "maintenance"), to: 0)
        world.run(until: world.now + .seconds(8))
        #expect(world.routerEnds.values.map { $0.bfd?.failures } == [0, 0])
        #expect(world.routerEnds.values.map { $0.bfd?.remote.state } == [.adminDown, .adminDown])
        world.give(.undrainRequested, to: 0)
        world.run(until: world.now + .seconds(8))
        #expect(world.routersKnow == [[0], [0]])
        #expect(world.bfdCounts(of: 0) == [[2, 0], [2, 0]])
        #expect(world.violations == [])
    }

    @Test(arguments: 0..<5)
    func `a rack under faults with BFD keeps the rules and converges`(seed: Int) {
        var world = World.withBFD(seed: UInt64(200 + seed), nodes: 3, routers: 2)
        for _ in 0..<12 {
            world.run(until: world.now + world.between(.milliseconds(1), .seconds(2)))
            world.disturb()
        }
        world.repair()
        world.run(until: world.now + .seconds(40))
        #expect(world.violations == [])
        #expect(world.routersKnow == world.nodesThatServe)
    }
}
