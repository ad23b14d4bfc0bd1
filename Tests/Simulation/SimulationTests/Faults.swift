import Advertising
import Deadlines
import Health
import IPTypes
import Settings
import SpeakerCore

/// One thing that happens to a rack, and how long it lasts.
struct Fault: Hashable, CustomStringConvertible {
    enum Kind: Hashable {
        // Services
        case service(String, ServiceState, flaps: Int)
        case probesLost
        case othersTakeAddress(IPPrefix)
        case sourceChanges(IPPrefix, isGone: Bool)
        case sourceAway
        // Operators
        case drain(keepsSessions: Bool)
        case drainVIP(IPPrefix)
        case drainFile
        case reload
        case leave(isUrgent: Bool)
        // Processes and machines
        case crash
        case powerLoss
        case freeze
        case machinePause
        // Kernels
        case addressForgotten(IPPrefix)
        case kernelRefuses
        case kernelLate(Duration)
        // The network
        case partition
        case cut
        case reset
        case stall
        // Routers
        case halfOpen
        case routerRestarts(isSilent: Bool)
        case routerDeaf
        case routerResets
        case refresh
    }

    /// Its place in the plan of its seed, by which it is named.
    var number: Int
    var burst: Int
    var offset: Duration
    /// Nil lasts until everything is repaired.
    var duration: Duration?
    var node: Int
    var router: Int
    var kind: Kind
    /// What is random in it.
    var detail: UInt64

    var link: Link { Link(node: node, router: router) }
    var description: String {
        let time = duration.map { "for \($0.milliseconds) ms" } ?? "until the end"
        return "\(number): burst \(burst) +\(offset.milliseconds) ms, node \(node), router \(router): \(kind) \(time)"
    }
}

extension Scenario {
    /// What happens in the run of a seed: bursts of faults, with calm between them.
    func faults(_ random: inout SeededGenerator) -> [Fault] {
        var faults: [Fault] = []
        for burst in 0..<random.one(of: [1, 2, 3]) {
            var offset = Duration.zero
            for _ in 0..<random.one(of: [1, 3, 6, 9]) {
                let most = random.one(of: [Duration.milliseconds(5), .milliseconds(300), .seconds(3)])
                offset += random.between(.zero, most)
                let lasts = random.between(
                    .milliseconds(1), random.one(of: [.milliseconds(200), .seconds(3), .seconds(15)]))
                faults.append(
                    Fault(
                        number: faults.count, burst: burst, offset: offset,
                        duration: random.chance(1, in: 5) ? nil : lasts,
                        node: random.one(of: Array(nodes.indices)), router: random.one(of: Array(routers.indices)),
                        kind: kind(&random), detail: random.next()))
            }
        }
        return faults
    }

    private func kind(_ random: inout SeededGenerator) -> Fault.Kind {
        let vip = random.one(of: nodes[0].vips)
        let check = random.one(of: nodes[0].checks)
        let state = random.one(of: [ServiceState.refusing, .failing, .hanging])
        let flaps = random.one(of: [0, 0, 3, 8])
        let lateness = random.between(.milliseconds(1), .seconds(2))
        let source = served.keys.sorted().first
        let isEither = random.chance(1, in: 2)
        return switch random.next() % 30 {
        case 0, 1, 2: .service(check.name, state, flaps: flaps)
        case 3: .probesLost
        case 4: vip.binds ? .addressForgotten(vip.prefix) : .othersTakeAddress(vip.prefix)
        case 5: source.map { .sourceChanges($0, isGone: isEither) } ?? .refresh
        case 6: source == nil ? .reset : .sourceAway
        case 7, 8: .drain(keepsSessions: isEither)
        case 9: .drainVIP(vip.prefix)
        case 10: .drainFile
        case 11, 12: .reload
        case 13: .leave(isUrgent: isEither)
        case 14, 15: .crash
        case 16: .powerLoss
        case 17, 18: .freeze
        case 19: .machinePause
        case 20: vip.binds ? .addressForgotten(vip.prefix) : .service(check.name, state, flaps: flaps)
        case 21: .kernelRefuses
        case 22: .kernelLate(lateness)
        case 23: .partition
        case 24: .cut
        case 25: .stall
        case 26: .halfOpen
        case 27: .routerRestarts(isSilent: isEither)
        case 28: isEither ? .routerDeaf : .routerResets
        default: isEither ? .refresh : .reset
        }
    }
}
