import ArgumentParser
import ControlSocket
import Services
import Wording

/// `bgpvip services`: Services of type LoadBalancer.
struct ServicesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "services",
        abstract: "Show the Services of type LoadBalancer: their addresses, advertised from here or not, and why.",
        discussion: """
            Exit status: 0 if the Kubernetes API is known and answers, 1 if not or if Services are not served, 3 if the \
            daemon cannot be reached.
            """)

    @OptionGroup var control: ControlOptions

    func run() throws {
        let status = try control.ask { client throws(ControlClientError) in try client.services() }
        print(control.json ? try json(status, .pretty) + "\n" : servicesTable(status, .standardOutput), terminator: "")
        if !status.isComplete || status.feeds.contains(where: { $0.failure != nil }) { throw ExitCode(1) }
    }
}
