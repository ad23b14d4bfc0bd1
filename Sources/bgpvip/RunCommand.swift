import ArgumentParser
import ConfigFile
import Daemon
import FoundationEssentials
import Settings

/// `bgpvip run`: the daemon.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Bind VIPs and advertise them while their checks pass.",
        discussion: """
            Every flag has an environment variable: --local-as is BGPVIP_LOCAL_AS. A flag wins over the environment, \
            and that over the configuration file, where the same setting is called localAS. \
            kube-vip's flags and environment are understood too, so that an existing kube-vip pod needs only another \
            image. Times are written 500ms, 1.5s, 2m or 24h; a bare number is seconds, except for BFD, where the unit \
            is needed.
            """,
        aliases: ["manager"])

    @OptionGroup var options: AllSettingOptions

    func run() throws {
        try Self.run(flags: options.flags)
    }

    /// Runs the daemon with these flags, by name without dashes.
    static func run(flags: [String: [String]]) throws {
        let environment = ProcessInfo.processInfo.environment
        let first: LoadedSettings
        do {
            first = try load(flags: flags, environment: environment)
        } catch {
            cleanUp(flags: flags)
            throw error
        }
        Daemon.run(settings: first.settings, notices: first.notices, version: Version.number) {
            Result { () throws(InvalidSettings) in try loaded(flags: flags, environment: environment) }
        }
    }

    /// Takes off the interface what an earlier run left: a process that ends with an error does not advertise it.
    private static func cleanUp(flags: [String: [String]]) {
        let environment = ProcessInfo.processInfo.environment
        removeLeftovers(
            of: SettingsLoader.interface(flags: flags, environment: environment, readTree: tree(ofFile:)))
    }

    /// The same if the parser could not read `arguments`, which are the command line without the program's name.
    static func cleanUp(unreadable arguments: [String]) {
        let names = [configuration.commandName ?? ""] + configuration.aliases
        guard let command = arguments.first, names.contains(command) else { return }
        cleanUp(flags: flags(in: arguments))
    }

    /// What says where the interface is named, among arguments of which some cannot be read.
    private static func flags(in arguments: [String]) -> [String: [String]] {
        var flags: [String: [String]] = [:]
        for (word, next) in zip(arguments, arguments.dropFirst() + [""]) {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            for key in [Setting.interface, .config] where parts.first == "--\(key.name)" {
                flags[key.name] = [parts.count > 1 ? parts[1] : next]
            }
        }
        return flags
    }
}
