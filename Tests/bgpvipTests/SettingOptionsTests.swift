import ArgumentParser
import BGPWire
import Settings
import Testing

@testable import bgpvip

@Suite struct `The flags of bgpvip run` {
    @Test func `are those of the table and kube-vip's, and no others`() throws {
        let table = Setting.all.flatMap(\.flags) + KubeVipVariable.all.compactMap(\.flag)
        #expect(Set(AllSettingOptions.all.map(\.name)) == Set(table))
        #expect(AllSettingOptions.all.count == table.count)
        // All of them at once: each is known to the parser and arrives under its own name.
        let options = try AllSettingOptions.parse(table.map { "--\($0)=x" })
        #expect(options.flags == Dictionary(uniqueKeysWithValues: table.map { ($0, ["x"]) }))
    }

    @Test func `stand in the help under the table's names, kube-vip's do not`() {
        let help = RunCommand.helpMessage(columns: 200)
        for setting in Setting.all {
            #expect(help.contains("--\(setting.name) <\(setting.placeholder)>"), "\(setting.name)")
        }
        #expect(!help.contains("--localAS"))
    }

    @Test func `may be repeated, and may be bare if they are boolean`() throws {
        let arguments = AllSettingOptions.spellingOut([
            "--peer", "10.0.0.1:1", "--bgp", "--check-insecure", "--peer=10.0.0.2:2", "--controlplane=false",
            "--bind", "false",
        ])
        #expect(
            try AllSettingOptions.parse(arguments).flags == [
                "peer": ["10.0.0.1:1", "10.0.0.2:2"], "bgp": ["true"], "check-insecure": ["true"],
                "controlplane": ["false"], "bind": ["false"],
            ])
        #expect(throws: (any Error).self) {
            try AllSettingOptions.parse(AllSettingOptions.spellingOut(["--bind=true", "false"]))
        }
    }

    @Test(arguments: ["true", "no", "off", "Yes", "0"]) func `take a boolean word as the value of a boolean flag`(
        word: String
    ) {
        #expect(AllSettingOptions.spellingOut(["--bind", word, "--bgp"]) == ["--bind=\(word)", "--bgp=true"])
        #expect(AllSettingOptions.spellingOut(["--bind", "file.yaml"]) == ["--bind=true", "file.yaml"])
    }

    @Test(arguments: ["--bind", "--bgp", "--bfd", "--listen", "--controlplane"])
    func `set nothing if the word behind them is empty`(flag: String) {
        #expect(AllSettingOptions.spellingOut([flag, "", "--vip", "10.9.9.9"]) == ["--vip", "10.9.9.9"])
    }

    @Test func `take a value that begins with a dash, as kube-vip's log level does`() throws {
        #expect(try AllSettingOptions.parse(["--log", "-4"]).flags == ["log": ["-4"]])
    }

    @Test func `that are unknown are errors`() {
        #expect(throws: (any Error).self) { try AllSettingOptions.parse(["--colour", "blue"]) }
        #expect(throws: (any Error).self) { try AllSettingOptions.parse(["stray"]) }
    }
}

@Suite struct `The command line` {
    @Test(arguments: [
        ["run"], ["manager"], ["manager", "--prometheusHTTPServer", ":2112"],
        ["run", "--vip", "10.9.9.9", "--local-as", "65001", "--peers", "10.0.0.1:65000"],
    ]) func `starts the daemon as run and as manager`(arguments: [String]) throws {
        #expect(try BGPVip.parseAsRoot(arguments) is RunCommand)
    }

    @Test func `takes kube-vip's manifest command from the kubeadm document`() throws {
        let arguments = AllSettingOptions.spellingOut([
            "manifest", "pod", "--interface", "lo", "--vip", "192.168.0.40", "--controlplane", "--bgp", "--localAS",
            "65000", "--bgpRouterID", "192.168.0.2", "--bgppeers",
            "192.168.0.10:65000::false,192.168.0.11:65000::false",
        ])
        let command = try #require(try BGPVip.parseAsRoot(arguments) as? ManifestPodCommand)
        #expect(command.options.image == "localhost/bgpvip:0.1.0")
        #expect(
            command.options.settings.flags == [
                "interface": ["lo"], "vip": ["192.168.0.40"], "controlplane": ["true"], "bgp": ["true"],
                "localAS": ["65000"], "bgpRouterID": ["192.168.0.2"],
                "bgppeers": ["192.168.0.10:65000::false,192.168.0.11:65000::false"],
            ])
    }

    @Test func `takes a configuration file by flag, and check by its name alone`() throws {
        let run = try #require(try BGPVip.parseAsRoot(["run", "--config", "/etc/b.yaml"]) as? RunCommand)
        #expect(run.options.flags == ["config": ["/etc/b.yaml"]])
        let check = try #require(try BGPVip.parseAsRoot(["check", "/etc/b.yaml", "--json"]) as? CheckCommand)
        #expect(check.file == "/etc/b.yaml")
        #expect(check.json)
        do throws(InvalidSettings) {
            _ = try loaded(flags: check.options.flags, environment: [:], file: "/nonexistent")
            Issue.record("loaded")
        } catch {
            #expect(
                error.errors.map(\.description) == [
                    "argument <file>: cannot read /nonexistent: No such file or directory"
                ])
        }
    }

    @Test func `waits for a drain for longer than the settings let it take`() {
        let steps = DepartureSettings.steps.upperBound
        let longest = DepartureSettings(settle: steps, linger: steps).longest
        #expect(.seconds(DrainCommand.longestWait) > longest)
        #expect(DrainCommand.longestWait == 7260)
    }

    @Test func `names its commands`() {
        #expect(
            BGPVip.configuration.subcommands.map { $0.configuration.commandName } == [
                "run", "status", "peers", "vips", "why", "services", "events", "drain", "undrain", "reload", "check",
                "doctor",
                "manifest", "tor-config", "version",
            ])
    }

    @Test func `prints settings as a table with notices, and no password`() throws {
        let loaded = try SettingsLoader.load(
            flags: [
                "vip": ["10.9.9.9"], "local-as": ["65001"], "peers": ["10.0.0.1:65000:hunter2"], "interface": ["eth0"],
            ],
            environment: [:], readFile: { _ in .success("") }, readTree: { _ in .failure(FileFault("")) })
        let node = NodeView(
            interfaces: ["lo", "eth0"], routerID: RouterID(BGPIdentifier(0x0A00_0005)), routerIDInterface: "eth0")
        let all = CheckCommand.table(loaded, on: node, all: true).split(separator: "\n").map(String.init)
        #expect(
            Array(all.prefix(11)) == [
                "SETTING                  VALUE                                  ORIGIN",
                "vip                      10.9.9.9                               flag --vip",
                "interface                eth0                                   flag --interface",
                "bind                     true                                   default",
                "global-scope             false                                  default",
                "on-unhealthy             withdraw                               default",
                "drain                    true                                   default",
                "local-as                 65001                                  flag --local-as",
                "router-id                -                                      default",
                "router-interface         -                                      default",
                "peers                    10.0.0.1:65000:***                     flag --peers",
            ])
        #expect(all.count == Setting.all.count + 6)
        #expect(
            CheckCommand.table(loaded, on: node, all: false) == """
                SETTING    VALUE               ORIGIN
                vip        10.9.9.9            flag --vip
                interface  eth0                flag --interface
                local-as   65001               flag --local-as
                peers      10.0.0.1:65000:***  flag --peers
                all others have their default; --all shows them

                router ID on this node: 10.0.0.5 (address of eth0)
                VIPs on: eth0
                notice: the VIPs are bound to eth0 and not to lo: on a shared segment every node answers ARP for them
                notice: flag --peers contains a password, and every local user sees the command line; put it into a file and give --peer-password-file
                notice: 10.9.9.9: while etcd elects a leader, /readyz fails on all API servers for seconds, and every node withdraws; on-unhealthy last-resort keeps the address reachable then (docs/checks.md weighs it)

                """)
        let elsewhere = NodeView(interfaces: nil, routerID: nil, routerIDInterface: nil)
        #expect(
            CheckCommand.table(loaded, on: elsewhere, all: false).contains(
                "\nrouter ID on this node: none yet, no address to take it from\n"))
    }

    @Test func `say error in one way`() {
        #expect(
            BGPVip.message(for: ValidationError("--watch draws for people; use it without --json."))
                .hasPrefix("error: --watch draws"))
        do {
            _ = try BGPVip.parseAsRoot(["run", "--colour", "blue"])
        } catch {
            #expect(BGPVip.message(for: error).hasPrefix("error: Unknown option '--colour'"))
        }
    }
}
