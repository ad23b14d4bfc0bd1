import Settings
import SwitchSide

/// Settings by flag name.
func settings(_ flags: [String: String]) throws -> Settings {
    try SettingsLoader.load(
        flags: flags.mapValues { [$0] }, environment: [:], readFile: { _ in .success("hidden") },
        readTree: { _ in .failure(FileFault("there is none")) }
    ).settings
}

/// What `bgpvip tor-config` prints.
func text(
    _ dialect: Dialect, _ flags: [String: String], for switches: [String] = [], node: String = "", nodes: String = ""
) throws -> String {
    let selection = try NodeSelection(nodes: [node], ranges: [nodes])
    return dialect.text(of: try SwitchSide.all(in: settings(flags), for: switches, nodes: selection))
}

/// The error of something that must fail.
func fault(_ work: () throws -> Void) -> String {
    do {
        try work()
        return "no error"
    } catch {
        return "\(error)"
    }
}
