import Testing

@testable import Settings

@Suite struct `Hostile text` {
    /// A fixed sequence of numbers, so that a failure comes again.
    private struct Sequence64: RandomNumberGenerator {
        var state: UInt64 = 42
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }

    /// Pieces of all grammars, and what grammars trip over.
    private static let pieces = [
        ":", ",", "[", "]", "%", "/", "=", ";", "-", ".", " ", "0", "1", "9", "65000", "4294967296", "10.0.0.1",
        "fe80::1",
        "eth0", "true", "false", "all", "none", "external", "ms", "s", "m", "http://", "https://", "tcp://", "exec:",
        "localhost", "?", "#", "@", "mpbgp_nexthop=", "/mpbgp_", "unnumbered:", "gateway", "rt:", "0x", "\0", "\n", "é",
        "e\u{301}",
        "🇩🇪", "99999999999999999999", "\"", "\\",
    ]

    /// A value made of keys that mean something and of pieces, not deep.
    private static func value(_ random: inout Sequence64, depth: Int) -> FileText {
        let keys =
            Setting.all.compactMap(\.fileKey) + FileItemKind.vip.keys + FileItemKind.check.keys + FileItemKind.peer.keys
        let count = Int.random(in: 0...5, using: &random)
        switch depth < 4 ? Int.random(in: 0..<3, using: &random) : 0 {
        case 1:
            return .sequence((0..<count).map { _ in value(&random, depth: depth + 1) })
        case 2:
            return .mapping(
                (0..<count).map { _ in
                    (keys.randomElement(using: &random) ?? "", value(&random, depth: depth + 1))
                })
        default:
            return .scalar((0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined())
        }
    }

    @Test func `in a configuration file of any form is an error and never a trap`() {
        var random = Sequence64()
        for _ in 0..<2000 {
            let keys = Setting.all.compactMap(\.fileKey).shuffled(using: &random).prefix(6)
            let file = FileText.mapping(keys.map { ($0, Self.value(&random, depth: 1)) })
            do throws(InvalidSettings) {
                let loaded = try load(files: ["/": "\n\0"], tree: file.tree)
                _ = try? Manifest.pod(loaded, image: "x")
                _ = try? Manifest.daemonSet(loaded, image: "x", file: nil)
            } catch {
                #expect(error.errors.allSatisfy { !$0.description.isEmpty })
            }
        }
    }

    @Test func `in any setting of either vocabulary is an error and never a trap`() {
        var random = Sequence64()
        let variables = Setting.all.flatMap(\.environment) + KubeVipVariable.all.map(\.name)
        for _ in 0..<3000 {
            var environment = ["bgp_enable": "true"]
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let pieces = (0..<Int.random(in: 1...8, using: &random)).map { _ in
                    Self.pieces.randomElement(using: &random) ?? ""
                }
                environment[variables.randomElement(using: &random) ?? ""] = pieces.joined()
            }
            do throws(InvalidSettings) {
                let loaded = try load(environment: environment, files: ["/": "\n\0"])
                _ = try? Manifest.pod(loaded, image: "x")
                _ = try? Manifest.daemonSet(loaded, image: "x", file: nil)
            } catch {
                #expect(error.errors.allSatisfy { !$0.description.isEmpty })
            }
        }
    }
}
