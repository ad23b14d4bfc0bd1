import Deadlines
import Health
import Settings
import SpeakerCore

extension World {
    /// All nodes are told to leave, one shortly after the other: each has gone in bounded time, and no packet is lost.
    mutating func leave() {
        guard violations.isEmpty else { return }
        for node in nodes.indices {
            give(.terminationRequested(reason: "the end", isUrgent: false), to: node)
            run(for: random.between(.zero, .seconds(1)))
        }
        let departure = nodes[0].configured.departure
        run(for: departure.settle + departure.acknowledgement + departure.linger + .seconds(1))
        // A router waits for an OPEN for a while.
        if !connections.isEmpty { run(for: .seconds(20)) }
        for node in nodes.indices where nodes[node].process != nil { blame("node \(node) has not ended") }
        for node in nodes.indices where !nodes[node].addresses.isEmpty { blame("node \(node) has left addresses") }
        for router in routers.indices {
            for node in nodes.indices where !routers[router].routes(of: node).isEmpty {
                blame("router \(router) still has routes of node \(node)")
            }
        }
        if connections.count > 0 { blame("\(connections.count) connections are left over") }
    }
}

// MARK: - Memory

extension World {
    /// After everything that has happened, no process holds more than one to which nothing has happened.
    mutating func compareMemory(with calm: World) {
        var known: [AnyHashable: Int] = [:]
        for node in nodes.indices {
            guard let speaker = nodes[node].process?.speaker, let other = calm.nodes[node].process?.speaker else {
                continue
            }
            let (held, usual) = (Self.footprint(of: speaker, &known), Self.footprint(of: other, &known))
            // Reasons of past failures, and what was said of them, are kept for a while; each is small.
            if held > usual + usual / 4 + 200 { blame("node \(node) holds \(held) values, where \(usual) are usual") }
        }
        let usual = 100 * (nodes.count + routers.count) * max(scenario.served.count, 1)
        if agenda.count > usual { blame("\(agenda.count) things are planned") }
    }

    /// How many values something is made of, down to each number in each array.
    ///
    /// To look for parts takes long. So it is not done where there are none, and once only of settings that are the same.
    private static func footprint(of value: Any, _ known: inout [AnyHashable: Int]) -> Int {
        let kind = ObjectIdentifier(type(of: value))
        if indivisible.contains(kind) { return 1 }
        guard settings.contains(kind), let key = value as? AnyHashable else { return whole(value, &known) }
        if let count = known[key] { return count }
        let count = whole(value, &known)
        known[key] = count
        return count
    }

    private static func whole(_ value: Any, _ known: inout [AnyHashable: Int]) -> Int {
        var count = 1
        for (_, part) in Mirror(reflecting: value).children { count += footprint(of: part, &known) }
        return count
    }

    private static let settings = Set(
        ([Settings.self, PeerSettings.self, VIPSettings.self, Check.self] as [Any.Type]).map { ObjectIdentifier($0) })
    private static let indivisible = Set(
        ([Bool.self, Int.self, Int64.self, UInt8.self, UInt16.self, UInt32.self, UInt64.self, String.self] as [Any.Type])
            .map { ObjectIdentifier($0) })
}
