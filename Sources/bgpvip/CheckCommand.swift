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
            Takes the flags and the environment of bgpvip run, and reads the files that they name. Passwords are not \
            printed. Exit status: 0 if the settings are good, 2 if they are not.
            """)

    @Argument(help: ArgumentHelp("Configuration file; the same as --config.", valueName: "file"))
    var file: String?

    @Flag(help: "Print JSON instead of text.")
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
            print(json ? try text(CheckAnswer(loaded, faults: faults)) : Self.table(loaded), terminator: "")
            guard !faults.isEmpty else { return }
            if !json { say(faults.map { "error: \($0)" }) }
            throw ExitCode(2)
        case .failure(let error):
            if json { print(try text(CheckAnswer(error)), terminator: "") } else { say(error) }
            throw ExitCode(2)
        }
    }

    /// The settings as a table, then what is to be said about them.
    static func table(_ loaded: LoadedSettings) -> String {
        let rows =
            [("SETTING", "VALUE", "ORIGIN")]
            + loaded.resolved.flatMap { setting in
                [(setting.key.rawValue, setting.value ?? "-", "\(setting.origin)")]
                    + setting.options.map { ("  \($0.path)", $0.value, "\($0.origin)") }
            }
        let keyWidth = rows.map(\.0.count).max() ?? 0
        let valueWidth = rows.map(\.1.count).max() ?? 0
        var lines = rows.map { "\($0.0.padded(to: keyWidth))  \($0.1.padded(to: valueWidth))  \($0.2)" }
        lines += loaded.notices.map { "notice: \($0)" }
        if !loaded.ignored.isEmpty { lines.append("without effect: \(loaded.ignored.joined(separator: ", "))") }
        return lines.map { $0 + "\n" }.joined()
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
