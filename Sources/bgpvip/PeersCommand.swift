import ArgumentParser
import ControlSocket
import Glibc
import SpeakerCore

/// `bgpvip peers`: the BGP sessions.
struct PeersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peers",
        abstract: "Show the BGP sessions, one row a peer, or one peer in full.",
        discussion: """
            Exit status: 0 if a session is Established, 1 if none is, 2 if there is no such peer, \
            3 if the daemon cannot be reached.
            """)

    @Argument(help: "Show only this peer, with all that is known of it.")
    var address: String?

    @Flag(help: "Draw again every second until interrupted.")
    var watch = false

    @OptionGroup var control: ControlOptions

    func validate() throws {
        if watch && control.json { throw ValidationError("--watch draws for people; use it without --json.") }
    }

    func run() throws {
        guard watch else { return try show() }
        while true {
            // Home and clear, so that the picture stays where it is; in a file or a pipe they would be noise.
            if isatty(STDOUT_FILENO) == 1 { print("\u{1B}[H\u{1B}[2J", terminator: "") }
            // A session that is down, or a daemon that is, must not end the watch.
            do { try show() } catch let code as ExitCode where code.rawValue != 2 {}
            fflush(nil)
            sleep(1)
        }
    }

    private func show() throws {
        let status = try control.ask { client throws(ControlClientError) in try client.status() }
        let peers = address.map(status.peers(at:)) ?? status.peers
        if let address, peers.isEmpty { throw unknown(address, status) }
        if control.json {
            print(try json(peers, .pretty))
        } else if address == nil {
            print(peersTable(status), terminator: "")
        } else {
            let details = peers.map { peer in
                peerDetail(peer, localAS: status.localAS, bfdScheduling: status.bfdScheduling)
            }
            print(details.joined(separator: "\n"), terminator: "")
        }
        if !peers.contains(where: \.isEstablished) { throw ExitCode(1) }
    }

    private func unknown(_ address: String, _ status: Status) -> ExitCode {
        let known = status.peers.map(\.address).joined(separator: ", ")
        return failure("there is no peer \(address); configured: \(known.isEmpty ? "none" : known)", exitCode: 2)
    }
}
