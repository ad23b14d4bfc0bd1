import ArgumentParser
import ControlSocket
import SpeakerCore

/// `bgpvip why VIP`: the chain from the service to the routers.
struct WhyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Say why a VIP is advertised, or where the chain from its service to the routers stops.",
        discussion: """
            Exit status: 0 if the VIP is advertised, 1 if it is not, 2 if there is no such VIP, \
            3 if the daemon cannot be reached.
            """)

    @Argument(help: "The VIP, with or without its prefix length.")
    var vip: String

    @OptionGroup var control: ControlOptions

    func run() throws {
        let status = try control.ask { client throws(ControlClientError) in try client.status() }
        guard let found = status.vip(at: vip) else {
            throw unknownVIP(vip, in: status)
        }
        let chain = WhyChain(of: found, in: status)
        print(control.json ? try json(chain, .pretty) + "\n" : chain.text, terminator: "")
        if found.advertisedTo == 0 { throw ExitCode(1) }
    }
}
