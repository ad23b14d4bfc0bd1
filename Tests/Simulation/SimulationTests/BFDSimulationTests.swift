import BFD
import Deadlines
import Settings
import SpeakerCore
import Testing

/// BFD between real Speakers and routers' BFD in virtual time, over links that delay each packet as they like.
struct BFDSimulationTests {
    private func world(seed: Int, nodes: Int) -> World {
        let bfd = BFDSettings(transmitInterval: .milliseconds(50), receiveInterval: .milliseconds(50))
        return World(Scenario(nodes: nodes, routers: 2, bfd: bfd), seed: UInt64(seed))
    }

    @Test(arguments: 0..<5)
    func `a link that loses nothing never fails, however uneven its delay`(seed: Int) {
        var world = world(seed: seed, nodes: 2)
        world.run(for: .seconds(15))
        for node in 0..<2 {
            #expect(world.bfdCounts(of: node) == [[1, 0], [1, 0]])
            #expect(world.sessionStates(of: node) == ["Established", "Established"])
        }
        #expect(world.routers.flatMap { $0.bfd.values.map(\.failures) } == [0, 0, 0, 0])
        #expect(world.violations == [])
    }

    @Test(arguments: 0..<5)
    func `a link that goes silent ends the session at both ends within the detection time, and comes back`(seed: Int) {
        var world = world(seed: 100 + seed, nodes: 2)
        world.run(for: .seconds(8))
        #expect(world.routersKnow == [[0, 1], [0, 1]])
        world.run(for: world.random.between(.zero, .milliseconds(100)))
        let link = Link(node: 0, router: 1)
        world.excuse(link, for: .milliseconds(150))
        world.cables[link].silences = 1
        world.reconsider(0)
        // The last packet may be on its way for most of an interval.
        world.run(for: .milliseconds(200))
        #expect(world.sessionStates(of: 0)[0] == "Established")
        #expect(world.sessionStates(of: 0)[1] != "Established")
        #expect(world.routersKnow == [[0, 1], [1]])
        #expect(world.bfdCounts(of: 0) == [[1, 0], [1, 1]])
        #expect(world.bfdCounts(of: 1) == [[1, 0], [1, 0]])
        world.run(for: .seconds(8))
        world.cables[link].silences = 0
        world.repeatUnsent(on: link)
        world.run(for: .seconds(8))
        #expect(world.routersKnow == [[0, 1], [0, 1]])
        #expect(world.bfdCounts(of: 0) == [[1, 0], [2, 1]])
        #expect(world.violations == [])
    }

    @Test func `a node that leaves is no failure of the path for its routers`() {
        var world = world(seed: 5, nodes: 1)
        world.run(for: .seconds(8))
        world.give(.drainRequested(reason: "maintenance"), to: 0)
        world.run(for: .seconds(8))
        #expect(world.routers.map { $0.bfd[0]?.failures } == [0, 0])
        #expect(world.routers.map { $0.bfd[0]?.remote.state } == [.adminDown, .adminDown])
        world.give(.undrainRequested, to: 0)
        world.run(for: .seconds(8))
        #expect(world.routersKnow == [[0], [0]])
        #expect(world.bfdCounts(of: 0) == [[2, 0], [2, 0]])
        #expect(world.violations == [])
    }
}

extension World {
    /// BFD of a node with each router as the node sees it: how often it came up, and how often the path failed.
    fileprivate func bfdCounts(of node: Int) -> [[Int]] {
        nodes[node].process?.speaker.status(version: "", at: now).peers.map { peer in
            [peer.bfd?.timesUp ?? 0, peer.bfd?.failures ?? 0]
        } ?? []
    }

    /// The states of a node's BGP sessions.
    fileprivate func sessionStates(of node: Int) -> [String] {
        nodes[node].process?.speaker.status(version: "", at: now).peers.map(\.state) ?? []
    }
}
