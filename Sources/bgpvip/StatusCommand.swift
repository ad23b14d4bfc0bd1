import ArgumentParser
import ControlSocket
import SpeakerCore
import Wording

/// `bgpvip status`: everything on one screen.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the node, its peers, VIPs and checks on one screen.",
        discussion: """
            Exit status: 0 if a VIP is advertised (with --all: every VIP is, every session is Established and every \
            check passes), 1 if not, 3 if the daemon cannot be reached.
            """)

    @Flag(help: "Exit with status 1 if any session, VIP or check is not good.")
    var all = false

    @OptionGroup var watching: WatchOptions
    @OptionGroup var control: ControlOptions

    func validate() throws { try control.validate(watching) }

    func run() throws {
        try control.show(StatusScope(routes: control.json ? .all : .none), watching: watching.watch) { status, style in
            Answer(
                text: control.json ? try json(status, .pretty) + "\n" : statusText(status, style),
                isGood: status.isWell(entirely: all))
        }
    }
}
