import ArgumentParser
import ControlSocket
import IPTypes
import Services
import SpeakerCore
import Wording

/// `bgpvip why [VIP | NAMESPACE/NAME]`: the chain from the service to the routers.
struct WhyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Say why a VIP is advertised, or where the chain from its service to the routers stops.",
        discussion: """
            Exit status: 0 if the VIP, or one of all VIPs, is advertised (with --all: every one; of a Service every \
            address), 1 if not, 2 if there is no such VIP or Service, 3 if the daemon cannot be reached.
            """)

    @Argument(
        help: ArgumentHelp(
            "The VIP, with or without its prefix length, or a Service as NAMESPACE/NAME; all VIPs if it is left out.",
            valueName: "vip"))
    var subject: String?

    @Flag(help: "Exit with status 1 if any VIP is not advertised.")
    var all = false

    @OptionGroup var control: ControlOptions

    func run() throws {
        if let subject, let name = ObjectName(subject), IPAddress(name.namespace) == nil { return try show(name) }
        if let vip = subject {
            let (found, status) = try control.status(of: vip)
            let chain = WhyChain(of: found, in: status)
            print(control.json ? try json(chain, .pretty) + "\n" : chain.text, terminator: "")
            if !Status.isWell([found], entirely: true) { throw ExitCode(1) }
            return
        }
        try control.show(StatusScope()) { status, _ in
            let chains = status.vips.map { WhyChain(of: $0, in: status) }
            return Answer(
                text: control.json ? try json(chains, .pretty) + "\n" : chains.map(\.text).joined(separator: "\n"),
                isGood: Status.isWell(status.vips, entirely: all))
        }
    }

    /// Why the addresses of a Service are advertised, and then what each is to the routers.
    private func show(_ name: ObjectName) throws {
        let found = try control.ask { client throws(ControlClientError) in try client.services(name) }
        guard let service = found.services.first else {
            guard found.isComplete else {
                print(servicesTable(found), terminator: "")
                throw ExitCode(1)
            }
            throw failure("there is no Service \(name) of type LoadBalancer", exitCode: 2)
        }
        var chains: [WhyChain] = []
        for case let address? in service.addresses.map(\.address) where service.isAdvertised(address) {
            let (vip, status) = try control.status(of: address)
            chains.append(WhyChain(of: vip, in: status))
        }
        let answer = WhyService(service, chains)
        print(control.json ? try json(answer, .pretty) + "\n" : answer.text, terminator: "")
        if !answer.isGood { throw ExitCode(1) }
    }
}
