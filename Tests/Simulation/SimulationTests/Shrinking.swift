import Deadlines
import Glibc
import RandomSeeds

/// One run: the rack of a seed, and those of its faults that happen.
struct Trial {
    let scenario: Scenario
    let faults: [Fault]
    private let seed: UInt64

    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        self.seed = seed
        scenario = Scenario(random: &random)
        faults = scenario.faults(&random)
    }

    /// What is wrong after these faults; empty if nothing is.
    func violations(_ faults: [Fault]) -> [String] { world(after: faults).violations }

    func world(after faults: [Fault]) -> World {
        var world = World(scenario, seed: seed)
        world.settle()
        let bursts = Set(faults.map(\.burst)).sorted()
        for burst in bursts where world.violations.isEmpty {
            let start = world.now
            let members = faults.filter { $0.burst == burst }.sorted { ($0.offset, $0.number) < ($1.offset, $1.number) }
            for fault in members {
                world.run(until: start + fault.offset)
                world.begin(fault)
            }
            world.run(
                until: start + (members.compactMap { fault in fault.duration.map { fault.offset + $0 } }.max() ?? .zero)
            )
            world.settle()
        }
        guard world.violations.isEmpty else { return world }
        for fault in faults where fault.duration == nil { world.end(fault) }
        // What TCP sends again may still be on its way.
        world.run(for: .seconds(2))
        world.settle()
        // It takes longer than all the rest.
        if seed % 16 == 0 {
            var calm = World(scenario, seed: seed)
            calm.settle()
            world.compareMemory(with: calm)
        }
        world.leave()
        return world
    }

    /// The fewest of these faults that are needed for something to be wrong: parts are left out as long as it stays wrong.
    func shrunk(_ failing: [Fault]) -> [Fault] {
        var failing = failing
        var size = max(failing.count / 2, 1)
        while true {
            var start = 0
            while start < failing.count {
                let rest = Array(failing[..<start] + failing[min(start + size, failing.count)...])
                if violations(rest).isEmpty { start += size } else { failing = rest }
            }
            if size == 1 { return failing }
            size /= 2
        }
    }

    /// Runs a seed, or those of its faults that are asked for; if something is wrong, says what, and how little it takes.
    static func report(seed: UInt64) -> String? {
        let trial = Trial(seed: seed)
        let chosen = Seeds.faults.map { numbers in trial.faults.filter { numbers.contains($0.number) } }
        let faults = chosen ?? trial.faults
        guard !trial.violations(faults).isEmpty else { return nil }
        let few = chosen == nil ? trial.shrunk(faults) : faults
        let numbers = few.map { "\($0.number)" }.joined(separator: ",")
        return ["repeat it with BGPVIP_SEED=\(seed) BGPVIP_FAULTS=\(numbers)"].appending(few.map(\.description))
            .appending(trial.violations(few)).joined(separator: "\n")
    }
}

extension [String] {
    fileprivate func appending(_ others: [String]) -> [String] { self + others }
}
