import BGPWire
import Health
import IPTypes
import Testing

@testable import Settings

@Suite struct `What a daemon needs to be permitted` {
    private let lost = Rights(capabilities: [.netBindService, .netRaw, .sysNice], runsPrograms: true)

    private func settings(_ flags: [String: [String]] = [:]) throws -> Settings {
        try load(
            ["local-as": ["65001"], "vip": ["192.0.2.10"], "peers": ["10.0.0.1:65000"]].merging(flags) { $1 }
        ).settings
    }

    @Test func `is CAP_NET_ADMIN for VIPs and sessions`() throws {
        #expect(try settings().rights == Rights(capabilities: [.netAdmin], runsPrograms: false))
    }

    @Test(
        arguments: [
            (["listen": ["0.0.0.0"]], [.netAdmin, .netBindService], false),
            (["listen": ["0.0.0.0:1790"]], [.netAdmin], false),
            (["metrics": ["127.0.0.1:80"]], [.netAdmin, .netBindService], false),
            (["health": ["127.0.0.1:80"]], [.netAdmin, .netBindService], false),
            (["bfd": ["50ms"]], [.netAdmin, .sysNice], false),
            (["peers": ["unnumbered:eth0"]], [.netAdmin, .netRaw], false),
            (["check": ["exec:/bin/true"]], [.netAdmin], true),
            (["on-change": ["/bin/true"]], [.netAdmin], true),
        ] as [([String: [String]], Set<Rights.Capability>, Bool)])
    func `is more for what needs more`(flags: [String: [String]], capabilities: Set<Rights.Capability>, programs: Bool)
        throws
    {
        #expect(try settings(flags).rights == Rights(capabilities: capabilities, runsPrograms: programs))
    }

    @Test func `is named where settings come that need what was given up`() throws {
        let remedy = "which this process gave up at its start: restart bgpvip"
        #expect(try settings().obstacles(afterGivingUp: lost) == [])
        #expect(
            try settings([
                "listen": ["0.0.0.0"], "health": ["127.0.0.1:80"], "check": ["exec:/bin/true"],
                "on-change": ["/bin/true"],
            ]).obstacles(afterGivingUp: lost) == [
                "check exec:/bin/true needs the right to run a program, \(remedy)",
                "onChange needs the right to run a program, \(remedy)",
                "listen: port 179 needs CAP_NET_BIND_SERVICE, \(remedy)",
                "health: port 80 needs CAP_NET_BIND_SERVICE, \(remedy)",
            ])
    }

    @Test func `is no obstacle if the process never had it`() throws {
        let demanding = try settings(["listen": ["0.0.0.0"], "on-change": ["/bin/true"], "bfd": ["50ms"]])
        #expect(demanding.obstacles(afterGivingUp: .none) == [])
        #expect(demanding.shortcomings(afterGivingUp: .none) == [])
    }

    @Test func `is said where something works less well without`() throws {
        let settings = try settings(["bfd": ["50ms"], "peers": ["unnumbered:eth0"]])
        #expect(settings.obstacles(afterGivingUp: lost) == [])
        #expect(
            settings.shortcomings(afterGivingUp: lost) == [
                "BFD runs with ordinary scheduling until bgpvip is restarted: CAP_SYS_NICE was given up at the start",
                "the routers of unnumbered peers may not be found until bgpvip is restarted: CAP_NET_RAW was given up at the start",
            ])
    }
}
