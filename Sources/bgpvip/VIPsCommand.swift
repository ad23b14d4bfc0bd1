import ArgumentParser
import ControlSocket
import SpeakerCore

/// `bgpvip vips`: the virtual IPs.
struct VIPsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vips",
        abstract: "Show the virtual IPs: on the interface? healthy? advertised to how many peers, and why?",
        discussion: """
            Exit status: 0 if a VIP is advertised, 1 if none is, 3 if the daemon cannot be reached.
            """)

    @OptionGroup var control: ControlOptions

    func run() throws {
        let status = try control.ask { client throws(ControlClientError) in try client.status() }
        print(control.json ? try json(status.vips, .pretty) + "\n" : vipsTable(status), terminator: "")
        if !status.vips.contains(where: { $0.advertisedTo > 0 }) { throw ExitCode(1) }
    }
}
