import Testing

@testable import Settings

/// The least that loads.
private let least = ["local-as": ["65001"], "vip": ["10.9.9.9"], "peers": ["10.0.0.1:65000"]]

/// The least, with more or other flags.
private func with(_ flags: [String: String]) -> [String: [String]] {
    least.merging(flags.mapValues { [$0] }) { $1 }
}

@Suite struct `Settings that are odd, and no error` {
    /// Of each kind of flag: its own name, a synonym, a list, a boolean and kube-vip's.
    @Test(arguments: ["", "  "]) func `an empty value is as good as none`(empty: String) throws {
        let flags = Setting.all.flatMap(\.flags) + KubeVipVariable.all.compactMap(\.flag)
        let nothing = Dictionary(uniqueKeysWithValues: flags.map { ($0, [empty]) })
        #expect(try load(least.merging(nothing) { $0 + $1 }) == load(least))
        let environment = Setting.all.flatMap(\.environment) + KubeVipVariable.all.map(\.name)
        #expect(
            try load(least, environment: Dictionary(environment.map { ($0, empty) }) { first, _ in first })
                == load(least))
        #expect(try load(with(["router-id": empty, "med": "5"])).settings.routerID == nil)
        #expect(try load(with(["vip": empty, "address": "10.9.9.8"])).settings.vips.count == 1)
    }

    @Test func `an empty flag leaves a setting to the environment`() throws {
        let loaded = try load(with(["hold-time": ""]), environment: ["BGPVIP_HOLD_TIME": "12s"])
        #expect(loaded.settings.peers.map(\.holdTime) == [12])
        #expect(
            errors(with(["vip": ""])).first
                == "no VIP is set; give --vip or BGPVIP_VIP, for example --vip 192.0.2.10")
    }

    @Test func `no control socket is a way to run`() throws {
        #expect(try load(with(["control-socket": "none"])).settings[Settings.process.controlSocket] == nil)
        #expect(
            try load(least, environment: ["BGPVIP_CONTROL_SOCKET": "none"]).settings[Settings.process.controlSocket]
                == nil)
        #expect(
            try load(tree: FileText.least(["controlSocket": "none"])).settings[Settings.process.controlSocket] == nil)
        #expect(
            try load(with(["control-socket": "none", "drain-file": "/run/drain"])).settings[Settings.process.drainFile]
                == "/run/drain")
        #expect(errors(with(["control-socket": "off"])) == [#"flag --control-socket: "off" is not an absolute path"#])
    }

    @Test(arguments: ["127.0.0.1", "127.255.0.1"]) func `a router ID that every node has gets a notice`(id: String)
        throws
    {
        #expect(
            try load(with(["router-id": id])).notices == [
                "flag --router-id: the router ID \(id) is a loopback address, which every node has: a router that gets it from two nodes may refuse one of them; give each node's own address"
            ])
        #expect(try load(with(["router-id": "128.0.0.1"])).notices == [])
    }

    @Test func `lo as the router ID's interface gets a notice, unless the router ID is given`() throws {
        let notice =
            ": lo seldom has an address of its own, and neither 127.0.0.1 nor a VIP can be the router ID: without another one the daemon waits; give an interface that has this node's address"
        #expect(try load(with(["router-interface": "lo"])).notices == ["flag --router-interface" + notice])
        #expect(
            try load(least, environment: ["BGPVIP_ROUTER_INTERFACE": "lo"]).notices == [
                "environment BGPVIP_ROUTER_INTERFACE" + notice
            ])
        #expect(try load(with(["router-interface": "eth0"])).notices == [])
        #expect(try load(with(["router-interface": "lo", "router-id": "10.0.0.7"])).notices == [])
    }

    @Test func `a password on the command line gets a notice, one elsewhere does not`() throws {
        let notice = { (flag: String) in
            "flag --\(flag) contains a password, and every local user sees the command line; put it into a file and give --peer-password-file"
        }
        #expect(
            try load(with(["peers": "10.0.0.1:65000,[fd00::1]:65000:pw,10.0.0.2:65000:pw"])).notices == [
                notice("peers")
            ])
        var flags = least
        flags["peers"] = nil
        #expect(try load(flags.merging(["peer": ["10.0.0.1:65000:pw:2"]]) { $1 }).notices == [notice("peer")])
        #expect(
            try load(flags.merging(["bgppeers": ["10.0.0.1:65000:pw:false"]]) { $1 }).notices == [notice("bgppeers")])
        #expect(
            try load(flags.merging(["peerAddress": ["10.0.0.1"], "peerPass": ["pw"]]) { $1 }).notices == [
                notice("peerPass")
            ])
        #expect(try load(flags, environment: ["BGPVIP_PEERS": "10.0.0.1:65000:pw"]).notices == [])
        #expect(try load(with(["peers": "10.0.0.1:65000::true"])).notices == [])
        #expect(try load(with(["peer-password-file": "/p"]), files: ["/p": "pw"]).notices == [])
    }
}
