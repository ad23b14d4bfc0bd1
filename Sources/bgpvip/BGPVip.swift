import ArgumentParser
import Glibc

/// The command line.
@main
struct BGPVip: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bgpvip",
        abstract: "Advertise virtual IP addresses (VIPs) by BGP while the service behind them is healthy.",
        discussion: """
            Exit status: 0 if all is well, 1 if the answer is bad, 2 if the command line or the settings are wrong, \
            3 if the daemon cannot be reached.
            """,
        version: Version.text,
        subcommands: [
            RunCommand.self, StatusCommand.self, PeersCommand.self, VIPsCommand.self, WhyCommand.self,
            ServicesCommand.self,
            EventsCommand.self, DrainCommand.self, UndrainCommand.self, ReloadCommand.self, CheckCommand.self,
            DoctorCommand.self, ManifestCommand.self,
            TorConfigCommand.self, VersionCommand.self,
        ])

    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        do {
            if let flags = PlainRun.flags(in: arguments) { return try RunCommand.run(flags: flags) }
            var command: any ParsableCommand
            do {
                command = try parseAsRoot(AllSettingOptions.spellingOut(arguments))
            } catch {
                if !exitCode(for: error).isSuccess { RunCommand.cleanUp(unreadable: Array(arguments)) }
                throw error
            }
            try command.run()
        } catch {
            end(with: error)
        }
    }

    /// What the parser says about `error`, in our spelling: every error of ours begins the same.
    static func message(for error: any Error) -> String {
        let text = fullMessage(for: error)
        return text.hasPrefix("Error: ") ? "error: " + text.dropFirst("Error: ".count) : text
    }

    /// Prints what `error` says and exits. The parser's own status for a wrong command line, 64, becomes our 2.
    private static func end(with error: any Error) -> Never {
        let status = exitCode(for: error)
        let text = message(for: error)
        if status.isSuccess {
            print(text)
        } else if !text.isEmpty {
            say([text])
        }
        Glibc.exit(status == .validationFailure ? 2 : status.rawValue)
    }
}
