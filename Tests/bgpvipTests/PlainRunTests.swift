import ArgumentParser
import Settings
import Testing

@testable import bgpvip

@Suite struct `A plain run` {
    @Test func `gives the flags that the argument parser would give`() throws {
        let table = Setting.all.flatMap(\.flags) + KubeVipVariable.all.compactMap(\.flag)
        let booleans = AllSettingOptions.all.filter(\.isBoolean).map(\.name)
        let lines: [[String]] = [
            [], table.map { "--\($0)=x" }, booleans.map { "--\($0)" },
            Set(table).subtracting(booleans).sorted().flatMap { ["--\($0)", "a=b"] },
            ["--bind", "false", "--bgp", "true", "--global-scope"],
            ["--peers", "10.0.0.1:1", "--bgp", "--peers=10.0.0.2:2", "--controlplane=false", "--vip", "192.0.2.1"],
        ]
        for line in lines {
            let parsed = try AllSettingOptions.parse(AllSettingOptions.spellingOutBooleans(line)).flags
            #expect(PlainRun.flags(in: ["run"] + line) == parsed)
            #expect(PlainRun.flags(in: ["manager"] + line) == parsed)
        }
    }

    @Test(arguments: [
        [], ["peers"], ["run", "--help"], ["run", "-h"], ["run", "--version"], ["run", "--no-such-flag=1"],
        ["run", "--vip"], ["run", "--vip="], ["run", "--vip", ""], ["run", "--log", "-4"], ["run", "--vip", "--bgp"],
        ["run", "extra"], ["run", "--bgp=true", "true"], ["run", "--bgp", "true", "true"], ["run", "--"],
        ["--vip=192.0.2.1", "run"],
    ])
    func `leaves everything else to the argument parser`(arguments: [String]) {
        #expect(PlainRun.flags(in: arguments) == nil)
    }
}
