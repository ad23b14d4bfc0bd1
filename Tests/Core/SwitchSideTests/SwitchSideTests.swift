import BGPWire
import IPTypes
import Settings
import SwitchSide
import Testing

@Suite struct `The side of a switch` {
    private let two = [
        "local-as": "65001", "vip": "10.255.0.1", "peers": "10.0.0.1:65000,10.0.0.2:65000:secret,[fd00::1]:external",
    ]

    private func sides(
        _ flags: [String: String], for switches: [String] = [], node: String = "", nodes: String = ""
    ) throws -> [SwitchSide] {
        try SwitchSide.all(
            in: settings(flags), for: switches, nodes: NodeSelection(nodes: [node], ranges: [nodes]))
    }

    @Test func `is one for each peer, with the nodes of its family`() throws {
        let sides = try sides(two, node: "10.0.1.2, fd00::2,10.0.1.2")
        #expect(sides.map(\.sessions.count) == [1, 1, 1])
        #expect(sides.map { "\($0.sessions[0].peer.address)" } == ["10.0.0.1", "10.0.0.2", "fd00::1"])
        let (node4, node6) = (try #require(IPAddress("10.0.1.2")), try #require(IPAddress("fd00::2")))
        #expect(
            sides.map(\.sessions[0].nodes) == [.addresses([node4]), .addresses([node4]), .addresses([node6])])
        #expect(sides.map { $0.switchAS?.value } == [65000, 65000, nil])
    }

    @Test func `is one for all addresses that --for names`() throws {
        let sides = try sides(two, for: ["10.0.0.2, 10.0.0.1"], node: "10.0.1.2,fd00::2")
        #expect(sides.map { $0.sessions.map(\.number) } == [[1, 2]])
        #expect(sides[0].sessions.map { "\($0.peer.address)" } == ["10.0.0.2", "10.0.0.1"])
    }

    @Test func `is chosen by the address of a peer and nothing else`() {
        #expect(
            fault { _ = try sides(two, for: ["10.0.0.9"], node: "10.0.1.2,fd00::2") }
                == "--for 10.0.0.9: no peer of the settings has this address; the peers are 10.0.0.1, 10.0.0.2, fd00::1"
        )
        #expect(
            fault { _ = try sides(two, for: ["10.0.0.1,fd00::1"], node: "10.0.1.2,fd00::2") }
                == "the peers 10.0.0.1, fd00::1 have different ASes; they are different switches: give --for once for each"
        )
    }

    @Test func `needs the nodes`() throws {
        let one = ["local-as": "65001", "vip": "10.255.0.1", "peers": "10.0.0.1:65000"]
        #expect(
            fault { _ = try sides(one) }
                == "nothing says which IPv4 addresses the nodes have towards the peer 10.0.0.1; "
                + "give --node ADDRESS,… with one for each node, or --nodes PREFIX")
        #expect(
            fault { _ = try sides(two, node: "10.0.1.2") }
                == "nothing says which IPv6 addresses the nodes have towards the peer fd00::1; "
                + "give --node ADDRESS,… with one for each node, or --nodes PREFIX")
        #expect(
            fault { _ = try sides(one, node: "10.0.1.2,fd00::2") }
                == "--node fd00::2: no peer of the settings has an IPv6 address; leave it out")
        #expect(
            fault { _ = try sides(one, node: "swp1") }
                == "--node swp1: not an address, and no peer of the settings is reached by its link; "
                + "give the addresses of the nodes")
        #expect(
            fault { _ = try sides(one, node: "10.0.0.1") }
                == "--node 10.0.0.1 is the switch's own address; give the addresses of the nodes")
        #expect(
            fault { _ = try sides(["local-as": "1", "vip": "10.255.0.1", "peers": "unnumbered:eth0"]) }
                == "the peer unnumbered:eth0 is reached by its link, and nothing says which ports of the switch the nodes are on; "
                + "give --node PORT,…, for example --node swp1,swp2")
        #expect(
            fault { _ = try sides(one.merging(["passive": "all"]) { $1 }, nodes: "10.0.0.0/16") }
                == "the peer 10.0.0.1 is passive: the switch has to dial the nodes, which no prefix tells it; "
                + "give --node ADDRESS,… with one for each node")
    }

    @Test(arguments: [
        ("10.0.0.0/16", "", "--node 10.0.0.0/16: a prefix is not one node; give it as --nodes 10.0.0.0/16"),
        (
            "a;b", "",
            "--node a;b: neither an address nor the name of a port of the switch; "
                + "write for example --node 10.0.1.2,10.0.2.2 or --node swp1"
        ),
        (
            "", "10.0.0.1",
            "--nodes 10.0.0.1: not a prefix; write for example --nodes 10.0.0.0/16, or name nodes with --node"
        ),
        (
            "", "10.0.0.1/16",
            "--nodes 10.0.0.1/16: not a prefix; write for example --nodes 10.0.0.0/16, or name nodes with --node"
        ),
        ("10.0.0.2", "10.0.0.0/16", "--node names addresses and --nodes prefixes; give one of the two"),
    ])
    func `takes nodes in their own notation only`(node: String, nodes: String, error: String) {
        #expect(fault { _ = try NodeSelection(nodes: [node], ranges: [nodes]) } == error)
    }

    @Test func `of a default gateway has the nodes of both families`() throws {
        let flags = ["local-as": "65001", "vip": "10.255.0.1", "peers": "gateway:65000"]
        let sides = try sides(flags, node: "10.0.1.2,fd00::2")
        #expect(sides.map { $0.sessions.map(\.number) } == [[1, 2]])
        let bird = Dialect.bird.text(of: sides)
        #expect(bird.contains("==== Switch gateway, AS 65000: BIRD 2 and 3 ===="))
        #expect(bird.contains("protocol bgp bgpvip_10_0_1_2 from bgpvip {\n  neighbor 10.0.1.2 as 65001;"))
        #expect(bird.contains("protocol bgp bgpvip2_fd00__2 from bgpvip2 {\n  neighbor fd00::2 as 65001;"))
    }

    @Test func `dials if the nodes wait, on the port where they listen`() throws {
        let flags = [
            "local-as": "65001", "vip": "10.255.0.1", "peers": "10.0.0.1:65000", "passive": "all",
            "listen-port": "1790",
        ]
        let bird = try text(.bird, flags, node: "10.0.1.2")
        #expect(bird.contains("  connect delay time 1;\n  connect retry time 2;\n"))
        #expect(bird.contains("  neighbor 10.0.1.2 port 1790 as 65001;\n"))
        #expect(!bird.contains("passive on"))
        let frr = try text(.frr, flags, node: "10.0.1.2")
        #expect(frr.contains(" neighbor 10.0.1.2 port 1790\n"))
        #expect(!frr.contains(" passive\n"))
        for dialect in [Dialect.nxos, .iosxr, .junos, .srlinux, .cumulus] {
            #expect(try text(dialect, flags, node: "10.0.1.2").contains("The nodes listen on TCP port 1790;"))
        }
    }

    @Test func `listens where the nodes dial, or says that it does not`() throws {
        let flags = ["local-as": "65001", "vip": "10.255.0.1", "peers": "10.0.0.1:65000:::1790"]
        #expect(try text(.bird, flags, node: "10.0.1.2").contains("  local port 1790 as 65000;\n"))
        for dialect in Dialect.allCases where dialect != .bird {
            #expect(
                try text(dialect, flags, node: "10.0.1.2").contains(
                    "The nodes dial TCP port 1790; nothing here makes the switch listen on it."), "\(dialect)")
        }
    }

    @Test func `does not know the AS of an external peer`() throws {
        let flags = ["local-as": "65001", "vip": "10.255.0.1", "peers": "10.0.0.1:external"]
        for dialect in Dialect.allCases {
            #expect(
                try text(dialect, flags, node: "10.0.1.2").contains(
                    "Replace <SWITCH-AS>: the settings say only that it is not 65001."), "\(dialect)")
        }
    }

    @Test func `allows ten prefixes at least, and twice as many as there are`() throws {
        let vips = (1...30).map { "10.255.0.\($0)" }.joined(separator: ",")
        let flags = ["local-as": "65001", "vip": vips, "peers": "10.0.0.1:65000"]
        let many = try text(.frr, flags, node: (1...20).map { "10.0.1.\($0)" }.joined(separator: ","))
        #expect(many.contains("  neighbor BGPVIP maximum-prefix 60 restart 1\n"))
        #expect(many.contains("  maximum-paths 20\n"))
        #expect(many.contains("ip prefix-list BGPVIP4 seq 150 permit 10.255.0.30/32\n"))
    }
}

@Suite struct `A dialect` {
    @Test func `has a name`() throws {
        for dialect in Dialect.allCases { #expect(try Dialect(named: dialect.rawValue) == dialect) }
        #expect(try ["BIRD2", "bird3", "FRR"].map { try Dialect(named: $0) } == [.bird, .bird, .frr])
    }

    @Test func `that is misspelt gets a suggestion`() {
        let known = "the dialects are bird, frr, eos, nxos, iosxr, junos, sonic, srlinux, cumulus"
        #expect(
            fault { _ = try Dialect(named: "junso") } == "there is no dialect \"junso\"; did you mean junos? \(known)")
        #expect(fault { _ = try Dialect(named: "vyos\n") } == "there is no dialect \"vyos\"; \(known)")
    }
}
