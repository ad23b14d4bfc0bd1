import ArgumentParser
import ConfigFile
import Daemon
import FoundationEssentials
import Settings
import SwitchSide

/// `bgpvip tor-config`: the other end of the sessions.
struct TorConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tor-config",
        abstract: "Print the switch configuration that matches these settings.",
        discussion: """
            Takes the flags, the environment and the configuration file of bgpvip run. If these have no settings, it takes \
            those of the daemon on this node. It reads no password file and prints no password. Without --for it prints \
            every switch of the peer list, one after the other. The last comments of each are the commands with which to \
            verify it.
            """)

    @Argument(
        help: ArgumentHelp(
            "\(Dialect.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "dialect"))
    var dialect: String

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp(
            "Only this switch, as the peer list names it; several addresses of one switch give one configuration.",
            valueName: "peer,…"))
    var switches: [String] = []

    @Option(
        help: ArgumentHelp(
            "The nodes' addresses towards the switches; for peers without an address, the switch's ports.",
            valueName: "address,…"))
    var node: [String] = []

    @Option(
        help: ArgumentHelp(
            "Accept every node with an address in these prefixes, instead of --node.", valueName: "prefix,…"))
    var nodes: [String] = []

    @OptionGroup var options: AllSettingOptions

    func run() throws {
        do throws(SwitchSideError) {
            let dialect = try Dialect(named: dialect)
            let selection = try NodeSelection(nodes: node, ranges: nodes)
            switch settings {
            case .success(let settings):
                let sides = try SwitchSide.all(in: settings, for: switches, nodes: selection)
                print(dialect.text(of: sides), terminator: "")
                return
            case .failure(let invalid): say(invalid)
            }
        } catch {
            say(["error: \(error)"])
        }
        throw ExitCode(2)
    }

    /// The settings that are given here; if there are none, those of the daemon that runs.
    private var settings: Result<Settings, InvalidSettings> {
        let given = load(options.flags, ProcessInfo.processInfo.environment)
        guard case .failure = given, options.flags.isEmpty, let daemon = runningDaemon(),
            let flags = PlainRun.flags(in: daemon.arguments.dropFirst()),
            case .success(let settings) = load(flags, daemon.environment)
        else { return given }
        return .success(settings)
    }

    /// Where a password file is named, something stands for its text: the file need not be here, and is not read.
    private func load(
        _ flags: [String: [String]], _ environment: [String: String]
    ) -> Result<Settings, InvalidSettings> {
        Result { () throws(InvalidSettings) in
            try SettingsLoader.load(
                flags: flags, environment: environment, readFile: { _ in .success("not read") },
                readTree: tree(ofFile:)
            ).settings
        }
    }
}
