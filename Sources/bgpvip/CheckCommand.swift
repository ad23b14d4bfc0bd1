import ArgumentParser
import ControlSocket
import Daemon
import FoundationEssentials
import Settings

/// `bgpvip check`: what the settings come to.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check the settings and print them with their origin, without starting anything.",
        discussion: """
            Takes the flags and the environment of bgpvip run, and reads the files that they name. Prints what differs from \
            the defaults, and what this node comes to with it; passwords are not printed. Exit status: 0 if the settings are good, 2 if they are not.
            """)

    @Argument(help: ArgumentHelp("Configuration file; the same as --config.", valueName: "file"))
    var file: String?

    @Flag(help: "Print every setting, including those with their default.")
    var all = false

    @Flag(help: "Print JSON instead of text, with every setting.")
    var json = false

    @OptionGroup var options: AllSettingOptions

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        let result = Result { () throws(InvalidSettings) in
            try loaded(flags: options.flags, environment: environment, file: file)
        }
        switch result {
        case .success(let loaded):
            let faults = faultsOfCheckFiles(in: loaded.settings)
            let node = nodeView(for: loaded.settings)
            let answer =
                json ? try text(CheckAnswer(loaded, on: node, faults: faults)) : Self.table(loaded, on: node, all: all)
            print(faults.isEmpty && !json ? "settings are good\n\n" + answer : answer, terminator: "")
            guard !faults.isEmpty else { return }
            if !json { say(faults.map { "error: \($0)" }) }
            throw ExitCode(2)
        case .failure(let error):
            if json { print(try text(CheckAnswer(error)), terminator: "") } else { say(error) }
            throw ExitCode(2)
        }
    }

    /// The settings as a table, what the node makes of them, then what is to be said about them.
    /// - Parameter all: true to show also what has its default.
    static func table(_ loaded: LoadedSettings, on node: NodeView, all: Bool) -> String {
        let shown = loaded.resolved.filter { setting in
            all || setting.value != setting.key.defaultText || !setting.options.isEmpty
        }
        let rows =
            [("SETTING", "VALUE", "ORIGIN")]
            + shown.flatMap { setting in
                [(setting.key.name, setting.value ?? "-", "\(setting.origin)")]
                    + setting.options.map { ("  \($0.path)", $0.value, "\($0.origin)") }
            }
        let keyWidth = rows.map(\.0.count).max() ?? 0
        let valueWidth = rows.map(\.1.count).max() ?? 0
        var lines = rows.map { "\($0.0.padded(to: keyWidth))  \($0.1.padded(to: valueWidth))  \($0.2)" }
        if !all { lines.append("all others have their default; --all shows them") }
        let routerID = node.routerID.map { identifier in
            identifier.derivedFrom != nil
                ? "\(identifier)" : "\(identifier)" + (node.routerIDInterface.map { " (address of \($0))" } ?? "")
        }
        lines += [
            "", "router ID on this node: \(routerID ?? "none yet, no address to take it from")",
            "VIPs on: \(loaded.settings.interface)",
        ]
        lines += (loaded.notices + loaded.advice(on: node)).map { "notice: \($0)" }
        if !loaded.ignored.isEmpty { lines.append("without effect: \(loaded.ignored.joined(separator: ", "))") }
        return lines.map { $0 + "\n" }.joined()
    }
}

extension LoadedSettings {
    /// What is worth a thought, in general and on this node.
    func advice(on node: NodeView) -> [String] { (settings.advice + settings.advice(on: node)).map(\.text) }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
