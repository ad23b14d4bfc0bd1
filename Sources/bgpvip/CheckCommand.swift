import ArgumentParser
import Settings

/// `bgpvip check`: what the settings come to.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check the settings and print them with their origin, without starting anything.",
        discussion: "Takes the flags and the environment of bgpvip run. Passwords are not printed.")

    @OptionGroup var options: AllSettingOptions

    func run() throws {
        let loaded = try load(flags: options.flags)
        print(Self.text(loaded), terminator: "")
    }

    /// The settings as a table, then what is to be said about them.
    static func text(_ loaded: LoadedSettings) -> String {
        let rows =
            [("SETTING", "VALUE", "ORIGIN")]
            + loaded.resolved.map { ($0.key.rawValue, $0.value ?? "-", "\($0.origin)") }
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
