import ArgumentParser
import ControlSocket
import SpeakerCore
import Wording

/// `bgpvip drain`: planned maintenance begins.
struct DrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Move traffic away from this node, or from one of its VIPs; the daemon keeps running.",
        discussion: """
            With a VIP, only that one is withdrawn and unbound; the sessions and the other VIPs stay. A daemon that \
            restarts has forgotten the drain of a VIP.

            Without --reason, the one that was given before stays. Exit status: 0 if the node or the VIP drains (with \
            --wait: is drained), 1 if it refuses or takes too long, 2 if there is no such VIP, 3 if the daemon cannot be \
            reached.
            """)

    @Argument(help: "Drain only this VIP; with or without its prefix length.")
    var vip: String?

    @Flag(help: "Keep the BGP sessions up: withdraw the routes and unbind the VIPs, but close nothing.")
    var keepSessions = false

    @Flag(help: "Return when the node or the VIP is drained, which takes as long as settle and linger are set to.")
    var wait = false

    @Option(help: ArgumentHelp("Sent to the routers and shown by the other commands.", valueName: "text"))
    var reason: String?

    @OptionGroup var control: ControlOptions

    /// In seconds: the daemon ends the wait, not we.
    static let longestWait = ControlClient.longestWaitSeconds

    func validate() throws {
        if vip != nil, keepSessions {
            throw ValidationError("the drain of a VIP keeps the sessions anyway; leave out --keep-sessions.")
        }
    }

    func run() throws {
        let prefix = try vip.map { try control.prefix(of: $0) }
        let beginning = reason.flatMap(DrainReason.shortened)
        if beginning != nil {
            say(["notice: every router takes \(DrainReason.longest) bytes of a reason; the rest of it is left out"])
        }
        let text = beginning ?? reason
        let status = try control.ask { client throws(ControlClientError) in
            // A daemon that is stuck is not to be found out at the end of the wait.
            if wait { _ = try client.drain(vip: prefix, reason: text, keepsSessions: keepSessions) }
            return try client.drain(
                vip: prefix, reason: text, keepsSessions: keepSessions, waitSeconds: wait ? Self.longestWait : 0)
        }
        if let prefix {
            let found = try control.show(prefix, in: status)
            if let drain = found.drain, !wait || drain.step == "away" { return }
            throw ExitCode(1)
        }
        print(control.json ? try json(status, .pretty) + "\n" : phaseText(status), terminator: "")
        let wanted = wait ? ["drained"] : ["draining", "drained"]
        if !wanted.contains(status.phase) { throw ExitCode(1) }
    }
}

/// `bgpvip undrain`: planned maintenance ends.
struct UndrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undrain",
        abstract: "Bring this node, or one VIP, back into service after a drain.",
        discussion: """
            Exit status: 0 if the node or the VIP is in service again, 1 if it refuses, 2 if there is no such VIP, 3 if \
            the daemon cannot be reached.
            """)

    @Argument(help: "End the drain of this VIP; with or without its prefix length.")
    var vip: String?

    @OptionGroup var control: ControlOptions

    func run() throws {
        let prefix = try vip.map { try control.prefix(of: $0) }
        let status = try control.ask { client throws(ControlClientError) in try client.undrain(vip: prefix) }
        if let prefix {
            if try control.show(prefix, in: status).drain != nil { throw ExitCode(1) }
            return
        }
        print(control.json ? try json(status, .pretty) + "\n" : phaseText(status), terminator: "")
        if !["starting", "running"].contains(status.phase) { throw ExitCode(1) }
    }
}

extension ControlOptions {
    /// The configured prefix that an address on the command line means.
    fileprivate func prefix(of vip: String) throws -> String {
        try status(of: vip).vip.prefix
    }

    /// Prints how a VIP is.
    fileprivate func show(_ prefix: String, in status: Status) throws -> VIPStatus {
        guard let found = status.vip(at: prefix) else { throw unknownVIP(prefix, in: status) }
        print(json ? try ControlSocket.json(found, .pretty) + "\n" : vipDrainText(found), terminator: "")
        return found
    }
}
