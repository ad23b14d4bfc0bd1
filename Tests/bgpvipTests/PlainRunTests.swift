import ArgumentParser
import Settings
import Testing

@testable import bgpvip

@Suite struct `A plain run` {
    @Test func `gives the flags that the argument parser would give`() throws {
        let table = Setting.all.flatMap(\.flags) + KubeVipVariable.all.compactMap(\.flag)
        let bare = AllSettingOptions.all.filter { $0.bare != .needsValue }.map(\.name)
        let lines: [[String]] = [
            [], table.map { "--\($0)=x" }, bare.map { "--\($0)" }, table.map { "--\($0)=" },
            table.flatMap { ["--\($0)=", "--\($0)=x"] },
            Set(table).subtracting(bare).sorted().flatMap { ["--\($0)", "a=b"] },
            Set(table).subtracting(bare).sorted().flatMap { ["--\($0)", ""] },
            bare.flatMap { ["--\($0)", "false"] },
            ["--bind", "false", "--bgp", "true", "--global-scope"], ["--bind", "no", "--bgp", "on", "--arp", "0"],
            ["--peers", "10.0.0.1:1", "--bgp", "--peers=10.0.0.2:2", "--controlplane=false", "--vip", "192.0.2.1"],
            ["--bfd", "--vip", "192.0.2.1", "--ttl-security", "--listen", "--bgp"],
            ["--bfd", "50ms", "--listen", "10.0.0.5:179", "--ttl-security", "2", "--bfd"], ["--bfd", ""],
            ["--prometheusHTTPServer=", "--vip=", "--address=192.0.2.1"],
        ]
        for line in lines {
            let parsed = try AllSettingOptions.parse(AllSettingOptions.spellingOut(line)).flags
            let plain = try #require(PlainRun.flags(in: ["run"] + line), "\(line)")
            // An empty word is a value to the parser, and as good as none to the settings.
            #expect(plain == parsed.mapValues { $0.filter { !$0.isEmpty } }.filter { !$0.value.isEmpty })
            #expect(PlainRun.flags(in: ["manager"] + line) == plain)
        }
    }

    @Test(
        arguments: [
            (["--bfd", "--vip", "192.0.2.1"], ["bfd": ["true"], "vip": ["192.0.2.1"]]),
            (
                ["--ttl-security", "--bgp", "--listen"],
                ["ttl-security": ["true"], "bgp": ["true"], "listen": ["true"]]
            ),
            (["--bfd", "50ms", "--bind", "192"], nil), (["--bfd", "false"], ["bfd": ["false"]]),
            (["--vip=", "--prometheusHTTPServer=", "--bgp="], [:]),
        ] as [([String], [String: [String]]?)])
    func `reads a bare flag as true, and never the next flag as its value`(
        arguments: [String], flags: [String: [String]]?
    ) {
        #expect(PlainRun.flags(in: ["run"] + arguments) == flags)
    }

    @Test(arguments: [
        [], ["peers"], ["run", "--help"], ["run", "-h"], ["run", "--version"], ["run", "--no-such-flag=1"],
        ["run", "--vip"], ["run", "--log", "-4"], ["run", "--vip", "--bgp"],
        ["run", "extra"], ["run", "--bgp=true", "true"], ["run", "--bgp", "true", "true"], ["run", "--"],
        ["--vip=192.0.2.1", "run"],
    ])
    func `leaves everything else to the argument parser`(arguments: [String]) {
        #expect(PlainRun.flags(in: arguments) == nil)
    }
}
