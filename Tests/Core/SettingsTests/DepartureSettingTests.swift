import IPTypes
import Testing

@testable import Settings

/// The least that loads, with more or other flags.
private func with(_ flags: [String: String]) -> [String: [String]] {
    ["local-as": ["65001"], "vip": ["10.9.9.9"], "peers": ["10.0.0.1:65000"]].merging(flags.mapValues { [$0] }) { $1 }
}

@Suite struct `Settings of leaving and of last resort` {
    @Test func `a drain file has a flag, a variable and a key`() throws {
        #expect(try load(with([:])).settings[Settings.process.drainFile] == nil)
        #expect(
            try load(with(["drain-file": "/run/bgpvip/drain"])).settings[Settings.process.drainFile]
                == "/run/bgpvip/drain")
        #expect(
            try load(with([:]), environment: ["BGPVIP_DRAIN_FILE": "/run/d"]).settings[Settings.process.drainFile]
                == "/run/d")
        #expect(
            try load(tree: FileText.least(["drainFile": "/run/f"])).settings[Settings.process.drainFile] == "/run/f")
    }

    @Test func `an unhealthy address is withdrawn unless it is to be the last resort, all of them or one`() throws {
        #expect(try load(with([:])).settings.vips.map(\.onUnhealthy) == [.withdraw])
        #expect(try load(with(["on-unhealthy": "last-resort"])).settings.vips.map(\.onUnhealthy) == [.lastResort])
        let tree = FileText.mapping([
            ("localAS", "65001"), ("peers", ["10.0.0.1:65000"]), ("onUnhealthy", "last-resort"),
            ("vips", ["10.9.9.9", ["address": "10.9.9.8", "onUnhealthy": "withdraw"]]),
        ]).tree
        #expect(try load(tree: tree).settings.vips.map(\.onUnhealthy) == [.lastResort, .withdraw])
    }

    @Test func `a drain of the node leaves the addresses alone that say so`() throws {
        #expect(try load(with([:])).settings.vips.map(\.drains) == [true])
        #expect(try load(with(["drain": "false"])).settings.vips.map(\.drains) == [false])
        let tree = FileText.mapping([
            ("localAS", "65001"), ("peers", ["10.0.0.1:65000"]),
            ("vips", ["10.9.9.9", ["address": "10.9.9.8", "drain": "false"]]),
        ]).tree
        #expect(try load(tree: tree).settings.vips.map(\.drains) == [true, false])
    }

    @Test func `a node is ready when its verdicts are known, or when it advertises`() throws {
        #expect(try load(with([:])).settings[Settings.process.readyWhen] == .decided)
        #expect(try load(with(["ready-when": "advertised"])).settings[Settings.process.readyWhen] == .advertised)
        #expect(
            try load(tree: FileText.least(["readyWhen": "advertised"])).settings[Settings.process.readyWhen]
                == .advertised)
        #expect(
            errors(with(["ready-when": "now"])) == [
                #"flag --ready-when: "now" does not say when a node is ready; write decided or advertised"#
            ])
    }

    @Test(arguments: [
        (["drain-file": "drain"], #"flag --drain-file: "drain" is not an absolute path"#),
        (["drain-file": "/run/"], #"flag --drain-file: "/run/" is a directory; name a file in it"#),
        (
            ["drain-file": "/run/bgpvip/bgpvip.sock"],
            "flag --drain-file: /run/bgpvip/bgpvip.sock is the control socket, so that the node would always be drained; name another file"
        ),
        (
            ["on-unhealthy": "keep"],
            #"flag --on-unhealthy: "keep" is not a value of on-unhealthy; write withdraw or last-resort"#
        ),
        (
            ["vip": "::ffff:10.9.9.9"],
            "flag --vip, entry 1, column 1: ::ffff:10.9.9.9 is an IPv4-mapped IPv6 address, which no router routes; write 10.9.9.9"
        ),
    ])
    func `what cannot work is refused`(flags: [String: String], message: String) {
        #expect(errors(with(flags)) == [message])
    }

    @Test func `an unnumbered peer may have a password, dialled or not`() {
        #expect(errors(with(["peers": "unnumbered:eth0:external:secret"])) == [])
        #expect(errors(with(["peers": "unnumbered:eth0:external:secret", "passive": "all"])) == [])
    }

    @Test func `leaving takes a second of settling, and far less than a kubelet waits`() throws {
        let departure = try load(with([:])).settings.departure
        #expect(departure == DepartureSettings(settle: .seconds(1), linger: .milliseconds(500)))
        #expect(departure.longest == .milliseconds(3500))
        #expect(try load(with(["settle": "22s"])).notices == [])
        #expect(
            try load(with(["settle": "30s"])).notices == [
                "leaving takes up to 32.5s with this settle and linger: the process must get more time than that before it is killed (terminationGracePeriodSeconds, 30 s if not given; TimeoutStopSec)"
            ])
    }

    @Test func `a pod mounts the directory of its drain file`() throws {
        let pod = try Manifest.pod(load(with(["drain-file": "/etc/bgpvip/state/drain"])), image: "x")
        #expect(
            pod.contains(
                "  - name: drain\n    hostPath:\n      path: \"/etc/bgpvip/state\"\n      type: DirectoryOrCreate\n"))
        let shared = try Manifest.pod(load(with(["drain-file": "/run/bgpvip/drain"])), image: "x")
        #expect(!shared.contains("name: drain"))
    }
}
