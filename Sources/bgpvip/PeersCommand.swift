import ArgumentParser
import ControlSocket
import SpeakerCore
import Wording

/// `bgpvip peers`: the BGP sessions.
struct PeersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peers",
        abstract: "Show the BGP sessions, one row per peer, or one peer in full.",
        discussion: """
            Exit status: 0 if a session is Established (with --all: every one), 1 if not, 2 if there is no such peer, \
            3 if the daemon cannot be reached.
            """)

    @Argument(help: "Show only this peer, with all that is known of it.")
    var address: String?

    @Flag(help: "Exit with status 1 if any session is not Established.")
    var all = false

    @OptionGroup var watching: WatchOptions
    @OptionGroup var control: ControlOptions

    func validate() throws { try control.validate(watching) }

    func run() throws {
        // Peers are on the first pages, and their routes on the last.
        let routes: StatusScope.Routes =
            if let address, !watching.watch { try self.routes(of: address) } else {
                control.json || address != nil ? .all : .none
            }
        let isComplete = { (status: Status) in routes == .none && !status.vips.isEmpty }
        try control.show(
            StatusScope(routes: routes), watching: watching.watch, while: { !isComplete($0) }
        ) { status, style in
            let peers = address.map(status.peers(at:)) ?? status.peers
            if let address, peers.isEmpty { throw unknown(address, status) }
            return Answer(text: try text(peers, status, style), isGood: Status.isWell(peers, entirely: all))
        }
    }

    /// The routes to ask for, to show the peers that an address means.
    private func routes(of address: String) throws -> StatusScope.Routes {
        let status = try control.ask { client throws(ControlClientError) in
            try client.status(StatusScope(routes: .none), while: \.vips.isEmpty)
        }
        let meant = status.peers(at: address)
        return meant.count == 1 ? .of(meant[0].address) : .all
    }

    private func text(_ peers: [PeerStatus], _ status: Status, _ style: TextStyle) throws -> String {
        if control.json { return try json(peers, .pretty) + "\n" }
        if address == nil { return peersTable(status, style) }
        let details = peers.map { peer in
            peerDetail(peer, localAS: status.localAS, bfdScheduling: status.bfdScheduling)
        }
        return details.joined(separator: "\n")
    }

    private func unknown(_ address: String, _ status: Status) -> ExitCode {
        let known = status.peers.map(\.address).joined(separator: ", ")
        return failure("there is no peer \(address); configured: \(known.isEmpty ? "none" : known)", exitCode: 2)
    }
}
