import ArgumentParser
import Daemon
import Settings

/// `bgpvip run`: the daemon.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Bind virtual addresses and advertise them while their checks pass.",
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
        let loaded = try load(flags: flags)
        let status = Daemon.run(settings: loaded.settings, notices: loaded.notices, version: Version.number)
        if status != 0 { throw ExitCode(status) }
    }
}
