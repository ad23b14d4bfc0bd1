import ArgumentParser
import ControlSocket
import SpeakerCore

/// `bgpvip reload`: settings that have changed, without a restart.
struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Make the daemon read its settings again and apply what has changed.",
        discussion: """
            The daemon reads the files that its flags and environment name, applies the difference, and leaves alone what \
            did not change. If anything is wrong, nothing changes, and everything that is wrong is printed as bgpvip check \
            prints it.

            Exit status: 0 if the settings are in force, or would be, 2 if they are wrong, 3 if the daemon cannot be reached.
            """)

    @Flag(help: "Only print what would change.")
    var dryRun = false

    @OptionGroup var control: ControlOptions

    func run() throws {
        let answer = try control.ask { client throws(ControlClientError) in try client.reload(isDryRun: dryRun) }
        if control.json {
            print(try json(answer, .pretty))
        } else if answer.outcome == .invalid {
            say(answer.errors)
        } else {
            for line in answer.changes + answer.notices.map({ "notice: \($0)" }) { print(line) }
        }
        if answer.outcome == .invalid { throw ExitCode(2) }
    }
}
