import Glibc
import IPTypes
import Testing

@testable import Netlink

/// Routing rules that keep packets which nobody takes from going back to the router.
@Suite(
    .enabled(if: NetworkNamespace.isPermitted, "needs permission to make network namespaces, and iproute2"),
    .timeLimit(.minutes(1)))
struct LoopRuleTests {
    private static func prefix(_ text: String) -> IPPrefix {
        IPPrefix(parsing: text) ?? IPPrefix(host: .v6(IPv6Address(high: 0, low: 0xFFFF)))
    }

    /// What a command prints.
    private static func output(_ command: String) throws -> String {
        guard let pipe = popen(command, "r") else { throw SystemCallFailure(code: errno) }
        defer { pclose(pipe) }
        var text = ""
        var line = [CChar](repeating: 0, count: 512)
        while fgets(&line, CInt(line.count), pipe) != nil {
            text += String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        return text
    }

    @Test func `are what is wanted, whoever left others, and leave foreign ones alone`() async throws {
        try await NetworkNamespace.with { namespace in
            try await namespace.run {
                try NetworkNamespace.ip("link set lo up")
                try NetworkNamespace.ip("link add up0 type bridge")
                try NetworkNamespace.ip("rule add to 192.0.2.0/24 iif up0 unreachable priority 100")
                let four = LoopRule(Self.prefix("198.51.100.0/26"), from: "up0")
                let six = LoopRule(Self.prefix("2001:db8::/64"), from: "up0")
                try NodeNetwork.setLoopRules([four, six])
                try NodeNetwork.setLoopRules([four, six])
                #expect(
                    try Self.output("ip rule show priority 32000")
                        == "32000:\tfrom all to 198.51.100.0/26 iif up0 unreachable proto 179\n")
                #expect(
                    try Self.output("ip -6 rule show priority 32000")
                        == "32000:\tfrom all to 2001:db8::/64 iif up0 unreachable proto 179\n")
                // Another instance has rules for this pool.
                try NodeNetwork.setLoopRules([six]) { $0 == four.pool }
                #expect(try Self.output("ip rule show priority 32000") != "")
                try NodeNetwork.setLoopRules([six])
                #expect(try Self.output("ip rule show priority 32000") == "")
                try NodeNetwork.setLoopRules([])
                #expect(try Self.output("ip -6 rule show priority 32000") == "")
                #expect(try Self.output("ip rule show priority 100") != "")
            }
        }
    }

    @Test func `uplinks are where packets to peers leave, and never the loopback`() async throws {
        try await NetworkNamespace.with { namespace in
            try await namespace.run {
                for command in [
                    "link set lo up", "link add up0 type bridge", "link set up0 up", "address add 10.0.0.1/24 dev up0",
                ] { try NetworkNamespace.ip(command) }
                let peers = ["10.0.0.2", "10.0.0.1", "203.0.113.1", "fe80::1%eth9"].compactMap { ScopedAddress($0) }
                #expect(peers.count == 4)
                #expect(try NodeNetwork.uplinks(to: Set(peers)) == ["up0", "eth9"])
            }
        }
    }
}
