import ArgumentParser
import ControlSocket
import Glibc
import SpeakerCore

/// What all commands that ask the daemon have in common.
struct ControlOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Path of the daemon's control socket. The environment variable BGPVIP_CONTROL_SOCKET sets it too.",
            valueName: "path"))
    var controlSocket = ControlOptions.usualPath

    @Flag(help: "Print JSON instead of text.")
    var json = false

    /// Asks the daemon; if there is no answer, says why and ends the command with the exit status that fits.
    func ask<Answer>(_ question: (ControlClient) throws(ControlClientError) -> Answer) throws -> Answer {
        switch try result(question) {
        case .success(let answer): return answer
        case .failure(let error): throw failure(error.description, exitCode: error.exitCode)
        }
    }

    /// Asks the daemon; ends the command only if there is no socket to ask it on.
    func result<Answer>(
        _ question: (ControlClient) throws(ControlClientError) -> Answer
    ) throws -> Result<Answer, ControlClientError> {
        if controlSocket == "none" {
            throw failure(
                "with the control socket none, the daemon cannot be asked; give it a path with --control-socket",
                exitCode: 3)
        }
        do throws(ControlClientError) {
            return .success(try question(ControlClient(controlSocket)))
        } catch {
            return .failure(error)
        }
    }

    /// Complains about options that do not go together.
    func validate(_ watching: WatchOptions) throws {
        if watching.watch && json { throw ValidationError("--watch draws for people; use it without --json.") }
    }

    private static var usualPath: String {
        guard let path = getenv("BGPVIP_CONTROL_SOCKET").map({ String(cString: $0) }), !path.isEmpty else {
            return ControlClient.defaultPath
        }
        return path
    }
}

/// What a command throws that was given an address which is no VIP.
func unknownVIP(_ vip: String, in status: Status) -> ExitCode {
    let known = status.vips.map(\.prefix).prefix(20).joined(separator: ", ")
    return failure("there is no VIP \(vip); configured: \(known.isEmpty ? "none" : known)", exitCode: 2)
}

/// Says on standard error why a command fails; the result is what the command throws.
func failure(_ sentence: String, exitCode: Int32) -> ExitCode {
    // What was printed comes first.
    fflush(nil)
    let line = Array("error: \(sentence)\n".utf8)
    _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    return ExitCode(exitCode)
}
