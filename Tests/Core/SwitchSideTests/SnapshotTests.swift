import Foundation
import Settings
import SwitchSide
import Testing

/// What each dialect says, word by word, in `Tests/Core/SwitchSideTexts`. Run the tests with BGPVIP_WRITE_DOCS=1 to
/// write the texts and the examples of docs/switches.md, and read the difference. `interop/run tor_config` gives those
/// of BIRD and FRRouting to the programs themselves.
@Suite struct `The text of every dialect` {
    /// A file for each case and dialect: `ebgp.frr`.
    private static let cases: [String: @Sendable (Dialect) throws -> String] = [
        "ebgp": {
            try text(
                $0, ["local-as": "65001", "vip": "10.255.0.1,10.255.0.2", "peers": "10.0.0.1:65000"],
                node: "10.0.1.2,10.0.2.2")
        },
        "ibgp": {
            try text(
                $0,
                [
                    "local-as": "65000", "vip": "10.255.0.1", "peers": "10.0.0.1:65000:secret", "bfd": "50ms",
                    "ttl-security": "true", "hold-time": "6s",
                ], node: "10.0.0.2")
        },
        "unnumbered": {
            try text(
                $0, ["local-as": "4200000001", "vip": "fd00:255::1,10.255.0.1", "peers": "unnumbered:eth0:65000"],
                node: "swp1,swp2")
        },
        "services": {
            try text(
                $0,
                [
                    "local-as": "65001", "vip": "10.255.0.1", "peers": "10.0.0.1:65000", "services": "true",
                    "services-pools": "10.255.1.0/26,front=10.255.2.10-10.255.2.11,fd00:255:1::/112",
                ], node: "10.0.1.2,10.0.2.2")
        },
        "range": {
            try text(
                $0,
                [
                    "local-as": "65001", "vip": "10.255.0.1,fd00:255::1", "llgr": "600s", "bfd": "true",
                    "peers": "10.9.0.1:65000:one:2,[fd00:9::1]:65000:two:2",
                ], for: ["10.9.0.1", "fd00:9::1"], nodes: "10.0.0.0/16,fd00::/48")
        },
    ]

    private static let root = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in
        url.deletingLastPathComponent()
    }
    private static let isWriting = ProcessInfo.processInfo.environment["BGPVIP_WRITE_DOCS"] != nil

    @Test(arguments: cases.keys.sorted(), Dialect.allCases)
    func `is what it was`(name: String, dialect: Dialect) throws {
        let print = try #require(Self.cases[name])
        let text = try print(dialect)
        let file = Self.root.appendingPathComponent("Tests/Core/SwitchSideTexts/\(name).\(dialect.rawValue)")
        if Self.isWriting { try text.write(to: file, atomically: true, encoding: .utf8) }
        #expect(text == (try String(contentsOf: file, encoding: .utf8)))
    }

    @Test func `is in docs/switches.md`() throws {
        let file = Self.root.appendingPathComponent("docs/switches.md")
        let print = try #require(Self.cases["ebgp"])
        var page = try String(contentsOf: file, encoding: .utf8)
        for dialect in [Dialect.bird, .frr] {
            let text = try print(dialect)
            let beginning = "<!-- bgpvip tor-config \(dialect.rawValue) -->\n```\n"
            let start = try #require(page.range(of: beginning)).upperBound
            let end = try #require(page.range(of: "```\n", range: start..<page.endIndex)).lowerBound
            if Self.isWriting {
                page.replaceSubrange(start..<end, with: text)
            } else {
                #expect(page[start..<end] == text)
            }
        }
        if Self.isWriting { try page.write(to: file, atomically: true, encoding: .utf8) }
    }

    @Test func `has a row for every dialect in the table of sources`() throws {
        let page = try String(contentsOf: Self.root.appendingPathComponent("docs/switches.md"), encoding: .utf8)
        for dialect in Dialect.allCases {
            #expect(page.contains("\n| `\(dialect.rawValue)` |"), "\(dialect.rawValue)")
        }
    }

    @Test(arguments: Dialect.allCases)
    func `never holds the password`(dialect: Dialect) throws {
        let text = try text(
            dialect, ["local-as": "65001", "vip": "10.255.0.1", "peers": "10.0.0.1:65000:hunter2"], node: "10.0.1.2")
        #expect(!text.contains("hunter2"))
        #expect(text.contains("Replace <MD5-KEY> with the TCP MD5 password of the peer 10.0.0.1."))
        #expect(text.components(separatedBy: "<MD5-KEY>").count >= 3, "the key has no place in the configuration")
    }
}
