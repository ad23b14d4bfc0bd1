import BGPWire
import Settings
import Testing

@testable import bgpvip

/// The JSON of `bgpvip check --json`, which docs/settings.md promises.
@Suite struct `The answer of check` {
    private static func scalar(_ text: String, _ line: Int, _ column: Int) -> FileNode {
        FileNode(.scalar(text), at: FilePlace(line: line, column: column))
    }

    /// `peers: [{address: 10.0.0.1, as: 65000, password: hunter2}]`
    private static let tree: FileNode = {
        let entries = [("address", "10.0.0.1", 2), ("as", "65000", 3), ("password", "hunter2", 4)].map {
            FileEntry($0, scalar($1, $2, 14), at: FilePlace(line: $2, column: 5))
        }
        let peer = FileNode(.mapping(entries), at: FilePlace(line: 2, column: 5))
        let peers = FileNode(.sequence([peer]), at: FilePlace(line: 2, column: 3))
        let entry = FileEntry("peers", peers, at: FilePlace(line: 1, column: 1))
        return FileNode(.mapping([entry]), at: FilePlace(line: 1, column: 1))
    }()

    private static let node = NodeView(
        interfaces: ["lo", "eth0"], routerID: RouterID(BGPIdentifier(0x0A00_0005)), routerIDInterface: "eth0")

    private static func load(_ flags: [String: [String]]) throws(InvalidSettings) -> LoadedSettings {
        try SettingsLoader.load(
            flags: flags.merging(["config": ["/etc/b.yaml"], "local-as": ["65001"]]) { $1 },
            environment: ["bgp_enable": "true", "address": "10.9.9.9", "dns_mode": "x"],
            readFile: { _ in .success("") }, readTree: { _ in .success(tree) })
    }

    @Test func `has what is wrong with files beside the settings`() throws {
        let answer = try CheckAnswer(Self.load([:]), on: Self.node, faults: ["check api: cannot read the CA file /x"])
        #expect(answer.errors.map(\.message) == ["check api: cannot read the CA file /x"])
        #expect(!answer.settings.isEmpty)
    }

    @Test func `has every setting with its origin, and no password`() throws {
        let answer = try CheckAnswer(Self.load([:]), on: Self.node)
        #expect(answer.settings.filter { !$0.name.contains("[") }.map(\.name) == Setting.all.map(\.name))
        let chosen = ["vip", "local-as", "med", "linger"]
        var short = answer
        short.settings = answer.settings.filter { chosen.contains($0.name) || $0.name.hasPrefix("peers") }
        #expect(
            try text(short) == """
                {
                  "errors" : [

                  ],
                  "ignored" : [
                    "dns_mode"
                  ],
                  "node" : {
                    "interface" : "lo",
                    "routerID" : "10.0.0.5",
                    "routerIDInterface" : "eth0"
                  },
                  "notices" : [
                    "bgp_hold_time is not given: 9 s is proposed, and not kube-vip's 30 s, so that a dead node is noticed sooner",
                    "10.9.9.9: while etcd elects a leader, /readyz fails on all API servers for seconds, and every node withdraws; on-unhealthy last-resort keeps the address reachable then (docs/checks.md weighs it)"
                  ],
                  "settings" : [
                    {
                      "name" : "vip",
                      "origin" : {
                        "kind" : "kube-vip-environment",
                        "name" : "address"
                      },
                      "value" : "10.9.9.9"
                    },
                    {
                      "name" : "local-as",
                      "origin" : {
                        "kind" : "flag",
                        "name" : "local-as"
                      },
                      "value" : "65001"
                    },
                    {
                      "name" : "peers",
                      "origin" : {
                        "column" : 14,
                        "kind" : "file",
                        "line" : 2,
                        "path" : "/etc/b.yaml"
                      },
                      "value" : "10.0.0.1:65000:***"
                    },
                    {
                      "name" : "peers[10.0.0.1].as",
                      "origin" : {
                        "column" : 14,
                        "kind" : "file",
                        "line" : 3,
                        "path" : "/etc/b.yaml"
                      },
                      "value" : "65000"
                    },
                    {
                      "name" : "peers[10.0.0.1].password",
                      "origin" : {
                        "column" : 14,
                        "kind" : "file",
                        "line" : 4,
                        "path" : "/etc/b.yaml"
                      },
                      "value" : "***"
                    },
                    {
                      "name" : "med",
                      "origin" : {
                        "kind" : "default"
                      }
                    },
                    {
                      "name" : "linger",
                      "origin" : {
                        "kind" : "default"
                      },
                      "value" : "500ms"
                    }
                  ]
                }

                """)
    }

    @Test func `has every error with its place`() throws {
        do throws(InvalidSettings) {
            _ = try Self.load(["communities": ["65000:1,x"]])
            Issue.record("loaded")
        } catch {
            #expect(
                try text(CheckAnswer(error)) == """
                    {
                      "errors" : [
                        {
                          "column" : 9,
                          "entry" : 2,
                          "message" : "flag --communities, entry 2, column 9: \\"x\\" is not a community; write for example 65000:100 or no-export",
                          "origin" : {
                            "kind" : "flag",
                            "name" : "communities"
                          },
                          "problem" : "\\"x\\" is not a community",
                          "remedy" : "write for example 65000:100 or no-export"
                        }
                      ],
                      "ignored" : [

                      ],
                      "notices" : [
                        "bgp_hold_time is not given: 9 s is proposed, and not kube-vip's 30 s, so that a dead node is noticed sooner"
                      ],
                      "settings" : [

                      ]
                    }

                    """)
        }
    }

    @Test func `is a table for people, with the entries under their list`() throws {
        let lines = CheckCommand.table(try Self.load([:]), on: Self.node, all: true).split(separator: "\n").map(
            String.init)
        #expect(
            lines.filter { $0.contains("peers") && !$0.hasPrefix("peers ") } == [
                "  peers[10.0.0.1].as        65000                                  /etc/b.yaml:3:14",
                "  peers[10.0.0.1].password  ***                                    /etc/b.yaml:4:14",
            ])
    }
}
