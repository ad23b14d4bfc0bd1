import ArgumentParser
import ControlSocket
import SpeakerCore
import Wording

/// `bgpvip vips`: the virtual IPs.
struct VIPsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vips",
        abstract: "Show whether the VIPs are bound, healthy and advertised, to how many peers, and why.",
        discussion: """
            Exit status: 0 if a VIP is advertised (with --all: every one), 1 if not, 3 if the daemon cannot be reached.
            """)

    @Flag(help: "Exit with status 1 if any VIP is not advertised.")
    var all = false

    @OptionGroup var watching: WatchOptions
    @OptionGroup var control: ControlOptions

    func validate() throws { try control.validate(watching) }

    func run() throws {
        try control.show(StatusScope(routes: .none), watching: watching.watch) { status, style in
            Answer(
                text: control.json ? try json(status.vips, .pretty) + "\n" : vipsTable(status, style),
                isGood: Status.isWell(status.vips, entirely: all))
        }
    }
}
