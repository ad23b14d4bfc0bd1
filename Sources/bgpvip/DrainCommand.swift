import ArgumentParser
import ControlSocket
import SpeakerCore

/// `bgpvip drain`: planned maintenance begins.
struct DrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Move traffic away from this node; the daemon keeps running.",
        discussion: """
            Without --reason, the one that was given before stays. Exit status: 0 if the node drains (with --wait: is \
            drained), 1 if it refuses or takes too long, 3 if the daemon cannot be reached.
            """)

    @Flag(help: "Return when the node is drained, which takes as long as settle and linger are set to.")
    var wait = false

    @Option(help: ArgumentHelp("Told to the routers and shown to everyone who asks.", valueName: "text"))
    var reason: String?

    @OptionGroup var control: ControlOptions

    /// In seconds: the daemon ends the wait, not we.
    static let longestWait = ControlClient.longestWaitSeconds

    func run() throws {
        let status = try control.ask { client throws(ControlClientError) in
            // A daemon that is stuck is not to be found out at the end of the wait.
            if wait { _ = try client.drain(reason: reason) }
            return try client.drain(reason: reason, waitSeconds: wait ? Self.longestWait : 0)
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
        abstract: "Bring this node back into service after a drain.",
        discussion: """
            Exit status: 0 if the node is in service again, 1 if it refuses, 3 if the daemon cannot be reached.
            """)

    @OptionGroup var control: ControlOptions

    func run() throws {
        let status = try control.ask { client throws(ControlClientError) in try client.undrain() }
        print(control.json ? try json(status, .pretty) + "\n" : phaseText(status), terminator: "")
        if !["starting", "running"].contains(status.phase) { throw ExitCode(1) }
    }
}
